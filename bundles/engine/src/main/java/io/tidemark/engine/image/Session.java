package io.tidemark.engine.image;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.device.Completion;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.BlockImage;
import java.nio.ByteBuffer;

/** One client. */
final class Session implements DeviceSession {
    /** Fill of the backlog from which on a client is slowed down, so that it does not run into the limit at full speed. */
    static final double SLOW_FILL = 0.9;

    private static final long MAX_DELAY_NANOS = 2_000_000L;
    /** Less is no time in which a client comes back over another connection. */
    private static final long WAIT_NANOS = 50_000;

    private final Core core;
    private final Reads reads;
    private final String client;
    private final SessionListener listener;
    private final Gate memory;
    /** The pool will say when something is released. */
    private volatile boolean awaitsRelease;

    private final Aftermath after = new Aftermath();
    private Request spare = new Request();
    private boolean answered;
    private volatile boolean closed;
    /** Of the one thread that takes. */
    private boolean takeWaited;

    Session(Core core, Reads reads, String client, SessionListener listener) {
        this.core = core;
        this.reads = reads;
        this.client = client;
        this.listener = listener;
        this.memory = core.context.workers().newGate();
    }

    String client() {
        return client;
    }

    void swept() {
        listener.swept();
    }

    /** The image goes away. */
    void end(String why) {
        closed = true;
        memory.open();
        synchronized (core.lock) {
            // It may wait for room that nobody makes any more.
            core.room.signal();
        }
        listener.closed(why);
    }

    @Override
    public void read(long offset, ByteBuffer destination) throws StorageException {
        if (closed) {
            throw Failures.closed(core.labels.name());
        }
        reads.read(offset, destination, listener.readsWait());
    }

    @Override
    public void extents(long offset, long length, BlockImage.ExtentVisitor visitor) throws StorageException {
        if (closed) {
            throw Failures.closed(core.labels.name());
        }
        reads.extents(offset, length, listener.readsWait(), visitor);
    }

    @Override
    public Payload take(int lengthBytes) throws StorageException {
        PayloadPool pool = core.context.payloads();
        takeWaited = false;
        slowDown(lengthBytes);
        while (!closed) {
            Payload payload = pool.tryTake(lengthBytes);
            if (payload != null) {
                return payload;
            }
            if (evictSome()) {
                continue;
            }
            if (!awaitsRelease) {
                awaitsRelease = true;
                pool.whenFreed(this::released);
                payload = pool.tryTake(lengthBytes);
                if (payload != null) {
                    return payload;
                }
            }
            takeWaited = true;
            synchronized (core.lock) {
                // Of what gets durable, by this thread or by another, memory may be taken.
                core.room.add(memory);
            }
            drive(false);
            if (!evictSome()) {
                memory.await(Long.MAX_VALUE);
            }
        }
        throw Failures.closed(core.labels.name());
    }

    private void released() {
        awaitsRelease = false;
        memory.open();
    }

    @Override
    public boolean takeWaited() {
        return takeWaited;
    }

    /** Drops the oldest payload that the journal has too; false when there is none. */
    private boolean evictSome() {
        long before;
        long left;
        synchronized (core.lock) {
            before = core.hot.bytes();
            core.hot.evict(core.durable, Math.max(0, before - PayloadPool.MAX_PAYLOAD_BYTES), after.releases);
            left = core.hot.bytes();
            core.committer.wake();
        }
        after.settle(core);
        return left < before;
    }

    /** Back-pressure of this image: its share of the memory, and the limit of its backlog. */
    private void slowDown(int lengthBytes) {
        double fill;
        synchronized (core.lock) {
            fill = core.fill();
            if (hasRoom(lengthBytes) && fill < SLOW_FILL) {
                return;
            }
        }
        long begun = core.context.clock().monotonicNanos();
        drive(false);
        if (fill >= SLOW_FILL && fill < 1) {
            double near = (fill - SLOW_FILL) / (1 - SLOW_FILL);
            memory.await((long) (near * near * MAX_DELAY_NANOS) + 1);
        }
        core.room.await(() -> closed || hasRoom(lengthBytes));
        takeWaited = core.context.clock().monotonicNanos() - begun >= WAIT_NANOS;
    }

    private boolean hasRoom(int lengthBytes) {
        boolean backlogLeft = !core.backlogFull() || core.suspended || core.imageFull || core.journalFull;
        return backlogLeft && core.share.fits(lengthBytes);
    }

    @Override
    public void write(long offset, Payload[] payloads, boolean forceUnitAccess, Completion completion) {
        long length = 0;
        for (Payload payload : payloads) {
            length += payload.length();
        }
        submit(EventKind.WRITE, offset, length, payloads, forceUnitAccess, completion);
    }

    @Override
    public void discard(long offset, long length, boolean forceUnitAccess, Completion completion) {
        submit(EventKind.DISCARD, offset, length, null, forceUnitAccess, completion);
    }

    @Override
    public void zero(long offset, long length, boolean provision, boolean forceUnitAccess, Completion completion) {
        // What need not stay provisioned may be freed, and reads as zeros all the same.
        EventKind kind = provision ? EventKind.ZERO : EventKind.DISCARD;
        submit(kind, offset, length, null, forceUnitAccess, completion);
    }

    @Override
    public void flush(Completion completion) {
        submit(EventKind.FLUSH, 0, 0, null, true, completion);
    }

    private void submit(
            EventKind kind, long offset, long length, Payload[] payloads, boolean fua, Completion completion) {
        Request request = spare;
        request.clear();
        request.kind = kind;
        request.offset = offset;
        request.length = length;
        request.payloads = payloads;
        request.forceUnitAccess = fua;
        request.completion = completion;
        request.session = this;
        request.startNanos = core.context.clock().monotonicNanos();
        long wall = core.context.clock().wallNanos();
        StorageException refusal = check(request);
        synchronized (core.lock) {
            if (refusal != null) {
                core.end(request, refusal, after);
            } else if (length == 0 && kind != EventKind.FLUSH) {
                after.sweep.add(completion, this, request.startNanos, null);
            } else {
                admitOrHold(request, wall);
            }
        }
        settleAndAnswer();
    }

    private void admitOrHold(Request request, long wallNanos) {
        boolean flushes = request.kind == EventKind.FLUSH && !core.suspended;
        if (core.stopping) {
            core.end(request, Failures.closed(core.labels.name()), after);
            return;
        }
        // What a flush promises of a replica is there; behind a fence what was written before may be given up.
        if (core.readOnly() && (request.kind != EventKind.FLUSH || core.fence != null)) {
            core.end(request, core.refusal(), after);
            return;
        }
        boolean done = false;
        if (flushes) {
            done = core.admitFlush(request, wallNanos, after);
        } else if (core.admits()) {
            core.watchClock(wallNanos, request.startNanos, after);
            done = core.admit(request, wallNanos, after);
        }
        if (!done) {
            if (request.payloads != null) {
                request.payloads = request.payloads.clone();
            }
            core.figures.heldRequests++;
            core.hold(request, after);
            core.epochStart.want(after);
            spare = new Request();
        }
    }

    private StorageException check(Request request) {
        if (closed) {
            return Failures.closed(core.labels.name());
        }
        if (request.kind == EventKind.FLUSH) {
            return null;
        }
        if (core.readOnly()) {
            return core.refusal();
        }
        long size = core.sizeBytes;
        if (request.offset < 0 || request.length < 0 || request.length > size - request.offset) {
            return Failures.beyondEnd(core.labels.name(), request.offset, request.length, size);
        }
        return null;
    }

    /** Answers of this session's own request wait for {@link #drive}, so that many go out together. */
    private void settleAndAnswer() {
        answered |= after.sweep.answer();
        after.settle(core);
    }

    @Override
    public void drive(boolean moreExpected) {
        if (answered) {
            answered = false;
            listener.swept();
        }
        if (moreExpected) {
            core.committer.handOver();
        } else {
            core.committer.lead(after);
        }
    }

    @Override
    public void close() {
        closed = true;
        memory.open();
        synchronized (core.lock) {
            core.sessions.remove(this);
            core.room.signal();
        }
    }
}
