package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A socket that waits for peers. */
final class Door implements Reactor.Ready {
    private static final int BACKLOG = 256;
    /** Then other sockets get their turn. */
    private static final int MOST_AT_ONCE = 64;

    private static final long CLOSE_SECONDS = 1;

    private final Reactor reactor;
    private final ServerSocketChannel channel;
    private final SocketAddress address;
    private final Path socketFile;
    private final Consumer<SocketChannel> visitors;

    private Door(Reactor reactor, ServerSocketChannel channel, Path socketFile, Consumer<SocketChannel> visitors)
            throws IOException {
        this.reactor = reactor;
        this.channel = channel;
        this.address = channel.getLocalAddress();
        this.socketFile = socketFile;
        this.visitors = visitors;
        channel.configureBlocking(false);
        reactor.order(this::open);
    }

    /**
     * Begins to listen.
     *
     * @throws StorageException BUSY or INVALID, naming the configuration key
     */
    static Door open(Endpoint endpoint, Reactor reactor, Consumer<SocketChannel> visitors) throws StorageException {
        return endpoint instanceof Endpoint.Tcp tcp
                ? tcp(tcp, reactor, visitors)
                : unix(((Endpoint.Unix) endpoint).path(), reactor, visitors);
    }

    private static Door tcp(Endpoint.Tcp tcp, Reactor reactor, Consumer<SocketChannel> visitors)
            throws StorageException {
        String where = tcp.host() + ":" + tcp.port();
        try {
            InetSocketAddress wanted = new InetSocketAddress(InetAddress.getByName(tcp.host()), tcp.port());
            return bound(ServerSocketChannel.open(), wanted, null, reactor, visitors);
        } catch (BindException e) {
            throw new StorageException(
                    StorageException.Reason.BUSY,
                    "port: cannot listen on " + where + ": " + e.getMessage(),
                    "choose another port, or stop what uses it",
                    e);
        } catch (IOException e) {
            throw new StorageException(
                    StorageException.Reason.INVALID,
                    "host: cannot listen on " + where + ": " + e.getMessage(),
                    "give an IP address of this machine",
                    e);
        }
    }

    private static Door unix(Path path, Reactor reactor, Consumer<SocketChannel> visitors) throws StorageException {
        UnixDomainSocketAddress wanted = UnixDomainSocketAddress.of(path);
        try {
            removeStale(path, wanted);
            return bound(ServerSocketChannel.open(StandardProtocolFamily.UNIX), wanted, path, reactor, visitors);
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            throw new StorageException(
                    StorageException.Reason.INVALID,
                    "unixSocket: cannot listen on " + path + ": " + e.getMessage(),
                    "check its directory",
                    e);
        }
    }

    private static Door bound(
            ServerSocketChannel channel,
            SocketAddress wanted,
            Path socketFile,
            Reactor reactor,
            Consumer<SocketChannel> visitors)
            throws IOException {
        try {
            channel.bind(wanted, BACKLOG);
            return new Door(reactor, channel, socketFile, visitors);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static void removeStale(Path path, UnixDomainSocketAddress address) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        if (Files.isRegularFile(path) || Files.isDirectory(path)) {
            throw new StorageException(
                    StorageException.Reason.INVALID,
                    "unixSocket: " + path + " is there and is no socket",
                    "choose another path");
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

    private void open() {
        try {
            reactor.register(channel, SelectionKey.OP_ACCEPT, this);
        } catch (IOException e) {
            if (channel.isOpen()) {
                Shared.LOG.error("cannot accept links at {}", text(), e);
            }
        }
    }

    @Override
    public void ready(SelectionKey key) {
        try {
            for (int i = 0; i < MOST_AT_ONCE; i++) {
                SocketChannel visitor = channel.accept();
                if (visitor == null) {
                    return;
                }
                if (socketFile == null) {
                    visitor.setOption(StandardSocketOptions.TCP_NODELAY, true);
                }
                visitors.accept(visitor);
            }
        } catch (IOException e) {
            if (channel.isOpen()) {
                Shared.LOG.warn("cannot accept a link at {}: {}", text(), e.getMessage());
                // Most likely out of descriptors: that does not change within microseconds.
                key.interestOps(0);
                reactor.crew().look(() -> {
                    pause();
                    reactor.order(this::open);
                });
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
        if (address instanceof InetSocketAddress tcp) {
            String host = tcp.getAddress().getHostAddress();
            return (tcp.getAddress() instanceof Inet6Address ? "[" + host + "]" : host) + ":" + tcp.getPort();
        }
        return "unix:" + address;
    }

    /** The port that it really has; 0 for a Unix socket. */
    int port() {
        return address instanceof InetSocketAddress tcp ? tcp.getPort() : 0;
    }

    /** Does not listen any more when it returns, so that a successor can. */
    void close() {
        try {
            channel.close();
            if (socketFile != null) {
                Files.deleteIfExists(socketFile);
            }
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
