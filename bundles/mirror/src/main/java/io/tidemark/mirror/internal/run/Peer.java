package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.mirror.internal.identity.PublicKeys;
import java.util.Arrays;

/** What the mirror knows of another node. Guarded by the mirror's lock. */
final class Peer {
    PeerWish wish;
    byte[] key;
    PeerLink link;
    /** The last one that was opened from here, proven or not. */
    PeerLink attempt;

    ReplicationTransport.Connecting connecting;
    boolean dialling;
    long dialAtNanos;
    long backOffNanos;
    String trouble = "";
    String nodeName = "";

    Peer(PeerWish wish, long backOffNanos) {
        this.wish = wish;
        this.backOffNanos = backOffNanos;
        this.key = wish.key().isEmpty() ? null : PublicKeys.parse(wish.key());
    }

    boolean linked() {
        return link != null && link.isOpen();
    }

    /** Whether a wish changes nothing about who it is and how it is reached: a key that was pinned since is no change. */
    boolean isReachedAs(PeerWish other) {
        boolean sameKey = other.key().equals(wish.key())
                || (wish.key().isEmpty() && key != null && other.key().equals(PublicKeys.text(key)));
        return sameKey
                && other.transport().equals(wish.transport())
                && other.address().equals(wish.address());
    }

    boolean hasKey(byte[] shown) {
        return key != null && Arrays.equals(key, shown);
    }

    void failed(StorageException why, long nowNanos, long mostBackOffNanos) {
        trouble = why.getMessage();
        dialling = false;
        connecting = null;
        dialAtNanos = nowNanos + backOffNanos;
        backOffNanos = Math.min(2 * backOffNanos, mostBackOffNanos);
    }

    PeerState state(boolean transportThere, String notListening) {
        boolean now = linked();
        ClockOffset.Offset clock = now ? link.clockOffset() : ClockOffset.Offset.UNKNOWN;
        return new PeerState(
                wish.name(),
                key == null ? "" : PublicKeys.text(key),
                now,
                words(now, transportThere, notListening),
                now ? "" : wish.address().isEmpty() && trouble.isEmpty() ? notListening : trouble,
                nodeName,
                now ? link.link().peerName() : "",
                clock.known(),
                clock.peerMinusOwnNanos(),
                clock.roundTripNanos());
    }

    private String words(boolean now, boolean transportThere, String notListening) {
        if (now) {
            return "linked";
        }
        if (!transportThere) {
            return "not linked: there is no transport " + wish.transport();
        }
        if (dialling) {
            return "opens a link";
        }
        if (wish.address().isEmpty() && !notListening.isEmpty()) {
            return "not linked: " + notListening;
        }
        String state = wish.address().isEmpty() ? "waits for the peer to open a link" : "not linked";
        return trouble.isEmpty() ? state : state + ": " + trouble;
    }
}
