package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.nbd.NbdSettings;
import io.tidemark.nbd.TlsMode;
import io.tidemark.nbd.TlsSettings;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir
    Path directory;

    private static NbdSettings read(Map<String, ?> properties) {
        return Settings.read(properties, name -> null);
    }

    @Test
    void nothingConfiguredIsTheDefaults() {
        assertEquals(NbdSettings.DEFAULTS, read(Map.of("service.pid", "io.tidemark.nbd")));
    }

    /** What tools show, what is read, and what is the default, are the same. */
    @Test
    void declaredKeysAndDefaultsAreTheOnesThatAreRead() {
        Map<String, Object> all = new HashMap<>();
        for (Method key : NbdConfiguration.class.getDeclaredMethods()) {
            all.put(key.getName(), key.getDefaultValue());
        }
        assertEquals(18, all.size());
        assertEquals(NbdSettings.DEFAULTS, read(all));
    }

    @Test
    void everyKeyIsTaken() throws Exception {
        Path password = Files.writeString(directory.resolve("p"), "secret\n");
        Map<String, Object> all = new HashMap<>();
        all.put("host", "0.0.0.0");
        all.put("port", "4711");
        all.put("unixSocket", "n.sock");
        all.put("tls", "Optional");
        all.put("tlsCertificate", "/c.p12");
        all.put("tlsKey", "k.pem");
        all.put("tlsPasswordFile", password.toString());
        all.put("tlsClientAuthority", "/a.pem");
        all.put("tlsClientCertificates", "required");
        all.put("tlsOnlyExports", "a, b,");
        all.put("defaultExport", "a");
        all.put("list", "false");
        all.put("maxConnections", "7");
        all.put("maxRequests", 9);
        all.put("readerThreads", "3");
        all.put("negotiationTimeout", "5s");
        all.put("stallTimeout", "1m");
        all.put("closeTimeout", "250ms");
        TlsSettings tls = new TlsSettings(
                TlsMode.OPTIONAL,
                Path.of("/c.p12"),
                Path.of("/data/k.pem"),
                "secret",
                Path.of("/a.pem"),
                TlsSettings.ClientCertificates.REQUIRED,
                Set.of("a", "b"));
        NbdSettings.Limits limits =
                new NbdSettings.Limits(7, 9, 3, Duration.ofSeconds(5), Duration.ofMinutes(1), Duration.ofMillis(250));
        NbdSettings expected = new NbdSettings("0.0.0.0", 4711, Path.of("/data/n.sock"), tls, "a", false, limits);
        assertEquals(expected, Settings.read(all, Map.of("tidemark.data", "/data")::get));
    }

    @Test
    void theStartScriptSaysWhereUnlessTheFileDoes() {
        Map<String, String> framework = Map.of("tidemark.nbd.host", "0.0.0.0", "tidemark.nbd.port", "4711");
        assertEquals(NbdSettings.DEFAULTS.withTcp("0.0.0.0", 4711), Settings.read(Map.of(), framework::get));
        assertEquals(NbdSettings.DEFAULTS.withTcp("", 1), Settings.read(Map.of("host", "", "port", 1), framework::get));
    }

    @Test
    void everyProblemNamesItsKey() {
        String[][] wrong = {
            {"port", "x"},
            {"port", "-1"},
            {"port", "65536"},
            {"hots", "typo"},
            {"tls", "yes"},
            {"tls", "required"},
            {"tlsClientCertificates", "maybe"},
            {"tlsClientCertificates", "required"},
            {"tlsOnlyExports", "a"},
            {"tlsPasswordFile", "/no/such/file"},
            {"list", "jein"},
            {"maxConnections", "0"},
            {"maxRequests", "70000"},
            {"readerThreads", "many"},
            {"negotiationTimeout", "5"},
            {"stallTimeout", "0s"},
            {"closeTimeout", "4s"},
            {"unixSocket", "/" + "x".repeat(107)},
            {"unixSocket", "a\0b"},
            {"defaultExport", "a b"},
        };
        for (String[] each : wrong) {
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> read(Map.of(each[0], each[1])), each[0]);
            String key = each[1].equals("required") && each[0].equals("tls") ? "tlsCertificate" : each[0];
            assertTrue(refused.getMessage().startsWith(key + ": "), refused.getMessage());
            assertFalse(refused.getMessage().endsWith(": "), refused.getMessage());
        }
    }

    /** Names without commas between them would be one name, which hides nothing. */
    @Test
    void whatIsHiddenWithoutTlsIsNamedAsImagesAre() {
        for (String names : new String[] {"a b", "a, b;c", "-a"}) {
            Map<String, String> hides = Map.of("tls", "optional", "tlsCertificate", "/c.pem", "tlsOnlyExports", names);
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> read(hides), names);
            assertTrue(refused.getMessage().startsWith("tlsOnlyExports: '"), refused.getMessage());
        }
    }

    /** What asks clients for certificates and serves everybody without one would be taken for a lock. */
    @Test
    void certificatesOfClientsNeedTls() {
        for (String certificates : new String[] {"optional", "required"}) {
            Map<String, String> asks = Map.of("tlsClientCertificates", certificates, "tlsClientAuthority", "/a.pem");
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> read(asks));
            String begin = "tlsClientCertificates: " + certificates + ", but tls is off; ";
            assertTrue(refused.getMessage().startsWith(begin), refused.getMessage());

            Map<String, String> noAuthority =
                    Map.of("tls", "optional", "tlsCertificate", "/c.pem", "tlsClientCertificates", certificates);
            refused = assertThrows(IllegalArgumentException.class, () -> read(noAuthority));
            assertTrue(refused.getMessage().startsWith("tlsClientAuthority: "), refused.getMessage());
        }
        for (String tls : new String[] {"optional", "required"}) {
            Map<String, String> asksNobody =
                    Map.of("tls", tls, "tlsCertificate", "/c.pem", "tlsClientAuthority", "/a.pem");
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> read(asksNobody));
            String begin = "tlsClientAuthority: named, but tlsClientCertificates is none";
            assertTrue(refused.getMessage().startsWith(begin), refused.getMessage());
        }
        // What is prepared and asks nobody for anything contradicts nothing.
        assertEquals(
                TlsMode.OFF,
                read(Map.of("tlsCertificate", "/c.pem", "tlsClientAuthority", "/a.pem"))
                        .tls()
                        .mode());
    }
}
