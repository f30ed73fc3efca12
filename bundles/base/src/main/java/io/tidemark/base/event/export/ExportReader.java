package io.tidemark.base.event.export;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.EventSource;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Reads an export. For one thread. Every record and body is checked before it is returned; an export without its end is
 * CORRUPT at the place where it breaks off.
 */
public final class ExportReader implements EventSource, Closeable {
    private static final int MAX_BODY_BYTES = (1 << 20) + 4096;

    private final ReadableByteChannel in;
    private final String what;
    private final ByteBuffer record =
            ByteBuffer.allocate(ExportLayout.RECORD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C checksum = new CRC32C();
    private final UUID journal;
    private final String name;
    private final long firstSequence;
    private ByteBuffer body = ByteBuffer.allocate(0);
    private int previousChecksum;
    private long events;
    private boolean ended;

    /**
     * Reads the header.
     *
     * @param stream where from; closed by {@link #close}
     * @param what names the stream in messages, as a path
     * @throws StorageException CORRUPT when it is no export; UNSUPPORTED when it is newer than this version
     */
    public ExportReader(InputStream stream, String what) throws StorageException {
        in = Channels.newChannel(stream);
        this.what = what;
        ByteBuffer header = ByteBuffer.allocate(ExportLayout.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        fill(header, "its header");
        if (header.getLong(ExportLayout.HEADER_MAGIC) != ExportLayout.MAGIC) {
            throw new StorageException(
                    Reason.CORRUPT, what + " is no journal export", "give a file that journal:export wrote");
        }
        int version = header.getInt(ExportLayout.HEADER_VERSION);
        if (version != ExportLayout.VERSION) {
            throw new StorageException(
                    Reason.UNSUPPORTED,
                    what + " has version " + version + " of the export format, this is " + ExportLayout.VERSION,
                    "import it with the version that wrote it, or a newer one");
        }
        previousChecksum = header.getInt(ExportLayout.HEADER_CHECKSUM);
        checksum.update(header.slice(0, ExportLayout.HEADER_CHECKSUM));
        int length = header.get(ExportLayout.HEADER_NAME) & 0xff;
        if (previousChecksum != (int) checksum.getValue() || length >= ExportLayout.NAME_BYTES) {
            throw corrupt("its header has a wrong checksum");
        }
        journal =
                new UUID(header.getLong(ExportLayout.HEADER_JOURNAL), header.getLong(ExportLayout.HEADER_JOURNAL + 8));
        firstSequence = header.getLong(ExportLayout.HEADER_FIRST);
        name = new String(header.array(), ExportLayout.HEADER_NAME + 1, length, StandardCharsets.UTF_8);
    }

    /**
     * Identity of the journal that was exported.
     *
     * @return never null
     */
    public UUID journal() {
        return journal;
    }

    /**
     * Name of the journal that was exported.
     *
     * @return for people
     */
    public String name() {
        return name;
    }

    /**
     * Sequence of the first event.
     *
     * @return as the exporter said
     */
    public long firstSequence() {
        return firstSequence;
    }

    @Override
    public EventHeader next() throws StorageException {
        if (ended) {
            return null;
        }
        fill(record, "event " + (events + 1));
        int found = ExportWriter.chained(checksum, previousChecksum, record.slice(0, ExportLayout.RECORD_CHECKSUM));
        previousChecksum = record.getInt(ExportLayout.RECORD_CHECKSUM);
        if (found != previousChecksum) {
            throw corrupt("event " + (events + 1) + " has a wrong checksum, or events are missing before it");
        }
        int type = record.get(ExportLayout.RECORD_TYPE);
        if (type == ExportLayout.TYPE_END) {
            return end();
        }
        if (type != ExportLayout.TYPE_EVENT) {
            throw unknown("record " + (events + 1) + " is of a type");
        }
        readBody();
        events++;
        EventKind kind = EventKind.ofCode(record.get(ExportLayout.RECORD_KIND) & 0xff);
        if (kind == null) {
            throw unknown("event " + events + " is of a kind");
        }
        return new EventHeader(
                new Position(record.getLong(ExportLayout.RECORD_EPOCH), record.getLong(ExportLayout.RECORD_SEQUENCE)),
                kind,
                record.getShort(ExportLayout.RECORD_FLAGS) & 0xffff,
                record.getLong(ExportLayout.RECORD_TIME),
                record.getLong(ExportLayout.RECORD_OFFSET),
                record.getLong(ExportLayout.RECORD_LENGTH),
                body.limit());
    }

    private EventHeader end() throws StorageException {
        if (record.getLong(ExportLayout.RECORD_SEQUENCE) != events) {
            throw corrupt(
                    "its end counts " + record.getLong(ExportLayout.RECORD_SEQUENCE) + " events, there are " + events);
        }
        ended = true;
        return null;
    }

    private void readBody() throws StorageException {
        int length = record.getInt(ExportLayout.RECORD_BODY_BYTES);
        if (length < 0 || length > MAX_BODY_BYTES) {
            throw corrupt("event " + (events + 1) + " claims a body of " + length + " bytes");
        }
        if (body.capacity() < length) {
            body = ByteBuffer.allocate(length);
        }
        body.clear().limit(length);
        fill(body, "the body of event " + (events + 1));
        checksum.reset();
        checksum.update(body.duplicate());
        if ((int) checksum.getValue() != record.getInt(ExportLayout.RECORD_BODY_CHECKSUM)) {
            throw corrupt("the body of event " + (events + 1) + " has a wrong checksum");
        }
    }

    @Override
    public ByteBuffer body() {
        return body.asReadOnlyBuffer();
    }

    /** Fills from position 0 to the limit and rewinds. */
    private void fill(ByteBuffer buffer, String part) throws StorageException {
        buffer.rewind();
        try {
            while (buffer.hasRemaining()) {
                if (in.read(buffer) < 0) {
                    throw corrupt("it breaks off in " + part);
                }
            }
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            throw new StorageException(
                    Reason.IO,
                    "cannot read " + what + ": " + e.getMessage(),
                    "look at what it lies on, and read it again or export the journal anew",
                    e);
        }
        buffer.rewind();
    }

    private StorageException unknown(String part) {
        return new StorageException(
                Reason.UNSUPPORTED,
                what + ": " + part + " that this version does not know",
                "import it with the version that wrote it, or a newer one");
    }

    private StorageException corrupt(String detail) {
        return new StorageException(
                Reason.CORRUPT,
                what + " is damaged: " + detail,
                "export the journal again; what came before was whole");
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
