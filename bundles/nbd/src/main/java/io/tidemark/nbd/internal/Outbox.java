package io.tidemark.nbd.internal;

import io.tidemark.base.net.ByteLink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Answered requests on their way to the socket. Any thread may add one and then {@link #pump}: whoever gets the lock sends
 * for everybody, without waiting for the client. What does not fit into the socket is left to the connection's thread, the
 * owner. Bounded by the number of requests that a connection has, because each comes back through {@link #takeFree} only
 * when its reply is encoded.
 */
final class Outbox {
    private final ReentrantLock sending = new ReentrantLock();
    private final AtomicReference<Request> added = new AtomicReference<>();
    private final AtomicReference<Request> free = new AtomicReference<>();
    private final ByteLink link;
    private final Replies replies;
    private final Counters counters;
    private final Runnable wakeOwner;

    /** Encoded and not yet sent, from position to limit. Under the lock, as the two fields that follow. */
    private ByteBuffer encoded;

    private Request inOrder;
    private Request withReply;
    /** The socket took only a part of the owner's bytes. Under the lock. */
    private boolean ownBegun;
    /** The socket is full: only the owner goes on. */
    private volatile boolean blocked;
    /** The owner waits for a request to come back. */
    private volatile boolean ownerWaits;

    private volatile IOException failure;

    Outbox(ByteLink link, Replies replies, Counters counters, ByteBuffer encoded, Runnable wakeOwner) {
        this.link = link;
        this.replies = replies;
        this.counters = counters;
        this.wakeOwner = wakeOwner;
        this.encoded = encoded.clear().limit(0);
    }

    /** Takes a request that was answered. Sends nothing yet. */
    void add(Request request) {
        push(added, request);
    }

    private static void push(AtomicReference<Request> stack, Request request) {
        Request top;
        do {
            top = stack.get();
            request.next = top;
        } while (!stack.compareAndSet(top, request));
    }

    boolean isEmpty() {
        return added.get() == null && !blocked;
    }

    boolean blocked() {
        return blocked;
    }

    /** Why sending ended; null while it works. */
    IOException failure() {
        return failure;
    }

    /** Sends what was added, unless somebody does already or the socket is full. For any thread; never waits. */
    void pump() {
        while (added.get() != null && !blocked && sending.tryLock()) {
            try {
                if (!drain()) {
                    blocked = true;
                    wakeOwner.run();
                }
            } finally {
                sending.unlock();
            }
        }
    }

    /**
     * For the owner: sends what was added and then bytes of its own.
     *
     * @param own replies that the owner encoded itself; may be empty
     * @return whether everything is sent; otherwise to be called again when the socket is writable
     */
    boolean ownerSends(ByteBuffer own) throws IOException {
        sending.lock();
        try {
            // Nothing may come between two parts of the owner's bytes.
            boolean all = ownBegun || drain();
            if (all && (ownBegun || own.hasRemaining())) {
                all = link.write(own, null);
                ownBegun = !all;
            }
            blocked = !all;
            return all;
        } finally {
            sending.unlock();
            // Who found the lock taken, or the socket full, left its requests to this thread.
            pump();
        }
    }

    /** For the owner: keeps everybody else's replies back until {@link #endExclusive}, after sending what is there. */
    boolean beginExclusive() throws IOException {
        sending.lock();
        boolean all = drain();
        blocked = !all;
        if (!all) {
            sending.unlock();
        }
        return all;
    }

    /** For the owner, between {@link #beginExclusive} and {@link #endExclusive}: sends bytes of its own and nothing else. */
    boolean sendExclusively(ByteBuffer own) throws IOException {
        return link.write(own, null);
    }

    void endExclusive() {
        sending.unlock();
        pump();
    }

    /** For the owner, before {@link #endExclusive}: its reply cannot be finished, so nothing may follow it. */
    void breakOff() {
        failure = new IOException("a reply was broken off");
    }

    /** Whether nothing that was added waits for the socket. Under the lock. */
    private boolean drain() {
        if (failure != null) {
            discard();
            return true;
        }
        try {
            // After a full socket the link may hold bytes even where nothing is left here.
            boolean more = blocked || encode();
            while (more) {
                if (!link.write(encoded, withReply == null ? null : withReply.reply)) {
                    return false;
                }
                if (withReply != null) {
                    Request sent = withReply;
                    withReply = null;
                    recycle(sent);
                }
                more = encode();
            }
            return true;
        } catch (IOException e) {
            failure = e;
            discard();
            wakeOwner.run();
            return true;
        }
    }

    /** Encodes as much as there is room for. A reply with data ends it, since the data is sent from where it lies. */
    private boolean encode() {
        encoded.compact();
        while (withReply == null && encoded.remaining() >= Replies.MAX_BYTES) {
            Request request = nextInOrder();
            if (request == null) {
                break;
            }
            if (request.error != 0) {
                replies.error(encoded, request.cookie, request.error, request.message);
                recycle(request);
            } else if (request.reply == null) {
                replies.success(encoded, request);
                recycle(request);
            } else if (request.reply.remaining() <= encoded.remaining()) {
                encoded.put(request.reply);
                recycle(request);
            } else {
                withReply = request;
            }
        }
        encoded.flip();
        return encoded.hasRemaining() || withReply != null;
    }

    private Request nextInOrder() {
        if (inOrder == null) {
            Request request = added.getAndSet(null);
            while (request != null) {
                Request earlier = request.next;
                request.next = inOrder;
                inOrder = request;
                request = earlier;
            }
        }
        Request first = inOrder;
        if (first != null) {
            inOrder = first.next;
        }
        return first;
    }

    private void discard() {
        encoded.position(0).limit(0);
        if (withReply != null) {
            recycle(withReply);
            withReply = null;
        }
        for (Request request = nextInOrder(); request != null; request = nextInOrder()) {
            recycle(request);
        }
    }

    private void recycle(Request request) {
        counters.answered(request);
        if (request.lease != null) {
            request.lease.giveBack();
        }
        request.clear();
        push(free, request);
        if (ownerWaits) {
            wakeOwner.run();
        }
    }

    /** Nothing is sent any more, and nobody uses the buffer when this returns. */
    void close() {
        sending.lock();
        try {
            if (failure == null) {
                failure = new ClosedChannelException();
            }
            discard();
            encoded = ByteBuffer.allocate(0);
            // There is no owner any more who would go on: who answers later discards its own.
            blocked = false;
        } finally {
            sending.unlock();
            pump();
        }
    }

    /** For the owner: requests whose replies are encoded, linked; null when there are none. */
    Request takeFree() {
        return free.getAndSet(null);
    }

    /** For the owner, before it waits for a request: look again with {@link #takeFree} after setting it. */
    void ownerWaits(boolean waits) {
        ownerWaits = waits;
    }
}
