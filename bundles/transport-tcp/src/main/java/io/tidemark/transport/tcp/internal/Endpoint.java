package io.tidemark.transport.tcp.internal;

import io.tidemark.transport.tcp.TcpSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
    static List<Endpoint> of(TcpSettings settings) {
        List<Endpoint> endpoints = new ArrayList<>();
        if (!settings.host().isEmpty()) {
            endpoints.add(new Tcp(settings.host(), settings.port()));
        }
        if (settings.unixSocket() != null) {
            endpoints.add(new Unix(settings.unixSocket()));
        }
        return endpoints;
    }
}
