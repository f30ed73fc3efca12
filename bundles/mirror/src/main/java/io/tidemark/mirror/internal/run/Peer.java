package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.mirror.internal.identity.PublicKeys;
import java.util.Arrays;

/** What the mirror knows of another node. Guarded by the mirror's lock. */
final class Peer {
    final PeerWish wish;
    byte[] key;
    PeerLink link;
    /** The last one that was opened from here, proven or not. */
    PeerLink attempt;

    ReplicationTransport.Connecting connecting;
    boolean dialling;
    long dialAtNanos;
    long backOffNanos;
    String trouble = "";

    Peer(PeerWish wish, long backOffNanos) {
        this.wish = wish;
        this.backOffNanos = backOffNanos;
        this.key = wish.key().isEmpty() ? null : PublicKeys.parse(wish.key());
    }

    boolean linked() {
        return link != null && link.isOpen();
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

    PeerStatus status() {
        String state = linked() ? "linked" : dialling ? "opens a link" : "not linked";
        return new PeerStatus(
                wish.name(),
                wish.address().map(address -> address.text()).orElse(""),
                key == null ? "" : PublicKeys.text(key),
                linked(),
                trouble.isEmpty() || linked() ? state : state + ": " + trouble);
    }
}
