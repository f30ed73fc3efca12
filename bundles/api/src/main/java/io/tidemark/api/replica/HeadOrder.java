package io.tidemark.api.replica;

import io.tidemark.api.Position;
import java.util.Objects;

/** What a replica's head is to do. Kept durably beside the image; the head never moves by an order that is not durable. */
public sealed interface HeadOrder {
    /** Follow in real time: what an image without another order does. */
    HeadOrder LIVE = new Follow(0);

    /**
     * Follow what is received.
     *
     * @param delayNanos so long behind the source, in the source's time; never less than that since the event was received on
     *     the replica's own monotonic clock, unless the event was received to catch up
     */
    record Follow(long delayNanos) implements HeadOrder {
        /**
         * Checks the range.
         *
         * @throws IllegalArgumentException when the delay is negative
         */
        public Follow {
            if (delayNanos < 0) {
                throw new IllegalArgumentException("a delay of " + delayNanos + " ns is negative");
            }
        }
    }

    /**
     * Go no further than a position, however much is received.
     *
     * @param at not behind the head and not above what is received; {@link Position#NONE} for where the head is when the
     *     order is given
     */
    record Hold(Position at) implements HeadOrder {
        /** Checks for null. */
        public Hold {
            Objects.requireNonNull(at, "at");
        }
    }
}
