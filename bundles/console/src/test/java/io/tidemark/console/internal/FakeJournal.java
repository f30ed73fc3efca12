package io.tidemark.console.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.event.EventCodec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/** A journal that is a list. Only what the console reads works. */
public final class FakeJournal implements Journal {
    /** Headers. */
    public final List<EventHeader> headers = new ArrayList<>();

    /** Bodies. */
    public final List<ByteBuffer> bodies = new ArrayList<>();

    /** Who reads it. */
    public final List<JournalClient> clients = new ArrayList<>();

    /** How many events are trimmed. */
    public long trimmed;

    /** What readers end with; null for none. */
    public StorageException failure;

    /** Readers that are open. */
    public final AtomicInteger readers = new AtomicInteger();

    /** How many are no more. */
    public final AtomicInteger closedReaders = new AtomicInteger();

    private long timeNanos = 1_767_225_600_000_000_000L;

    /** One that somebody reads. */
    public FakeJournal() {
        client("site-b", 7, JournalClient.State.CONNECTED);
    }

    /** Adds somebody who reads it. */
    public void client(String id, long commit, JournalClient.State state) {
        clients.add(new JournalClient(id, "replica at b", new Position(3, commit), state, 1_767_225_600_000_000_000L));
    }

    /** Adds an event, a second after the one before. */
    public FakeJournal add(EventKind kind, int flags, long offset, long length, String name) {
        return addAt(timeNanos + 1_000_000_000L, kind, flags, offset, length, name);
    }

    /** Adds an event of a time. */
    public FakeJournal addAt(long nanos, EventKind kind, int flags, long offset, long length, String name) {
        int payload = kind == EventKind.WRITE ? (int) length : 0;
        ByteBuffer body = ByteBuffer.allocate(EventCodec.MAX_HEAD_BYTES + payload + EventCodec.TAIL_BYTES);
        EventCodec.putHead(body, kind, offset, length, payload, name);
        body.position(body.position() + payload);
        timeNanos = nanos;
        EventCodec.putTail(body, timeNanos);
        body.flip();
        Position position = new Position(3, trimmed + headers.size() + 1);
        headers.add(new EventHeader(position, kind, flags, timeNanos, offset, length, body.remaining()));
        bodies.add(body);
        return this;
    }

    @Override
    public String name() {
        return "vm1";
    }

    @Override
    public UUID identity() {
        return new UUID(1, 2);
    }

    @Override
    public RecoveryReport recovery() {
        return new RecoveryReport(false, false, 100, 104, 4096, 1_204_000_000L, "kept 104 events, cut 4096 bytes");
    }

    @Override
    public List<Epoch> epochs() {
        return List.of(new Epoch(3, new UUID(3, 4), 1, Epoch.NO_PREDECESSOR, 1_767_225_600_000_000_000L, "a"));
    }

    @Override
    public void startEpoch(Epoch epoch) {
        throw new UnsupportedOperationException();
    }

    @Override
    public JournalAppender appender() {
        throw new UnsupportedOperationException();
    }

    @Override
    public long durable() {
        return trimmed + headers.size();
    }

    @Override
    public long trimmed() {
        return trimmed;
    }

    @Override
    public JournalReader reader(long fromSequence) throws StorageException {
        if (failure != null) {
            throw failure;
        }
        if (fromSequence <= trimmed) {
            throw new StorageException(Reason.NOT_FOUND, "event " + fromSequence + " is trimmed", "");
        }
        return new ListReader((int) (fromSequence - trimmed - 1));
    }

    @Override
    public void readBody(long place, int bodyOffset, ByteBuffer destination) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long sequenceAt(long nanos) {
        long sequence = trimmed;
        for (EventHeader header : headers) {
            if (header.timeNanos() <= nanos) {
                sequence = header.position().sequence();
            }
        }
        return sequence;
    }

    @Override
    public long sequenceAtBytesBack(long bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<JournalClient> clients() {
        return clients;
    }

    @Override
    public void putClient(JournalClient client) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void removeClient(String id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long trim(long sequence) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void configure(JournalSettings settings) {
        throw new UnsupportedOperationException();
    }

    @Override
    public JournalStatus status() {
        long live = bodies.stream().mapToLong(ByteBuffer::remaining).sum();
        return new JournalStatus(
                64L << 20,
                4L << 30,
                live,
                1,
                12,
                live,
                headers.size(),
                headers.isEmpty() ? 0 : headers.get(0).timeNanos(),
                headers.isEmpty() ? 0 : timeNanos);
    }

    @Override
    public void close() {}

    private final class ListReader implements JournalReader {
        private int next;

        ListReader(int next) {
            this.next = next;
            readers.incrementAndGet();
        }

        @Override
        public EventHeader next() {
            return next < headers.size() ? headers.get(next++) : null;
        }

        @Override
        public long place() {
            return next - 1L;
        }

        @Override
        public ByteBuffer body() {
            return bodies.get(next - 1).asReadOnlyBuffer();
        }

        @Override
        public void whenReadable(Runnable listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            readers.decrementAndGet();
            closedReaders.incrementAndGet();
        }
    }
}
