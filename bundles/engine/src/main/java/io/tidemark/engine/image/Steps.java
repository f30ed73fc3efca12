package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;

/**
 * The steps of an image on which the safety of data hangs, each by itself, so that the simulator can break them one at a
 * time and prove that it notices. Nothing else extends this class.
 */
public class Steps {
    /** What an image does when nobody breaks it. */
    public static final Steps NORMAL = new Steps();

    /** For subclasses. */
    protected Steps() {}

    /**
     * Makes durable what is appended. Broken: returns {@code journal.appender().appended()} without a force.
     *
     * @param journal to force
     * @return the new durable sequence
     * @throws StorageException as the appender's force
     */
    protected long forceJournal(Journal journal) throws StorageException {
        return journal.appender().commit();
    }

    /**
     * Up to where waiting requests are answered. Broken: {@code appended}.
     *
     * @param durable last durable sequence
     * @param appended last appended sequence
     * @return the last sequence to acknowledge
     */
    protected long acknowledgeUpTo(long durable, long appended) {
        return durable;
    }

    /**
     * Whether what is written after an opening begins in an epoch of its own. Broken: false.
     *
     * @return true
     */
    protected boolean startsEpoch() {
        return true;
    }

    /**
     * Whether a range is really put into the overlay, so that reads see it and it is applied.
     *
     * @param offset first byte
     * @param length bytes
     * @param sequence of the event
     * @return true; broken: false now and then, which loses a write
     */
    protected boolean remembers(long offset, long length, long sequence) {
        return true;
    }

    /**
     * Whether a batch may reach the image. Broken: true before it is durable.
     *
     * @param batchEnd last sequence of the batch
     * @param durable last durable sequence
     * @return whether all of it is durable
     */
    protected boolean mayApply(long batchEnd, long durable) {
        return batchEnd <= durable;
    }

    /**
     * Whether a batch is read from the overlay until it has reached the image. Broken: false.
     *
     * @return true
     */
    protected boolean keepsBatchReadable() {
        return true;
    }

    /**
     * Whether extents are applied with the newest bytes on top. Broken: false, which lets a batch that was taken earlier be
     * written once more, behind the one that was taken later.
     *
     * @return true
     */
    protected boolean appliesInOrder() {
        return true;
    }

    /**
     * Makes durable what the image was given. Broken: does nothing.
     *
     * @param image to force
     * @throws StorageException as the image's force
     */
    protected void forceImage(BlockImage image) throws StorageException {
        image.force();
    }

    /**
     * Stores the head after a force. Broken: a head further on.
     *
     * @param image whose head
     * @param head the new one
     * @throws StorageException as the image's
     */
    protected void storeHead(BlockImage image, ImageHead head) throws StorageException {
        image.storeHead(head);
    }

    /**
     * Whether a replica's head may pass an event while it is held. Broken: true.
     *
     * @param sequence of the event
     * @param heldAt last sequence that the head may reach
     * @return whether it is not behind that
     */
    protected boolean mayPass(long sequence, long heldAt) {
        return sequence <= heldAt;
    }

    /**
     * What a replica reports as received. Broken: {@code appended}.
     *
     * @param durable last durable sequence
     * @param appended last appended sequence
     * @return what survives a crash
     */
    protected long received(long durable, long appended) {
        return durable;
    }

    /**
     * What counts as durable at replicas. Broken: {@code arrived}, what is in their memory.
     *
     * @param received last event that is durable at as many as the rule asks for
     * @param arrived last event that is in their memory
     * @return up to where requests that wait for it are answered
     */
    protected long receivedAtPeers(long received, long arrived) {
        return received;
    }

    /**
     * Up to where the journal may be trimmed. Broken: further.
     *
     * @param asked what the votes allow
     * @param floor what the engine itself allows
     * @return the least of both
     */
    protected long trimUpTo(long asked, long floor) {
        return Math.min(asked, floor);
    }
}
