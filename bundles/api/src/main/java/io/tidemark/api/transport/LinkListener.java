package io.tidemark.api.transport;

import io.tidemark.api.StorageException;
import org.osgi.annotation.versioning.ConsumerType;

/** Is told what happens to one link. Must not block and not call the link; opening a gate is the usual thing. */
@ConsumerType
public interface LinkListener {
    /**
     * {@link Link#poll} may have something. Called when a frame arrives at a link whose {@link Link#poll} gave null since the
     * last call, or was not called yet.
     */
    void readable();

    /** {@link Link#trySend} said no and may say yes now. Called once for each no, or for several together. */
    void writable();

    /**
     * The link is closed. The last call, exactly once, whoever closed it. Frames that were received before are still to be had
     * from {@link Link#poll} when the peer closed it or it broke.
     *
     * @param why CLOSED with the reason that was given, here or by the peer; UNAVAILABLE when it broke or the peer is dead;
     *     CORRUPT or MISMATCH when the peer sent what it must not; STALE_SERVICE when the transport went away
     */
    void closed(StorageException why);
}
