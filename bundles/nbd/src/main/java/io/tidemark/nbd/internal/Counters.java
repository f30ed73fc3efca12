package io.tidemark.nbd.internal;

import io.tidemark.base.figures.Histogram;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What one connection did. Each number is written by one thread at a time, so plain additions are enough; reading it may be
 * a little late.
 */
final class Counters {
    private final AtomicLong begun = new AtomicLong();
    private final AtomicLong begunBytes = new AtomicLong();
    /** What the connection's own thread answered. */
    private final Tally own = new Tally();
    /** What went through the outbox, under its lock. */
    private final Tally sent = new Tally();

    private final Totals totals;

    Counters(Totals totals) {
        this.totals = totals;
    }

    /** Sums over all connections, ended ones included. Safe for all threads. */
    static final class Totals {
        final LongAdder requests = new LongAdder();
        final LongAdder errors = new LongAdder();
        final LongAdder readBytes = new LongAdder();
        final LongAdder writtenBytes = new LongAdder();
        final LongAdder accepted = new LongAdder();
        final LongAdder rejected = new LongAdder();
        final LongAdder failedHandshakes = new LongAdder();
        final Histogram reads = new Histogram();
        final Histogram writes = new Histogram();
        final Histogram flushes = new Histogram();
        final Histogram others = new Histogram();

        private Histogram latencies(int command) {
            return switch (command) {
                case Nbd.CMD_READ -> reads;
                case Nbd.CMD_WRITE -> writes;
                case Nbd.CMD_FLUSH -> flushes;
                default -> others;
            };
        }
    }

    /** One writer at a time. */
    private static final class Tally {
        final AtomicLong answered = new AtomicLong();
        final AtomicLong answeredBytes = new AtomicLong();
        final AtomicLong errors = new AtomicLong();
        final AtomicLong readBytes = new AtomicLong();
        final AtomicLong writtenBytes = new AtomicLong();
    }

    /** By the connection's thread. */
    void begun(Request request) {
        request.begunNanos = System.nanoTime();
        add(begun, 1);
        add(begunBytes, payload(request));
    }

    /** By the connection's thread, for a request that does not go through the outbox. */
    void answeredByOwner(Request request) {
        answered(own, request);
    }

    /** By the outbox, under its lock. */
    void answered(Request request) {
        answered(sent, request);
    }

    private void answered(Tally tally, Request request) {
        long payload = payload(request);
        totals.requests.increment();
        totals.latencies(request.command).add(System.nanoTime() - request.begunNanos);
        if (request.error != 0) {
            add(tally.errors, 1);
            totals.errors.increment();
        } else if (payload > 0 && request.command == Nbd.CMD_READ) {
            add(tally.readBytes, payload);
            totals.readBytes.add(payload);
        } else if (payload > 0) {
            add(tally.writtenBytes, payload);
            totals.writtenBytes.add(payload);
        }
        add(tally.answeredBytes, payload);
        add(tally.answered, 1);
    }

    private static long payload(Request request) {
        return request.command == Nbd.CMD_READ || request.command == Nbd.CMD_WRITE ? request.length : 0;
    }

    private static void add(AtomicLong counter, long count) {
        counter.lazySet(counter.getPlain() + count);
    }

    long requests() {
        return begun.get();
    }

    long inFlight() {
        return begun.get() - own.answered.get() - sent.answered.get();
    }

    long bytesInFlight() {
        return Math.max(0, begunBytes.get() - own.answeredBytes.get() - sent.answeredBytes.get());
    }

    long errors() {
        return own.errors.get() + sent.errors.get();
    }

    long readBytes() {
        return own.readBytes.get() + sent.readBytes.get();
    }

    long writtenBytes() {
        return own.writtenBytes.get() + sent.writtenBytes.get();
    }
}
