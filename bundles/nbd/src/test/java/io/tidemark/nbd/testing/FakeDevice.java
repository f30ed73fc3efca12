package io.tidemark.nbd.testing;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.Completion;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.BlockImage;
import io.tidemark.base.machine.MachineContext;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A disk in memory that does as it is told: late, failing, elsewhere. Writes show in {@link #memory} when they are handed
 * over; completions come in {@code drive}, on the caller's thread or on one of its own.
 */
public final class FakeDevice implements BlockDevice {
    /** Payload memory of all fake devices. */
    public static final PayloadPool POOL = new MachineContext(64 << 20).payloads();

    private static final int PAGE = 4096;

    /** What it holds. */
    public final ByteBuffer memory;

    /** What was done, one line each: {@code write 0 4096 fua}. Only where {@link #log} is set. */
    public final List<String> done = new CopyOnWriteArrayList<>();

    /** Whether to keep {@link #done}. */
    public volatile boolean log;
    /** Refuse writes. */
    public volatile boolean readOnly;
    /** Refuse to be attached to. */
    public volatile StorageException refuse;
    /** Answer every change with it. */
    public volatile StorageException failWrites;
    /** Answer reads at or behind {@link #failReadsFrom} with it. */
    public volatile StorageException failReads;
    /** See {@link #failReads}. */
    public volatile long failReadsFrom;
    /** How long a read takes. */
    public volatile long readNanos;
    /** Let reads wait until it opens, as in an image that waits for its store. */
    public volatile CountDownLatch holdReads;
    /** Complete on a thread of the device instead of in {@code drive}. */
    public volatile boolean elsewhere;
    /** Hold completions until it opens. */
    public volatile CountDownLatch hold;
    /** Payload memory. One of a device's own is given back with the completion, as an image does. */
    public volatile PayloadPool pool = POOL;
    /** Let writers wait for payload memory until it opens. */
    public volatile boolean takesNothing;
    /** The same for writers that want so much or more, as where too little is free. */
    public volatile int takesLessThan = Integer.MAX_VALUE;
    /** Whether anybody has waited for it. */
    public volatile boolean takeWaited;
    /** Answer whoever wants payload memory with it. */
    public volatile StorageException failTakes;
    /** Most reads at the same time that were seen. */
    public volatile int readsAtOnceSeen;

    /** How often the client's thread was to do the work itself. */
    public final AtomicInteger drivenAlone = new AtomicInteger();
    /** How often more was expected. */
    public final AtomicInteger drivenWithMore = new AtomicInteger();

    /** Most requests that one drive started. */
    public final AtomicInteger mostDriven = new AtomicInteger();

    private final String name;
    private volatile long size;
    private final List<Session> sessions = new CopyOnWriteArrayList<>();
    private int readsAtOnce;

    /** A disk full of zeros. */
    public FakeDevice(String name, int size) {
        this.name = name;
        this.size = size;
        this.memory = ByteBuffer.allocateDirect(size);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return "fake " + name;
    }

    @Override
    public long sizeBytes() {
        return size;
    }

    /** Makes it look shorter. */
    public void shrink(long newSize) {
        size = newSize;
    }

    @Override
    public int preferredBlockBytes() {
        return PAGE;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public boolean writeCache() {
        return true;
    }

    /** How many clients are attached. */
    public int attached() {
        return sessions.size();
    }

    /** Goes away, as when the image is deleted. */
    public void goAway(String why) {
        sessions.forEach(session -> session.listener.closed(why));
    }

    @Override
    public DeviceSession connect(String client, SessionListener listener) throws StorageException {
        if (refuse != null) {
            throw refuse;
        }
        Session session = new Session(listener);
        sessions.add(session);
        return session;
    }

    private final class Session implements DeviceSession {
        private boolean waited;
        private final SessionListener listener;
        private List<Completion> waiting = new ArrayList<>();

        Session(SessionListener listener) {
            this.listener = listener;
        }

        @Override
        public void read(long offset, ByteBuffer destination) throws StorageException {
            readBegins();
            try {
                if (readNanos > 0) {
                    LockSupport.parkNanos(readNanos);
                }
                await(holdReads);
                int length = destination.remaining();
                if (failReads != null && offset + length > failReadsFrom) {
                    throw failReads;
                }
                destination.put(memory.slice((int) offset, length));
            } finally {
                readEnds();
            }
        }

        @Override
        public Payload take(int lengthBytes) throws StorageException {
            if (failTakes != null) {
                throw failTakes;
            }
            Payload payload = tryTake(lengthBytes);
            waited = payload == null;
            while (payload == null) {
                takeWaited = true;
                drive(true);
                LockSupport.parkNanos(10_000);
                payload = tryTake(lengthBytes);
            }
            return payload;
        }

        @Override
        public boolean takeWaited() {
            return waited;
        }

        private Payload tryTake(int lengthBytes) {
            return takesNothing || lengthBytes >= takesLessThan ? null : pool.tryTake(lengthBytes);
        }

        @Override
        public void write(long offset, Payload[] payloads, boolean fua, Completion completion) {
            long at = offset;
            Payload[] held = pool == POOL ? new Payload[0] : payloads.clone();
            for (Payload payload : payloads) {
                if (failWrites == null) {
                    memory.slice((int) at, payload.length()).put(payload.buffer());
                }
                at += payload.length();
                if (held.length == 0) {
                    payload.release();
                }
            }
            note("write", offset, at - offset, fua ? " fua" : "", failure -> {
                for (Payload payload : held) {
                    payload.release();
                }
                completion.completed(failure);
            });
        }

        @Override
        public void discard(long offset, long length, boolean fua, Completion completion) {
            clear(offset, length);
            note("discard", offset, length, fua ? " fua" : "", completion);
        }

        @Override
        public void zero(long offset, long length, boolean provision, boolean fua, Completion completion) {
            clear(offset, length);
            note("zero", offset, length, (provision ? " provision" : "") + (fua ? " fua" : ""), completion);
        }

        @Override
        public void flush(Completion completion) {
            note("flush", 0, 0, "", completion);
        }

        private void note(String what, long offset, long length, String more, Completion completion) {
            if (log) {
                done.add(what + " " + offset + " " + length + more);
            }
            waiting.add(completion);
        }

        @Override
        public void drive(boolean moreExpected) {
            if (waiting.isEmpty()) {
                return;
            }
            (moreExpected ? drivenWithMore : drivenAlone).incrementAndGet();
            mostDriven.accumulateAndGet(waiting.size(), Math::max);
            List<Completion> batch = waiting;
            waiting = new ArrayList<>();
            if (elsewhere || hold != null) {
                Thread thread = new Thread(() -> complete(batch), "fake-device");
                thread.setDaemon(true);
                thread.start();
            } else {
                complete(batch);
            }
        }

        private void complete(List<Completion> batch) {
            await(hold);
            batch.forEach(completion -> completion.completed(failWrites));
            listener.swept();
        }

        @Override
        public void extents(long offset, long length, BlockImage.ExtentVisitor visitor) throws StorageException {
            if (failReads != null) {
                throw failReads;
            }
            long end = offset + length;
            for (long at = offset; at < end; ) {
                long next = Math.min(end, at - at % PAGE + PAGE);
                if (!visitor.extent(at, next - at, !allZero((int) at, (int) (next - at)))) {
                    return;
                }
                at = next;
            }
        }

        @Override
        public void close() {
            sessions.remove(this);
        }
    }

    private static void await(CountDownLatch latch) {
        if (latch != null) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private synchronized void readBegins() {
        readsAtOnceSeen = Math.max(readsAtOnceSeen, ++readsAtOnce);
    }

    private synchronized void readEnds() {
        readsAtOnce--;
    }

    private boolean allZero(int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            if (memory.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private void clear(long offset, long length) {
        if (failWrites == null) {
            for (long i = offset; i < offset + length; i++) {
                memory.put((int) i, (byte) 0);
            }
        }
    }
}
