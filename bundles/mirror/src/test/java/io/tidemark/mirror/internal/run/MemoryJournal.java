package io.tidemark.mirror.internal.run;

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
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/** A journal that outlives its processes and loses what was not forced. Touched by one simulated thread at a time. */
public final class MemoryJournal implements Journal, JournalAppender {
    /** An event and its body. */
    record Kept(EventHeader header, byte[] body) {}

    private final UUID identity;
    private final List<Epoch> epochs = new ArrayList<>();
    private final TreeMap<Long, Kept> events = new TreeMap<>();
    private final Map<String, JournalClient> clients = new TreeMap<>();
    private final List<Runnable> listeners = new ArrayList<>();
    private long start;
    private long appended;
    private long durable;
    private long trimmed;
    private int openings;
    private boolean closed;
    /** What somebody else does between a look at a client and its replacement. */
    /** What else happens while an event is read. */
    Runnable whileReading = () -> {};

    Consumer<JournalClient> beforeReplacing = seen -> {};
    /** What happens while a reader is opened. */
    Runnable beforeReading = () -> {};

    /** What happens before a reader says that it is closed. */
    Runnable beforeRefusing = () -> {};

    /** Bytes of bodies that were read, for whoever wants to know how far ahead readers are. */
    long readBytes;

    /** Readers see nothing above, though it is durable. */
    private long withheldAbove = Long.MAX_VALUE;

    /** An empty one, which goes on behind an event. */
    public MemoryJournal(UUID identity, long start) {
        this.identity = identity;
        this.start = start;
        this.appended = start;
        this.durable = start;
        this.trimmed = start;
    }

    /** The image is opened again: whoever reads is told so. */
    void reopened() {
        openings++;
        List<Runnable> told = List.copyOf(listeners);
        listeners.clear();
        told.forEach(Runnable::run);
    }

    /** Closed in order, and opened again by others: of this one nobody hears any more but who waits at a reader. */
    MemoryJournal openedAgain() {
        forceAll();
        MemoryJournal next = new MemoryJournal(identity, start);
        next.epochs.addAll(epochs);
        next.events.putAll(events);
        next.clients.putAll(clients);
        next.appended = appended;
        next.durable = durable;
        next.trimmed = trimmed;
        closed = true;
        reopened();
        return next;
    }

    /** As a journal whose disk does not answer. */
    void withhold() {
        withheldAbove = durable;
    }

    void giveAll() {
        give(Long.MAX_VALUE);
    }

    void give(long upTo) {
        withheldAbove = upTo;
        List<Runnable> told = List.copyOf(listeners);
        listeners.clear();
        told.forEach(Runnable::run);
    }

    /** The process died. */
    void crash() {
        events.tailMap(durable, false).clear();
        appended = durable;
        listeners.clear();
    }

    void forceAll() {
        if (appended > durable) {
            durable = appended;
            List<Runnable> told = List.copyOf(listeners);
            listeners.clear();
            told.forEach(Runnable::run);
        }
    }

    /** Appends an event as it is. */
    public void put(EventHeader header, ByteBuffer body) throws StorageException {
        Epoch last = epochs.get(epochs.size() - 1);
        if (!header.position().equals(new Position(last.number(), appended + 1))) {
            throw new StorageException(
                    Reason.MISMATCH, "event " + header.position() + " where " + (appended + 1) + " belongs", "");
        }
        byte[] bytes = new byte[body.remaining()];
        body.duplicate().get(bytes);
        appended++;
        events.put(appended, new Kept(header, bytes));
    }

    List<Kept> kept(long from, long to) {
        return from > to
                ? List.of()
                : List.copyOf(events.subMap(from, true, to, true).values());
    }

    long keptBytes() {
        return events.values().stream().mapToLong(kept -> kept.body().length).sum();
    }

    Kept kept(long sequence) {
        return events.get(sequence);
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        Epoch last = epochs.isEmpty() ? null : epochs.get(epochs.size() - 1);
        boolean follows = last == null
                || (epoch.predecessorIdentity().equals(last.identity()) && epoch.firstSequence() == appended + 1);
        if (!follows) {
            throw new StorageException(Reason.MISMATCH, "epoch " + epoch + " behind " + last + " at " + appended, "");
        }
        forceAll();
        epochs.add(epoch);
    }

    @Override
    public JournalReader reader(long fromSequence) throws StorageException {
        beforeReading.run();
        if (closed) {
            throw new StorageException(Reason.CLOSED, "the journal is closed", "");
        }
        if (fromSequence <= trimmed) {
            throw new StorageException(Reason.NOT_FOUND, "event " + fromSequence + " was trimmed", "");
        }
        if (fromSequence > durable + 1) {
            throw new StorageException(Reason.INVALID, "event " + fromSequence + " is above " + durable, "");
        }
        return new Reader(fromSequence - 1);
    }

    private final class Reader implements JournalReader {
        private final int opening = openings;
        private long at;
        private boolean closed;

        Reader(long at) {
            this.at = at;
        }

        @Override
        public EventHeader next() throws StorageException {
            if (closed || opening != openings) {
                beforeRefusing.run();
                throw new StorageException(Reason.CLOSED, "the reader is closed", "");
            }
            if (at >= Math.min(durable, withheldAbove)) {
                return null;
            }
            whileReading.run();
            at++;
            readBytes += events.get(at).body().length;
            return events.get(at).header();
        }

        @Override
        public long place() {
            return at;
        }

        @Override
        public ByteBuffer body() {
            return ByteBuffer.wrap(events.get(at).body()).asReadOnlyBuffer();
        }

        @Override
        public void whenReadable(Runnable listener) {
            if (at < Math.min(durable, withheldAbove) || opening != openings) {
                listener.run();
            } else {
                listeners.add(listener);
            }
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Override
    public long trim(long sequence) {
        long bound = sequence;
        for (JournalClient client : clients.values()) {
            boolean counts = client.state() == JournalClient.State.CONNECTED;
            bound = counts ? Math.min(bound, client.commit().sequence()) : bound;
        }
        return lose(bound);
    }

    /** Forgets events, whoever needs them. */
    long lose(long sequence) {
        trimmed = Math.max(trimmed, sequence);
        events.headMap(trimmed, true).clear();
        return trimmed;
    }

    // ---- the rest

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public UUID identity() {
        return identity;
    }

    @Override
    public RecoveryReport recovery() {
        return new RecoveryReport(false, true, durable, durable, 0, 0, "");
    }

    @Override
    public List<Epoch> epochs() {
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
    public long unforcedBytes() {
        return 0;
    }

    @Override
    public long force() {
        forceAll();
        return durable;
    }

    @Override
    public List<JournalClient> clients() {
        return List.copyOf(clients.values());
    }

    @Override
    public void putClient(JournalClient client) {
        clients.put(client.id(), client);
    }

    @Override
    public boolean replaceClient(JournalClient before, JournalClient after) {
        beforeReplacing.accept(before);
        return clients.replace(before.id(), before, after);
    }

    @Override
    public void removeClient(String id) throws StorageException {
        if (clients.remove(id) == null) {
            throw new StorageException(Reason.NOT_FOUND, "no client " + id, "");
        }
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
            ByteBuffer tail) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void readBody(long place, int bodyOffset, ByteBuffer destination) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long sequenceAt(long timeNanos) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long sequenceAtBytesBack(long bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void configure(JournalSettings settings) {
        throw new UnsupportedOperationException();
    }

    @Override
    public JournalStatus status() {
        return new JournalStatus(0, 0, 0, 1, 0, 0, 0, 0, 0);
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
