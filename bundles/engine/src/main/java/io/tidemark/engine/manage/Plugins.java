package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.RefusedConfiguration;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.base.news.NewsDesk;
import io.tidemark.base.work.Alarms;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ObjLongConsumer;

/**
 * The services that images may use, by name. Telling it of one returns at once; telling it that a store has gone returns
 * within a second, in which images that use the store let go of it in order. Safe for all threads.
 */
public final class Plugins {
    private static final long RELEASE_NANOS = 900_000_000L;

    private final Providers<JournalStore> journalStores = new Providers<>();
    private final Providers<ImageStore> imageStores = new Providers<>();
    private final Providers<CommitPolicy> policies = new Providers<>();
    private final Providers<TrimStrategy> strategies = new Providers<>();
    private final Refused refused;
    private final Runnable changed;
    private final ObjLongConsumer<Object> waitUntilUnused;

    Plugins(Refused refused, Runnable changed, ObjLongConsumer<Object> waitUntilUnused) {
        this.refused = refused;
        this.changed = changed;
        this.waitUntilUnused = waitUntilUnused;
    }

    Host host(StorageContext context, String owner, Shares shares) {
        return new Host(
                context,
                owner,
                journalStores,
                imageStores,
                policies,
                strategies,
                new Turns(changed),
                shares,
                new NewsDesk(context, "news-images"),
                new Alarms(context.workers(), context.clock(), "image-alarms"),
                new Asks(),
                new Ask(context.workers()),
                refused);
    }

    /**
     * A journal store came.
     *
     * @param pool its pool
     * @param ranking the highest one is used
     * @param store the service
     */
    public void addJournalStore(String pool, int ranking, JournalStore store) {
        journalStores.add(pool, ranking, store);
        changed.run();
    }

    /**
     * An image store came.
     *
     * @param pool its pool
     * @param ranking the highest one is used
     * @param store the service
     */
    public void addImageStore(String pool, int ranking, ImageStore store) {
        imageStores.add(pool, ranking, store);
        changed.run();
    }

    /**
     * A commit policy came.
     *
     * @param name of the policy
     * @param ranking the highest one is used
     * @param policy the service
     */
    public void addPolicy(String name, int ranking, CommitPolicy policy) {
        policies.add(name, ranking, policy);
        changed.run();
    }

    /**
     * A trim strategy came.
     *
     * @param name of the strategy
     * @param ranking the highest one is used
     * @param strategy the service
     */
    public void addStrategy(String name, int ranking, TrimStrategy strategy) {
        strategies.add(name, ranking, strategy);
        changed.run();
    }

    /**
     * A journal store goes.
     *
     * @param store the service
     */
    public void removeJournalStore(JournalStore store) {
        journalStores.remove(store);
        changed.run();
        waitUntilUnused.accept(store, RELEASE_NANOS);
    }

    /**
     * An image store goes.
     *
     * @param store the service
     */
    public void removeImageStore(ImageStore store) {
        imageStores.remove(store);
        changed.run();
        waitUntilUnused.accept(store, RELEASE_NANOS);
    }

    /**
     * A commit policy goes.
     *
     * @param policy the service
     */
    public void removePolicy(CommitPolicy policy) {
        policies.remove(policy);
        changed.run();
    }

    /**
     * A trim strategy goes.
     *
     * @param strategy the service
     */
    public void removeStrategy(TrimStrategy strategy) {
        strategies.remove(strategy);
        changed.run();
    }

    /**
     * A configuration was refused: whoever looks for what it configures is told so.
     *
     * @param refusal the service
     */
    public void addRefusal(RefusedConfiguration refusal) {
        refused.add(refusal);
        changed.run();
    }

    /**
     * A configuration is gone, or was mended.
     *
     * @param refusal the service
     */
    public void removeRefusal(RefusedConfiguration refusal) {
        refused.remove(refusal);
        changed.run();
    }

    Providers<JournalStore> journalStores() {
        return journalStores;
    }

    Providers<ImageStore> imageStores() {
        return imageStores;
    }

    Providers<CommitPolicy> policies() {
        return policies;
    }

    Providers<TrimStrategy> strategies() {
        return strategies;
    }

    /** Names of the pools of a sort; also of those that are not there because they were refused. */
    Set<String> pools(Sort sort) {
        Set<String> names = new TreeSet<>(sort == Sort.IMAGE_POOL ? imageStores.names() : journalStores.names());
        refused.pools(sort).forEach(pool -> names.add(pool.name()));
        return names;
    }

    /** Checks that everything that a configuration names is there. A command insists on it; a file may wait for it. */
    void checkThere(ImageConfig config) throws StorageException {
        check("image pool", config.pool(), imageStores.names(), refused.why(Sort.IMAGE_POOL, config.pool()));
        check(
                "journal pool",
                config.journalPool(),
                journalStores.names(),
                refused.why(Sort.JOURNAL_POOL, config.journalPool()));
        if (!config.commit().equals(ImageConfig.DEFAULT_COMMIT)) {
            check("commit policy", config.commit(), policies.names(), "");
        }
        for (String name : config.trim()) {
            check("trim strategy", name, strategies.names(), "");
        }
    }

    private static void check(String sort, String name, List<String> there, String why) throws StorageException {
        if (!there.contains(name)) {
            throw new StorageException(
                    Reason.NOT_FOUND,
                    "there is no " + sort + " " + name + why,
                    there.isEmpty() ? "there is none at all now" : "there are: " + String.join(", ", there));
        }
    }
}
