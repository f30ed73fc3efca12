package io.tidemark.nbd.internal;

import io.tidemark.base.text.Durations;
import io.tidemark.nbd.NbdSettings;
import io.tidemark.nbd.TlsMode;
import io.tidemark.nbd.TlsSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Reads a configuration. By hand and not by the container, because a value that the container cannot convert would make the
 * component vanish instead of naming the key.
 */
public final class Settings {
    private static final Set<String> KEYS = new TreeSet<>(Set.of(
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
            "closeTimeout"));
    private static final Duration LONGEST_CLOSING = Duration.ofSeconds(3);

    private final Map<String, ?> properties;
    private final UnaryOperator<String> framework;

    private Settings(Map<String, ?> properties, UnaryOperator<String> framework) {
        this.properties = properties;
        this.framework = framework;
    }

    /**
     * Reads a configuration.
     *
     * @param properties as Config Admin gives them; keys with a dot are the container's
     * @param framework properties of the framework: tidemark.data, tidemark.nbd.host, tidemark.nbd.port
     * @return the settings
     * @throws IllegalArgumentException whose message begins with the key
     */
    public static NbdSettings read(Map<String, ?> properties, UnaryOperator<String> framework) {
        return new Settings(properties, framework).read();
    }

    private NbdSettings read() {
        for (String key : properties.keySet()) {
            if (key.indexOf('.') < 0 && !KEYS.contains(key)) {
                throw new IllegalArgumentException(key + ": there is no such key; keys are " + KEYS);
            }
        }
        return new NbdSettings(
                text("host", framework("tidemark.nbd.host", NbdSettings.DEFAULTS.host())),
                integer("port", framework("tidemark.nbd.port", String.valueOf(NbdSettings.DEFAULT_PORT))),
                path("unixSocket"),
                tls(),
                text("defaultExport", ""),
                bool("list"),
                limits());
    }

    private String framework(String name, String otherwise) {
        String value = framework.apply(name);
        return value == null || value.isBlank() ? otherwise : value.trim();
    }

    private TlsSettings tls() {
        Path passwordFile = path("tlsPasswordFile");
        return new TlsSettings(
                choice("tls", TlsMode.class, TlsMode.OFF),
                path("tlsCertificate"),
                path("tlsKey"),
                passwordFile == null ? "" : password(passwordFile),
                path("tlsClientAuthority"),
                choice(
                        "tlsClientCertificates",
                        TlsSettings.ClientCertificates.class,
                        TlsSettings.OFF.clientCertificates()),
                names("tlsOnlyExports"));
    }

    private static String password(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new IllegalArgumentException("tlsPasswordFile: cannot read " + file + ": " + e, e);
        }
    }

    private NbdSettings.Limits limits() {
        NbdSettings.Limits defaults = NbdSettings.Limits.DEFAULTS;
        Duration closing = duration("closeTimeout", defaults.closing());
        if (closing.compareTo(LONGEST_CLOSING) > 0) {
            // The container gives up on components that take longer than five seconds to stop.
            throw new IllegalArgumentException("closeTimeout: " + text("closeTimeout", "") + " is more than 3s");
        }
        return new NbdSettings.Limits(
                integer("maxConnections", String.valueOf(defaults.maxConnections())),
                integer("maxRequests", String.valueOf(defaults.maxRequests())),
                integer("readerThreads", String.valueOf(defaults.readerThreads())),
                duration("negotiationTimeout", defaults.negotiation()),
                duration("stallTimeout", defaults.stall()),
                closing);
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

    private boolean bool(String key) {
        return switch (text(key, "true").toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(key + ": '" + text(key, "") + "' is neither true nor false");
        };
    }

    private Duration duration(String key, Duration otherwise) {
        String value = text(key, "");
        try {
            return value.isEmpty() ? otherwise : Durations.parse(value);
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

    private Set<String> names(String key) {
        return Arrays.stream(text(key, "").split(","))
                .map(String::trim)
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
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
