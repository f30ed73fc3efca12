package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import io.tidemark.nbd.NbdSettings;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URLEncoder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** An address to listen on, as configured. */
public sealed interface Endpoint {
    /**
     * TCP.
     *
     * @param host name or address
     * @param port 0 for any
     */
    record Tcp(String host, int port) implements Endpoint {}

    /**
     * A Unix socket.
     *
     * @param path of its file
     */
    record Unix(Path path) implements Endpoint {}

    /** Those that settings name. */
    static List<Endpoint> of(NbdSettings settings) {
        List<Endpoint> endpoints = new ArrayList<>();
        if (!settings.host().isEmpty()) {
            endpoints.add(new Tcp(settings.host(), settings.port()));
        }
        if (settings.unixSocket() != null) {
            endpoints.add(new Unix(settings.unixSocket()));
        }
        return endpoints;
    }

    /** The same, with the port that it really has. */
    static Endpoint at(Endpoint endpoint, SocketAddress address) {
        return endpoint instanceof Tcp tcp && address instanceof InetSocketAddress real
                ? new Tcp(tcp.host(), real.getPort())
                : endpoint;
    }

    /** Listens on it. */
    default Listener listen(Consumer<SocketChannel> clients) throws StorageException {
        if (this instanceof Tcp tcp) {
            return Listener.tcp(tcp.host(), tcp.port(), clients);
        }
        return Listener.unix(((Unix) this).path(), clients);
    }

    /** What clients call it. */
    static String uri(SocketAddress address, boolean tls, String exportName) {
        String export = encoded(exportName);
        String scheme = tls ? "nbds" : "nbd";
        if (address instanceof InetSocketAddress tcp) {
            String host = tcp.getAddress().getHostAddress();
            String bracketed = tcp.getAddress() instanceof Inet6Address ? "[" + host + "]" : host;
            return scheme + "://" + bracketed + ":" + tcp.getPort() + "/" + export;
        }
        return scheme + "+unix:///" + export + "?socket=" + address;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
