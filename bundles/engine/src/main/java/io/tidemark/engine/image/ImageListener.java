package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;

/**
 * What an image tells the one who manages it. Called on the image's workers or a client's thread, never under a lock. Must
 * return soon and must not call {@link JournaledImage#suspend}, {@link JournaledImage#resume}, {@link
 * JournaledImage#close}, {@link JournaledImage#checkpoint} or {@link JournaledImage#resize} on the same thread: hand over
 * to another one.
 */
public interface ImageListener {
    /** Which of the two stores failed. */
    enum Part {
        /** The journal: an append or a force failed or its service went away. */
        JOURNAL,
        /** The image: a write or a force failed or its service went away. */
        IMAGE
    }

    /**
     * The image's state has changed.
     *
     * @param state the new one
     * @param detail why, and what to do; empty when serving
     */
    void stateChanged(ImageStatus.State state, String detail);

    /**
     * A store failed for good. The image is suspended from now on: requests wait. Call {@link JournaledImage#suspend},
     * close both stores, open them again, and call {@link JournaledImage#resume}.
     *
     * @param part which one
     * @param failure why; STALE_SERVICE when its service went away
     */
    void failed(Part part, StorageException failure);

    /**
     * Now is the time to gather votes and to call {@link JournaledImage#trim}: a checkpoint was written, or the journal is
     * full.
     *
     * @param journalFull whether writes wait for it
     */
    void trimWanted(boolean journalFull);

    /** Another number of replicas is linked and in sync: now is the time to ask the commit policy again. */
    default void peersChanged() {}

    /**
     * Something that an operator should know and that is no state: a stepped clock, a journal that fills up.
     *
     * @param line one line
     */
    void warning(String line);
}
