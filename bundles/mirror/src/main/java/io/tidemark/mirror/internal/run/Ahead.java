package io.tidemark.mirror.internal.run;

import java.util.ArrayDeque;

/**
 * Events that were sent and that the replica has not taken, while it is copied: until that has ended its journal may be full. What it
 * does not take it keeps beside its window, which is the copy's then. Safe for all threads.
 */
final class Ahead {
    private record Sent(long last, long bytes) {}

    private final long mostBytes;
    private final ArrayDeque<Sent> sent = new ArrayDeque<>();
    private long bytes;
    private long arrived;
    private boolean waits;

    Ahead(long mostBytes, long arrived) {
        this.mostBytes = mostBytes;
        this.arrived = arrived;
    }

    /** How long a frame may be now, at least so much: any, while all has arrived; 0 when it has to wait. */
    synchronized long available(long least) {
        long available = bytes == 0 ? Long.MAX_VALUE : mostBytes - bytes;
        waits = least > available;
        return waits ? 0 : available;
    }

    /** A frame that the replica takes when it has, or together with, an event. */
    synchronized void sent(long last, long frameBytes) {
        if (last > arrived) {
            sent.add(new Sent(last, frameBytes));
            bytes += frameBytes;
        }
    }

    /** Whether a frame waits for that. */
    synchronized boolean arrived(long sequence) {
        arrived = sequence;
        while (!sent.isEmpty() && sent.peek().last() <= sequence) {
            bytes -= sent.remove().bytes();
        }
        return waits;
    }
}
