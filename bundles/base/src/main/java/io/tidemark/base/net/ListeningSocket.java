package io.tidemark.base.net;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A socket that waits for peers, over TCP or as a file. Safe for all threads. */
public final class ListeningSocket implements AutoCloseable {
    private final Endpoint endpoint;
    private final ServerSocketChannel channel;
    private final SocketAddress address;

    private ListeningSocket(Endpoint endpoint, ServerSocketChannel channel, SocketAddress wanted, int backlog)
            throws IOException {
        this.endpoint = endpoint;
        this.channel = channel;
        try {
            channel.bind(wanted, backlog);
            this.address = channel.getLocalAddress();
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Listens. Takes the place of a socket file that nobody listens on any more.
     *
     * @param endpoint where
     * @param backlog how many peers may wait to be accepted
     * @return the socket; peers wait in the kernel's queue until its channel accepts them
     * @throws StorageException BUSY or INVALID; the message begins with the configuration's key
     */
    public static ListeningSocket open(Endpoint endpoint, int backlog) throws StorageException {
        return endpoint instanceof Endpoint.Tcp tcp ? tcp(tcp, backlog) : unix((Endpoint.Unix) endpoint, backlog);
    }

    private static ListeningSocket tcp(Endpoint.Tcp tcp, int backlog) throws StorageException {
        String where = tcp.host() + ":" + tcp.port();
        try {
            InetSocketAddress wanted = new InetSocketAddress(InetAddress.getByName(tcp.host()), tcp.port());
            return new ListeningSocket(tcp, ServerSocketChannel.open(), wanted, backlog);
        } catch (BindException e) {
            throw new StorageException(
                    Reason.BUSY,
                    "port: cannot listen on " + where + ": " + e.getMessage(),
                    "choose another port, or stop what uses it",
                    e);
        } catch (IOException e) {
            throw new StorageException(
                    Reason.INVALID,
                    "host: cannot listen on " + where + ": " + e.getMessage(),
                    "give an IP address of this machine",
                    e);
        }
    }

    private static ListeningSocket unix(Endpoint.Unix unix, int backlog) throws StorageException {
        UnixDomainSocketAddress wanted = UnixDomainSocketAddress.of(unix.path());
        try {
            removeStale(unix.path(), wanted);
            return new ListeningSocket(unix, ServerSocketChannel.open(StandardProtocolFamily.UNIX), wanted, backlog);
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            throw new StorageException(
                    Reason.INVALID,
                    "unixSocket: cannot listen on " + unix.path() + ": " + e.getMessage(),
                    "check its directory",
                    e);
        }
    }

    private static void removeStale(Path path, UnixDomainSocketAddress address) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        if (Files.isRegularFile(path) || Files.isDirectory(path)) {
            throw new StorageException(
                    Reason.INVALID, "unixSocket: " + path + " is there and is no socket", "choose another path");
        }
        try (SocketChannel probe = SocketChannel.open(address)) {
            throw new StorageException(
                    Reason.BUSY,
                    "unixSocket: somebody listens on " + path + " already (" + probe.getRemoteAddress() + ")",
                    "choose another path, or stop what uses it");
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            Files.delete(path);
        }
    }

    /**
     * What accepts peers.
     *
     * @return to be closed by {@link #close} only
     */
    public ServerSocketChannel channel() {
        return channel;
    }

    /**
     * Where it really listens.
     *
     * @return with the port that the system chose
     */
    public SocketAddress address() {
        return address;
    }

    /**
     * The endpoint with the port that it really has.
     *
     * @return where to listen to be found by the same peers
     */
    Endpoint real() {
        return endpoint instanceof Endpoint.Tcp tcp ? new Endpoint.Tcp(tcp.host(), port()) : endpoint;
    }

    /** The port that it really has; 0 for a Unix socket. */
    int port() {
        return address instanceof InetSocketAddress tcp ? tcp.getPort() : 0;
    }

    /**
     * Where it really listens, for people.
     *
     * @return IP:PORT, [IPV6]:PORT or the path
     */
    public String text() {
        if (address instanceof InetSocketAddress tcp) {
            String host = tcp.getAddress().getHostAddress();
            return (tcp.getAddress() instanceof Inet6Address ? "[" + host + "]" : host) + ":" + tcp.getPort();
        }
        return address.toString();
    }

    /** Ends it, and removes its file. */
    @Override
    public void close() throws IOException {
        channel.close();
        if (endpoint instanceof Endpoint.Unix unix) {
            Files.deleteIfExists(unix.path());
        }
    }
}
