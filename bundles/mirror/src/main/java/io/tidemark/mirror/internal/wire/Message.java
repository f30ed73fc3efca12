package io.tidemark.mirror.internal.wire;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * What two mirrors say to each other. The receiver of an image opens a channel under a number of its choice; so both sides may
 * have a channel of the same number, and the type of a message says whose it is.
 */
public sealed interface Message
        permits Message.Hello,
                Message.Prove,
                Message.Clock,
                Message.Open,
                Message.Credit,
                Message.Progress,
                Message.Leave,
                Message.Opened,
                Message.Ended,
                Message.NextEpoch,
                Message.Events,
                Message.Durable,
                Message.Range,
                Message.Zeros,
                Message.Copying,
                Message.Copied,
                Message.Parts,
                Message.Wanted,
                Order,
                Answer {
    /**
     * What it is.
     *
     * @return its type
     */
    Type type();

    // ---- the link

    /**
     * The first message of each side.
     *
     * @param leastVersion lowest version of the protocol that it speaks
     * @param version highest one
     * @param key its public key, {@link Wire#KEY_BYTES}
     * @param nonce random, of this link, {@link Wire#NONCE_BYTES}
     * @param name of the node, for people
     */
    record Hello(int leastVersion, int version, Octets key, Octets nonce, String name) implements Message {
        @Override
        public Type type() {
            return Type.HELLO;
        }
    }

    /**
     * The second message of each side.
     *
     * @param signature over both hellos, see the document
     */
    record Prove(Octets signature) implements Message {
        @Override
        public Type type() {
            return Type.PROVE;
        }
    }

    /**
     * Clocks of the sender, and what the receiver needs to measure the way.
     *
     * @param wallNanos its wall clock
     * @param ownNanos its monotonic clock
     * @param echoNanos {@code ownNanos} of the last clock that it received; 0 when it received none
     * @param heldNanos for how long it had that; negative when it received none
     */
    record Clock(long wallNanos, long ownNanos, long echoNanos, long heldNanos) implements Message {
        @Override
        public Type type() {
            return Type.CLOCK;
        }
    }

    // ---- from the receiver of an image

    /**
     * Asks for an image.
     *
     * @param image its name at the source
     * @param replica its name at the receiver
     * @param identity of the receiver's image; all zero bits when it has none yet
     * @param copy what it wants beside events
     * @param nextOffset where a copy that is under way goes on; without one, whether the receiver's image is {@link #REPLAYING}
     * @param window bytes of frames that the source may have under way in this channel
     * @param arrived the last event that the receiver has in memory
     * @param received the last one that it has durable
     * @param replayed the last one that its image has
     * @param epochs that it knows, oldest first, the newest ones
     */
    record Open(
            String image,
            String replica,
            UUID identity,
            Copy copy,
            long nextOffset,
            long window,
            long arrived,
            long received,
            long replayed,
            List<Epoch> epochs)
            implements Message {
        /** As next offset without a copy: its bytes are copied, but they are no position of the source yet; otherwise 0. */
        public static final long REPLAYING = 1;

        /** Copies. */
        public Open {
            epochs = List.copyOf(epochs);
        }

        /**
         * The same of who reads the source's journal itself.
         *
         * @param how one for that
         * @return a copy
         */
        public Open reading(Copy how) {
            return new Open(image, replica, identity, how, nextOffset, window, arrived, received, replayed, epochs);
        }

        /**
         * The same for whoever need not compare the two branches any more: epochs are the most of it.
         *
         * @return a copy
         */
        public Open withoutEpochs() {
            return new Open(image, replica, identity, copy, nextOffset, window, arrived, received, replayed, List.of());
        }

        /**
         * Whether the receiver has all bytes of a copy, and lacks events that make them a position of the source.
         *
         * @return false while it copies
         */
        public boolean replays() {
            return !copy.copies() && nextOffset != 0;
        }

        @Override
        public Type type() {
            return Type.OPEN;
        }
    }

    /** What a receiver wants beside events. */
    enum Copy {
        /** Nothing: it has the image. */
        NONE(0),
        /** A copy from the beginning: it has nothing of the image. */
        BEGIN(1),
        /** The rest of a copy that was cut. */
        GO_ON(2),
        /** As BEGIN, but it has a seed: only what differs is to be sent. */
        BEGIN_SEEDED(3),
        /** The rest of such a copy. */
        GO_ON_SEEDED(4),
        /** Nothing, and no events either: it reads the source's journal itself, and wants to know of news. */
        READS(5),
        /** As READS; its own journal lies in the pool of the source's, so it would be lost with that one. */
        READS_BESIDE(6);

        private final int code;

        Copy(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }

        /**
         * Whether it is the beginning of a copy.
         *
         * @return true for both
         */
        public boolean begins() {
            return this == BEGIN || this == BEGIN_SEEDED;
        }

        /**
         * Whether the receiver has a seed.
         *
         * @return true for both
         */
        public boolean seeded() {
            return this == BEGIN_SEEDED || this == GO_ON_SEEDED;
        }

        /**
         * Whether bytes are to be sent.
         *
         * @return false for who wants events only, or not even these
         */
        public boolean copies() {
            return this != NONE && !reads();
        }

        /**
         * Whether the receiver reads the source's journal itself.
         *
         * @return true for both
         */
        public boolean reads() {
            return this == READS || this == READS_BESIDE;
        }

        static Copy ofCode(int code) {
            for (Copy copy : values()) {
                if (copy.code == code) {
                    return copy;
                }
            }
            throw new IllegalArgumentException("there is no copy " + code);
        }
    }

    /**
     * Lets the source send more.
     *
     * @param released bytes of frames that the receiver is done with since the channel was opened
     */
    record Credit(long released) implements Message {
        @Override
        public Type type() {
            return Type.CREDIT;
        }
    }

    /**
     * How far the receiver is.
     *
     * @param arrived last event in its memory
     * @param received last durable one
     * @param replayed last one that its image has
     */
    record Progress(long arrived, long received, long replayed) implements Message {
        @Override
        public Type type() {
            return Type.PROGRESS;
        }
    }

    /**
     * The receiver ends the channel.
     *
     * @param words why, for people
     * @param forget whether it will not come back, so that the source need keep nothing for it
     */
    record Leave(String words, boolean forget) implements Message {
        @Override
        public Type type() {
            return Type.LEAVE;
        }
    }

    // ---- from the source of an image

    /**
     * The image is served.
     *
     * @param copying whether a copy comes, from {@link Open#nextOffset} on
     * @param writes whether the image is primary there, so that new events have times of the source's clock
     * @param identity of the image
     * @param journal identity of the source's journal
     * @param sizeBytes of the image
     * @param blockSizeBytes of the image
     * @param durable last durable event
     * @param start the event after which events follow; where a copy comes, where it is registered
     * @param epochs that the source knows, oldest first, the newest ones
     */
    record Opened(
            boolean copying,
            boolean writes,
            UUID identity,
            UUID journal,
            long sizeBytes,
            int blockSizeBytes,
            long durable,
            Point start,
            List<Epoch> epochs)
            implements Message {
        /** Copies. */
        public Opened {
            epochs = List.copyOf(epochs);
        }

        @Override
        public Type type() {
            return Type.OPENED;
        }
    }

    /**
     * The image is not served, or no longer.
     *
     * @param code why
     * @param fork the last event that both sides have, for {@link EndCode#SPLIT_BRAIN}; otherwise {@link Point#NONE}
     * @param words the same for people, with what to do
     */
    record Ended(EndCode code, Point fork, String words) implements Message {
        @Override
        public Type type() {
            return Type.ENDED;
        }

        /**
         * As news tell it.
         *
         * @return facts by name
         */
        public Map<String, String> facts() {
            String reason = code.name().toLowerCase(Locale.ROOT);
            return code == EndCode.SPLIT_BRAIN
                    ? Map.of("reason", reason, "fork", fork.toString())
                    : Map.of("reason", reason);
        }
    }

    /**
     * An epoch that starts behind all events that were sent.
     *
     * @param epoch which
     */
    record NextEpoch(Epoch epoch) implements Message {
        @Override
        public Type type() {
            return Type.EPOCH;
        }
    }

    /**
     * A run of events of one epoch.
     *
     * @param durable last durable event of the source
     * @param events in order, without gaps
     */
    record Events(long durable, List<Item> events) implements Message {
        /** Copies. */
        public Events {
            events = List.copyOf(events);
        }

        @Override
        public Type type() {
            return Type.EVENTS;
        }
    }

    /**
     * One event.
     *
     * @param header as in the source's journal
     * @param body its bytes; a slice of the frame when it was received
     */
    record Item(EventHeader header, ByteBuffer body) {}

    /**
     * How far the source is.
     *
     * @param durable last durable event
     * @param timeNanos of that event; 0 when unknown
     * @param unsentBytes about what was not sent yet
     */
    record Durable(long durable, long timeNanos, long unsentBytes) implements Message {
        @Override
        public Type type() {
            return Type.DURABLE;
        }
    }

    /**
     * Bytes of the image.
     *
     * @param offset of the first
     * @param bytes some; a slice of the frame when it was received
     */
    record Range(long offset, ByteBuffer bytes) implements Message {
        @Override
        public Type type() {
            return Type.RANGE;
        }
    }

    /**
     * A part that reads as zeros.
     *
     * @param offset of the first byte
     * @param length bytes
     */
    record Zeros(long offset, long length) implements Message {
        @Override
        public Type type() {
            return Type.ZEROS;
        }
    }

    /**
     * All before an offset was sent.
     *
     * @param nextOffset where the copy goes on
     * @param leftBytes about what is to be sent still
     * @param shows the last event that what was sent since OPENED may show
     */
    record Copying(long nextOffset, long leftBytes, Point shows) implements Message {
        @Override
        public Type type() {
            return Type.COPYING;
        }
    }

    /**
     * All of the image was sent. It is a position of the source once the events up to here are applied.
     *
     * @param consistentAt which
     */
    record Copied(Point consistentAt) implements Message {
        @Override
        public Type type() {
            return Type.COPIED;
        }
    }

    /**
     * What parts of the image come to, for a receiver that has a seed.
     *
     * @param offset of the first one
     * @param length of all of them: each has {@link Wire#SEED_PART_BYTES}, the last one what is left
     * @param digests of each the SHA-256
     */
    record Parts(long offset, long length, List<Octets> digests) implements Message {
        /** Copies. */
        public Parts {
            digests = List.copyOf(digests);
        }

        @Override
        public Type type() {
            return Type.PARTS;
        }

        /**
         * So many parts are so long.
         *
         * @param length bytes
         * @return parts
         */
        public static long count(long length) {
            return (length + Wire.SEED_PART_BYTES - 1) / Wire.SEED_PART_BYTES;
        }
    }

    /**
     * Which of the parts that were named last are others at the receiver.
     *
     * @param offset of the first part of all
     * @param parts numbers of those that are wanted, from 0
     */
    record Wanted(long offset, BitSet parts) implements Message {
        /** Copies. */
        public Wanted {
            parts = (BitSet) parts.clone();
        }

        @Override
        public BitSet parts() {
            return (BitSet) parts.clone();
        }

        @Override
        public Type type() {
            return Type.WANTED;
        }
    }
}
