package io.tidemark.api.admin;

import java.util.List;

/**
 * A pool.
 *
 * @param name of the pool
 * @param sort {@code image} or {@code journal}
 * @param kind of the store ({@code file}, {@code flash})
 * @param description where it lies
 * @param totalBytes of the pool; -1 when unknown
 * @param usableBytes free; -1 when unknown
 * @param members names of the images or journals in it
 * @param problem why it cannot be used, else empty
 */
public record PoolStatus(
        String name,
        String sort,
        String kind,
        String description,
        long totalBytes,
        long usableBytes,
        List<String> members,
        String problem) {
    /** Copies the list. */
    public PoolStatus {
        members = List.copyOf(members);
    }
}
