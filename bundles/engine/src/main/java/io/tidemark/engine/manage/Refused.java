package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.PoolStatus;
import io.tidemark.api.admin.RefusedConfiguration;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What of the configuration around the images is refused, for people. Safe for all threads. */
final class Refused {
    private final List<String> ofTheNode;
    private final List<RefusedConfiguration> told = new CopyOnWriteArrayList<>();

    /** @param ofTheNode what the engine's own configuration is refused for; every image shows it */
    Refused(List<String> ofTheNode) {
        this.ofTheNode = List.copyOf(ofTheNode);
    }

    void add(RefusedConfiguration refusal) {
        told.add(refusal);
    }

    /** One that was added; what says the same of another bundle stays. */
    void remove(RefusedConfiguration refusal) {
        told.remove(refusal);
    }

    /** What every image shows. */
    List<String> ofTheNode() {
        List<String> all = new ArrayList<>(ofTheNode);
        told.stream()
                .filter(each -> each.sort() == Sort.NODE)
                .forEach(each -> all.add(each.name() + " " + each.line()));
        return all;
    }

    /** Why a pool is not there: {@code : its configuration is refused: KEY: ...}; empty when nothing was refused. */
    String why(Sort sort, String pool) {
        return told.stream()
                .filter(each -> each.sort() == sort && each.name().equals(pool))
                .findFirst()
                .map(each -> ": its configuration is " + each.line())
                .orElse("");
    }

    /** What an image says that has to wait for a pool. */
    String noStore(Sort sort, String pool) {
        String why = why(sort, pool);
        return "no " + sort.word() + " store for pool " + pool + why
                + (why.isEmpty()
                        ? "; bring its configuration or its bundle back, it goes on by itself"
                        : "; mend it, the image goes on by itself");
    }

    /** What is said of an image that cannot be deleted without its pool. */
    StorageException cannotDelete(String image, Sort sort, String pool, String origin) {
        return new StorageException(
                StorageException.Reason.UNAVAILABLE,
                "image " + image + " cannot be deleted: no " + sort.word() + " store for pool " + pool
                        + why(sort, pool),
                "bring the pool back first"
                        + (origin.isEmpty()
                                ? ""
                                : "; to give the image up and leave its data where it is, remove " + origin));
    }

    /** Pools that are not there, among those that are. */
    List<PoolStatus> pools(Sort sort) {
        return told.stream()
                .filter(each -> each.sort() == sort)
                .map(each -> new PoolStatus(
                        each.name(), sort.word(), "refused", each.origin(), -1, -1, List.of(), each.line()))
                .toList();
    }
}
