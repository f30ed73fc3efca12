package io.tidemark.base.event.export;

/** Offsets and sizes of docs/formats/journal-export.md, in bytes; a test compares them. All numbers are little-endian. */
final class ExportLayout {
    /** "TMXPORT1" as a little-endian number. */
    static final long MAGIC = 0x3154524f50584d54L;

    static final int VERSION = 1;

    static final int HEADER_MAGIC = 0;
    static final int HEADER_VERSION = 8;
    static final int HEADER_RESERVED = 12;
    static final int HEADER_JOURNAL = 16;
    static final int HEADER_CREATED = 32;
    static final int HEADER_FIRST = 40;
    static final int HEADER_NAME = 48;
    static final int HEADER_CHECKSUM = 180;
    static final int HEADER_BYTES = 184;

    /** The name's field: a length byte and up to 131 bytes. */
    static final int NAME_BYTES = HEADER_CHECKSUM - HEADER_NAME;

    static final int RECORD_TYPE = 0;
    static final int RECORD_KIND = 1;
    static final int RECORD_FLAGS = 2;
    static final int RECORD_BODY_BYTES = 4;
    static final int RECORD_EPOCH = 8;
    static final int RECORD_SEQUENCE = 16;
    static final int RECORD_TIME = 24;
    static final int RECORD_OFFSET = 32;
    static final int RECORD_LENGTH = 40;
    static final int RECORD_BODY_CHECKSUM = 48;
    static final int RECORD_CHECKSUM = 52;
    static final int RECORD_BYTES = 56;

    static final int TYPE_EVENT = 1;
    static final int TYPE_END = 2;

    private ExportLayout() {}
}
