package io.tidemark.api.mirror;

import java.util.Objects;

/**
 * What is wished of a peer.
 *
 * @param transport name of the transport that reaches it; {@code tcp} is the one that every node has; {@link #LOCAL} for this node
 *     itself
 * @param address where it is reached, as the transport understands it: for {@code tcp}, {@code HOST:PORT}, {@code [IPV6]:PORT}
 *     or {@code unix:PATH}; empty when it is the peer that opens the links
 * @param fingerprint of the TLS certificate that it must show at the address, {@code sha256:} and 64 hexadecimal digits; empty
 *     for any that the transport's configuration trusts
 * @param key its public key as {@link MirrorManager#ownKey} shows it there; empty to trust the first key that shows up at the
 *     address, which is kept from then on. Not both empty: a peer without an address needs a key, unless its transport is {@link
 *     #LOCAL}
 * @param mayPlace whether the peer may place replicas of its images on this node
 */
public record PeerSettings(String transport, String address, String fingerprint, String key, boolean mayPlace) {
    /** Name of the transport that every node has. */
    public static final String TCP = "tcp";

    /** In place of a transport: the peer is this node itself, so that its images can follow each other. Takes no address and no key. */
    public static final String LOCAL = "local";

    /** Checks for nulls. What the texts mean is checked when the peer is added. */
    public PeerSettings {
        Objects.requireNonNull(transport, "transport");
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(fingerprint, "fingerprint");
        Objects.requireNonNull(key, "key");
    }

    /**
     * A peer over TCP that may place replicas here.
     *
     * @param address where it is reached; empty when it opens the links
     * @param key its public key; empty to trust the first one
     * @return settings
     */
    public static PeerSettings of(String address, String key) {
        return new PeerSettings(TCP, address, "", key, true);
    }
}
