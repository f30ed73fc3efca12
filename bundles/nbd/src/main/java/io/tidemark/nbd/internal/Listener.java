package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import io.tidemark.base.net.Endpoint;
import io.tidemark.base.net.ListeningSocket;
import io.tidemark.base.net.Places;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A socket that waits for clients, and the thread that accepts them. */
public final class Listener implements Places.Place {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final int BACKLOG = 128;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long JOIN_MILLIS = 1000;

    private final ListeningSocket socket;
    private final Thread thread;

    /**
     * Listens.
     *
     * @throws StorageException BUSY or INVALID, naming the configuration key
     */
    public Listener(Endpoint endpoint, Consumer<SocketChannel> clients) throws StorageException {
        this.socket = ListeningSocket.open(endpoint, BACKLOG);
        this.thread = Shared.daemon(() -> accept(clients), "nbd-accept-" + socket.address());
    }

    @Override
    public ListeningSocket socket() {
        return socket;
    }

    @Override
    public void start() {
        thread.start();
    }

    private void accept(Consumer<SocketChannel> clients) {
        while (socket.channel().isOpen()) {
            SocketChannel client = null;
            try {
                client = socket.channel().accept();
                clients.accept(client);
            } catch (IOException e) {
                if (socket.channel().isOpen()) {
                    LOG.warn("nbd: cannot accept a client on {}: {}", socket.address(), e.getMessage());
                    // Most likely out of descriptors: that does not change within microseconds.
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            } catch (RuntimeException | Error e) {
                LOG.error("nbd: a client on {} could not be served", socket.address(), e);
                drop(client);
            }
        }
    }

    private static void drop(SocketChannel client) {
        try {
            if (client != null) {
                client.close();
            }
        } catch (IOException e) {
            LOG.debug("nbd: closing a connection failed: {}", e.getMessage());
        }
    }

    /** What clients call it. */
    public String uri(boolean tls, String exportName) {
        String export = URLEncoder.encode(exportName, StandardCharsets.UTF_8).replace("+", "%20");
        String scheme = tls ? "nbds" : "nbd";
        return socket.address() instanceof InetSocketAddress
                ? scheme + "://" + socket.text() + "/" + export
                : scheme + "+unix:///" + export + "?socket=" + socket.text();
    }

    @Override
    public void close() {
        try {
            socket.close();
            thread.join(JOIN_MILLIS);
        } catch (IOException e) {
            LOG.warn("nbd: closing {} failed: {}", socket.address(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
