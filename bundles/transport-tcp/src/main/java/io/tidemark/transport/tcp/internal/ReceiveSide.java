package io.tidemark.transport.tcp.internal;

import io.tidemark.api.transport.Link;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReference;

/** What came in on a link and is not released yet; never more than the window. Safe for all threads. */
final class ReceiveSide {
    /** Credit is said when so much of the window was released. */
    private static final int SHARE = 4;

    private final long windowBytes;
    private final FrameMemory memory;
    private final Runnable creditIsDue;

    // Guarded by this.
    private final ArrayDeque<Received> queue = new ArrayDeque<>();
    private long admitted;
    private long released;
    private long announced;
    private boolean wanted = true;
    private boolean arrived;
    private boolean dropping;
    private long frames;
    private long bytes;

    ReceiveSide(long windowBytes, FrameMemory memory, Runnable creditIsDue) {
        this.windowBytes = windowBytes;
        this.memory = memory;
        this.creditIsDue = creditIsDue;
    }

    long windowBytes() {
        return windowBytes;
    }

    /** Memory for a frame that begins. */
    synchronized void admit(int plainBytes) throws Violation {
        long cost = Wire.cost(plainBytes);
        if (admitted + cost - released > windowBytes) {
            throw Violation.corrupt("it sends more than it has credit for");
        }
        admitted += cost;
    }

    synchronized void add(Content plain) {
        frames++;
        bytes += plain.length();
        if (dropping) {
            return;
        }
        queue.add(new Received(plain));
        if (wanted) {
            wanted = false;
            arrived = true;
        }
    }

    /** Whether somebody who found nothing should look again. */
    synchronized boolean readableDue() {
        boolean due = arrived;
        arrived = false;
        return due;
    }

    synchronized Link.Frame poll() {
        Received next = queue.poll();
        if (next == null) {
            wanted = true;
        }
        return next;
    }

    /** Nothing is handed out any more. */
    synchronized void drop() {
        dropping = true;
        arrived = false;
        queue.clear();
    }

    /** What was released in all, to be said to the peer; -1 when it need not be said yet. */
    synchronized long creditToSay() {
        if (!due()) {
            return -1;
        }
        announced = released;
        return released;
    }

    private boolean due() {
        return released - announced >= windowBytes / SHARE;
    }

    private void release(long cost) {
        boolean say;
        synchronized (this) {
            boolean before = due();
            released += cost;
            say = !before && due();
        }
        if (say) {
            creditIsDue.run();
        }
    }

    synchronized long frames() {
        return frames;
    }

    synchronized long bytes() {
        return bytes;
    }

    synchronized long heldBytes() {
        return admitted - released;
    }

    private enum State {
        LENT,
        KEPT,
        GONE
    }

    private final class Received implements Link.Frame {
        private final AtomicReference<State> state = new AtomicReference<>(State.LENT);
        private final long cost;
        private volatile Content content;

        Received(Content plain) {
            this.content = plain;
            this.cost = Wire.cost(plain.length());
        }

        @Override
        public ByteBuffer content() {
            return lent().asReadOnlyBuffer();
        }

        @Override
        public void release() {
            become(State.LENT, State.GONE);
            giveBack();
            ReceiveSide.this.release(cost);
        }

        @Override
        public ByteBuffer keep() {
            ByteBuffer bytes = lent();
            become(State.LENT, State.KEPT);
            ReceiveSide.this.release(cost);
            return bytes;
        }

        @Override
        public void done() {
            become(State.KEPT, State.GONE);
            giveBack();
        }

        private void become(State from, State to) {
            if (!state.compareAndSet(from, to)) {
                throw new IllegalStateException("the frame was released before");
            }
        }

        private void giveBack() {
            Content unused = content;
            content = null;
            memory.give(unused);
        }

        private ByteBuffer lent() {
            Content now = content;
            if (now == null || state.get() != State.LENT) {
                throw new IllegalStateException("the frame was released");
            }
            return ByteBuffer.wrap(now.bytes(), 0, now.length()).slice();
        }
    }
}
