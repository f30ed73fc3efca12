package io.tidemark.tck.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/** One end of a link, which watches that callbacks come as the contract says. For one thread that sends and one that receives. */
final class End implements LinkInitiator, LinkListener {
    static final long PATIENCE_NANOS = 30_000_000_000L;

    private final StorageContext context;
    private final Workers.Gate readable;
    private final Workers.Gate writable;
    private final Workers.Gate state;
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicReference<String> wrong = new AtomicReference<>();
    private volatile Thread caller;
    private volatile Link link;
    private volatile StorageException failure;
    private volatile StorageException end;
    final AtomicInteger readables = new AtomicInteger();
    final AtomicInteger writables = new AtomicInteger();

    End(StorageContext context) {
        this.context = context;
        this.readable = context.workers().newGate();
        this.writable = context.workers().newGate();
        this.state = context.workers().newGate();
    }

    // ---- callbacks

    private void enter(String callback) {
        if (caller == Thread.currentThread()) {
            wrong.compareAndSet(null, callback + " was called from within a call");
        }
        if (inside.getAndIncrement() != 0) {
            wrong.compareAndSet(null, callback + " was called while another callback ran");
        }
        if (end != null) {
            wrong.compareAndSet(null, callback + " was called after closed");
        }
    }

    private void leave() {
        inside.decrementAndGet();
    }

    @Override
    public LinkListener opened(Link opened) {
        enter("opened");
        if (link != null || failure != null) {
            wrong.compareAndSet(null, "opened was called twice, or after failed");
        }
        link = opened;
        state.open();
        leave();
        return this;
    }

    @Override
    public void failed(StorageException why) {
        enter("failed");
        if (link != null || failure != null) {
            wrong.compareAndSet(null, "failed was called twice, or after opened");
        }
        failure = why;
        state.open();
        leave();
    }

    @Override
    public void readable() {
        enter("readable");
        readables.incrementAndGet();
        readable.open();
        leave();
    }

    @Override
    public void writable() {
        enter("writable");
        writables.incrementAndGet();
        writable.open();
        leave();
    }

    @Override
    public void closed(StorageException why) {
        enter("closed");
        end = why;
        readable.open();
        writable.open();
        state.open();
        leave();
    }

    // ---- the test

    void check() {
        assertNull(wrong.get());
    }

    boolean isOpen() {
        return link != null && end == null;
    }

    private void awaitState(String what, BooleanSupplier condition) {
        long deadline = context.clock().monotonicNanos() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            long left = deadline - context.clock().monotonicNanos();
            assertTrue(left > 0, "waited in vain for " + what + "; failure " + failure + ", closed " + end);
            state.await(left);
        }
        check();
    }

    /** The link, when it is open. */
    Link link() {
        awaitState("the link", () -> link != null || failure != null);
        assertNull(failure, () -> "no link: " + failure);
        return link;
    }

    StorageException failure() {
        awaitState("the failure", () -> link != null || failure != null);
        assertNotNull(failure, "a link came to be");
        return failure;
    }

    boolean outcomeIsLink() {
        awaitState("an outcome", () -> link != null || failure != null);
        return link != null;
    }

    StorageException ending() {
        awaitState("the end of the link", () -> end != null);
        return end;
    }

    boolean trySend(ByteBuffer... parts) {
        caller = Thread.currentThread();
        try {
            return link().trySend(parts);
        } finally {
            caller = null;
        }
    }

    private boolean trySend(Link.Urgency urgency, ByteBuffer part) {
        caller = Thread.currentThread();
        try {
            return link().trySend(urgency, part);
        } finally {
            caller = null;
        }
    }

    void send(Link.Urgency urgency, ByteBuffer part) {
        await(() -> trySend(urgency, part));
    }

    void send(ByteBuffer... parts) {
        await(() -> trySend(parts));
    }

    private void await(BooleanSupplier sending) {
        long deadline = context.clock().monotonicNanos() + PATIENCE_NANOS;
        while (!sending.getAsBoolean()) {
            assertNull(end, () -> "closed while sending: " + end);
            long left = deadline - context.clock().monotonicNanos();
            assertTrue(writable.await(left), "nobody said that the link is writable again");
        }
        check();
    }

    /** Hands in the same frame again and again, until the link is closed. */
    void sendUntilClosed(ByteBuffer frame) {
        while (isOpen()) {
            if (!trySend(frame)) {
                assertTrue(writable.await(PATIENCE_NANOS), "nobody said that the link is writable again, or closed");
            }
        }
    }

    /** The next frame, not released; null when the link is closed and nothing is left. */
    Link.Frame receive() {
        long deadline = context.clock().monotonicNanos() + PATIENCE_NANOS;
        while (true) {
            boolean over = end != null;
            Link.Frame frame = link().poll();
            if (frame != null || over) {
                check();
                return frame;
            }
            long left = deadline - context.clock().monotonicNanos();
            assertTrue(readable.await(left), "nobody said that the link is readable");
        }
    }

    /** The next frame's bytes. */
    byte[] bytes() {
        Link.Frame frame = receive();
        assertNotNull(frame, () -> "the link ended: " + end);
        ByteBuffer content = frame.content();
        assertTrue(content.isReadOnly());
        byte[] bytes = new byte[content.remaining()];
        content.get(bytes);
        frame.release();
        return bytes;
    }

    void expectNothing() {
        assertNull(receive());
        assertFalse(isOpen());
    }

    void close(String reason) {
        caller = Thread.currentThread();
        try {
            link().close(reason);
        } finally {
            caller = null;
        }
        assertEquals(null, link().poll(), "after close nothing is handed out");
    }
}
