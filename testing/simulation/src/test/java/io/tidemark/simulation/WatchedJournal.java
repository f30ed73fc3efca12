package io.tidemark.simulation;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/** A journal that tells the oracle what goes in, what becomes durable and what comes out. */
final class WatchedJournal implements Journal {
    private final Journal journal;
    private final Oracle oracle;
    private final boolean reads;
    private final WatchedAppender appender;

    WatchedJournal(Journal journal, Oracle oracle, boolean reads) {
        this.journal = journal;
        this.oracle = oracle;
        this.reads = reads;
        this.appender = new WatchedAppender(journal.appender());
    }

    /** Compares what a recovery kept. */
    void opened() {
        RecoveryReport report = journal.recovery();
        oracle.note("recovered", report.detail(), report.lastKnownDurable(), report.kept());
        oracle.check(
                journal.durable() == report.kept()
                        ? null
                        : "kept " + report.kept() + " but durable is " + journal.durable());
        oracle.check(report.kept() >= report.lastKnownDurable() ? null : "kept less than what is known as durable");
        oracle.journalOpened(report);
    }

    @Override
    public String name() {
        return journal.name();
    }

    @Override
    public UUID identity() {
        return journal.identity();
    }

    @Override
    public RecoveryReport recovery() {
        return journal.recovery();
    }

    @Override
    public List<Epoch> epochs() {
        return journal.epochs();
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        oracle.epochStarting(epoch);
        journal.startEpoch(epoch);
    }

    @Override
    public JournalAppender appender() {
        return appender;
    }

    @Override
    public long durable() {
        return journal.durable();
    }

    @Override
    public long trimmed() {
        return journal.trimmed();
    }

    @Override
    public JournalReader reader(long fromSequence) throws StorageException {
        return new WatchedReader(journal.reader(fromSequence));
    }

    @Override
    public void readBody(long place, int bodyOffset, ByteBuffer destination) throws StorageException {
        journal.readBody(place, bodyOffset, destination);
    }

    @Override
    public long sequenceAt(long timeNanos) throws StorageException {
        return journal.sequenceAt(timeNanos);
    }

    @Override
    public long sequenceAtBytesBack(long bytes) throws StorageException {
        return journal.sequenceAtBytesBack(bytes);
    }

    @Override
    public List<JournalClient> clients() {
        return journal.clients();
    }

    @Override
    public void putClient(JournalClient client) throws StorageException {
        journal.putClient(client);
    }

    @Override
    public void removeClient(String id) throws StorageException {
        journal.removeClient(id);
    }

    @Override
    public long trim(long sequence) throws StorageException {
        long trimmed = journal.trim(sequence);
        oracle.note("trim", name(), sequence, trimmed);
        oracle.check(trimmed <= Math.max(sequence, 0) ? null : "trimmed to " + trimmed + ", beyond " + sequence);
        oracle.journalTrimmed(trimmed);
        return trimmed;
    }

    @Override
    public void configure(JournalSettings settings) {
        journal.configure(settings);
    }

    @Override
    public long roomBytes() {
        return journal.roomBytes();
    }

    @Override
    public JournalStatus status() {
        return journal.status();
    }

    @Override
    public void close() throws StorageException {
        journal.close();
    }

    private static void add(ByteBuffer to, ByteBuffer part) {
        if (part != null) {
            to.put(part.duplicate());
        }
    }

    private final class WatchedAppender implements JournalAppender {
        private final JournalAppender appends;
        private int commits;

        WatchedAppender(JournalAppender appends) {
            this.appends = appends;
        }

        @Override
        public long append(
                EventKind kind,
                int flags,
                long timeNanos,
                long offset,
                long length,
                ByteBuffer head,
                ByteBuffer payload,
                ByteBuffer tail)
                throws StorageException {
            long place = appends.append(kind, flags, timeNanos, offset, length, head, payload, tail);
            if (place >= 0) {
                int payloadBytes = payload == null ? 0 : payload.remaining();
                ByteBuffer body = ByteBuffer.allocate(head.remaining() + payloadBytes + tail.remaining());
                add(body, head);
                add(body, payload);
                add(body, tail);
                byte[] bytes = new byte[payloadBytes];
                if (payload != null) {
                    payload.duplicate().get(bytes);
                }
                List<Epoch> epochs = journal.epochs();
                Epoch epoch = epochs.get(epochs.size() - 1);
                oracle.appendsIn(epoch);
                Position position = new Position(epoch.number(), appends.appended());
                EventHeader header = new EventHeader(position, kind, flags, timeNanos, offset, length, body.capacity());
                oracle.appended(new Tape.Event(header, body.array(), bytes));
            }
            return place;
        }

        @Override
        public long force() throws StorageException {
            long before = appends.appended();
            long durable = appends.force();
            oracle.check(
                    durable >= before ? null : "a force returned " + durable + " after " + before + " was appended");
            oracle.check(durable <= appends.appended() ? null : "durable " + durable + " above appended");
            oracle.forced(durable);
            return durable;
        }

        @Override
        public long commit() throws StorageException {
            if (commits > 0 && appends.overlaps()) {
                oracle.overlapped();
            }
            commits++;
            long durable;
            try {
                durable = appends.commit();
            } finally {
                commits--;
            }
            oracle.check(durable <= appends.appended() ? null : "durable " + durable + " above appended");
            oracle.forced(durable);
            return durable;
        }

        @Override
        public boolean overlaps() {
            return appends.overlaps();
        }

        @Override
        public void expectReading(boolean expected) {
            appends.expectReading(expected || reads);
        }

        @Override
        public long appended() {
            return appends.appended();
        }

        @Override
        public long unforcedBytes() {
            return appends.unforcedBytes();
        }
    }

    private final class WatchedReader implements JournalReader {
        private final JournalReader reader;
        private EventHeader header;

        WatchedReader(JournalReader reader) {
            this.reader = reader;
        }

        @Override
        public EventHeader next() throws StorageException {
            EventHeader before = header;
            header = reader.next();
            if (header != null) {
                long sequence = header.position().sequence();
                oracle.check(sequence <= journal.durable() ? null : "a reader saw " + header + " above durable");
                oracle.check(
                        before == null || sequence == before.position().sequence() + 1
                                ? null
                                : "a reader went from " + before.position() + " to " + header.position());
                oracle.check(oracle.tape().read(header, null));
            } else {
                header = before;
                return null;
            }
            return header;
        }

        @Override
        public long place() {
            return reader.place();
        }

        @Override
        public ByteBuffer body() throws StorageException {
            ByteBuffer body = reader.body();
            byte[] bytes = new byte[body.remaining()];
            body.duplicate().get(bytes);
            oracle.check(oracle.tape().read(header, bytes));
            return body;
        }

        @Override
        public void whenReadable(Runnable listener) {
            reader.whenReadable(listener);
        }

        @Override
        public void close() {
            reader.close();
        }
    }
}
