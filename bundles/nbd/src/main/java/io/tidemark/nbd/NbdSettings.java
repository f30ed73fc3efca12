package io.tidemark.nbd;

import io.tidemark.base.net.Endpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * How an NBD server is set up. Each problem is an {@link IllegalArgumentException} whose message begins with the key of the
 * configuration.
 *
 * @param host address to listen on for TCP; empty for none
 * @param port TCP port; 0 lets the system choose
 * @param unixSocket path of a Unix socket to listen on too; null for none
 * @param tls TLS for both
 * @param defaultExport what clients get that name no export; empty for the only image where there is only one
 * @param list whether clients may list images
 * @param limits bounds
 */
public record NbdSettings(
        String host, int port, Path unixSocket, TlsSettings tls, String defaultExport, boolean list, Limits limits) {
    /** Port that is registered for NBD. */
    public static final int DEFAULT_PORT = 10809;

    /** Loopback, the registered port, no TLS. */
    public static final NbdSettings DEFAULTS =
            new NbdSettings("127.0.0.1", DEFAULT_PORT, null, TlsSettings.OFF, "", true, Limits.DEFAULTS);

    /**
     * Bounds on what clients can make the server do.
     *
     * @param maxConnections clients at the same time, those that still negotiate included; each has about half a MiB of
     *     memory
     * @param maxRequests requests in flight for each client
     * @param readerThreads threads that read from a slow disk, for all clients of a device
     * @param negotiation how long a client may negotiate
     * @param stall how long a client may stop in the middle of a request
     * @param closing how long requests in flight have when the server stops
     */
    public record Limits(
            int maxConnections,
            int maxRequests,
            int readerThreads,
            Duration negotiation,
            Duration stall,
            Duration closing) {
        /** Fit for a node with 512 MiB. */
        public static final Limits DEFAULTS =
                new Limits(64, 512, 32, Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(3));

        /** Checks ranges. */
        public Limits {
            range("maxConnections", maxConnections, 1, 10_000);
            range("maxRequests", maxRequests, 1, 65_536);
            range("readerThreads", readerThreads, 1, 1024);
            positive("negotiationTimeout", negotiation);
            positive("stallTimeout", stall);
            positive("closeTimeout", closing);
        }

        // Here and not in the outer class: its initialization needs this one's.
        private static void range(String key, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(key + ": " + value + " is not between " + least + " and " + most);
            }
        }

        private static void positive(String key, Duration value) {
            if (value.isNegative() || value.isZero() || value.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException(key + ": " + value + " is not between 1ms and 1d");
            }
        }
    }

    /** Checks ranges and contradictions. */
    public NbdSettings {
        Objects.requireNonNull(tls, "tls");
        Objects.requireNonNull(limits, "limits");
        Endpoint.of(host, port, unixSocket);
    }

    /**
     * Where to listen.
     *
     * @return none, TCP, the Unix socket or both
     */
    public List<Endpoint> endpoints() {
        return Endpoint.of(host, port, unixSocket);
    }

    /**
     * The same on another TCP address.
     *
     * @param newHost address
     * @param newPort port
     * @return new settings
     */
    public NbdSettings withTcp(String newHost, int newPort) {
        return new NbdSettings(newHost, newPort, unixSocket, tls, defaultExport, list, limits);
    }

    /**
     * The same with a Unix socket.
     *
     * @param path where; null for none
     * @return new settings
     */
    public NbdSettings withUnixSocket(Path path) {
        return new NbdSettings(host, port, path, tls, defaultExport, list, limits);
    }

    /**
     * The same with other TLS settings.
     *
     * @param newTls TLS
     * @return new settings
     */
    public NbdSettings withTls(TlsSettings newTls) {
        return new NbdSettings(host, port, unixSocket, newTls, defaultExport, list, limits);
    }

    /**
     * The same with other limits.
     *
     * @param newLimits bounds
     * @return new settings
     */
    public NbdSettings withLimits(Limits newLimits) {
        return new NbdSettings(host, port, unixSocket, tls, defaultExport, list, newLimits);
    }
}
