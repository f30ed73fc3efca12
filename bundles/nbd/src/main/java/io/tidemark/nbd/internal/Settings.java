package io.tidemark.nbd.internal;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Names;
import io.tidemark.base.wish.KeyReader;
import io.tidemark.nbd.NbdSettings;
import io.tidemark.nbd.TlsMode;
import io.tidemark.nbd.TlsSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Reads a configuration. */
public final class Settings {
    private static final Set<String> KEYS = Set.of(
            "host",
            "port",
            "unixSocket",
            "tls",
            "tlsCertificate",
            "tlsKey",
            "tlsPasswordFile",
            "tlsClientAuthority",
            "tlsClientCertificates",
            "tlsOnlyExports",
            "defaultExport",
            "list",
            "maxConnections",
            "maxRequests",
            "readerThreads",
            "negotiationTimeout",
            "stallTimeout",
            "closeTimeout");
    private static final Map<String, String> STARTED = Map.of("host", "tidemark.nbd.host", "port", "tidemark.nbd.port");
    private static final Duration LONGEST_CLOSING = Duration.ofSeconds(3);

    private Settings() {}

    /**
     * Reads a configuration.
     *
     * @param properties as Config Admin gives them; keys with a dot are the container's
     * @param framework properties of the framework: tidemark.data, tidemark.nbd.host, tidemark.nbd.port
     * @return the settings
     * @throws IllegalArgumentException whose message begins with the key
     */
    public static NbdSettings read(Map<String, ?> properties, UnaryOperator<String> framework) {
        KeyReader reader = KeyReader.of(properties, framework, STARTED);
        reader.checkKeys(KEYS);
        return new NbdSettings(
                reader.given("host", NbdSettings.DEFAULTS.host()),
                reader.integer("port", NbdSettings.DEFAULT_PORT),
                reader.path("unixSocket", null),
                tls(reader),
                reader.value("defaultExport", "", Settings::image),
                reader.truth("list", true),
                limits(reader));
    }

    private static TlsSettings tls(KeyReader reader) {
        return new TlsSettings(
                reader.choice("tls", TlsMode.class, TlsMode.OFF),
                reader.path("tlsCertificate", null),
                reader.path("tlsKey", null),
                reader.secret("tlsPasswordFile"),
                reader.path("tlsClientAuthority", null),
                reader.choice(
                        "tlsClientCertificates",
                        TlsSettings.ClientCertificates.class,
                        TlsSettings.OFF.clientCertificates()),
                Set.copyOf(reader.value("tlsOnlyExports", List.of(), text -> images(reader))));
    }

    private static List<String> images(KeyReader reader) {
        return reader.names("tlsOnlyExports").stream().map(Settings::image).toList();
    }

    private static String image(String name) {
        return Names.check("image", name);
    }

    private static NbdSettings.Limits limits(KeyReader reader) {
        NbdSettings.Limits defaults = NbdSettings.Limits.DEFAULTS;
        Duration closing = reader.value("closeTimeout", defaults.closing(), Durations::parse);
        if (closing.compareTo(LONGEST_CLOSING) > 0) {
            // The container gives up on components that take longer than five seconds to stop.
            throw KeyReader.wrong("closeTimeout", reader.text("closeTimeout", "") + " is more than 3s");
        }
        return new NbdSettings.Limits(
                reader.integer("maxConnections", defaults.maxConnections()),
                reader.integer("maxRequests", defaults.maxRequests()),
                reader.integer("readerThreads", defaults.readerThreads()),
                reader.value("negotiationTimeout", defaults.negotiation(), Durations::parse),
                reader.value("stallTimeout", defaults.stall(), Durations::parse),
                closing);
    }
}
