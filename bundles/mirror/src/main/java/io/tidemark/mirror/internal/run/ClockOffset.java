package io.tidemark.mirror.internal.run;

import io.tidemark.api.context.Clock;
import io.tidemark.mirror.internal.wire.Message;
import java.util.ArrayDeque;

/** How the peer's wall clock differs from the own one, by the shortest of the last round trips. */
final class ClockOffset {
    private static final int SAMPLES = 8;
    private static final long MOST_ROUND_TRIP_NANOS = 500_000_000L;
    private static final long STALE_NANOS = 30_000_000_000L;

    /**
     * What is known.
     *
     * @param peerMinusOwnNanos the difference
     * @param known false while there is no fresh sample
     * @param roundTripNanos of the sample; -1 when there is none
     */
    record Offset(long peerMinusOwnNanos, boolean known, long roundTripNanos) {
        static final Offset UNKNOWN = new Offset(0, false, -1);

        /** The same when the peer can no longer confirm it. */
        Offset stale() {
            return new Offset(peerMinusOwnNanos, false, roundTripNanos);
        }
    }

    private record Sample(long offsetNanos, long roundTripNanos, long atNanos) {}

    private final Clock clock;
    private final ArrayDeque<Sample> samples = new ArrayDeque<>();
    private long peersOwnNanos;
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
                long offset = message.wallNanos() + roundTrip / 2 - clock.wallNanos();
                samples.add(new Sample(offset, roundTrip, now));
                if (samples.size() > SAMPLES) {
                    samples.remove();
                }
            }
        }
        peersOwnNanos = message.ownNanos();
        heardNanos = now;
        heard = true;
    }

    synchronized Offset offset() {
        Sample best = null;
        for (Sample sample : samples) {
            best = best == null || sample.roundTripNanos <= best.roundTripNanos ? sample : best;
        }
        boolean fresh = best != null && clock.monotonicNanos() - samples.getLast().atNanos < STALE_NANOS;
        return best == null ? Offset.UNKNOWN : new Offset(best.offsetNanos, fresh, best.roundTripNanos);
    }
}
