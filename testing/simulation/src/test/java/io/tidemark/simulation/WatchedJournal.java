package io.tidemark.simulation;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.faults.ForwardingJournal;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** A journal that tells the oracle what goes in, what becomes durable and what comes out. */
final class WatchedJournal extends ForwardingJournal {
    private final Oracle oracle;
    private final boolean reads;
    private final WatchedAppender appender;

    WatchedJournal(Journal journal, Oracle oracle, boolean reads) {
        super(journal);
        this.oracle = oracle;
        this.reads = reads;
        this.appender = new WatchedAppender(journal);
    }

    /** Compares what a recovery kept. */
    void opened() {
        RecoveryReport report = below.recovery();
        oracle.note("recovered", report.detail(), report.lastKnownDurable(), report.kept());
        oracle.check(
                below.durable() == report.kept()
                        ? null
                        : "kept " + report.kept() + " but durable is " + below.durable());
        oracle.check(report.kept() >= report.lastKnownDurable() ? null : "kept less than what is known as durable");
        oracle.journalOpened(report);
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        oracle.epochStarting(epoch);
        below.startEpoch(epoch);
    }

    @Override
    public JournalAppender appender() {
        return appender;
    }

    @Override
    public JournalReader reader(long fromSequence) throws StorageException {
        return new WatchedReader(below.reader(fromSequence));
    }

    @Override
    public long trim(long sequence) throws StorageException {
        long trimmed = below.trim(sequence);
        oracle.note("trim", name(), sequence, trimmed);
        oracle.check(trimmed <= Math.max(sequence, 0) ? null : "trimmed to " + trimmed + ", beyond " + sequence);
        oracle.journalTrimmed(trimmed);
        return trimmed;
    }

    private final class WatchedAppender extends AppenderOver {
        private int commits;

        WatchedAppender(Journal journal) {
            super(journal);
        }

        @Override
        protected void appended(EventHeader header, byte[] body, int payloadOffset, int payloadBytes) {
            List<Epoch> epochs = epochs();
            oracle.appendsIn(epochs.get(epochs.size() - 1));
            byte[] payload = Arrays.copyOfRange(body, payloadOffset, payloadOffset + payloadBytes);
            oracle.appended(new Tape.Event(header, body, payload));
        }

        @Override
        public long force() throws StorageException {
            long before = below.appended();
            long durable = below.force();
            oracle.check(
                    durable >= before ? null : "a force returned " + durable + " after " + before + " was appended");
            oracle.check(durable <= below.appended() ? null : "durable " + durable + " above appended");
            oracle.forced(durable);
            return durable;
        }

        @Override
        public long commit() throws StorageException {
            if (commits > 0 && below.overlaps()) {
                oracle.overlapped();
            }
            commits++;
            long durable;
            try {
                durable = below.commit();
            } finally {
                commits--;
            }
            oracle.check(durable <= below.appended() ? null : "durable " + durable + " above appended");
            oracle.forced(durable);
            return durable;
        }

        @Override
        public void expectReading(boolean expected) {
            below.expectReading(expected || reads);
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
                oracle.check(sequence <= below.durable() ? null : "a reader saw " + header + " above durable");
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
