package io.tidemark.mirror.internal.wire;

import io.tidemark.api.Epoch;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import java.util.List;
import java.util.UUID;

/** What becomes of an {@link Order}. */
public sealed interface Answer extends Message {
    /**
     * It was done, or it was not.
     *
     * @param outcome which
     * @param words for people; with the next step where it was not done
     */
    record Answered(Outcome outcome, String words) implements Answer {
        @Override
        public Type type() {
            return Type.ANSWERED;
        }
    }

    /**
     * How an image is.
     *
     * @param role whether clients may write
     * @param followsOther whether it is a replica that follows another node than the one that asks
     * @param takenOver whether it is a replica that was fenced by another node than the one that asks before it was demoted, and wrote
     *     last: that node may be primary
     * @param consistency of a replica's bytes; of a primary {@link Consistency#CONSISTENT}
     * @param identity of the image
     * @param trimmed last event that its journal no longer has
     * @param durable last one that it has for good
     * @param head last one that its clients read
     * @param epochs that it knows, oldest first, the newest ones
     * @param image its name
     */
    record Facts(
            ImageHead.Role role,
            boolean followsOther,
            boolean takenOver,
            Consistency consistency,
            UUID identity,
            long trimmed,
            long durable,
            long head,
            List<Epoch> epochs,
            String image)
            implements Answer {
        /** Copies. */
        public Facts {
            epochs = List.copyOf(epochs);
        }

        @Override
        public Type type() {
            return Type.FACTS;
        }
    }

    /**
     * The image is primary.
     *
     * @param at the last event of the time before
     * @param epoch the new one
     */
    record Promoted(Point at, Epoch epoch) implements Answer {
        @Override
        public Type type() {
            return Type.PROMOTED;
        }
    }

    /**
     * Not the last answer: it is under way.
     *
     * @param done so much of it
     * @param total all of it; negative when unknown
     * @param words what is being done
     */
    record Working(long done, long total, String words) implements Answer {
        @Override
        public Type type() {
            return Type.WORKING;
        }
    }

    /**
     * What comparing found.
     *
     * @param from where the first part was compared
     * @param to where the last one was
     * @param equalBytes that are the same
     * @param skippedBytes that could not be compared
     * @param differingBytes that differ
     * @param differences the first ones
     */
    record Verified(
            long from, long to, long equalBytes, long skippedBytes, long differingBytes, List<Extent> differences)
            implements Answer {
        /** Copies. */
        public Verified {
            differences = List.copyOf(differences);
        }

        @Override
        public Type type() {
            return Type.VERIFIED;
        }
    }

    /**
     * A part of an image.
     *
     * @param offset of its first byte
     * @param length bytes
     */
    record Extent(long offset, long length) {}

    /**
     * What became of an image behind a fork.
     *
     * @param last the last event that was looked at
     * @param missing so many of the first ones are no longer in the journal
     * @param extents separate parts that the others changed
     * @param bytes in these
     * @param exportBytes what a file with all events takes
     * @param exact false when parts that are close were taken together
     */
    record Branched(long last, long missing, long extents, long bytes, long exportBytes, boolean exact)
            implements Answer {
        @Override
        public Type type() {
            return Type.BRANCHED;
        }
    }

    /**
     * What parts of an image come to.
     *
     * @param sizeBytes of the image
     * @param newest epoch of the image
     * @param sums one for each part up to the image's end
     */
    record Summed(long sizeBytes, UUID newest, List<Sum> sums) implements Answer {
        /** Copies. */
        public Summed {
            sums = List.copyOf(sums);
        }

        @Override
        public Type type() {
            return Type.SUMMED;
        }
    }

    /**
     * What a part comes to.
     *
     * @param sequence the event at which it was so; negative when it was written while it was read
     * @param digest SHA-256 of its bytes
     */
    record Sum(long sequence, Octets digest) {}
}
