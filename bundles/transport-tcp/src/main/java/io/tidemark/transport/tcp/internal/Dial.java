package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.file.InvalidPathException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.regex.Pattern;

/** Finds a way to a peer: looks its name up, and tries its addresses one after the other. */
final class Dial {
    private static final String UNIX = "unix:";
    private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile("(" + BYTE + "\\.){3}" + BYTE);

    private final String text;
    private final String host;
    private final int port;
    private final SocketAddress path;
    private final Names.Lookup lookup;
    private final Queue<SocketAddress> addresses = new ArrayDeque<>();
    /** Written by the thread that looks up, before the link gets its turn. */
    private volatile boolean found;

    private volatile Throwable unknown;
    private SocketChannel channel;
    private SelectionKey key;

    private Dial(String text, String host, int port, SocketAddress path, Names.Lookup lookup) {
        this.text = text;
        this.host = host;
        this.port = port;
        this.path = path;
        this.lookup = lookup;
    }

    /**
     * Takes an address apart.
     *
     * @throws StorageException INVALID, with what to write
     */
    static Dial parse(String text) throws StorageException {
        return parse(text, InetAddress::getAllByName);
    }

    static Dial parse(String text, Names.Lookup lookup) throws StorageException {
        if (text.startsWith(UNIX)) {
            return unix(text, lookup);
        }
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            host = "";
        }
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (!host.isEmpty() && port > 0 && port <= 65_535) {
                return new Dial(text, host, port, null, lookup);
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw invalid(text);
    }

    private static Dial unix(String text, Names.Lookup lookup) throws StorageException {
        try {
            return new Dial(text, "", 0, UnixDomainSocketAddress.of(text.substring(UNIX.length())), lookup);
        } catch (InvalidPathException e) {
            throw invalid(text);
        }
    }

    private static StorageException invalid(String text) {
        return new StorageException(
                StorageException.Reason.INVALID,
                "'" + text + "' is no address of a peer",
                "write HOST:PORT, [IPV6]:PORT or unix:PATH");
    }

    /** Empty for a Unix socket. */
    String host() {
        return host;
    }

    int port() {
        return port;
    }

    /** Finds out where the peer is, and calls then: at once, where no name server has to be asked. */
    void find(Names names, Runnable then) {
        if (path != null) {
            addresses.add(path);
            found = true;
            then.run();
        } else if (isLiteral()) {
            try {
                // In brackets an address is never looked up.
                found(InetAddress.getAllByName(host.indexOf(':') < 0 ? host : "[" + host + "]"), null);
            } catch (UnknownHostException e) {
                found(null, e);
            }
            then.run();
        } else {
            names.find(host, lookup, (answer, why) -> {
                found(answer, why);
                then.run();
            });
        }
    }

    private boolean isLiteral() {
        return host.indexOf(':') >= 0 || IPV4.matcher(host).matches();
    }

    private void found(InetAddress[] answer, Throwable why) {
        if (why == null) {
            for (InetAddress address : answer) {
                addresses.add(new InetSocketAddress(address, port));
            }
        }
        unknown = why;
        found = true;
    }

    boolean isFound() {
        return found;
    }

    /** Goes on. The channel when it is connected; null as long as it is not. On the reactor's thread. */
    SocketChannel step(Reactor reactor, Reactor.Ready link) throws IOException {
        if (!found) {
            return null;
        }
        if (unknown != null) {
            throw new IOException("no address of the host '" + host + "' is known", unknown);
        }
        while (true) {
            try {
                boolean connected = channel == null ? begin(reactor, link) : channel.finishConnect();
                if (connected) {
                    return channel;
                }
                key.interestOps(SelectionKey.OP_CONNECT);
                return null;
            } catch (IOException e) {
                close();
                if (addresses.isEmpty()) {
                    throw e;
                }
            }
        }
    }

    private boolean begin(Reactor reactor, Reactor.Ready link) throws IOException {
        SocketAddress address = addresses.remove();
        boolean unix = path != null;
        channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        if (!unix) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        key = reactor.register(channel, 0, link);
        return channel.connect(address);
    }

    SelectionKey key() {
        return key;
    }

    void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
