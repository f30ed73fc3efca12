package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.base.text.LogLimit;
import io.tidemark.nbd.TlsSettings.ClientCertificates;
import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.FakeRegistry;
import io.tidemark.nbd.testing.LogLines;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import io.tidemark.tck.tls.Certificates;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;

/** What an operator reads in the log, line by line. */
class OperatorLinesTest {
    private static final byte[] NONE = {};
    private static final int EXPORT_NAME = 1;
    private static final int ABORT = 2;
    private static final int STARTTLS = 5;
    private static final String SERVING = "INFO nbd: serving at \\[nbd://127\\.0\\.0\\.1:\\d+/\\]";
    private static final String CLIENT = "nbd: client 127\\.0\\.0\\.1:\\d+ ";
    private static final String WENT = "WARN " + CLIENT + "went during negotiation: ";

    @Test
    void listeningAndRefusedConfigurations() {
        BundleContext context = (BundleContext) Proxy.newProxyInstance(
                OperatorLinesTest.class.getClassLoader(),
                new Class<?>[] {BundleContext.class},
                (proxy, method, arguments) -> null);
        FakeRegistry registry = new FakeRegistry(new FakeDevice("disk", 4096));
        try (LogLines log = new LogLines()) {
            NbdServerComponent component = new NbdServerComponent(registry, context, Map.of("port", "high"));
            try {
                component.modified(Map.of("port", "0"));
                component.modified(Map.of("port", "0", "maxConnections", "none"));
            } finally {
                component.deactivate();
            }
            String refused = "ERROR nbd: the configuration io\\.tidemark\\.nbd is refused, ";
            log.are(
                    refused + "not serving: port: 'high' is no whole number",
                    SERVING,
                    refused + "going on with the settings before: maxConnections: 'none' is no whole number");
        }
    }

    @Test
    void clientsThatComeAndGo() throws Exception {
        try (LogLines log = new LogLines();
                Served served = new Served()) {
            try (TestClient client = served.simple()) {
                client.request(2, 0, 1, 0, 0);
                assertTrue(client.closedByServer());
            }
            log.are(SERVING, "INFO " + CLIENT + "attached to disk", "INFO " + CLIENT + "of disk is gone");
        }
    }

    @Test
    void clientsThatAreTurnedAway() throws Exception {
        Duration time = Duration.ofSeconds(5);
        NbdSettings one = Served.settings().withLimits(new NbdSettings.Limits(1, 16, 1, time, time, time));
        String turned = "WARN " + CLIENT + "is turned away, since 1 are connected; raise maxConnections";
        try (LogLines log = new LogLines()) {
            try (Served served = new Served(one);
                    TestClient first = served.simple()) {
                // Each time, and not only the first time since the start.
                for (int i = 0; i < 2; i++) {
                    try (TestClient second = served.client()) {
                        assertTrue(second.closedByServer());
                    }
                }
                log.are(SERVING, "INFO " + CLIENT + "attached to disk", turned, turned);
                assertEquals(0, first.does(3, 0, 0, 0));
            }
        }
    }

    @Test
    void negotiationsThatFail() throws Exception {
        try (LogLines log = new LogLines();
                Served served = new Served()) {
            try (TestClient client = served.client().hello()) {
                client.send(new byte[16]);
                assertTrue(client.closedByServer());
            }
            try (TestClient client = served.client().hello()) {
                client.option(EXPORT_NAME, "vm\n9".getBytes(StandardCharsets.UTF_8));
                assertTrue(client.closedByServer());
            }
            log.are(
                    SERVING,
                    WENT + "no NBD option where one belongs",
                    // A client makes no lines of its own.
                    WENT + "unknown export 'vm\\?9'");
        }
    }

    @Test
    void clientsThatOnlyLookMakeNoLines() throws Exception {
        try (LogLines log = new LogLines();
                Served served = new Served()) {
            served.client().close();
            served.client().reset();
            try (TestClient client = served.client().hello()) {
                client.option(ABORT, NONE);
                assertTrue(client.closedByServer());
            }
            Served.await("all gone", () -> served.server.statistics().getConnections() == 0);
            log.are(SERVING);
        }
    }

    @Test
    void tlsThatFails(@TempDir Path directory) throws Exception {
        Certificates certificates = new Certificates(directory);
        Path server = certificates.store("server");
        Path client = certificates.store("client");
        TlsSettings tls = new TlsSettings(
                TlsMode.REQUIRED,
                server,
                null,
                Certificates.PASSWORD,
                certificates.certificate(client),
                ClientCertificates.REQUIRED,
                Set.of());
        try (LogLines log = new LogLines();
                Served served = new Served(Served.settings().withTls(tls))) {
            try (TestClient without = served.client().hello()) {
                assertEquals(1, without.outcome(STARTTLS, NONE));
                assertThrows(IOException.class, () -> {
                    without.startTls(Certificates.context(server, null));
                    without.go("disk");
                });
            }
            try (TestClient wary = served.client().hello()) {
                assertEquals(1, wary.outcome(STARTTLS, NONE));
                assertThrows(IOException.class, () -> wary.startTls(Certificates.context(client, client)));
            }
            try (TestClient good = served.client().hello()) {
                assertEquals(1, good.outcome(STARTTLS, NONE));
                good.startTls(Certificates.context(server, client));
                good.go("disk");
            }
            try (TestClient plain = served.client().hello()) {
                assertEquals(1, plain.outcome(STARTTLS, NONE));
                plain.send(new byte[20]);
                assertTrue(plain.closedByServer());
            }
            log.are(
                    "INFO nbd: serving at \\[nbds://127\\.0\\.0\\.1:\\d+/\\]",
                    WENT + ".*Empty client certificate chain",
                    // It does not trust the server.
                    WENT + ".*certificate_unknown",
                    "INFO " + CLIENT + "attached to disk over TLSv1\\.3 .*CN=client",
                    "INFO " + CLIENT + "of disk is gone.*",
                    WENT + ".*SSL message.*");
        }
    }

    @Test
    void strangersDoNotFillTheLog() throws Exception {
        try (LogLines log = new LogLines();
                Served served = new Served()) {
            int count = LogLimit.LINES + 10;
            for (int i = 0; i < count; i++) {
                try (TestClient client = served.client().hello()) {
                    client.send(new byte[16]);
                    assertTrue(client.closedByServer());
                }
            }
            Served.await("all gone", () -> served.server.statistics().getFailedNegotiations() == count);
            // A client is counted before it is logged.
            Served.await("their lines", () -> log.all().size() >= 1 + LogLimit.LINES);
            assertEquals(1 + LogLimit.LINES, log.all().size());
        }
    }
}
