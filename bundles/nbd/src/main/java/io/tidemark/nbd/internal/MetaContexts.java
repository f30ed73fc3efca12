package io.tidemark.nbd.internal;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Queries for metadata contexts, and what matches them. */
final class MetaContexts {
    private MetaContexts() {}

    /**
     * What SET_META_CONTEXT left.
     *
     * @param export the name that it was asked for, as the client wrote it; null before
     * @param baseAllocation whether it is selected
     */
    record Selection(String export, boolean baseAllocation) {
        static final Selection NONE = new Selection(null, false);

        /** Contexts hold for the export that they were selected for and no other. */
        boolean validFor(String name) {
            return baseAllocation && name.equals(export);
        }
    }

    /**
     * The data of LIST_META_CONTEXT or SET_META_CONTEXT.
     *
     * @param export name
     * @param queries in the client's order
     */
    record Query(String export, List<String> queries) {
        /** Names of contexts that match. Listing knows wildcards, and no query at all lists everything. */
        List<String> matching(boolean set) {
            boolean found = !set && queries.isEmpty();
            for (String query : queries) {
                found |= query.equals(Nbd.BASE_ALLOCATION) || (!set && query.equals("base:"));
            }
            return found ? List.of(Nbd.BASE_ALLOCATION) : List.of();
        }
    }

    /** Empty when it is malformed: lengths that do not fit, strings that are none, a query without a colon. */
    static Optional<Query> parse(ByteBuffer data) {
        if (data.remaining() < 2 * Integer.BYTES) {
            return Optional.empty();
        }
        Optional<String> export = Handshake.string(data, data.getInt());
        if (export.isEmpty() || data.remaining() < Integer.BYTES) {
            return Optional.empty();
        }
        int count = data.getInt();
        if (count < 0 || count > data.remaining() / Integer.BYTES) {
            return Optional.empty();
        }
        List<String> queries = new ArrayList<>(Math.min(count, 16));
        for (int i = 0; i < count; i++) {
            if (data.remaining() < Integer.BYTES) {
                return Optional.empty();
            }
            Optional<String> query = Handshake.string(data, data.getInt());
            if (query.isEmpty() || query.get().indexOf(':') < 0) {
                return Optional.empty();
            }
            queries.add(query.get());
        }
        return data.hasRemaining() ? Optional.empty() : Optional.of(new Query(export.get(), queries));
    }
}
