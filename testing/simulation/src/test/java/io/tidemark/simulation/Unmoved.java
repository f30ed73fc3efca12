package io.tidemark.simulation;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.engine.image.ImageListener;

/** Of an image whose stores are not to fail, and from which nothing else is to be heard. */
final class Unmoved implements ImageListener {
    @Override
    public void stateChanged(State state, String detail) {}

    @Override
    public void failed(Part part, StorageException failure) {
        throw new AssertionError(part + " failed", failure);
    }

    @Override
    public void trimWanted(boolean journalFull) {}

    @Override
    public void warning(String line) {}
}
