package io.tidemark.base.event.export;

import io.tidemark.api.EventHeader;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Writes events to a stream as docs/formats/journal-export.md says. For one thread. The export is complete only after
 * {@link #finish}: a reader refuses one without its end record.
 */
public final class ExportWriter implements Closeable {
    /** Bytes of an export without events. */
    public static final int LEAST_BYTES = ExportLayout.HEADER_BYTES + ExportLayout.RECORD_BYTES;

    /** Bytes that each event takes beside its body. */
    public static final int EVENT_BYTES = ExportLayout.RECORD_BYTES;

    private final WritableByteChannel out;
    private final ByteBuffer record =
            ByteBuffer.allocate(ExportLayout.RECORD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C checksum = new CRC32C();
    private int previousChecksum;
    private long events;
    private long bytes;

    /**
     * Writes the header.
     *
     * @param stream where to; closed by {@link #close}
     * @param journal identity of the journal that the events come from
     * @param name of the journal, for people; cut to 131 bytes
     * @param firstSequence sequence of the first event that follows
     * @param createdNanos wall clock, nanoseconds since 1970
     * @throws IOException when the stream fails
     */
    public ExportWriter(OutputStream stream, UUID journal, String name, long firstSequence, long createdNanos)
            throws IOException {
        out = Channels.newChannel(stream);
        ByteBuffer header = ByteBuffer.allocate(ExportLayout.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(ExportLayout.HEADER_MAGIC, ExportLayout.MAGIC);
        header.putInt(ExportLayout.HEADER_VERSION, ExportLayout.VERSION);
        header.putLong(ExportLayout.HEADER_JOURNAL, journal.getMostSignificantBits());
        header.putLong(ExportLayout.HEADER_JOURNAL + 8, journal.getLeastSignificantBits());
        header.putLong(ExportLayout.HEADER_CREATED, createdNanos);
        header.putLong(ExportLayout.HEADER_FIRST, firstSequence);
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        byte[] cut = Arrays.copyOf(text, Math.min(text.length, ExportLayout.NAME_BYTES - 1));
        header.put(ExportLayout.HEADER_NAME, (byte) cut.length);
        header.put(ExportLayout.HEADER_NAME + 1, cut);
        previousChecksum = checksumOf(header.slice(0, ExportLayout.HEADER_CHECKSUM));
        header.putInt(ExportLayout.HEADER_CHECKSUM, previousChecksum);
        write(header);
    }

    /**
     * Writes an event.
     *
     * @param header of the event
     * @param body all of it; not consumed
     * @throws IOException when the stream fails
     */
    public void event(EventHeader header, ByteBuffer body) throws IOException {
        record.clear();
        record.put(ExportLayout.RECORD_TYPE, (byte) ExportLayout.TYPE_EVENT);
        record.put(ExportLayout.RECORD_KIND, (byte) header.kind().code());
        record.putShort(ExportLayout.RECORD_FLAGS, (short) header.flags());
        record.putInt(ExportLayout.RECORD_BODY_BYTES, body.remaining());
        record.putLong(ExportLayout.RECORD_EPOCH, header.position().epoch());
        record.putLong(ExportLayout.RECORD_SEQUENCE, header.position().sequence());
        record.putLong(ExportLayout.RECORD_TIME, header.timeNanos());
        record.putLong(ExportLayout.RECORD_OFFSET, header.offset());
        record.putLong(ExportLayout.RECORD_LENGTH, header.length());
        record.putInt(ExportLayout.RECORD_BODY_CHECKSUM, checksumOf(body.duplicate()));
        writeRecord();
        write(body.duplicate());
        events++;
    }

    /**
     * Writes the end record, without which a reader takes the export for cut off.
     *
     * @throws IOException when the stream fails
     */
    public void finish() throws IOException {
        record.clear();
        record.put(new byte[ExportLayout.RECORD_BYTES]);
        record.clear();
        record.put(ExportLayout.RECORD_TYPE, (byte) ExportLayout.TYPE_END);
        record.putLong(ExportLayout.RECORD_SEQUENCE, events);
        writeRecord();
    }

    /**
     * Events written.
     *
     * @return a count
     */
    public long events() {
        return events;
    }

    /**
     * Bytes written.
     *
     * @return a count
     */
    public long bytes() {
        return bytes;
    }

    private void writeRecord() throws IOException {
        previousChecksum = chained(checksum, previousChecksum, record.slice(0, ExportLayout.RECORD_CHECKSUM));
        record.putInt(ExportLayout.RECORD_CHECKSUM, previousChecksum);
        record.clear();
        write(record);
    }

    /** Records are chained, so that none can be missing, doubled or out of order. */
    static int chained(CRC32C checksum, int previous, ByteBuffer bytes) {
        checksum.reset();
        for (int shift = 0; shift < 32; shift += 8) {
            checksum.update(previous >>> shift);
        }
        checksum.update(bytes);
        return (int) checksum.getValue();
    }

    private int checksumOf(ByteBuffer buffer) {
        checksum.reset();
        checksum.update(buffer);
        return (int) checksum.getValue();
    }

    private void write(ByteBuffer buffer) throws IOException {
        bytes += buffer.remaining();
        while (buffer.hasRemaining()) {
            out.write(buffer);
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
