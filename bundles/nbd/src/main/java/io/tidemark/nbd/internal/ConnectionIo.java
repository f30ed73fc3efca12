package io.tidemark.nbd.internal;

import io.tidemark.base.net.ByteLink;
import io.tidemark.base.net.PlainLink;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * The socket of a connection, as its thread sees it: bytes, waiting, and the wishes of others that it end. Only
 * {@link #end} and {@link #abort} are for other threads.
 */
final class ConnectionIo implements Closeable {
    private final SocketChannel channel;
    private final Waiter waiter;
    private final long stallNanos;
    private ByteLink link;
    private volatile String ending;
    private volatile boolean aborted;

    ConnectionIo(SocketChannel channel, long stallNanos) throws IOException {
        this.channel = channel;
        this.waiter = new Waiter(channel);
        this.stallNanos = stallNanos;
        this.link = new PlainLink(channel);
    }

    SocketChannel channel() {
        return channel;
    }

    Waiter waiter() {
        return waiter;
    }

    ByteLink link() {
        return link;
    }

    void link(ByteLink newLink) {
        link = newLink;
    }

    /** How long a client may stop in the middle of a request. */
    long stallNanos() {
        return stallNanos;
    }

    /** Why no further request is served; null while they are. */
    String ending() {
        return ending;
    }

    /** The reason to give for an end at a place where one is allowed. */
    String ended(String otherwise) {
        String why = ending;
        return why == null ? otherwise : why;
    }

    /** Asks the connection to answer what is in flight, refuse the rest, and end. Any thread. */
    void end(String why) {
        if (ending == null) {
            ending = why;
        }
        waiter.wake();
    }

    /** Ends the connection as it is. Any thread. */
    void abort() {
        aborted = true;
        waiter.wake();
    }

    void checkOpen() throws IOException {
        if (aborted) {
            throw new IOException("the server closed the connection");
        }
    }

    /** Sends all, waiting for the client up to a deadline. For negotiation only. */
    void sendAll(ByteBuffer bytes, long deadlineNanos) throws IOException {
        while (!link.write(bytes, null)) {
            awaitUntil(Waiter.WRITE, deadlineNanos);
        }
    }

    /** Waits for the socket up to a deadline. */
    void awaitUntil(int operations, long deadlineNanos) throws IOException {
        long left = deadlineNanos - System.nanoTime();
        if (left <= 0) {
            throw new IOException("the client took too long to negotiate");
        }
        waiter.await(operations, left);
        checkOpen();
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            waiter.close();
        }
    }
}
