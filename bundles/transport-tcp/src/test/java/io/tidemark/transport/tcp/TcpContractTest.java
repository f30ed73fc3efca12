package io.tidemark.transport.tcp;

import io.tidemark.tck.tls.Certificates;
import io.tidemark.tck.transport.ReplicationTransportContract;
import io.tidemark.transport.tcp.TcpSettings.Compression;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The contract, over everything that the transport can be told to use. */
class TcpContractTest {
    /** Keys take a while to make: once for all tests. */
    @TempDir
    static Path certificates;

    static final TcpSettings.Times QUICK =
            new TcpSettings.Times(Duration.ofSeconds(5), Duration.ofMillis(100), Duration.ofSeconds(5));
    static final TcpSettings PLAIN =
            TcpSettings.DEFAULTS.withTcp("127.0.0.1", 0).withTimes(QUICK);

    static TcpSettings compressing(TcpSettings settings, Compression compression) {
        TcpSettings.Limits limits = settings.limits();
        return settings.withLimits(new TcpSettings.Limits(
                limits.maxLinks(),
                limits.windowBytes(),
                limits.sendBytes(),
                limits.bandwidthBytesPerSecond(),
                compression,
                limits.workerThreads()));
    }

    /** TLS with the certificate of a store; peers are known by their fingerprints where there is no authority. */
    static TlsSettings tls(Path store, Path authority) {
        return new TlsSettings(true, store, null, Certificates.PASSWORD, authority);
    }

    abstract static class Each extends ReplicationTransportContract {
        @TempDir
        Path directory;

        abstract TcpSettings settings(String node) throws Exception;

        @Override
        protected void play(Play body) throws Exception {
            try (TcpArena arena = new TcpArena(settings("near"), settings("far"))) {
                body.run(arena);
            }
        }
    }

    @Nested
    class PlainText extends Each {
        @Override
        TcpSettings settings(String node) {
            return PLAIN;
        }
    }

    @Nested
    class UnixSocket extends Each {
        @Override
        TcpSettings settings(String node) {
            return PLAIN.withTcp("", 0).withUnixSocket(directory.resolve(node));
        }
    }

    @Nested
    class Compressed extends Each {
        @Override
        TcpSettings settings(String node) {
            return compressing(PLAIN, Compression.ALWAYS);
        }
    }

    @Nested
    class Tls extends Each {
        @Override
        TcpSettings settings(String node) throws Exception {
            return PLAIN.withTls(tls(new Certificates(certificates).store(node), null));
        }
    }

    @Nested
    class TlsCompressed extends Each {
        @Override
        TcpSettings settings(String node) throws Exception {
            return compressing(PLAIN, Compression.ALWAYS)
                    .withTls(tls(new Certificates(certificates).store(node), null));
        }
    }
}
