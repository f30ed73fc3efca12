package io.tidemark.api.admin;

import io.tidemark.api.Position;
import io.tidemark.api.Watermarks;
import io.tidemark.api.image.ImageHead;
import java.util.List;
import java.util.Map;

/**
 * What an image is and does at one instant. A snapshot: nothing in it changes.
 *
 * @param name of the image
 * @param state in one word
 * @param detail why, and what to do, where the state is not {@link State#SERVING}; while it is, empty, or what is not as it is
 *     wished: writes are acknowledged by less than the commit policy asks for
 * @param sizeBytes size; 0 when unknown
 * @param blockSizeBytes preferred block
 * @param pool image pool
 * @param journalPool journal pool
 * @param commitPolicy as configured
 * @param commitRule as in force
 * @param trimStrategies as configured
 * @param head the position that clients read: of the last durable event, and of a replica what its head has reached; {@link
 *     Position#NONE} when unknown
 * @param watermarks now
 * @param backlogBytes payload that is acknowledged and not applied
 * @param backlogEvents events that are appended and not applied
 * @param journalUsedBytes taken by the journal
 * @param journalLimitBytes its limit
 * @param clients attached sessions, for people
 * @param warnings what an operator should know now
 * @param counters numbers since the image was opened, by name; see docs/reference/metrics.md
 * @param properties the configuration in force
 * @param role whether clients may write
 * @param received position of the last event that is durable in a replica's journal; {@link Position#NONE} for a primary
 */
public record ImageStatus(
        String name,
        State state,
        String detail,
        long sizeBytes,
        int blockSizeBytes,
        String pool,
        String journalPool,
        String commitPolicy,
        String commitRule,
        List<String> trimStrategies,
        Position head,
        Watermarks watermarks,
        long backlogBytes,
        long backlogEvents,
        long journalUsedBytes,
        long journalLimitBytes,
        List<String> clients,
        List<String> warnings,
        Map<String, Long> counters,
        Map<String, String> properties,
        ImageHead.Role role,
        Position received) {
    /** States of an image. */
    public enum State {
        /** Configured, and on the way to serving: recovering. */
        STARTING,
        /** Clients read and write. */
        SERVING,
        /**
         * Clients read; writes are held until the detail's cause is gone (journal full, image pool full, replicas missing, replicas
         * asked whether one of them was promoted).
         */
        HOLDING,
        /**
         * Clients read; writes fail, because the configuration says so (journal full, image pool full, replicas missing), or
         * because a peer has taken the image over.
         */
        FAILING,
        /** Requests wait: a store is missing or being replaced, or the journal failed and is being reopened. */
        SUSPENDED,
        /** The configuration or what is stored does not allow to serve; nothing was changed. */
        REFUSED,
        /** Closing. */
        STOPPING
    }

    /** Copies lists and maps. */
    public ImageStatus {
        trimStrategies = List.copyOf(trimStrategies);
        clients = List.copyOf(clients);
        warnings = List.copyOf(warnings);
        counters = Map.copyOf(counters);
        properties = Map.copyOf(properties);
    }

    /**
     * The status of a primary.
     *
     * @param name of the image
     * @param state in one word
     * @param detail why
     * @param sizeBytes size
     * @param blockSizeBytes preferred block
     * @param pool image pool
     * @param journalPool journal pool
     * @param commitPolicy as configured
     * @param commitRule as in force
     * @param trimStrategies as configured
     * @param head position of the last durable event
     * @param watermarks now
     * @param backlogBytes payload that is acknowledged and not applied
     * @param backlogEvents events that are appended and not applied
     * @param journalUsedBytes taken by the journal
     * @param journalLimitBytes its limit
     * @param clients attached sessions
     * @param warnings what an operator should know now
     * @param counters numbers since the image was opened
     * @param properties the configuration in force
     */
    public ImageStatus(
            String name,
            State state,
            String detail,
            long sizeBytes,
            int blockSizeBytes,
            String pool,
            String journalPool,
            String commitPolicy,
            String commitRule,
            List<String> trimStrategies,
            Position head,
            Watermarks watermarks,
            long backlogBytes,
            long backlogEvents,
            long journalUsedBytes,
            long journalLimitBytes,
            List<String> clients,
            List<String> warnings,
            Map<String, Long> counters,
            Map<String, String> properties) {
        this(
                name,
                state,
                detail,
                sizeBytes,
                blockSizeBytes,
                pool,
                journalPool,
                commitPolicy,
                commitRule,
                trimStrategies,
                head,
                watermarks,
                backlogBytes,
                backlogEvents,
                journalUsedBytes,
                journalLimitBytes,
                clients,
                warnings,
                counters,
                properties,
                ImageHead.Role.PRIMARY,
                Position.NONE);
    }
}
