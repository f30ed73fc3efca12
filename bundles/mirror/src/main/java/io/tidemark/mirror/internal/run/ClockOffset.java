package io.tidemark.mirror.internal.run;

import io.tidemark.api.context.Clock;
import io.tidemark.mirror.internal.wire.Message;
import java.util.ArrayDeque;

/**
 * How the peer's wall clock differs from the own ones. Its monotonic clock is measured by the own one, by the shortest of the last
 * round trips: neither steps. By how much its wall clock is ahead of its monotonic one is as it says last, so a step of it counts
 * at once.
 */
final class ClockOffset {
    private static final int SAMPLES = 8;
    private static final long MOST_ROUND_TRIP_NANOS = 500_000_000L;
    private static final long STALE_NANOS = 30_000_000_000L;

    /**
     * What is known.
     *
     * @param peerMinusOwnNanos the peer's wall clock minus the own one
     * @param peerMinusMonotonicNanos the peer's wall clock minus the own monotonic one
     * @param known false while there is no fresh sample
     * @param roundTripNanos of the sample; -1 when there is none
     */
    record Offset(long peerMinusOwnNanos, long peerMinusMonotonicNanos, boolean known, long roundTripNanos) {
        static final Offset UNKNOWN = new Offset(0, 0, false, -1);

        /** The same when the peer can no longer confirm it. */
        Offset stale() {
            return new Offset(peerMinusOwnNanos, peerMinusMonotonicNanos, false, roundTripNanos);
        }
    }

    private record Sample(long offsetNanos, long roundTripNanos, long atNanos) {
        /** Both cannot be true: a clock was stopped meanwhile. */
        boolean contradicts(Sample other) {
            return Math.abs(offsetNanos - other.offsetNanos) > (roundTripNanos + other.roundTripNanos) / 2 + 1;
        }
    }

    private final Clock clock;
    private final ArrayDeque<Sample> samples = new ArrayDeque<>();
    private long peersOwnNanos;
    /** Of the peer's clocks. */
    private long wallMinusOwnNanos;

    private long heardNanos;
    private boolean heard;

    ClockOffset(Clock clock) {
        this.clock = clock;
    }

    synchronized Message.Clock message() {
        long now = clock.monotonicNanos();
        return new Message.Clock(
                clock.wallNanos(), now, heard ? peersOwnNanos : 0, heard ? Math.max(0, now - heardNanos) : -1);
    }

    synchronized void received(Message.Clock message) {
        long now = clock.monotonicNanos();
        if (message.heldNanos() >= 0) {
            long roundTrip = now - message.echoNanos() - message.heldNanos();
            // Half of it may be wrong; and what cannot be is no measurement.
            if (roundTrip >= 0 && roundTrip <= MOST_ROUND_TRIP_NANOS) {
                Sample sample = new Sample(message.ownNanos() + roundTrip / 2 - now, roundTrip, now);
                samples.removeIf(sample::contradicts);
                samples.add(sample);
                if (samples.size() > SAMPLES) {
                    samples.remove();
                }
            }
        }
        peersOwnNanos = message.ownNanos();
        wallMinusOwnNanos = message.wallNanos() - message.ownNanos();
        heardNanos = now;
        heard = true;
    }

    synchronized Offset offset() {
        Sample best = null;
        for (Sample sample : samples) {
            best = best == null || sample.roundTripNanos <= best.roundTripNanos ? sample : best;
        }
        if (best == null) {
            return Offset.UNKNOWN;
        }
        long now = clock.monotonicNanos();
        boolean fresh = now - samples.getLast().atNanos < STALE_NANOS;
        long offset = best.offsetNanos + wallMinusOwnNanos;
        return new Offset(offset + now - clock.wallNanos(), offset, fresh, best.roundTripNanos);
    }
}
