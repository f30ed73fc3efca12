package io.tidemark.transport.tcp;

import io.tidemark.api.transport.Link;
import io.tidemark.base.net.Endpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * How the transport is set up. Each problem is an {@link IllegalArgumentException} whose message begins with the key of the
 * configuration.
 *
 * @param host address to listen on for TCP; empty for none
 * @param port TCP port; 0 lets the system choose
 * @param unixSocket path of a Unix socket to listen on too; null for none
 * @param tls TLS for all links
 * @param limits bounds on memory and rate
 * @param times how long things may take
 */
public record TcpSettings(String host, int port, Path unixSocket, TlsSettings tls, Limits limits, Times times) {
    /** Where peers are expected. */
    public static final int DEFAULT_PORT = 10810;

    /** Loopback, no TLS. */
    public static final TcpSettings DEFAULTS =
            new TcpSettings("127.0.0.1", DEFAULT_PORT, null, TlsSettings.OFF, Limits.DEFAULTS, Times.DEFAULTS);

    /** Apart, because the outer class needs the others to be there when it is initialized. */
    private static final class Check {
        private static void range(String key, long value, long least, long most) {
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

    /** When frames are compressed. */
    public enum Compression {
        /** Never. */
        OFF,
        /** While the network is what is waited for, and it helps. */
        ADAPTIVE,
        /** Whenever it makes a frame smaller. */
        ALWAYS
    }

    /**
     * Bounds.
     *
     * @param maxLinks links that peers opened
     * @param windowBytes memory of each link for frames that were received and are not released
     * @param sendBytes memory of each link for frames that were handed in and are not sent; a quarter of it more for those that go
     *     first, and another one for those that go last
     * @param bandwidthBytesPerSecond most content that all links together send; 0 for no bound
     * @param compression when frames are compressed
     * @param workerThreads threads for TLS, compression and looking up names
     */
    public record Limits(
            int maxLinks,
            long windowBytes,
            long sendBytes,
            long bandwidthBytesPerSecond,
            Compression compression,
            int workerThreads) {
        /** Least memory for a direction: one longest frame, and one more under way. */
        public static final long LEAST_BYTES = 4L << 20;

        /** Fit for a node with 512 MiB and a few peers. */
        public static final Limits DEFAULTS = new Limits(64, 8L << 20, 4L << 20, 0, Compression.ADAPTIVE, 2);

        /** Checks ranges. */
        public Limits {
            Objects.requireNonNull(compression, "compression");
            Check.range("maxLinks", maxLinks, 1, 10_000);
            Check.range("window", windowBytes, LEAST_BYTES, 1L << 30);
            Check.range("sendBuffer", sendBytes, LEAST_BYTES, 1L << 30);
            Check.range("bandwidth", bandwidthBytesPerSecond, 0, 1L << 40);
            Check.range("workerThreads", workerThreads, 1, 64);
            if (bandwidthBytesPerSecond > 0 && bandwidthBytesPerSecond < 1024) {
                throw new IllegalArgumentException("bandwidth: " + bandwidthBytesPerSecond
                        + " is below 1024 bytes per second; write 0 for no bound");
            }
            if (LEAST_BYTES < 2L * Link.LEAST_MAX_FRAME_BYTES) {
                throw new IllegalStateException("the least memory does not hold two frames");
            }
        }
    }

    /**
     * Times.
     *
     * @param negotiation how long a link may take to come to be, TLS included
     * @param ping how often a ping goes out
     * @param dead a peer that says nothing for so long is dead
     */
    public record Times(Duration negotiation, Duration ping, Duration dead) {
        /** A dead peer is noticed within 20 seconds. */
        public static final Times DEFAULTS =
                new Times(Duration.ofSeconds(10), Duration.ofSeconds(5), Duration.ofSeconds(20));

        /** Checks ranges. */
        public Times {
            Check.positive("negotiationTimeout", negotiation);
            Check.positive("pingInterval", ping);
            Check.positive("deadAfter", dead);
            if (dead.compareTo(ping.multipliedBy(2)) < 0) {
                throw new IllegalArgumentException("deadAfter: " + dead + " is less than twice the pingInterval of "
                        + ping + ": peers that are alive would be taken for dead");
            }
        }
    }

    /** Checks ranges and contradictions. */
    public TcpSettings {
        Objects.requireNonNull(tls, "tls");
        Objects.requireNonNull(limits, "limits");
        Objects.requireNonNull(times, "times");
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
    public TcpSettings withTcp(String newHost, int newPort) {
        return new TcpSettings(newHost, newPort, unixSocket, tls, limits, times);
    }

    /**
     * The same with a Unix socket.
     *
     * @param path where; null for none
     * @return new settings
     */
    public TcpSettings withUnixSocket(Path path) {
        return new TcpSettings(host, port, path, tls, limits, times);
    }

    /**
     * The same with other TLS settings.
     *
     * @param newTls TLS
     * @return new settings
     */
    public TcpSettings withTls(TlsSettings newTls) {
        return new TcpSettings(host, port, unixSocket, newTls, limits, times);
    }

    /**
     * The same with other bounds.
     *
     * @param newLimits bounds
     * @return new settings
     */
    public TcpSettings withLimits(Limits newLimits) {
        return new TcpSettings(host, port, unixSocket, tls, newLimits, times);
    }

    /**
     * The same with other times.
     *
     * @param newTimes times
     * @return new settings
     */
    public TcpSettings withTimes(Times newTimes) {
        return new TcpSettings(host, port, unixSocket, tls, limits, newTimes);
    }
}
