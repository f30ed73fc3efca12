package io.tidemark.mirror.internal.identity;

import io.tidemark.api.StorageException;

/** Knows which key belongs to which peer. */
@FunctionalInterface
public interface Pins {
    /**
     * Whose key it is. Called before the key is proven.
     *
     * @param key 32 bytes
     * @param saidName the name that its owner says it has: proves nothing
     * @return the peer's name as it was added here
     * @throws StorageException MISMATCH when the key is unknown or not the one that belongs here
     */
    String peerOf(byte[] key, String saidName) throws StorageException;
}
