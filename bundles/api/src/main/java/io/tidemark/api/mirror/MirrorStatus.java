package io.tidemark.api.mirror;

import io.tidemark.api.Position;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import java.util.Objects;
import java.util.Optional;

/**
 * How one image and one peer fare, at one instant. With the role {@link ImageHead.Role#PRIMARY} this node is the source: the image
 * goes out to the peer, and what is said of the replica is what the peer reported last. With {@link ImageHead.Role#REPLICA} the image
 * comes from there. Numbers are negative where they are not known.
 *
 * @param image its name on this node
 * @param peer the other node; empty where the configuration of a replica is refused; where it is a node whose key no peer has (any
 *     more), the id under which the journal is kept for it
 * @param peerImage its name there; empty when unknown
 * @param role of this node between the two; a replica here that others follow is the source for these
 * @param state in one word, for programs
 * @param words the same in plain words, with what is going on: idle and stuck look different
 * @param consistency whether the replica's bytes are a position of the source; empty when unknown
 * @param marks how far both sides are
 * @param lag how much the replica's image lacks of what is durable at the source
 * @param rate at which the replica received events lately
 * @param catchUpNanos until it has received everything, at that rate; 0 when it has; negative when unknown, or when it does not
 *     come closer
 * @param delayWantedNanos how far behind the replica is to stay; 0 for real time; negative when unknown
 * @param delayActualNanos how far behind its image is, as {@link Lag#nanos}; negative when unknown
 * @param heldAt where the replica is held; empty when it is not, or when unknown
 * @param copy the copy that is under way; empty when there is none
 * @param trouble last error, with the next step; empty when all is well
 */
public record MirrorStatus(
        String image,
        String peer,
        String peerImage,
        ImageHead.Role role,
        State state,
        String words,
        Optional<Consistency> consistency,
        Marks marks,
        Lag lag,
        Rate rate,
        long catchUpNanos,
        long delayWantedNanos,
        long delayActualNanos,
        Optional<Position> heldAt,
        Optional<Copy> copy,
        String trouble) {
    /** Checks for nulls. */
    public MirrorStatus {
        Objects.requireNonNull(image, "image");
        Objects.requireNonNull(peer, "peer");
        Objects.requireNonNull(peerImage, "peerImage");
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(words, "words");
        Objects.requireNonNull(consistency, "consistency");
        Objects.requireNonNull(marks, "marks");
        Objects.requireNonNull(lag, "lag");
        Objects.requireNonNull(rate, "rate");
        Objects.requireNonNull(heldAt, "heldAt");
        Objects.requireNonNull(copy, "copy");
        Objects.requireNonNull(trouble, "trouble");
    }

    /** What is the case, in one word. */
    public enum State {
        /** There is no link to the peer. */
        UNLINKED,
        /** There is a link, and the image is asked for, or will be again soon. */
        STARTING,
        /** The other side does not serve the image, or its configuration was refused here: somebody has to do something. */
        REFUSED,
        /** The image's bytes are being copied. */
        COPYING,
        /** The replica receives what it lacks, or applies what it has received. */
        CATCHING_UP,
        /** The replica has everything that its order lets it have. Also with a delay. */
        UP_TO_DATE,
        /** The replica receives, and its image is held where it is. */
        HELD,
        /** The replica cannot take more at the moment: its image is suspended, or its journal or memory is full. */
        WAITING,
        /** There is something to send, and nothing comes. */
        STUCK,
        /** The image is configured as a replica of the peer, and is a primary: it follows nobody. */
        PRIMARY
    }

    /**
     * Sequences along the chain of epochs.
     *
     * @param durable last durable event of the source
     * @param arrived last event in the replica's memory
     * @param received last event that is durable at the replica
     * @param head last event that the replica's clients read; negative at the source
     * @param replayed last event that is applied to the replica's image
     */
    public record Marks(long durable, long arrived, long received, long head, long replayed) {
        /** Nothing is known. */
        public static final Marks UNKNOWN = new Marks(-1, -1, -1, -1, -1);
    }

    /**
     * What the replica's image lacks. A delay shows here, too.
     *
     * @param events that it has not replayed
     * @param bytes about what these are
     * @param nanos how old the oldest event is that it lacks, in the source's time; 0 when it lacks none
     * @param unreceivedEvents of these, that it has not even received: what a loss of the source would lose
     * @param unreceivedNanos how old the oldest of those is, in the source's time; 0 when there is none. No delay and no hold shows
     *     here
     */
    public record Lag(long events, long bytes, long nanos, long unreceivedEvents, long unreceivedNanos) {
        /** Nothing is known. */
        public static final Lag UNKNOWN = new Lag(-1, -1, -1, -1, -1);
    }

    /**
     * Received by the replica in the last seconds, in the mean.
     *
     * @param eventsPerSecond events
     * @param bytesPerSecond their bodies
     */
    public record Rate(double eventsPerSecond, long bytesPerSecond) {
        /** Nothing comes, or nothing is known. */
        public static final Rate NONE = new Rate(0, 0);
    }

    /**
     * A copy of an image's bytes.
     *
     * @param copiedBytes since it began or went on
     * @param leftBytes about what is to be copied still; negative when unknown
     * @param bytesPerSecond in the mean since it began or went on
     * @param leftNanos at that rate; negative when unknown
     * @param comparedBytes of a replica with a seed: looked at since it began or went on; what was the same was not copied. The rate
     *     is that of comparing then. Negative for a copy without a seed
     */
    public record Copy(long copiedBytes, long leftBytes, long bytesPerSecond, long leftNanos, long comparedBytes) {
        /**
         * A copy without a seed.
         *
         * @param copiedBytes as for all
         * @param leftBytes as for all
         * @param bytesPerSecond as for all
         * @param leftNanos as for all
         */
        public Copy(long copiedBytes, long leftBytes, long bytesPerSecond, long leftNanos) {
            this(copiedBytes, leftBytes, bytesPerSecond, leftNanos, -1);
        }
    }
}
