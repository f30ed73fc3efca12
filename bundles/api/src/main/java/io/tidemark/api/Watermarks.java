package io.tidemark.api;

/**
 * The watermarks of one image at one instant, as sequences along its chain of epochs.
 *
 * <p>{@code trimmed <= checkpointed <= applied <= durable <= appended} always holds.
 *
 * @param appended last event in memory
 * @param durable last event that survives a crash
 * @param applied last event that the image's bytes have
 * @param checkpointed last event that is forced to the image
 * @param trimmed last event that the journal no longer has
 */
public record Watermarks(long appended, long durable, long applied, long checkpointed, long trimmed) {
    /**
     * Whether the order that section 2 of the architecture demands holds.
     *
     * @return true when the watermarks are in order
     */
    public boolean inOrder() {
        return trimmed <= checkpointed && checkpointed <= applied && applied <= durable && durable <= appended;
    }
}
