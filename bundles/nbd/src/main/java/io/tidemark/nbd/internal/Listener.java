package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A socket that waits for clients, and the thread that accepts them. */
public final class Listener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final int BACKLOG = 128;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long JOIN_MILLIS = 1000;

    private final ServerSocketChannel channel;
    private final SocketAddress address;
    private final Path socketFile;
    private final Thread thread;

    private Listener(ServerSocketChannel channel, Path socketFile, Consumer<SocketChannel> clients) throws IOException {
        this.channel = channel;
        this.address = channel.getLocalAddress();
        this.socketFile = socketFile;
        this.thread = Shared.daemon(() -> accept(clients), "nbd-accept-" + address);
    }

    /** Takes clients from now on. Those that came before wait in the kernel's queue. */
    public void start() {
        thread.start();
    }

    /**
     * Listens on TCP.
     *
     * @throws StorageException BUSY or INVALID, naming the configuration key
     */
    static Listener tcp(String host, int port, Consumer<SocketChannel> clients) throws StorageException {
        InetSocketAddress wanted;
        try {
            wanted = new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (IOException e) {
            throw invalid("host: '" + host + "' is no address of this machine", "give an IP address", e);
        }
        try {
            ServerSocketChannel channel = ServerSocketChannel.open();
            return bound(channel, wanted, null, clients);
        } catch (BindException e) {
            throw new StorageException(
                    StorageException.Reason.BUSY,
                    "port: cannot listen on " + host + ":" + port + ": " + e.getMessage(),
                    "choose another port, or stop what uses it",
                    e);
        } catch (IOException e) {
            throw invalid("host: cannot listen on " + host + ":" + port + ": " + e.getMessage(), "", e);
        }
    }

    /**
     * Listens on a Unix socket. Takes the place of a socket file that nobody listens on any more.
     *
     * @throws StorageException BUSY or INVALID, naming the configuration key
     */
    static Listener unix(Path path, Consumer<SocketChannel> clients) throws StorageException {
        UnixDomainSocketAddress wanted = UnixDomainSocketAddress.of(path);
        try {
            removeStale(path, wanted);
            ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            return bound(channel, wanted, path, clients);
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            throw invalid("unixSocket: cannot listen on " + path + ": " + e.getMessage(), "check its directory", e);
        }
    }

    private static Listener bound(
            ServerSocketChannel channel, SocketAddress wanted, Path socketFile, Consumer<SocketChannel> clients)
            throws IOException {
        try {
            channel.bind(wanted, BACKLOG);
            return new Listener(channel, socketFile, clients);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static void removeStale(Path path, UnixDomainSocketAddress address) throws IOException, StorageException {
        if (!Files.exists(path)) {
            return;
        }
        if (Files.isRegularFile(path) || Files.isDirectory(path)) {
            throw invalid("unixSocket: " + path + " is there and is no socket", "choose another path", null);
        }
        try (SocketChannel probe = SocketChannel.open(address)) {
            throw new StorageException(
                    StorageException.Reason.BUSY,
                    "unixSocket: somebody listens on " + path + " already (" + probe.getRemoteAddress() + ")",
                    "choose another path, or stop what uses it");
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            Files.delete(path);
        }
    }

    private static StorageException invalid(String what, String remedy, Exception cause) {
        return new StorageException(StorageException.Reason.INVALID, what, remedy, cause);
    }

    private void accept(Consumer<SocketChannel> clients) {
        while (channel.isOpen()) {
            SocketChannel client = null;
            try {
                client = channel.accept();
                clients.accept(client);
            } catch (IOException e) {
                if (channel.isOpen()) {
                    LOG.warn("nbd: cannot accept a client on {}: {}", address, e.getMessage());
                    // Most likely out of descriptors: that does not change within microseconds.
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            } catch (RuntimeException | Error e) {
                LOG.error("nbd: a client on {} could not be served", address, e);
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

    /** Where it really listens. */
    public SocketAddress address() {
        return address;
    }

    @Override
    public void close() {
        try {
            channel.close();
            if (socketFile != null) {
                Files.deleteIfExists(socketFile);
            }
            thread.join(JOIN_MILLIS);
        } catch (IOException e) {
            LOG.warn("nbd: closing {} failed: {}", address, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
