package io.tidemark.nbd.internal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** The one place where a connection's thread waits: for its socket, and for others to wake it. */
final class Waiter implements Closeable {
    static final int READ = SelectionKey.OP_READ;
    static final int WRITE = SelectionKey.OP_WRITE;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Selector selector;
    private final SelectionKey key;

    Waiter(SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        selector = Selector.open();
        key = channel.register(selector, READ);
    }

    /**
     * Waits until the socket is ready for what is asked, somebody wakes, or the time runs out.
     *
     * @param operations READ, WRITE, both or none
     * @param timeoutNanos at most so long; {@link Long#MAX_VALUE} for ever
     */
    void await(int operations, long timeoutNanos) throws IOException {
        try {
            if (key.interestOps() != operations) {
                key.interestOps(operations);
            }
            if (timeoutNanos == Long.MAX_VALUE) {
                selector.select();
            } else {
                selector.select(Math.max(1, timeoutNanos / NANOS_PER_MILLI));
            }
            selector.selectedKeys().clear();
        } catch (CancelledKeyException | ClosedSelectorException e) {
            throw new IOException("the connection was closed", e);
        }
    }

    /** Ends the wait under way, or the next one. Any thread. */
    void wake() {
        selector.wakeup();
    }

    @Override
    public void close() throws IOException {
        selector.close();
    }
}
