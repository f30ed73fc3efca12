package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TcpSettings.Compression;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    private static TcpSettings read(Map<String, Object> properties) {
        return Settings.read(properties, Map.of("tidemark.data", "/data")::get);
    }

    @Test
    void nothingGivenIsTheDefault() {
        TcpSettings settings = read(Map.of("service.pid", "x"));
        assertEquals(TcpSettings.DEFAULTS, settings);
        assertEquals("127.0.0.1", settings.host(), "nobody from outside");
        assertEquals("tcp", Settings.name(Map.of()));
    }

    @Test
    void theFrameworkSaysWhereWhenTheConfigurationDoesNot() {
        Map<String, String> framework = Map.of("tidemark.tcp.host", "127.0.0.2", "tidemark.tcp.port", "4711");
        TcpSettings settings = Settings.read(Map.of(), framework::get);
        assertEquals("127.0.0.2", settings.host());
        assertEquals(4711, settings.port());
        assertEquals(1, Settings.read(Map.of("port", "1"), framework::get).port());
    }

    @Test
    void everyKeyIsRead(@TempDir Path directory) throws Exception {
        Path password = Files.writeString(directory.resolve("password"), "secret\n");
        Map<String, Object> all = new HashMap<>();
        all.put("transport", "wan");
        all.put("host", "0.0.0.0");
        all.put("port", 1234);
        all.put("unixSocket", "sockets/wan");
        all.put("tls", "required");
        all.put("tlsCertificate", "node.p12");
        all.put("tlsKey", "/keys/node.pem");
        all.put("tlsPasswordFile", password.toString());
        all.put("tlsAuthority", "ca.pem");
        all.put("maxLinks", "5");
        all.put("window", "16MiB");
        all.put("sendBuffer", "5MiB");
        all.put("bandwidth", "10MB");
        all.put("compression", "Always");
        all.put("workerThreads", "3");
        all.put("negotiationTimeout", "7s");
        all.put("pingInterval", "1s");
        all.put("deadAfter", "4s");
        TcpSettings settings = read(all);
        assertEquals(Path.of("/data/sockets/wan"), settings.unixSocket());
        assertEquals(Path.of("/data/node.p12"), settings.tls().certificate());
        assertEquals("secret", settings.tls().password());
        assertEquals(
                new TcpSettings.Limits(5, 16 << 20, 5 << 20, 10_000_000, Compression.ALWAYS, 3), settings.limits());
        assertEquals(
                new TcpSettings.Times(Duration.ofSeconds(7), Duration.ofSeconds(1), Duration.ofSeconds(4)),
                settings.times());
        assertEquals("wan", Settings.name(all));
        assertFalse(settings.toString().contains("secret"), settings.toString());
    }

    @Test
    void whatCannotBeTakenIsNamedByItsKey() {
        refused("prot", Map.of("prot", "1"));
        refused("port", Map.of("port", "x"));
        refused("port", Map.of("port", "70000"));
        refused("tls", Map.of("tls", "optional"));
        refused("tlsCertificate", Map.of("tls", "required"));
        refused("tlsPasswordFile", Map.of("tlsPasswordFile", "/nonexistent"));
        refused("maxLinks", Map.of("maxLinks", "0"));
        refused("window", Map.of("window", "1MiB"));
        refused("window", Map.of("window", "many"));
        refused("sendBuffer", Map.of("sendBuffer", "2GiB"));
        refused("bandwidth", Map.of("bandwidth", "10"));
        refused("compression", Map.of("compression", "gzip"));
        refused("workerThreads", Map.of("workerThreads", "0"));
        refused("negotiationTimeout", Map.of("negotiationTimeout", "10"));
        refused("pingInterval", Map.of("pingInterval", "0s"));
        refused("deadAfter", Map.of("deadAfter", "6s"));
        refused("unixSocket", Map.of("unixSocket", "/x".repeat(60)));
        String message = assertThrows(IllegalArgumentException.class, () -> Settings.name(Map.of("transport", "a b")))
                .getMessage();
        assertTrue(message.startsWith("transport: "), message);
    }

    private static void refused(String key, Map<String, Object> properties) {
        String message = assertThrows(IllegalArgumentException.class, () -> read(properties))
                .getMessage();
        assertTrue(message.startsWith(key + ": "), message);
    }
}
