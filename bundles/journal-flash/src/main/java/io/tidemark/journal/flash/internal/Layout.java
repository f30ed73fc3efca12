package io.tidemark.journal.flash.internal;

/**
 * Where things lie on disk. All numbers are little-endian; offsets are bytes from the start of the structure. The tables in
 * docs/formats/flash-journal.md are compared with these constants by a test.
 */
final class Layout {
    /** Batches start at multiples of this, so that no block that holds durable data is ever written again. */
    static final int BLOCK = 4096;

    static final int VERSION = 1;

    /** Block 0 of every segment file. */
    static final class Segment {
        static final long MAGIC_VALUE = 0x31544d4745534d54L; // "TMSEGMT1"
        static final int MAGIC = 0;
        static final int VERSION = 8;
        static final int BLOCK_BYTES = 12;
        static final int JOURNAL = 16;
        static final int SEGMENT = 32;
        static final int NUMBER = 48;
        static final int BYTES = 56;
        static final int PREPARED_NANOS = 64;
        static final int DIRECTORY = 72;
        static final int DIRECTORIES = 76;
        static final int RESERVED = 80;
        static final int CHECKSUM = 124;
        static final int SIZE = 128;

        private Segment() {}
    }

    /** In front of the records of every batch. */
    static final class Batch {
        static final int MAGIC_VALUE = 0x31424d54; // "TMB1"
        static final int MAGIC = 0;
        static final int TYPE = 4;
        static final int FLAGS = 5;
        static final int RESERVED = 6;
        static final int TOTAL_BYTES = 8;
        static final int CONTENT_BYTES = 12;
        static final int COUNT = 16;
        static final int PREVIOUS = 20;
        static final int FIRST_SEQUENCE = 24;
        static final int DURABLE = 32;
        static final int EPOCH = 40;
        static final int EPOCH_IDENTITY = 48;
        static final int FIRST_TIME = 64;
        static final int LAST_TIME = 72;
        static final int NUMBER = 80;
        static final int OFFSET = 88;
        static final int WRITTEN_NANOS = 96;
        static final int TAG = 104;
        static final int RESERVED_2 = 112;
        static final int CONTENT_CHECKSUM = 120;
        static final int CHECKSUM = 124;
        static final int SIZE = 128;

        /** Records of events. */
        static final int TYPE_DATA = 1;

        /** Entries for the events since the index before. */
        static final int TYPE_INDEX = 2;

        /** Nothing but the attestation of what is durable. */
        static final int TYPE_SEAL = 3;

        /** In the last block of a segment that is left. */
        static final int TYPE_END = 4;

        /** Flag of a seal: the journal was closed in order. */
        static final int FLAG_CLEAN = 1;

        private Batch() {}
    }

    /** In front of the body of every event. */
    static final class EventRecord {
        static final byte MARK_VALUE = (byte) 0xE7;
        static final int BODY_BYTES = 0;
        static final int KIND = 4;
        static final int MARK = 5;
        static final int FLAGS = 6;
        static final int SEQUENCE = 8;
        static final int TIME = 16;
        static final int OFFSET = 24;
        static final int LENGTH = 32;
        static final int BODY_CHECKSUM = 40;
        static final int CHECKSUM = 44;
        static final int SIZE = 48;

        private EventRecord() {}
    }

    /** One event in an index. */
    static final class Entry {
        static final int TIME = 0;
        static final int OFFSET = 8;
        static final int LENGTH = 16;
        static final int RECORD = 24;
        static final int BODY_BYTES = 28;
        static final int KIND = 32;
        static final int RESERVED = 33;
        static final int FLAGS = 34;
        static final int BODY_CHECKSUM = 36;
        static final int SIZE = 40;

        private Entry() {}
    }

    /** First part of the content of an end. */
    static final class End {
        static final int LAST_SEQUENCE = 0;
        static final int END_OFFSET = 8;
        static final int FIRST_TIME = 16;
        static final int LAST_TIME = 24;
        static final int SIZE = 32;

        private End() {}
    }

    /** A stride in the content of an end: the batches from one index to the next. */
    static final class Stride {
        static final int FIRST_SEQUENCE = 0;
        static final int FIRST_TIME = 8;
        static final int BATCH = 16;
        static final int INDEX = 20;
        static final int SIZE = 24;

        private Stride() {}
    }

    /** In front of each of the two copies in the files {@code state} and {@code clients}. */
    static final class Slot {
        static final int LENGTH = 0;
        static final int CHECKSUM = 4;
        static final int GENERATION = 8;
        static final int SIZE = 16;

        private Slot() {}
    }

    /** The file {@code state}. */
    static final class State {
        static final long MAGIC_VALUE = 0x3154415453444d54L; // "TMDSTAT1"
        static final int MAGIC = 0;
        static final int VERSION = 8;
        static final int CLEAN = 12;
        static final int JOURNAL = 16;
        static final int GENERATION = 32;
        static final int SEGMENT_BYTES = 40;
        static final int CREATED_NANOS = 48;
        static final int TRIMMED = 56;
        static final int FIRST_SEGMENT = 64;
        static final int DURABLE = 72;
        static final int DIRECTORIES = 80;
        static final int EPOCHS = 84;
        static final int SIZE = 88;

        private State() {}
    }

    /** An epoch in the file {@code state}; the owner's name follows. */
    static final class EpochEntry {
        static final int NUMBER = 0;
        static final int IDENTITY = 8;
        static final int FIRST_SEQUENCE = 24;
        static final int PREDECESSOR = 32;
        static final int STARTED_NANOS = 48;
        static final int PROMOTED_OVER = 56;
        static final int OWNER_BYTES = 72;
        static final int SIZE = 76;

        private EpochEntry() {}
    }

    /** The file {@code clients}. */
    static final class Clients {
        static final long MAGIC_VALUE = 0x31544e4c43444d54L; // "TMDCLNT1"
        static final int MAGIC = 0;
        static final int VERSION = 8;
        static final int COUNT = 12;
        static final int JOURNAL = 16;
        static final int SIZE = 32;

        private Clients() {}
    }

    /** A client in the file {@code clients}; its name and description follow. */
    static final class ClientEntry {
        static final int EPOCH = 0;
        static final int SEQUENCE = 8;
        static final int SEEN_NANOS = 16;
        static final int STATE = 24;
        static final int ID_BYTES = 28;
        static final int DESCRIPTION_BYTES = 32;
        static final int SIZE = 36;

        private ClientEntry() {}
    }

    /** Behind the entries of all clients, one for each in their order; files without them are whole, too. */
    static final class ClientApplied {
        /** One more than the sequence, so that 0 is unknown. */
        static final int APPLIED = 0;

        static final int SIZE = 8;

        private ClientApplied() {}
    }

    /** The file {@code member} in each directory. */
    static final class Member {
        static final long MAGIC_VALUE = 0x31424d454d444d54L; // "TMDMEMB1"
        static final int MAGIC = 0;
        static final int VERSION = 8;
        static final int DIRECTORY = 12;
        static final int JOURNAL = 16;
        static final int DIRECTORIES = 32;
        static final int SIZE = 36;

        private Member() {}
    }

    private Layout() {}

    static long align(long bytes) {
        return (bytes + BLOCK - 1) & -BLOCK;
    }

    static int align8(int bytes) {
        return (bytes + 7) & -8;
    }

    static int recordBytes(int bodyBytes) {
        return EventRecord.SIZE + align8(bodyBytes);
    }
}
