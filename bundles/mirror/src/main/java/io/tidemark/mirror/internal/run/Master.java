package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.mirror.internal.wire.Answer;

/** Decides what peers may, and does what they ask for. Called by workers of the mirror, under no lock. */
public interface Master extends Permits {
    /**
     * A peer without a key showed one for the first time: it is to be kept.
     *
     * @param peer as it is called here
     * @param key as people type it
     */
    void pinned(String peer, String key);

    /**
     * There is a new link.
     *
     * @param peer as it is called here
     */
    default void linked(String peer) {
        moved();
    }

    /**
     * Does what a peer asks for. May wait; has a worker of its own.
     *
     * @param given what, and by whom
     * @return the answer
     * @throws StorageException when it is not done: nothing was changed then
     */
    Answer obey(GivenOrder given) throws StorageException;
}
