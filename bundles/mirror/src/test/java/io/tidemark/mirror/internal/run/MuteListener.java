package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.LinkListener;

/** Whoever keeps a link open and says nothing. */
class MuteListener implements LinkListener {
    @Override
    public void readable() {}

    @Override
    public void writable() {}

    @Override
    public void closed(StorageException why) {}
}
