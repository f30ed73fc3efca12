package io.tidemark.nbd.testing;

import io.tidemark.nbd.NbdServer;
import io.tidemark.nbd.NbdSettings;
import io.tidemark.nbd.TlsMode;
import io.tidemark.nbd.TlsSettings;
import java.nio.file.Path;
import java.util.Set;

/**
 * Serves a disk in memory until its standard input ends, for trying real clients by hand. Arguments: path of a Unix socket,
 * size in MiB, and any of {@code elsewhere}, {@code slow}, {@code tcp}, {@code tls=DIRECTORY} with files named as GnuTLS
 * clients do.
 */
public final class FakeNode {
    private FakeNode() {}

    /** Serves. */
    public static void main(String[] arguments) throws Exception {
        FakeDevice device = new FakeDevice("disk", Integer.parseInt(arguments[1]) << 20);
        NbdSettings settings = NbdSettings.DEFAULTS.withTcp("", 0).withUnixSocket(Path.of(arguments[0]));
        for (String argument : arguments) {
            switch (argument) {
                case "elsewhere" -> device.elsewhere = true;
                case "slow" -> device.readNanos = 100_000;
                case "tcp" -> settings = settings.withTcp("127.0.0.1", 10809);
                default -> {
                    if (argument.startsWith("tls=")) {
                        settings = settings.withTls(tls(Path.of(argument.substring(4))));
                    }
                }
            }
        }
        try (NbdServer server = new NbdServer(settings, new FakeRegistry(device))) {
            server.start();
            while (System.in.read() >= 0) {
                // Until the end.
            }
        }
    }

    private static TlsSettings tls(Path directory) {
        return new TlsSettings(
                TlsMode.REQUIRED,
                directory.resolve("server-cert.pem"),
                directory.resolve("server-key.pem"),
                "",
                directory.resolve("ca-cert.pem"),
                TlsSettings.ClientCertificates.REQUIRED,
                Set.of());
    }
}
