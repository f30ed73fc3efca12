package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.PoolStatus;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.JournalStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What pools there are, and what is in them. */
final class PoolReports {
    private static final long TIMEOUT_NANOS = 2_000_000_000L;

    private final Ask ask;
    private final Plugins plugins;
    private final Refused refused;

    PoolReports(Ask ask, Plugins plugins, Refused refused) {
        this.ask = ask;
        this.plugins = plugins;
        this.refused = refused;
    }

    /** All pools; one that does not answer says so, and so does one that is not there because it was refused. */
    List<PoolStatus> pools() {
        List<PoolStatus> reports = new ArrayList<>();
        for (String name : plugins.imageStores().names()) {
            imagePool(name).ifPresent(reports::add);
        }
        reports.addAll(refused.pools(Sort.IMAGE_POOL));
        for (String name : plugins.journalStores().names()) {
            journalPool(name).ifPresent(reports::add);
        }
        reports.addAll(refused.pools(Sort.JOURNAL_POOL));
        return reports;
    }

    /** One pool, as {@link #pools} has it; no other one is asked. */
    Optional<PoolStatus> pool(Sort sort, String name) {
        Optional<PoolStatus> there = sort == Sort.IMAGE_POOL ? imagePool(name) : journalPool(name);
        return there.or(() -> refused.pools(sort).stream()
                .filter(pool -> pool.name().equals(name))
                .findFirst());
    }

    private Optional<PoolStatus> imagePool(String name) {
        return plugins.imageStores()
                .best(name)
                .map(store -> report(store, "image", name, () -> {
                    try {
                        ImageStore.PoolInfo info = store.pool();
                        return new PoolStatus(
                                name,
                                "image",
                                info.kind(),
                                info.description()
                                        + rivals(plugins.imageStores().rivals(name)),
                                info.totalBytes(),
                                info.usableBytes(),
                                store.list(),
                                "");
                    } catch (StorageException e) {
                        return broken("image", name, e.getMessage());
                    }
                }));
    }

    private Optional<PoolStatus> journalPool(String name) {
        return plugins.journalStores()
                .best(name)
                .map(store -> report(store, "journal", name, () -> {
                    try {
                        JournalStore.PoolInfo info = store.pool();
                        return new PoolStatus(
                                name,
                                "journal",
                                info.kind(),
                                info.description()
                                        + rivals(plugins.journalStores().rivals(name)),
                                info.totalBytes(),
                                info.usableBytes(),
                                store.list(),
                                "");
                    } catch (StorageException e) {
                        return broken("journal", name, e.getMessage());
                    }
                }));
    }

    private static String rivals(int count) {
        return count == 0 ? "" : "; not used: " + count + " more of this name, give each pool a name of its own";
    }

    private PoolStatus report(Object store, String sort, String name, Supplier<PoolStatus> question) {
        Ask.Answer<PoolStatus> answer = ask.of(store, sort + "-pool-" + name, TIMEOUT_NANOS, question);
        return answer.value() != null ? answer.value() : broken(sort, name, answer.problem());
    }

    private static PoolStatus broken(String sort, String name, String problem) {
        return new PoolStatus(name, sort, "", "", -1, -1, List.of(), problem);
    }
}
