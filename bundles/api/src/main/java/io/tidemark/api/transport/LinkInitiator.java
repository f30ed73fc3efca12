package io.tidemark.api.transport;

import io.tidemark.api.StorageException;
import org.osgi.annotation.versioning.ConsumerType;

/** Waits for a link that was asked for. Called back once. */
@ConsumerType
public interface LinkInitiator extends LinkAcceptor {
    /**
     * No link came to be. Must not block.
     *
     * @param why UNAVAILABLE when the peer cannot be reached or does not answer, MISMATCH when it is another one than wanted or
     *     speaks another version, INVALID when the address or the transport's configuration makes no sense, CLOSED when it
     *     was given up, STALE_SERVICE when the transport went away; the message names the address, the cause and the next step
     */
    void failed(StorageException why);
}
