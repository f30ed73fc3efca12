package io.tidemark.engine.image;

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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** A journal in memory that fails when a test says so. Payload is copied when it is forced, not before. */
final class MemoryJournal implements Journal, JournalAppender {
    private record Stored(EventHeader header, byte[] body, ByteBuffer payload, byte[] head, byte[] tail, long place) {
        Stored forced() {
            if (body != null) {
                return this;
            }
            int length = payload == null ? 0 : payload.remaining();
            ByteBuffer whole = ByteBuffer.allocate(head.length + length + tail.length);
            whole.put(head);
            if (payload != null) {
                whole.put(payload.duplicate());
            }
            whole.put(tail);
            return new Stored(header, whole.array(), null, null, null, place);
        }
    }

    private final UUID identity;
    private final List<Epoch> epochs = new ArrayList<>();
    private final List<Stored> events = new ArrayList<>();
    private final Map<String, JournalClient> clients = new TreeMap<>();
    private long trimmed;
    private volatile long appended;
    private volatile long durable;
    private long nextPlace;
    private boolean failed;
    private boolean closed;

    /** Faults and limits. */
    boolean failNextForce;

    boolean failNextAppend;
    Runnable beforeAppend = () -> {};

    /** The next epoch is not started, or is and nobody is told. */
    boolean failNextEpoch;

    boolean keepFailedEpoch;
    Runnable beforeEpoch = () -> {};
    long fullAtEvents = Long.MAX_VALUE;

    /** What it says its limit is; 0 for where it is full. */
    long limitBytes;

    long batchEvents = Long.MAX_VALUE;
    /** As it was told last. */
    volatile JournalSettings settings;

    long forces;

    /** Nothing is taken before the next force, even where there is nothing to force: a new segment is due. */
    boolean wantsForce;

    /** What a commit does while its events, from one to another, are under way. */
    interface UnderWay {
        void run(long from, long upTo) throws StorageException;
    }

    /** When set, commits run beside each other. */
    volatile UnderWay underWay;

    private long handedOut;

    /** Commits that have arrived before one in front of them: first event and last. */
    private final Map<Long, Long> arrived = new HashMap<>();

    Runnable beforeForce = () -> {};
    Runnable beforeBody = () -> {};
    volatile MemoryPools.Meanwhile beforeReplacing = () -> {};
    Runnable beforeTrim = () -> {};
    Runnable whenClosed = () -> {};
    Runnable afterClose = () -> {};
    boolean corruptBodies;

    MemoryJournal(UUID identity) {
        this.identity = identity;
    }

    /** What opening again finds after this one failed or the process died. */
    synchronized MemoryJournal reopened(long survivorsAboveDurable) {
        MemoryJournal next = new MemoryJournal(identity);
        next.epochs.addAll(epochs);
        next.clients.putAll(clients);
        next.trimmed = trimmed;
        long kept = Math.min(appended, durable + survivorsAboveDurable);
        for (long s = trimmed + 1; s <= kept; s++) {
            next.events.add(stored(s).forced());
        }
        next.appended = kept;
        next.durable = kept;
        next.nextPlace = nextPlace + 1000;
        closed = true;
        return next;
    }

    private Stored stored(long sequence) {
        return events.get((int) (sequence - trimmed - 1));
    }

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
    public synchronized List<Epoch> epochs() {
        return List.copyOf(epochs);
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        beforeEpoch.run();
        synchronized (this) {
            usable();
            boolean fails = failNextEpoch;
            failNextEpoch = false;
            if (!fails || keepFailedEpoch) {
                add(epoch);
            }
            if (fails) {
                failed = true;
                throw new StorageException(Reason.IO, "the epoch failed on purpose", "open it again");
            }
        }
    }

    private void add(Epoch epoch) throws StorageException {
        if (epochs.isEmpty()) {
            appended = epoch.firstSequence() - 1;
            durable = appended;
            trimmed = appended;
        }
        if (epoch.firstSequence() != appended + 1
                || (!epochs.isEmpty()
                        && !epochs.get(epochs.size() - 1).identity().equals(epoch.predecessorIdentity()))) {
            throw new StorageException(Reason.MISMATCH, "epoch " + epoch + " does not continue", "");
        }
        epochs.add(epoch);
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
    public synchronized long trimmed() {
        return trimmed;
    }

    @Override
    public synchronized JournalReader reader(long fromSequence) throws StorageException {
        if (fromSequence <= trimmed) {
            throw new StorageException(Reason.NOT_FOUND, "event " + fromSequence + " was trimmed", "");
        }
        return new MemoryReader(fromSequence);
    }

    @Override
    public synchronized void readBody(long place, int bodyOffset, ByteBuffer destination) throws StorageException {
        beforeBody.run();
        usable();
        if (corruptBodies) {
            throw new StorageException(Reason.CORRUPT, "a body is damaged", "run journal:verify");
        }
        for (Stored event : events) {
            if (event.place == place && event.header.position().sequence() <= durable) {
                destination.put(event.body, bodyOffset, destination.remaining());
                return;
            }
        }
        throw new StorageException(Reason.NOT_FOUND, "nothing at place " + place, "");
    }

    @Override
    public synchronized long sequenceAt(long timeNanos) {
        long found = trimmed;
        for (Stored event : events) {
            found = event.header.timeNanos() <= timeNanos
                    ? event.header.position().sequence()
                    : found;
        }
        return Math.min(found, durable);
    }

    /** Each event is a segment of its own, and takes a megabyte. */
    @Override
    public synchronized long sequenceAtBytesBack(long bytes) {
        return Math.max(trimmed, durable - Math.max(1, bytes >> 20)) + 1;
    }

    @Override
    public synchronized List<JournalClient> clients() {
        return List.copyOf(clients.values());
    }

    @Override
    public synchronized void putClient(JournalClient client) {
        clients.put(client.id(), client);
    }

    @Override
    public boolean replaceClient(JournalClient before, JournalClient after) throws StorageException {
        beforeReplacing.run();
        return replace(before, after);
    }

    private synchronized boolean replace(JournalClient before, JournalClient after) {
        return clients.replace(before.id(), before, after);
    }

    @Override
    public synchronized void removeClient(String id) {
        clients.remove(id);
    }

    @Override
    public synchronized long trim(long sequence) {
        beforeTrim.run();
        while (trimmed < sequence) {
            events.remove(0);
            trimmed++;
        }
        return trimmed;
    }

    @Override
    public void configure(JournalSettings next) {
        // What limits it is in fields of its own.
        settings = next;
    }

    @Override
    public synchronized JournalStatus status() {
        long newest =
                events.isEmpty() ? 0 : events.get(events.size() - 1).header.timeNanos();
        long limit = limitBytes > 0 ? limitBytes : Math.max(1, fullAtEvents);
        return new JournalStatus(events.size(), limit, 0, 1, forces, 0, 0, 0, newest);
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        Runnable told = whenClosed;
        whenClosed = () -> {};
        told.run();
        afterClose.run();
    }

    /** As if its service went away. */
    synchronized void goAway() {
        closed = true;
    }

    private void usable() throws StorageException {
        if (closed) {
            throw new StorageException(Reason.STALE_SERVICE, "the journal's service went away", "");
        }
        if (failed) {
            throw new StorageException(Reason.IO, "the journal failed before", "open it again");
        }
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
        usable();
        beforeAppend.run();
        if (failNextAppend) {
            failNextAppend = false;
            failed = true;
            throw new StorageException(Reason.IO, "append failed on purpose", "open it again");
        }
        if (events.size() >= fullAtEvents && !kind.isControl()) {
            return FULL;
        }
        if (appended - durable >= batchEvents || wantsForce) {
            return BATCH_FULL;
        }
        byte[] headBytes = new byte[head.remaining()];
        head.duplicate().get(headBytes);
        byte[] tailBytes = new byte[tail.remaining()];
        tail.duplicate().get(tailBytes);
        int bodyLength = headBytes.length + tailBytes.length + (payload == null ? 0 : payload.remaining());
        Epoch epoch = epochs.get(epochs.size() - 1);
        long sequence = appended + 1;
        EventHeader header = new EventHeader(
                new Position(epoch.number(), sequence), kind, flags, timeNanos, offset, length, bodyLength);
        events.add(new Stored(header, null, payload, headBytes, tailBytes, nextPlace));
        appended = sequence;
        return nextPlace++;
    }

    @Override
    public long force() throws StorageException {
        beforeForce.run();
        synchronized (this) {
            usable();
            forces++;
            wantsForce = false;
            if (failNextForce) {
                failNextForce = false;
                failed = true;
                throw new StorageException(Reason.IO, "force failed on purpose", "open it again");
            }
            moveDurable(appended);
            return durable;
        }
    }

    private void moveDurable(long upTo) {
        for (long s = durable + 1; s <= upTo; s++) {
            events.set((int) (s - trimmed - 1), stored(s).forced());
        }
        durable = upTo;
    }

    @Override
    public long commit() throws StorageException {
        UnderWay during = underWay;
        if (during == null) {
            return force();
        }
        long from;
        long upTo;
        synchronized (this) {
            usable();
            forces++;
            from = Math.max(handedOut, durable) + 1;
            upTo = appended;
            handedOut = upTo;
        }
        try {
            during.run(from, upTo);
        } catch (StorageException e) {
            synchronized (this) {
                failed = true;
            }
            throw e;
        }
        synchronized (this) {
            arrived.put(from, upTo);
            for (Long next = arrived.remove(durable + 1); next != null; next = arrived.remove(durable + 1)) {
                moveDurable(next);
            }
            return durable;
        }
    }

    @Override
    public boolean overlaps() {
        return underWay != null;
    }

    @Override
    public long appended() {
        return appended;
    }

    @Override
    public long unforcedBytes() {
        return appended - durable;
    }

    private final class MemoryReader implements JournalReader {
        private long next;
        private Stored current;

        MemoryReader(long next) {
            this.next = next;
        }

        @Override
        public EventHeader next() {
            synchronized (MemoryJournal.this) {
                if (next > durable) {
                    return null;
                }
                current = stored(next++);
                return current.header;
            }
        }

        @Override
        public long place() {
            return current.place;
        }

        @Override
        public ByteBuffer body() {
            return ByteBuffer.wrap(current.body).asReadOnlyBuffer();
        }

        @Override
        public void whenReadable(Runnable listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
