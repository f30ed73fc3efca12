package io.tidemark.transport.tcp.internal;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Names;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.KeyReader;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TlsSettings;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Reads a configuration. */
public final class Settings {
    /** Name of the transport where the configuration says none. */
    public static final String DEFAULT_NAME = "tcp";

    private static final String TRANSPORT = "transport";
    private static final Set<String> KEYS = Set.of(
            TRANSPORT,
            "host",
            "port",
            "unixSocket",
            "tls",
            "tlsCertificate",
            "tlsKey",
            "tlsPasswordFile",
            "tlsAuthority",
            "maxLinks",
            "window",
            "sendBuffer",
            "bandwidth",
            "compression",
            "workerThreads",
            "negotiationTimeout",
            "pingInterval",
            "deadAfter");
    private static final Map<String, String> STARTED = Map.of("host", "tidemark.tcp.host", "port", "tidemark.tcp.port");

    private enum TlsMode {
        OFF,
        REQUIRED
    }

    private Settings() {}

    /**
     * Reads the name.
     *
     * @param properties as Config Admin gives them
     * @return the name
     * @throws IllegalArgumentException whose message begins with the key
     */
    public static String name(Map<String, ?> properties) {
        return KeyReader.of(properties, name -> null, Map.of())
                .value(TRANSPORT, DEFAULT_NAME, text -> Names.check(TRANSPORT, text));
    }

    /**
     * Reads a configuration.
     *
     * @param properties as Config Admin gives them; keys with a dot are the container's
     * @param framework properties of the framework: tidemark.data, tidemark.tcp.host, tidemark.tcp.port
     * @return the settings
     * @throws IllegalArgumentException whose message begins with the key
     */
    public static TcpSettings read(Map<String, ?> properties, UnaryOperator<String> framework) {
        KeyReader reader = KeyReader.of(properties, framework, STARTED);
        reader.checkKeys(KEYS);
        return new TcpSettings(
                reader.given("host", TcpSettings.DEFAULTS.host()),
                reader.integer("port", TcpSettings.DEFAULT_PORT),
                reader.path("unixSocket", null),
                tls(reader),
                limits(reader),
                times(reader));
    }

    private static TlsSettings tls(KeyReader reader) {
        return new TlsSettings(
                reader.choice("tls", TlsMode.class, TlsMode.OFF) == TlsMode.REQUIRED,
                reader.path("tlsCertificate", null),
                reader.path("tlsKey", null),
                reader.secret("tlsPasswordFile"),
                reader.path("tlsAuthority", null));
    }

    private static TcpSettings.Limits limits(KeyReader reader) {
        TcpSettings.Limits defaults = TcpSettings.Limits.DEFAULTS;
        return new TcpSettings.Limits(
                reader.integer("maxLinks", defaults.maxLinks()),
                reader.value("window", defaults.windowBytes(), Sizes::parse),
                reader.value("sendBuffer", defaults.sendBytes(), Sizes::parse),
                reader.value("bandwidth", defaults.bandwidthBytesPerSecond(), Sizes::parse),
                reader.choice("compression", TcpSettings.Compression.class, defaults.compression()),
                reader.integer("workerThreads", defaults.workerThreads()));
    }

    private static TcpSettings.Times times(KeyReader reader) {
        TcpSettings.Times defaults = TcpSettings.Times.DEFAULTS;
        return new TcpSettings.Times(
                reader.value("negotiationTimeout", defaults.negotiation(), Durations::parse),
                reader.value("pingInterval", defaults.ping(), Durations::parse),
                reader.value("deadAfter", defaults.dead(), Durations::parse));
    }
}
