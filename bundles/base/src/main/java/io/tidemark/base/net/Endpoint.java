package io.tidemark.base.net;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An address to listen on, as configured. */
public sealed interface Endpoint {
    /** Longest path of a Unix socket in bytes. */
    int MAX_SOCKET_PATH_BYTES = 107;

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

    /**
     * Those that a configuration names by its keys {@code host}, {@code port} and {@code unixSocket}.
     *
     * @param host empty for no TCP
     * @param port 0 for any
     * @param unixSocket null for none
     * @return up to two
     * @throws IllegalArgumentException whose message begins with the key
     */
    static List<Endpoint> of(String host, int port, Path unixSocket) {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " is not between 0 and 65535");
        }
        List<Endpoint> endpoints = new ArrayList<>();
        if (!host.isEmpty()) {
            endpoints.add(new Tcp(host, port));
        }
        if (unixSocket != null) {
            if (unixSocket.toString().getBytes(StandardCharsets.UTF_8).length > MAX_SOCKET_PATH_BYTES) {
                throw new IllegalArgumentException(
                        "unixSocket: '" + unixSocket + "' is longer than " + MAX_SOCKET_PATH_BYTES
                                + " bytes, which is all that a Unix socket can have; choose a shorter path");
            }
            endpoints.add(new Unix(unixSocket));
        }
        return endpoints;
    }
}
