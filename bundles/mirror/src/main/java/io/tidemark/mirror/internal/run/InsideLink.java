package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkFigures;
import io.tidemark.api.transport.LinkListener;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One end of a link that does not leave the node: the source's side of the protocol runs here, too. In each direction at most {@link
 * #MOST_BYTES} or one frame are under way.
 */
final class InsideLink implements Link {
    private static final int MOST_BYTES = 8 << 20;

    /** Of both ends. */
    private final Object lock;

    private final String name;
    private InsideLink other;
    private LinkListener listener;

    // Guarded by the lock.
    private final ArrayDeque<ByteBuffer> inbox = new ArrayDeque<>();
    private long inboxBytes;
    private boolean otherWaits;
    private boolean closed;
    private boolean keepsInbox;
    private long framesSent;
    private long bytesSent;
    private long framesReceived;
    private long bytesReceived;

    private InsideLink(String name, Object lock) {
        this.name = name;
        this.lock = lock;
    }

    /** Two ends that need listeners, see {@link #tells}. */
    static InsideLink[] pair(String name) {
        Object lock = new Object();
        InsideLink[] ends = {new InsideLink(name, lock), new InsideLink(name, lock)};
        ends[0].other = ends[1];
        ends[1].other = ends[0];
        return ends;
    }

    /** Before anything is sent from either end. */
    void tells(LinkListener told) {
        listener = told;
    }

    @Override
    public String peerName() {
        return name;
    }

    @Override
    public Optional<String> peerFingerprint() {
        return Optional.empty();
    }

    @Override
    public int maxFrameBytes() {
        return LEAST_MAX_FRAME_BYTES;
    }

    @Override
    public boolean trySend(ByteBuffer... parts) {
        int bytes = 0;
        for (ByteBuffer part : parts) {
            bytes += part.remaining();
        }
        if (bytes > LEAST_MAX_FRAME_BYTES) {
            throw new IllegalArgumentException("a frame of " + bytes + " bytes is too long");
        }
        synchronized (lock) {
            if (closed) {
                return false;
            }
            if (other.inboxBytes > 0 && other.inboxBytes + bytes > MOST_BYTES) {
                other.otherWaits = true;
                return false;
            }
            other.inboxBytes += bytes;
        }
        ByteBuffer copy = ByteBuffer.allocate(bytes);
        for (ByteBuffer part : parts) {
            copy.put(part.duplicate());
        }
        synchronized (lock) {
            // Frames of several senders come in whatever order they get here; each of them sends one after the other.
            other.inbox.add(copy.flip());
            framesSent++;
            bytesSent += bytes;
        }
        other.listener.readable();
        return true;
    }

    @Override
    public Frame poll() {
        ByteBuffer next;
        synchronized (lock) {
            next = closed && !keepsInbox ? null : inbox.poll();
            if (next == null) {
                return null;
            }
            framesReceived++;
            bytesReceived += next.remaining();
        }
        return new Lent(next);
    }

    private final class Lent implements Frame {
        private final ByteBuffer bytes;
        private final AtomicBoolean released = new AtomicBoolean();

        Lent(ByteBuffer bytes) {
            this.bytes = bytes;
        }

        @Override
        public ByteBuffer content() {
            return bytes.asReadOnlyBuffer();
        }

        @Override
        public void release() {
            if (released.getAndSet(true)) {
                throw new IllegalStateException("the frame was released before");
            }
            boolean wake;
            synchronized (lock) {
                inboxBytes -= bytes.remaining();
                wake = otherWaits;
                otherWaits = false;
            }
            if (wake) {
                other.listener.writable();
            }
        }

        @Override
        public ByteBuffer keep() {
            release();
            return bytes;
        }
    }

    @Override
    public LinkFigures figures() {
        synchronized (lock) {
            return new LinkFigures(
                    framesSent, bytesSent, 0, framesReceived, bytesReceived, 0, 0, 0, other.inboxBytes, -1, -1, 0, 0);
        }
    }

    @Override
    public void close(String reason) {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            other.closed = true;
            // What had been taken before still arrives.
            other.keepsInbox = true;
        }
        StorageException why = new StorageException(Reason.CLOSED, reason, "");
        listener.closed(why);
        other.listener.closed(why);
    }
}
