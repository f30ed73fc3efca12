package io.tidemark.mirror.internal.run;

import io.tidemark.api.replica.Replica;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.wire.Message;

/** What a replica is told of the clock that its events are timed by. By the replica's worker. */
final class SourceClock {
    private static final long STEP_NANOS = 1_000_000L;

    private final IncomingWords words;
    private Message.Opened about;
    private ClockOffset.Offset told = ClockOffset.Offset.UNKNOWN;

    SourceClock(IncomingWords words) {
        this.words = words;
    }

    /** The node at the other end of a link has the source open, as it said; either is null when there is none. */
    void tell(Replica replica, PeerLink other, Message.Opened opened) {
        if (other == null || opened == null) {
            lost(replica);
            return;
        }
        if (!opened.equals(about)) {
            lost(replica);
            about = opened;
        }
        ClockOffset.Offset now = other.clockOffset();
        boolean differs = now.known() != told.known()
                || Math.abs(now.peerMinusMonotonicNanos() - told.peerMinusMonotonicNanos()) > STEP_NANOS;
        if (now.known() && differs) {
            if (!told.known()) {
                replica.writtenBySource(
                        opened.writes() ? Epochs.writtenFrom(opened.epochs(), other.nodeName()) : Long.MAX_VALUE);
            }
            told = now;
            replica.clockOffset(now.peerMinusMonotonicNanos(), true);
            words.offset(now.peerMinusMonotonicNanos());
        }
    }

    /** Nobody confirms it any more. */
    void lost(Replica replica) {
        if (told.known()) {
            told = told.stale();
            replica.clockOffset(told.peerMinusMonotonicNanos(), false);
        }
    }
}
