package io.tidemark.transport.tcp.internal;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Names;
import io.tidemark.base.text.Sizes;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TlsSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Reads a configuration. By hand and not by the container, because a value that the container cannot convert would make the
 * component vanish instead of naming the key.
 */
public final class Settings {
    /** Name of the transport where the configuration says none. */
    public static final String DEFAULT_NAME = "tcp";

    private static final String TRANSPORT = "transport";
    private static final Set<String> KEYS = new TreeSet<>(Set.of(
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
            "deadAfter"));

    private enum TlsMode {
        OFF,
        REQUIRED
    }

    private final Map<String, ?> properties;
    private final UnaryOperator<String> framework;

    private Settings(Map<String, ?> properties, UnaryOperator<String> framework) {
        this.properties = properties;
        this.framework = framework;
    }

    /**
     * Reads the name.
     *
     * @param properties as Config Admin gives them
     * @return the name
     * @throws IllegalArgumentException whose message begins with the key
     */
    public static String name(Map<String, ?> properties) {
        return new Settings(properties, name -> null)
                .parsed(TRANSPORT, DEFAULT_NAME, text -> Names.check(TRANSPORT, text));
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
        return new Settings(properties, framework).read();
    }

    private TcpSettings read() {
        for (String key : properties.keySet()) {
            if (key.indexOf('.') < 0 && !KEYS.contains(key)) {
                throw new IllegalArgumentException(key + ": there is no such key; keys are " + KEYS);
            }
        }
        return new TcpSettings(
                text("host", framework("tidemark.tcp.host", TcpSettings.DEFAULTS.host())),
                integer("port", framework("tidemark.tcp.port", String.valueOf(TcpSettings.DEFAULT_PORT))),
                path("unixSocket"),
                tls(),
                limits(),
                times());
    }

    private String framework(String name, String otherwise) {
        String value = framework.apply(name);
        return value == null || value.isBlank() ? otherwise : value.trim();
    }

    private TlsSettings tls() {
        Path passwordFile = path("tlsPasswordFile");
        return new TlsSettings(
                choice("tls", TlsMode.class, TlsMode.OFF) == TlsMode.REQUIRED,
                path("tlsCertificate"),
                path("tlsKey"),
                passwordFile == null ? "" : password(passwordFile),
                path("tlsAuthority"));
    }

    private static String password(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new IllegalArgumentException("tlsPasswordFile: cannot read " + file + ": " + e, e);
        }
    }

    private TcpSettings.Limits limits() {
        TcpSettings.Limits defaults = TcpSettings.Limits.DEFAULTS;
        return new TcpSettings.Limits(
                integer("maxLinks", String.valueOf(defaults.maxLinks())),
                size("window", defaults.windowBytes()),
                size("sendBuffer", defaults.sendBytes()),
                size("bandwidth", defaults.bandwidthBytesPerSecond()),
                choice("compression", TcpSettings.Compression.class, defaults.compression()),
                integer("workerThreads", String.valueOf(defaults.workerThreads())));
    }

    private TcpSettings.Times times() {
        TcpSettings.Times defaults = TcpSettings.Times.DEFAULTS;
        return new TcpSettings.Times(
                parsed("negotiationTimeout", defaults.negotiation(), Durations::parse),
                parsed("pingInterval", defaults.ping(), Durations::parse),
                parsed("deadAfter", defaults.dead(), Durations::parse));
    }

    private long size(String key, long otherwise) {
        return parsed(key, otherwise, Sizes::parse);
    }

    private String text(String key, String otherwise) {
        Object value = properties.get(key);
        return value == null ? otherwise : value.toString().trim();
    }

    private int integer(String key, String otherwise) {
        String value = text(key, otherwise);
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(key + ": '" + value + "' is no whole number", e);
        }
    }

    private interface Parser<T> {
        T parse(String text);
    }

    private <T> T parsed(String key, T otherwise, Parser<T> parser) {
        String value = text(key, "");
        try {
            return value.isEmpty() ? otherwise : parser.parse(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + ": " + e.getMessage(), e);
        }
    }

    private Path path(String key) {
        String value = text(key, "");
        if (value.isEmpty()) {
            return null;
        }
        try {
            Path path = Path.of(value);
            String data = framework.apply("tidemark.data");
            return path.isAbsolute() || data == null ? path : Path.of(data).resolve(path);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(key + ": '" + value + "' is no path", e);
        }
    }

    private <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
        String value = text(key, "");
        if (value.isEmpty()) {
            return otherwise;
        }
        for (E each : type.getEnumConstants()) {
            if (each.name().equalsIgnoreCase(value)) {
                return each;
            }
        }
        throw new IllegalArgumentException(key + ": '" + value + "' is none of "
                + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
    }
}
