package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.nbd.TlsSettings.ClientCertificates;
import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import io.tidemark.tck.tls.Certificates;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS, items 17 to 23 of docs/reference/nbd.md. */
class TlsTest {
    private static final byte[] NONE = {};
    private static final int STARTTLS = 5;
    private static final int INVALID = 0x80000003;
    private static final int TLS_REQUIRED = 0x80000005;

    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Path serverStore;
    private static Path clientStore;
    private static Path strangerStore;

    @BeforeAll
    static void make() throws Exception {
        certificates = new Certificates(directory);
        serverStore = certificates.rsaStore("server");
        clientStore = certificates.store("client");
        strangerStore = certificates.store("stranger");
    }

    private static TlsSettings pkcs12(TlsMode mode, ClientCertificates clients, String... only) throws Exception {
        return new TlsSettings(
                mode,
                serverStore,
                null,
                Certificates.PASSWORD,
                clients == ClientCertificates.NONE ? null : certificates.certificate(clientStore),
                clients,
                Set.of(only));
    }

    private static Served serve(TlsSettings tls) throws IOException {
        return new Served(Served.settings().withTls(tls));
    }

    private static SSLSocket startTls(TestClient client, Path own) throws Exception {
        assertEquals(1, client.outcome(STARTTLS, NONE));
        return client.startTls(Certificates.context(serverStore, own));
    }

    @Test
    void item17OffRefusesToStart() throws Exception {
        try (Served served = new Served();
                TestClient client = served.client().hello()) {
            assertEquals(0x80000002, client.outcome(STARTTLS, NONE));
            client.go("disk");
        }
    }

    @Test
    void item18RequiredAnswersNothingElse() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.REQUIRED, ClientCertificates.NONE))) {
            try (TestClient client = served.client().hello()) {
                for (int option : new int[] {3, 6, 7, 8, 9, 10, 4711}) {
                    assertEquals(TLS_REQUIRED, client.outcome(option, NONE), "option " + option);
                }
                assertEquals(1, client.outcome(2, NONE));
                assertTrue(client.closedByServer());
            }
            try (TestClient client = served.client().hello()) {
                client.option(1, "disk".getBytes(StandardCharsets.UTF_8));
                assertTrue(client.closedByServer());
            }
            try (TestClient client = served.client().hello()) {
                startTls(client, null);
                client.go("disk");
                assertEquals(0, client.does(3, 0, 0, 0));
                assertTrue(served.server.clients().get(0).tls().startsWith("TLSv1.3 TLS_"));
            }
            assertTrue(served.server.endpoints().get(0).startsWith("nbds://"));
        }
    }

    @Test
    void item19SomeExportsOnlyOverTls() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.OPTIONAL, ClientCertificates.NONE, "secret"))) {
            served.registry.add(new FakeDevice("secret", 4096));
            try (TestClient client = served.client().hello()) {
                assertEquals(2, client.ask(3, NONE).size());
                assertEquals(TLS_REQUIRED, client.outcome(6, TestClient.info("secret")));
                client.structured();
                assertEquals(TLS_REQUIRED, client.outcome(9, TestClient.contexts("secret")));
                client.go("disk");
            }
            try (TestClient client = served.client().hello()) {
                client.option(1, "secret".getBytes(StandardCharsets.UTF_8));
                assertTrue(client.closedByServer());
            }
            try (TestClient client = served.client().hello()) {
                startTls(client, null);
                assertEquals(3, client.ask(3, NONE).size());
                client.go("secret");
            }
        }
    }

    @Test
    void item20StartingWrongly() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.OPTIONAL, ClientCertificates.NONE));
                TestClient client = served.client().hello()) {
            assertEquals(INVALID, client.outcome(STARTTLS, new byte[1]));
            startTls(client, null);
            assertEquals(INVALID, client.outcome(STARTTLS, NONE));
            client.go("disk");
        }
    }

    @Test
    void item21NothingPlainIsTakenOver() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.OPTIONAL, ClientCertificates.NONE))) {
            try (TestClient client = served.client().hello().structured().baseAllocation("disk")) {
                startTls(client, null);
                assertEquals(INVALID, client.outcome(10, TestClient.contexts("disk", "base:allocation")));
                assertEquals(
                        0,
                        client.ask(6, TestClient.info("disk")).get(0).buffer().getShort(10) & 1 << 7);
            }
            try (TestClient client = served.client().hello()) {
                ByteBuffer both = ByteBuffer.allocate(32);
                both.putLong(0x49484156454F5054L).putInt(STARTTLS).putInt(0);
                both.putLong(0x49484156454F5054L).putInt(3).putInt(0);
                client.out.write(both.array());
                assertEquals(1, client.optionReply().type());
                assertTrue(client.closedByServer(), "an option in plain text behind STARTTLS must not count");
            }
        }
    }

    @Test
    void item22OldProtocolsAreRefused() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.OPTIONAL, ClientCertificates.NONE))) {
            SSLContext context = Certificates.context(serverStore, null);
            assertFalse(Set.of(context.getDefaultSSLParameters().getProtocols()).contains("TLSv1.1"));
            try (TestClient client = served.client().hello()) {
                assertEquals(1, client.outcome(STARTTLS, NONE));
                // A ClientHello of TLS 1.1: record header, handshake header, version 3.2, random, one old cipher.
                ByteBuffer hello = ByteBuffer.allocate(5 + 4 + 2 + 32 + 1 + 4 + 2);
                hello.put(new byte[] {22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2}).position(43);
                hello.put(new byte[] {0, 0, 2, 0, 47, 1, 0});
                client.out.write(hello.array());
                assertEquals(21, client.in.readUnsignedByte(), "an alert");
                assertTrue(client.closedByServer());
            }
        }
    }

    @Test
    void item22TheVersionBeforeIsSpokenToo() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.REQUIRED, ClientCertificates.NONE));
                TestClient client = served.client().hello()) {
            assertEquals(1, client.outcome(STARTTLS, NONE));
            client.startTls(Certificates.context(serverStore, null), "TLSv1.2");
            client.go("disk");
            assertEquals(0, client.does(3, 0, 0, 0));
            String tls = served.server.clients().get(0).tls();
            assertTrue(tls.startsWith("TLSv1.2 TLS_"), tls);
        }
    }

    @Test
    void item22ClientCertificates() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.REQUIRED, ClientCertificates.REQUIRED))) {
            try (TestClient client = served.client().hello()) {
                startTls(client, clientStore);
                client.go("disk");
                assertTrue(served.server.clients().get(0).tls().endsWith("CN=client"));
            }
            for (Path wrong : new Path[] {null, strangerStore}) {
                try (TestClient client = served.client().hello()) {
                    assertThrows(IOException.class, () -> {
                        startTls(client, wrong);
                        client.go("disk");
                    });
                }
            }
        }
        try (Served served = serve(pkcs12(TlsMode.REQUIRED, ClientCertificates.OPTIONAL));
                TestClient client = served.client().hello()) {
            startTls(client, null);
            client.go("disk");
        }
    }

    @Test
    void item22PemFilesInEachForm() throws Exception {
        Path pem = certificates.certificate(serverStore);
        Path both = directory.resolve("both.pem");
        Files.writeString(both, Files.readString(certificates.key(serverStore)) + Files.readString(pem));
        for (Path key : new Path[] {certificates.key(serverStore), certificates.oldKey(serverStore), null}) {
            TlsSettings tls = new TlsSettings(
                    TlsMode.REQUIRED, key == null ? both : pem, key, "", null, ClientCertificates.NONE, Set.of());
            try (Served served = serve(tls);
                    TestClient client = served.client().hello()) {
                startTls(client, null);
                client.go("disk");
            }
        }
    }

    @Test
    void item23GoodbyeIsSaidInTls() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.REQUIRED, ClientCertificates.NONE));
                TestClient client = served.client().hello()) {
            startTls(client, null);
            client.go("disk");
            client.request(2, 0, 1, 0, 0);
            assertEquals(-1, client.in.read(), "without close_notify this throws");
        }
    }

    @Test
    void muchDataBothWays() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.REQUIRED, ClientCertificates.NONE));
                TestClient client = served.client().hello()) {
            startTls(client, null);
            client.structured().go("disk");
            Random random = new Random(5);
            for (int round = 0; round < 60; round++) {
                served.disk.elsewhere = round % 2 == 0;
                int length = 1 + random.nextInt(round % 10 == 0 ? 2 << 20 : 70_000);
                int offset = random.nextInt(Served.SIZE - length);
                byte[] data = new byte[length];
                random.nextBytes(data);
                for (int i = 0; i < 8; i++) {
                    client.request(3, 0, i, 0, 0);
                }
                client.request(1, 0, 99, offset, length, data);
                int simple = 0;
                while (simple < 9) {
                    assertEquals(0, client.simple().error());
                    simple++;
                }
                assertArrayEquals(data, client.readStructured(0, offset, length));
            }
        }
    }

    @Test
    void garbageInsteadOfTlsEndsThatClientOnly() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.OPTIONAL, ClientCertificates.NONE))) {
            Random random = new Random(7);
            for (int i = 0; i < 50; i++) {
                try (TestClient client = served.client().hello()) {
                    assertEquals(1, client.outcome(STARTTLS, NONE));
                    byte[] garbage = new byte[1 + random.nextInt(40_000)];
                    random.nextBytes(garbage);
                    if (i % 3 == 0) {
                        garbage[0] = 22;
                    }
                    try {
                        client.out.write(garbage);
                        client.shutdownOutput();
                    } catch (IOException e) {
                        // It is closed already: that is an answer too.
                    }
                    assertTrue(client.closedByServer());
                }
            }
            try (TestClient client = served.simple()) {
                assertEquals(0, client.does(3, 0, 0, 0));
            }
        }
    }

    /** Records of all types and lengths, whole, cut and without sense, in a session that has begun well. */
    @Test
    void garbageWithinTlsEndsThatClientOnly() throws Exception {
        try (Served served = serve(pkcs12(TlsMode.REQUIRED, ClientCertificates.NONE));
                TestClient behaved = served.client().hello()) {
            startTls(behaved, null);
            behaved.go("disk");
            Random random = new Random(11);
            for (int i = 0; i < 60; i++) {
                try (TestClient client = served.client().hello()) {
                    startTls(client, null);
                    if (random.nextBoolean()) {
                        client.go("disk");
                        assertEquals(0, client.does(3, 0, 0, 0));
                    }
                    byte[] record = new byte[5 + random.nextInt(20_000)];
                    random.nextBytes(record);
                    if (i % 4 != 0) {
                        int length = random.nextBoolean() ? record.length - 5 : random.nextInt(1 << 16);
                        ByteBuffer.wrap(record)
                                .put((byte) (20 + random.nextInt(5)))
                                .putShort((short) 0x0303)
                                .putShort((short) length);
                    }
                    try {
                        client.wire.write(record);
                        // A record that is longer than what comes of it is cut here.
                        client.reset();
                    } catch (IOException e) {
                        // It is closed already: that is an answer too.
                    }
                }
                assertEquals(0, behaved.does(1, 0, 0, 3, (byte) 1, (byte) 2, (byte) i));
            }
            Served.await(
                    "what sent garbage to be gone",
                    () -> served.server.statistics().getConnections() == 1);
            assertEquals(0, FakeDevice.POOL.usedBytes(), "payload memory");
        }
    }

    @Test
    void filesThatCannotBeUsedAreNamedAndSecretsAreNot() throws Exception {
        Path pem = certificates.certificate(serverStore);
        Path empty = Files.writeString(directory.resolve("empty.pem"), "nothing\n");
        Path missing = directory.resolve("missing.pem");
        assertRefused("tlsCertificate: " + missing, missing, null, "");
        assertRefused("tlsCertificate: " + empty, empty, null, "");
        assertRefused("tlsKey: " + empty, pem, empty, "");
        assertRefused("tlsKey: " + pem, pem, null, "");
        assertRefused("tlsCertificate: " + serverStore, serverStore, null, "wrong-" + Certificates.PASSWORD);
        assertFalse(pkcs12(TlsMode.REQUIRED, ClientCertificates.NONE).toString().contains(Certificates.PASSWORD));
        assertFalse(Served.settings()
                .withTls(pkcs12(TlsMode.REQUIRED, ClientCertificates.NONE))
                .toString()
                .contains(Certificates.PASSWORD));
    }

    /** Settings that would turn every client away do not replace those that serve. */
    @Test
    void aKeyOfAnotherCertificateIsRefused() throws Exception {
        Path pem = certificates.certificate(serverStore);
        Path sameKind = certificates.key(certificates.rsaStore("other"));
        Path otherKind = certificates.key(clientStore);
        for (Path wrong : new Path[] {sameKind, otherKind}) {
            assertRefused(
                    "tlsKey: " + wrong + ": it is not the key of the first certificate in " + pem, pem, wrong, "");
        }
        Path ec = certificates.certificate(clientStore);
        assertRefused("tlsKey: ", ec, certificates.key(strangerStore), "");
        TlsSettings pair = new TlsSettings(
                TlsMode.REQUIRED, ec, certificates.key(clientStore), "", null, ClientCertificates.NONE, Set.of());
        try (Served served = serve(pair);
                TestClient client = served.client().hello()) {
            assertEquals(1, client.outcome(STARTTLS, NONE));
            client.startTls(Certificates.context(clientStore, null));
            client.go("disk");
        }
    }

    private static void assertRefused(String begin, Path certificate, Path key, String password) {
        TlsSettings tls =
                new TlsSettings(TlsMode.REQUIRED, certificate, key, password, null, ClientCertificates.NONE, Set.of());
        StorageException refused = assertThrows(StorageException.class, () -> serve(tls));
        assertTrue(refused.getMessage().startsWith(begin), refused.getMessage());
        assertFalse(refused.toString().contains(Certificates.PASSWORD), refused.toString());
    }
}
