package io.tidemark.engine.image;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.base.event.Event;
import io.tidemark.base.event.EventCodec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/** Takes a source's events into the journal of a replica, as they are. */
final class Receiver implements Replica {
    private final Core core;
    private final Following following;
    private final Copying copying;
    private final Aftermath after = new Aftermath();
    private boolean closed;

    /** State of {@link Following#roomVersion} when an event was refused last. */
    private long refusedVersion;

    /** Payload that the pool had no room for; 0 for none. */
    private volatile int wantedBytes;

    Receiver(Core core) {
        this.core = core;
        this.following = core.following;
        this.copying = new Copying(core, this);
    }

    /** Under the lock: it is no longer the receiving end. */
    void end() {
        closed = true;
    }

    /** Under the lock. */
    void usable() throws StorageException {
        if (closed || core.stopping) {
            throw new StorageException(
                    Reason.CLOSED, "the receiving end of image " + core.labels.name() + " is closed", "take it again");
        }
        if (core.suspended) {
            throw Failures.unavailable(core.labels.name(), core.suspendedWhy);
        }
    }

    private StorageException mismatch(String what) {
        return Core.mismatch(
                "image " + core.labels.name() + " " + what, "compare the epochs of both sides: they may have parted");
    }

    private StorageException invalid(EventHeader header, String what) {
        return new StorageException(
                Reason.INVALID,
                "event " + header.position() + " for image " + core.labels.name() + " " + what,
                "run journal:verify at the source");
    }

    @Override
    public ReplicaProgress progress() {
        synchronized (core.lock) {
            return following.progress();
        }
    }

    // ---------------------------------------------------------------- epochs

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        commit();
        core.changed.await(() -> closed || core.suspended || core.stopping || core.durable >= core.appended);
        Journal journal;
        synchronized (core.lock) {
            usable();
            if (epoch.identity().equals(core.epoch.identity())) {
                return;
            }
            boolean continues = epoch.number() == core.epoch.number() + 1
                    && epoch.predecessorIdentity().equals(core.epoch.identity())
                    && epoch.firstSequence() == core.appended + 1;
            if (!continues) {
                throw mismatch("has epoch " + core.epoch + " up to " + core.appended + ", and " + epoch
                        + " does not continue that");
            }
            core.epochStart.starting(epoch);
            journal = core.journal;
            core.enter();
        }
        start(journal, epoch);
    }

    private void start(Journal journal, Epoch epoch) throws StorageException {
        StorageException failure = EpochStart.start(core, journal, epoch);
        synchronized (core.lock) {
            core.leave();
            core.epochStart.started(failure == null);
            if (failure == null) {
                core.epochs = journal.epochs();
                core.epoch = epoch;
            } else if (failure.reason() != Reason.MISMATCH && failure.reason() != Reason.INVALID) {
                core.failed(ImageListener.Part.JOURNAL, failure, after);
            }
        }
        after.settle(core);
        if (failure != null) {
            throw failure;
        }
    }

    // ---------------------------------------------------------------- events

    @Override
    public boolean offer(EventHeader header, ByteBuffer body) throws StorageException {
        check(header, body);
        int payloadBytes = header.kind() == EventKind.WRITE ? (int) header.length() : 0;
        Payload payload = null;
        if (payloadBytes > 0) {
            payload = take(payloadBytes);
            if (payload == null) {
                return false;
            }
        }
        boolean taken = false;
        try {
            taken = append(header, split(body, payload), payload);
        } finally {
            if (!taken && payload != null) {
                payload.release();
            }
            after.settle(core);
        }
        return taken;
    }

    private void check(EventHeader header, ByteBuffer body) throws StorageException {
        if (body.remaining() != header.bodyLength()) {
            throw invalid(header, "has a body of " + body.remaining() + " bytes, not " + header.bodyLength());
        }
        if (header.kind() == EventKind.WRITE && header.length() > PayloadPool.MAX_PAYLOAD_BYTES) {
            throw invalid(header, "writes " + header.length() + " bytes at once");
        }
        if (!belongTogether(header, decode(header, body))) {
            throw invalid(header, "contradicts its body");
        }
        synchronized (core.lock) {
            usable();
            Position expected = new Position(core.epoch.number(), core.appended + 1);
            if (!header.position().equals(expected)) {
                throw mismatch("takes " + expected + " next, not " + header.position());
            }
            if (header.timeNanos() < core.lastEventNanos()) {
                throw invalid(header, "is older than the one before");
            }
        }
    }

    private Event decode(EventHeader header, ByteBuffer body) throws StorageException {
        try {
            return EventCodec.decode(header, body);
        } catch (StorageException e) {
            throw invalid(header, "has no body of an event: " + e.getMessage());
        }
    }

    private static boolean belongTogether(EventHeader header, Event event) {
        boolean sized = header.kind().changesData() || header.kind() == EventKind.RESIZE;
        return header.kind() == event.kind()
                && (!sized || header.length() == event.length())
                && (!header.kind().changesData() || header.offset() == event.offset());
    }

    private Payload take(int bytes) {
        PayloadPool pool = core.context.payloads();
        synchronized (core.lock) {
            refusedVersion = following.roomVersion;
            if (!core.share.fits(bytes)) {
                wantedBytes = 0;
                core.committer.wake();
                return null;
            }
        }
        Payload payload = pool.tryTake(bytes);
        if (payload == null) {
            synchronized (core.lock) {
                core.hot.evict(core.durable, 0, after.releases);
                core.committer.wake();
            }
            after.settle(core);
            payload = pool.tryTake(bytes);
        }
        wantedBytes = payload == null ? bytes : 0;
        return payload;
    }

    /** What surrounds the payload; the payload itself is copied. */
    private static byte[] split(ByteBuffer body, Payload payload) {
        ByteBuffer from = body.duplicate();
        byte[] around = new byte[from.remaining() - (payload == null ? 0 : payload.length())];
        if (payload == null) {
            from.get(around);
            return around;
        }
        from.get(around, 0, EventCodec.WRITE_HEAD_BYTES);
        ByteBuffer bytes = from.slice().limit(payload.length());
        payload.buffer().put(bytes);
        from.position(from.position() + payload.length());
        from.get(around, EventCodec.WRITE_HEAD_BYTES, around.length - EventCodec.WRITE_HEAD_BYTES);
        return around;
    }

    private boolean append(EventHeader header, byte[] around, Payload payload) throws StorageException {
        int headBytes = payload == null ? around.length : EventCodec.WRITE_HEAD_BYTES;
        ByteBuffer head = ByteBuffer.wrap(around, 0, headBytes).slice();
        ByteBuffer tail =
                ByteBuffer.wrap(around, headBytes, around.length - headBytes).slice();
        synchronized (core.lock) {
            usable();
            refusedVersion = following.roomVersion;
            makeRoom(head, tail);
            boolean appended = false;
            try {
                long place = appendTo(header, head, payload, tail);
                if (place == JournalAppender.FULL) {
                    core.noRoom(after);
                } else if (place < 0) {
                    core.forceWanted = true;
                    core.committer.wake();
                } else {
                    appended = true;
                    following.fresh.add(header, place);
                    core.arrived(header, payload, after);
                }
                return appended;
            } finally {
                if (!appended) {
                    following.arrivals.takeBack();
                }
            }
        }
    }

    /** For all that is noted of an event, before the journal has it. */
    private void makeRoom(ByteBuffer head, ByteBuffer tail) throws StorageException {
        try {
            core.unforced.makeRoom("");
            core.hot.makeRoom();
            following.fresh.makeRoom();
            following.arrivals.add(head, tail);
        } catch (VirtualMachineError e) {
            StorageException failure = Failures.unexpected(core.labels.name(), "make room for an event", e);
            core.failed(ImageListener.Part.JOURNAL, failure, after);
            throw failure;
        }
    }

    private long appendTo(EventHeader header, ByteBuffer head, Payload payload, ByteBuffer tail)
            throws StorageException {
        try {
            return core.appender.append(
                    header.kind(),
                    header.flags(),
                    header.timeNanos(),
                    header.offset(),
                    header.length(),
                    head,
                    payload == null ? null : payload.buffer(),
                    tail);
        } catch (StorageException e) {
            core.failed(ImageListener.Part.JOURNAL, e, after);
            throw e;
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            StorageException failure = Failures.unexpected(core.labels.name(), "append to the journal", e);
            core.failed(ImageListener.Part.JOURNAL, failure, after);
            throw failure;
        }
    }

    // ---------------------------------------------------------------- who waits

    @Override
    public void whenRoom(Runnable listener) {
        AtomicBoolean called = new AtomicBoolean();
        Runnable once = () -> {
            if (called.compareAndSet(false, true)) {
                listener.run();
            }
        };
        boolean now;
        int bytes;
        synchronized (core.lock) {
            // While it is suspended nothing may be offered: told now, whoever asks would only ask again.
            now = closed || core.stopping || (!core.suspended && refusedVersion != following.roomVersion);
            bytes = now || core.suspended ? 0 : wantedBytes;
            if (!now) {
                following.whenRoom(once);
            }
        }
        if (bytes > 0) {
            PayloadPool pool = core.context.payloads();
            pool.whenFreed(once);
            Payload payload = pool.tryTake(bytes);
            if (payload != null) {
                payload.release();
                now = true;
            }
        }
        if (now) {
            once.run();
        }
    }

    @Override
    public void whenProgress(long aboveReceived, long aboveReplayed, Runnable listener) {
        Aftermath told = new Aftermath();
        synchronized (core.lock) {
            following.whenProgress(aboveReceived, aboveReplayed, listener, told);
        }
        told.settle(core);
    }

    @Override
    public void commit() {
        synchronized (core.lock) {
            if (core.appended > core.durable) {
                core.forceWanted = true;
                core.committer.wake();
            }
        }
    }

    @Override
    public void clockOffset(long sourceMinusMonotonicNanos, boolean known) {
        long now = core.context.clock().monotonicNanos();
        synchronized (core.lock) {
            following.delay.offset(sourceMinusMonotonicNanos, known, now);
            core.wakeMoverIfBehind();
        }
    }

    @Override
    public void writtenBySource(long fromSequence) {
        synchronized (core.lock) {
            following.delay.writtenBySource(fromSequence);
            core.wakeMoverIfBehind();
        }
    }

    @Override
    public void sourceDurable(long sequence) {
        following.sourceDurable(sequence);
    }

    @Override
    public void sourceTime(long timeNanos) {
        synchronized (core.lock) {
            following.sourceNanos = Math.max(following.sourceNanos, timeNanos);
        }
    }

    @Override
    public void catchUpTo(long sequence) {
        synchronized (core.lock) {
            following.delay.catchUpTo(sequence);
            core.wakeMover();
        }
    }

    // ---------------------------------------------------------------- copying

    @Override
    public void copy(long offset, ByteBuffer bytes) throws StorageException {
        copying.write(offset, bytes);
    }

    @Override
    public void readSeed(long offset, ByteBuffer destination) throws StorageException {
        copying.read(offset, destination);
    }

    @Override
    public void copyZeros(long offset, long length) throws StorageException {
        copying.zero(offset, length);
    }

    @Override
    public void shows(Position last, UUID epoch) {
        copying.shows(new Shown(last, epoch));
    }

    @Override
    public void copied(long nextOffset) throws StorageException {
        copying.upTo(nextOffset);
    }

    @Override
    public void endBootstrap(Position consistentAt) throws StorageException {
        copying.end(consistentAt);
    }

    @Override
    public boolean copyAgain(List<Epoch> branch) throws StorageException {
        return copying.again(branch);
    }

    @Override
    public void close() {
        Aftermath told = new Aftermath();
        synchronized (core.lock) {
            if (following.receiver == this) {
                following.end(told);
                core.changed.signal();
            }
        }
        commit();
        told.settle(core);
    }
}
