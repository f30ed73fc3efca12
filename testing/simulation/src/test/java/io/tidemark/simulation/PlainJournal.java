package io.tidemark.simulation;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * A file of records: {@code int checksum, int length, byte type, fields}. A checksum covers the one before it, so nothing
 * behind a cut tail becomes valid again. Everything that is kept at opening is written and forced once more.
 */
final class PlainJournal implements Journal, JournalAppender {
    static final int HEADER_BYTES = 16;

    private static final int RECORD_BYTES = 9;
    private static final int EVENT_BYTES = 48;
    private static final byte EVENT = 1;
    private static final byte EPOCH = 2;
    private static final byte TRIM = 3;
    private static final int MOST_BATCH_BYTES = 4 << 20;

    private final String name;
    private final StorageFile file;
    private final JournalSettings settings;
    private final TreeMap<Long, Placed> events = new TreeMap<>();
    private final List<Epoch> epochs = new ArrayList<>();
    private final List<Runnable> listeners = new ArrayList<>();
    private List<ByteBuffer> batch = new ArrayList<>();
    private int batchBytes;
    private UUID identity;
    private RecoveryReport report;
    private long end = HEADER_BYTES;
    private long written = HEADER_BYTES;
    private int chain;
    private volatile long appended;
    private volatile long durable;
    private volatile long trimmed;
    private long forces;
    private long newestTimeNanos;
    private volatile boolean failed;
    private volatile boolean closed;

    /** Where an event's body is. */
    private record Placed(EventHeader header, long bodyAt) {}

    PlainJournal(String name, StorageFile file, JournalSettings settings) {
        this.name = name;
        this.file = file;
        this.settings = settings;
    }

    // ---- recovery

    void recover() throws StorageException {
        file.dropCache(0, 0);
        ByteBuffer all = ByteBuffer.allocate((int) file.size());
        file.read(all, 0);
        all.flip();
        identity = new UUID(all.getLong(0), all.getLong(8));
        int at = HEADER_BYTES;
        while (at + RECORD_BYTES <= all.limit()) {
            int length = all.getInt(at + 4);
            if (length < 0 || length > all.limit() - at - RECORD_BYTES || checksum(all, at, length) != all.getInt(at)) {
                break;
            }
            take(all, at, length);
            chain = all.getInt(at);
            at += RECORD_BYTES + length;
        }
        long cut = all.limit() - at;
        file.setSize(at);
        file.write(all.position(0).limit(at), 0);
        file.force();
        end = at;
        written = at;
        durable = appended;
        report = new RecoveryReport(false, cut == 0, trimmed, durable, cut, 0, "plain: cut " + cut + " bytes");
    }

    boolean recovered() {
        return report != null;
    }

    private int checksum(ByteBuffer bytes, int at, int length) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(4).putInt(0, chain));
        crc.update(bytes.duplicate().limit(at + RECORD_BYTES + length).position(at + 4));
        return (int) crc.getValue();
    }

    private void take(ByteBuffer all, int at, int length) {
        ByteBuffer in = all.slice(at + RECORD_BYTES, length);
        switch (all.get(at + 8)) {
            case EVENT -> {
                EventHeader header = new EventHeader(
                        new Position(in.getLong(), in.getLong()),
                        EventKind.ofCode(in.getInt()),
                        in.getInt(),
                        in.getLong(),
                        in.getLong(),
                        in.getLong(),
                        length - EVENT_BYTES);
                appended = header.position().sequence();
                newestTimeNanos = header.timeNanos();
                events.put(appended, new Placed(header, at + RECORD_BYTES + EVENT_BYTES));
            }
            case EPOCH -> {
                Epoch epoch = new Epoch(
                                in.getLong(),
                                new UUID(in.getLong(), in.getLong()),
                                in.getLong(),
                                new UUID(in.getLong(), in.getLong()),
                                in.getLong(),
                                StandardCharsets.UTF_8
                                        .decode(in.slice(in.position() + 16, in.remaining() - 16))
                                        .toString())
                        .promoted(new UUID(in.getLong(), in.getLong()));
                epochs.add(epoch);
                appended = epoch.firstSequence() - 1;
                trimmed = events.isEmpty() ? appended : trimmed;
            }
            default -> {
                trimmed = in.getLong();
                events.headMap(trimmed, true).clear();
            }
        }
    }

    // ---- writing

    private synchronized void record(byte type, ByteBuffer... parts) {
        int length = 0;
        for (ByteBuffer part : parts) {
            length += part == null ? 0 : part.remaining();
        }
        ByteBuffer record = ByteBuffer.allocate(RECORD_BYTES + length);
        record.position(4).putInt(length).put(type);
        for (ByteBuffer part : parts) {
            if (part != null) {
                record.put(part.duplicate());
            }
        }
        record.flip();
        chain = checksum(record, 0, length);
        record.putInt(0, chain);
        batch.add(record);
        batchBytes += record.limit();
        end += record.limit();
    }

    @Override
    public synchronized long append(
            EventKind kind,
            int flags,
            long timeNanos,
            long offset,
            long length,
            ByteBuffer head,
            ByteBuffer payload,
            ByteBuffer tail)
            throws StorageException {
        checkUsable();
        int body = head.remaining() + (payload == null ? 0 : payload.remaining()) + tail.remaining();
        long room = settings.limitBytes() - (kind.isControl() ? 0 : settings.reserveBytes()) - liveBytes();
        if (body + RECORD_BYTES + EVENT_BYTES > room) {
            return FULL;
        }
        if (batchBytes > 0 && batchBytes + body > MOST_BATCH_BYTES) {
            return BATCH_FULL;
        }
        Position position = new Position(epochs.get(epochs.size() - 1).number(), appended + 1);
        ByteBuffer fields = ByteBuffer.allocate(EVENT_BYTES);
        fields.putLong(position.epoch())
                .putLong(position.sequence())
                .putInt(kind.code())
                .putInt(flags);
        fields.putLong(timeNanos).putLong(offset).putLong(length).flip();
        long place = end + RECORD_BYTES + EVENT_BYTES;
        record(EVENT, fields, head, payload, tail);
        appended = position.sequence();
        newestTimeNanos = timeNanos;
        events.put(
                appended, new Placed(new EventHeader(position, kind, flags, timeNanos, offset, length, body), place));
        return place;
    }

    private long liveBytes() {
        return events.isEmpty() ? 0 : end - events.firstEntry().getValue().bodyAt;
    }

    @Override
    public long force() throws StorageException {
        List<ByteBuffer> mine;
        long upTo;
        synchronized (this) {
            checkUsable();
            mine = batch;
            upTo = appended;
            batch = new ArrayList<>();
            batchBytes = 0;
        }
        try {
            for (ByteBuffer part : mine) {
                int length = part.remaining();
                file.write(part, written);
                written += length;
            }
            file.force();
        } catch (StorageException e) {
            failed = true;
            throw e;
        }
        forces++;
        List<Runnable> told;
        synchronized (this) {
            durable = upTo;
            told = List.copyOf(listeners);
            listeners.clear();
        }
        told.forEach(Runnable::run);
        return upTo;
    }

    private void checkUsable() throws StorageException {
        if (closed) {
            throw new StorageException(Reason.CLOSED, "journal " + name + " is closed", "");
        }
        if (failed) {
            throw new StorageException(Reason.IO, "journal " + name + " failed before", "open it again");
        }
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        ByteBuffer owner = StandardCharsets.UTF_8.encode(epoch.owner());
        ByteBuffer fields = ByteBuffer.allocate(72 + owner.remaining());
        fields.putLong(epoch.number());
        fields.putLong(epoch.identity().getMostSignificantBits())
                .putLong(epoch.identity().getLeastSignificantBits());
        fields.putLong(epoch.firstSequence());
        fields.putLong(epoch.predecessorIdentity().getMostSignificantBits());
        fields.putLong(epoch.predecessorIdentity().getLeastSignificantBits());
        fields.putLong(epoch.startedNanos());
        fields.putLong(epoch.promotedOver().getMostSignificantBits());
        fields.putLong(epoch.promotedOver().getLeastSignificantBits());
        fields.put(owner).flip();
        synchronized (this) {
            if (!epochs.isEmpty() && epoch.firstSequence() != appended + 1) {
                throw new StorageException(Reason.MISMATCH, "epoch does not continue at " + (appended + 1), "");
            }
            record(EPOCH, fields);
            epochs.add(epoch);
            appended = epoch.firstSequence() - 1;
            trimmed = events.isEmpty() ? appended : trimmed;
        }
        force();
    }

    @Override
    public long trim(long sequence) throws StorageException {
        synchronized (this) {
            checkUsable();
            long upTo = Math.min(sequence, durable);
            if (upTo > trimmed) {
                record(TRIM, ByteBuffer.allocate(8).putLong(0, upTo));
                trimmed = upTo;
                events.headMap(upTo, true).clear();
            }
            return trimmed;
        }
    }

    // ---- reading

    @Override
    public synchronized JournalReader reader(long fromSequence) throws StorageException {
        checkUsable();
        if (fromSequence <= trimmed) {
            throw new StorageException(Reason.NOT_FOUND, fromSequence + " was trimmed", "");
        }
        return new Reader(fromSequence);
    }

    @Override
    public void readBody(long place, int bodyOffset, ByteBuffer destination) throws StorageException {
        if (file.read(destination, place + bodyOffset) < 0 || destination.hasRemaining()) {
            throw new StorageException(Reason.CORRUPT, "journal " + name + " ends early", "");
        }
    }

    private final class Reader implements JournalReader {
        private long next;
        private Placed last;

        Reader(long next) {
            this.next = next;
        }

        @Override
        public EventHeader next() throws StorageException {
            synchronized (PlainJournal.this) {
                checkUsable();
                if (next > durable) {
                    return null;
                }
                Placed placed = events.get(next);
                if (placed == null) {
                    throw new StorageException(Reason.NOT_FOUND, next + " was trimmed", "");
                }
                last = placed;
                next++;
                return placed.header;
            }
        }

        @Override
        public long place() {
            return last.bodyAt;
        }

        @Override
        public ByteBuffer body() throws StorageException {
            ByteBuffer body = ByteBuffer.allocate(last.header.bodyLength());
            readBody(last.bodyAt, 0, body);
            return body.flip().asReadOnlyBuffer();
        }

        @Override
        public void whenReadable(Runnable listener) {
            synchronized (PlainJournal.this) {
                if (next > durable && !closed) {
                    listeners.add(listener);
                    return;
                }
            }
            listener.run();
        }

        @Override
        public void close() {
            last = null;
        }
    }

    @Override
    public long sequenceAt(long timeNanos) {
        long found = trimmed;
        for (Placed placed : events.values()) {
            if (placed.header.timeNanos() <= timeNanos
                    && placed.header.position().sequence() <= durable) {
                found = placed.header.position().sequence();
            }
        }
        return found;
    }

    @Override
    public long sequenceAtBytesBack(long bytes) {
        return trimmed + 1;
    }

    // ---- the rest

    @Override
    public String name() {
        return name;
    }

    @Override
    public UUID identity() {
        return identity;
    }

    @Override
    public RecoveryReport recovery() {
        return report;
    }

    @Override
    public synchronized List<Epoch> epochs() {
        return List.copyOf(epochs);
    }

    @Override
    public JournalAppender appender() {
        return this;
    }

    @Override
    public long durable() {
        return durable;
    }

    @Override
    public long trimmed() {
        return trimmed;
    }

    @Override
    public long appended() {
        return appended;
    }

    @Override
    public synchronized long unforcedBytes() {
        return batchBytes;
    }

    @Override
    public List<JournalClient> clients() {
        return List.of();
    }

    @Override
    public void putClient(JournalClient client) throws StorageException {
        throw new StorageException(Reason.UNSUPPORTED, "a plain journal has no clients", "");
    }

    @Override
    public void removeClient(String id) throws StorageException {
        throw new StorageException(Reason.NOT_FOUND, "a plain journal has no clients", "");
    }

    @Override
    public void configure(JournalSettings newSettings) {}

    @Override
    public synchronized JournalStatus status() {
        return new JournalStatus(
                liveBytes(), settings.limitBytes(), liveBytes(), 1, forces, end, appended, 0, newestTimeNanos);
    }

    @Override
    public void close() throws StorageException {
        if (!closed) {
            try {
                if (!failed) {
                    force();
                }
            } finally {
                List<Runnable> told;
                synchronized (this) {
                    closed = true;
                    told = List.copyOf(listeners);
                    listeners.clear();
                }
                file.close();
                told.forEach(Runnable::run);
            }
        }
    }
}
