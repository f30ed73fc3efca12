package io.tidemark.mirror.internal.run;

import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.transport.PeerAddress;
import java.util.Optional;

/**
 * Another node to mirror with.
 *
 * @param name what it is called here
 * @param transport name of the transport that reaches it
 * @param address where; empty when it is the peer that opens the link
 * @param key its public key as people type it; empty to take the first one that shows up at the address
 */
public record PeerWish(String name, String transport, Optional<PeerAddress> address, String key) {
    /**
     * Whether it is this node itself, whose images follow each other.
     *
     * @return true when no transport is needed to reach it
     */
    public boolean isLocal() {
        return transport.equals(PeerSettings.LOCAL);
    }
}
