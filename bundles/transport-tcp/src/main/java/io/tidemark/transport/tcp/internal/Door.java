package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;
import io.tidemark.base.net.Endpoint;
import io.tidemark.base.net.ListeningSocket;
import io.tidemark.base.net.Places;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A socket that waits for peers. */
final class Door implements Reactor.Ready, Places.Place {
    private static final int BACKLOG = 256;
    /** Then other sockets get their turn. */
    private static final int MOST_AT_ONCE = 64;

    private static final long CLOSE_SECONDS = 1;

    private final ListeningSocket socket;
    private final Reactor reactor;
    private final Consumer<SocketChannel> visitors;

    /**
     * Listens.
     *
     * @throws StorageException BUSY or INVALID, naming the configuration key
     */
    Door(Endpoint endpoint, Reactor reactor, Consumer<SocketChannel> visitors) throws StorageException {
        this.socket = ListeningSocket.open(endpoint, BACKLOG);
        this.reactor = reactor;
        this.visitors = visitors;
    }

    @Override
    public ListeningSocket socket() {
        return socket;
    }

    @Override
    public void start() {
        reactor.order(this::open);
    }

    private void open() {
        try {
            reactor.register(socket.channel(), SelectionKey.OP_ACCEPT, this);
        } catch (IOException e) {
            if (socket.channel().isOpen()) {
                Shared.LOG.error("cannot accept links at {}", text(), e);
            }
        }
    }

    @Override
    public void ready(SelectionKey key) {
        try {
            for (int i = 0; i < MOST_AT_ONCE; i++) {
                SocketChannel visitor = socket.channel().accept();
                if (visitor == null) {
                    return;
                }
                if (socket.address() instanceof InetSocketAddress) {
                    visitor.setOption(StandardSocketOptions.TCP_NODELAY, true);
                }
                visitors.accept(visitor);
            }
        } catch (IOException e) {
            if (socket.channel().isOpen()) {
                Shared.LOG.warn("cannot accept a link at {}: {}", text(), e.getMessage());
                // Most likely out of descriptors: that does not change within microseconds.
                key.interestOps(0);
                boolean later = reactor.crew().look(() -> {
                    pause();
                    start();
                });
                if (!later && key.isValid()) {
                    // Better all links wait for a moment than nobody gets in ever after.
                    pause();
                    key.interestOps(SelectionKey.OP_ACCEPT);
                }
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What peers connect to. */
    String text() {
        return (socket.address() instanceof InetSocketAddress ? "" : "unix:") + socket.text();
    }

    @Override
    public void close() {
        try {
            socket.close();
            // The socket goes when the selector has let go of it: at its next round but one at the latest.
            CountDownLatch gone = new CountDownLatch(1);
            reactor.order(() -> reactor.order(gone::countDown));
            if (!gone.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                Shared.LOG.warn("{} may still be taken for a moment", text());
            }
        } catch (IOException e) {
            Shared.LOG.warn("closing {} failed: {}", text(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
