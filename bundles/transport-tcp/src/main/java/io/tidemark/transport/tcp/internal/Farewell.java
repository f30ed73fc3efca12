package io.tidemark.transport.tcp.internal;

import java.util.concurrent.TimeUnit;

/**
 * How long a link that was closed here goes on, to send what was handed in before and the reason. Until the peer ends too, what
 * it sends is read and thrown away: a socket that is closed over something unread takes back what the peer has not received yet.
 * No peer draws that out: it has to take or send something every now and then, may not send much, and all has an end. For one
 * thread at a time.
 */
final class Farewell {
    /** Whoever broke the protocol is told so, and no more. */
    private static final long CURT_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** So many times as long as a peer may be silent. */
    private static final int MOST_SILENCES = 3;
    /** A good peer sends at most what it had credit for, and little beside. */
    private static final int MOST_WINDOWS = 2;

    private final long patienceNanos;
    private final long endNanos;
    private final long mostBytes;
    private long movedNanos;
    private long readBytes;

    private Farewell(long nowNanos, long patienceNanos, long mostNanos, long windowBytes) {
        this.patienceNanos = patienceNanos;
        this.endNanos = nowNanos + mostNanos;
        this.mostBytes = MOST_WINDOWS * windowBytes;
        this.movedNanos = nowNanos;
    }

    /** To somebody who may be slow, but not silent for longer than that. */
    static Farewell polite(long nowNanos, long silenceNanos, long windowBytes) {
        return new Farewell(nowNanos, silenceNanos, MOST_SILENCES * silenceNanos, windowBytes);
    }

    /** To somebody who broke the protocol. */
    static Farewell curt(long nowNanos, long windowBytes) {
        return new Farewell(nowNanos, CURT_NANOS, CURT_NANOS, windowBytes);
    }

    /** The peer took something. */
    void sent(long nowNanos) {
        movedNanos = nowNanos;
    }

    /** It sent something, which was thrown away. */
    void read(int bytes, long nowNanos) {
        movedNanos = nowNanos;
        readBytes += bytes;
    }

    boolean isOver(long nowNanos) {
        return readBytes > mostBytes || leftNanos(nowNanos) <= 0;
    }

    /** Until it is over, if nothing moves; 0 or less when it is. */
    long leftNanos(long nowNanos) {
        return Math.min(endNanos - nowNanos, movedNanos + patienceNanos - nowNanos);
    }
}
