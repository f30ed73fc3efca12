package io.tidemark.journal.flash.internal;

/**
 * The steps of a flash journal on which the safety of data hangs, each by itself, so that the simulator can break them and
 * prove that it notices. Nothing else extends this class.
 */
public class FlashSteps {
    /** What a journal does when nobody breaks it. */
    public static final FlashSteps NORMAL = new FlashSteps();

    /** For subclasses. */
    protected FlashSteps() {}

    /**
     * Whether the body of an event is as it was written. Broken: always.
     *
     * @param expected checksum in the header of the event
     * @param found checksum of the bytes that were read
     * @return whether the bytes may be used
     */
    protected boolean bodyIsIntact(int expected, int found) {
        return expected == found;
    }

    /**
     * Whether a batch that has arrived on the device before one in front of it has to wait for that before it is durable.
     * Broken: it does not.
     *
     * @return true
     */
    protected boolean publishesInOrder() {
        return true;
    }
}
