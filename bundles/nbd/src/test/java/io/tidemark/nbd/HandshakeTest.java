package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import io.tidemark.nbd.testing.TestClient.OptionReply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The negotiation, item by item of docs/reference/nbd.md. */
class HandshakeTest {
    private static final byte[] NONE = {};
    private static final int ACK = 1;
    private static final int UNSUP = 0x80000001;
    private static final int POLICY = 0x80000002;
    private static final int INVALID = 0x80000003;
    private static final int UNKNOWN = 0x80000006;
    private static final int TOO_BIG = 0x80000009;

    private Served served;

    @BeforeEach
    void serve() throws IOException {
        served = new Served();
    }

    @AfterEach
    void close() {
        served.close();
    }

    private TestClient client() throws IOException {
        return served.client().hello();
    }

    @Test
    void item1FixedNewstyleWithBothFlags() throws IOException {
        // hello() checks both magic numbers and that the flags are exactly FIXED_NEWSTYLE and NO_ZEROES.
        try (TestClient client = served.client().hello(3)) {
            assertEquals(ACK, client.outcome(3, NONE));
        }
    }

    @Test
    void item2UnknownClientFlagEndsTheConnection() throws IOException {
        for (int flags : new int[] {4, 7, 1 << 16, 1 << 31, -1}) {
            try (TestClient client = served.client().hello(flags)) {
                assertTrue(client.closedByServer(), "flags " + flags);
            }
        }
    }

    @Test
    void item3UnknownOptionIsRefusedAndTheNextOneIsUnderstood() throws IOException {
        try (TestClient client = client()) {
            assertEquals(UNSUP, client.outcome(4711, new byte[100]));
            assertEquals(UNSUP, client.outcome(-1, NONE));
            assertEquals(UNSUP, client.outcome(4, NONE));
            assertEquals(UNSUP, client.outcome(11, NONE));
            assertEquals(ACK, client.outcome(3, NONE));
        }
    }

    @Test
    void item4TooMuchOptionDataIsSkippedOrEndsTheConnection() throws IOException {
        try (TestClient client = client()) {
            assertEquals(TOO_BIG, client.outcome(7, new byte[70_000]));
            assertEquals(TOO_BIG, client.outcome(4711, new byte[1_000_000]));
            assertEquals(ACK, client.outcome(3, NONE));
            client.out.writeLong(0x49484156454F5054L);
            client.out.writeInt(7);
            client.out.writeInt(0xfffffff0);
            assertTrue(client.closedByServer());
        }
    }

    @Test
    void item4NamesAreLimitedAndUtf8() throws IOException {
        try (TestClient client = client()) {
            assertEquals(UNKNOWN, client.outcome(6, TestClient.info("n".repeat(4096))));
            assertEquals(INVALID, client.outcome(6, TestClient.info("n".repeat(4097))));
            assertEquals(INVALID, client.outcome(6, TestClient.info("a\0b")));
            assertEquals(INVALID, client.outcome(6, new byte[] {0, 0, 0, 2, (byte) 0xc3, 0x28, 0, 0}));
            assertEquals(UNKNOWN, client.outcome(6, TestClient.info("bäh\u20ac")));
        }
    }

    @Test
    void item5ExportNameWithAndWithoutZeros() throws IOException {
        for (boolean noZeroes : new boolean[] {true, false}) {
            try (TestClient client = served.client().hello(noZeroes ? 3 : 1)) {
                client.option(1, "disk".getBytes(StandardCharsets.UTF_8));
                assertEquals(Served.SIZE, client.in.readLong());
                assertEquals(0b1101_0110_1101, client.in.readUnsignedShort() & ~(1 << 7));
                if (!noZeroes) {
                    assertArrayEquals(new byte[124], client.in.readNBytes(124));
                }
                assertEquals(0, client.does(3, 0, 0, 0));
            }
        }
        try (TestClient client = client().option(1, "nix".getBytes(StandardCharsets.UTF_8))) {
            assertTrue(client.closedByServer());
        }
    }

    @Test
    void item6ExportNameKeepsTheContextsOfTheSameName() throws IOException {
        try (TestClient client = client().structured().baseAllocation("disk")) {
            client.option(1, "disk".getBytes(StandardCharsets.UTF_8));
            client.in.readNBytes(10);
            client.request(7, 0, 5, 0, 4096);
            assertEquals(5, client.chunk().type());
        }
    }

    @Test
    void item7AbortIsAcknowledgedEvenWithData() throws IOException {
        for (byte[] data : new byte[][] {NONE, new byte[33]}) {
            try (TestClient client = client()) {
                assertEquals(ACK, client.outcome(2, data));
                assertTrue(client.closedByServer());
            }
        }
        try (TestClient client = client()) {
            client.option(2, NONE).reset();
        }
        try (TestClient client = client()) {
            assertEquals(ACK, client.outcome(3, NONE));
        }
    }

    @Test
    void item8List() throws IOException {
        served.registry.add(new FakeDevice("another", 4096));
        try (TestClient client = client()) {
            assertEquals(INVALID, client.outcome(3, new byte[1]));
            List<String> names = new ArrayList<>();
            List<OptionReply> replies = client.ask(3, NONE);
            for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
                assertEquals(2, reply.type());
                ByteBuffer data = reply.buffer();
                byte[] name = new byte[data.getInt()];
                data.get(name);
                names.add(new String(name, StandardCharsets.UTF_8) + "/" + StandardCharsets.UTF_8.decode(data));
            }
            assertEquals(List.of("another/fake another", "disk/fake disk"), names);
            assertEquals(ACK, replies.get(2).type());
        }
        NbdSettings s = Served.settings();
        served.server.apply(new NbdSettings(s.host(), s.port(), null, s.tls(), "", false, s.limits()));
        try (TestClient client = client()) {
            assertEquals(POLICY, client.outcome(3, NONE));
        }
    }

    @Test
    void item9InfoAndGo() throws IOException {
        try (TestClient client = client()) {
            assertEquals(INVALID, client.outcome(6, NONE));
            assertEquals(INVALID, client.outcome(6, new byte[5]));
            assertEquals(INVALID, client.outcome(6, new byte[] {0, 0, 0, 1, 0, 0}));
            assertEquals(INVALID, client.outcome(6, new byte[] {-1, -1, -1, -1, 0, 0}));
            assertEquals(INVALID, client.outcome(6, new byte[] {0, 0, 0, 0, 0, 5, 0, 0}));
            List<OptionReply> unknown = client.ask(7, TestClient.info("nix", 0, 1, 2, 3));
            assertEquals(1, unknown.size());
            assertEquals(UNKNOWN, unknown.get(0).type());
            List<OptionReply> plain = client.ask(6, TestClient.info("disk", 77, 65535));
            assertEquals(2, plain.size(), "unknown requests are ignored, INFO_EXPORT always comes");
            assertEquals(12, plain.get(0).data().length);
            assertEquals(0, plain.get(0).buffer().getShort());
            assertEquals(Served.SIZE, plain.get(0).buffer().getLong(2));
        }
    }

    @Test
    void item9EmptyNameIsTheOnlyExportOrTheConfiguredOne() throws IOException {
        try (TestClient client = client()) {
            List<OptionReply> replies = client.ask(6, TestClient.info(""));
            assertEquals(3, replies.size());
            assertEquals(1, replies.get(1).buffer().getShort());
            assertEquals("disk", replies.get(1).text().substring(2));
            served.registry.add(new FakeDevice("another", 4096));
            assertEquals(UNKNOWN, client.outcome(6, TestClient.info("")));
        }
        NbdSettings s = Served.settings();
        served.server.apply(new NbdSettings(s.host(), s.port(), null, s.tls(), "another", true, s.limits()));
        try (TestClient client = client()) {
            assertEquals(
                    "another", client.ask(6, TestClient.info("")).get(1).text().substring(2));
        }
    }

    @Test
    void item10InfoThenGoAnswerTheSameAndTransmissionFollowsAtOnce() throws IOException {
        try (TestClient client = client().structured()) {
            List<OptionReply> info = client.ask(6, TestClient.info("disk", 1, 2, 3));
            List<OptionReply> go = client.ask(7, TestClient.info("disk", 1, 2, 3));
            assertEquals(5, info.size());
            for (int i = 0; i < info.size(); i++) {
                assertEquals(info.get(i).type(), go.get(i).type());
                assertArrayEquals(info.get(i).data(), go.get(i).data());
            }
            assertEquals("fake disk", go.get(2).text().substring(2));
            assertEquals(0, client.does(3, 0, 0, 0), "no padding between the acknowledgement and the first reply");
        }
    }

    @Test
    void item11And12BlockSizesAreInformationAndNotDemanded() throws IOException {
        try (TestClient client = client()) {
            ByteBuffer sizes = client.ask(6, TestClient.info("disk", 3)).get(1).buffer();
            assertEquals(3, sizes.getShort());
            assertEquals(1, sizes.getInt());
            assertEquals(4096, sizes.getInt());
            assertEquals(32 << 20, sizes.getInt());
            assertEquals(0, sizes.remaining());
            client.go("disk");
            assertEquals(0, client.does(1, 0, 513, 3, (byte) 1, (byte) 2, (byte) 3), "unaligned is fine");
            assertArrayEquals(new byte[] {0, 1, 2, 3, 0}, client.readSimply(512, 5));
        }
    }

    @Test
    void item13StructuredReplies() throws IOException {
        try (TestClient client = client()) {
            assertEquals(INVALID, client.outcome(8, new byte[1]));
            assertEquals(0, flags(client) & 1 << 7, "DF only with structured replies");
            assertEquals(ACK, client.outcome(8, NONE));
            assertEquals(ACK, client.outcome(8, NONE));
            assertEquals(1 << 7, flags(client) & 1 << 7);
        }
    }

    private static int flags(TestClient client) throws IOException {
        return client.ask(6, TestClient.info("disk")).get(0).buffer().getShort(10);
    }

    @Test
    void item14ListMetaContexts() throws IOException {
        try (TestClient client = client().structured()) {
            for (String[] queries : new String[][] {{}, {"base:"}, {"base:allocation"}, {"x:y", "base:"}}) {
                List<OptionReply> replies = client.ask(9, TestClient.contexts("disk", queries));
                assertEquals(2, replies.size());
                assertEquals(4, replies.get(0).type());
                assertEquals("base:allocation", replies.get(0).text().substring(4));
            }
            for (String query : List.of("qemu:", "qemu:dirty-bitmap:", "base:other", "x-none:a")) {
                assertEquals(
                        1, client.ask(9, TestClient.contexts("disk", query)).size(), query);
            }
            assertEquals(INVALID, client.outcome(9, TestClient.contexts("disk", "nocolon")));
            assertEquals(UNKNOWN, client.outcome(9, TestClient.contexts("nix", "base:")));
            assertEquals(INVALID, client.outcome(9, new byte[] {0, 0, 0, 0, 0, 0, 0, 9}));
            assertEquals(INVALID, client.outcome(9, new byte[] {0, 0, 0, 0, -1, -1, -1, -1}));
        }
    }

    @Test
    void item15SetMetaContextNeedsStructuredRepliesAndReplacesTheSet() throws IOException {
        try (TestClient client = client()) {
            assertEquals(INVALID, client.outcome(10, TestClient.contexts("disk", "base:allocation")));
            assertEquals(INVALID, client.outcome(9, TestClient.contexts("disk")));
            client.structured().baseAllocation("disk");
            assertEquals(1, client.ask(10, TestClient.contexts("disk")).size(), "no query selects nothing");
            client.go("disk");
            assertEquals(22, client.does(7, 0, 0, 4096));
        }
        try (TestClient client = client().structured().baseAllocation("disk")) {
            assertEquals(UNKNOWN, client.outcome(10, TestClient.contexts("nix", "base:allocation")));
            client.go("disk");
            assertEquals(22, client.does(7, 0, 0, 4096), "the earlier set is gone although setting failed");
        }
        try (TestClient client = client().structured()) {
            assertEquals(1, client.ask(10, TestClient.contexts("disk", "base:")).size(), "no wildcards when setting");
        }
    }

    @Test
    void item16ContextsOfAnotherExportDoNotHold() throws IOException {
        served.registry.add(new FakeDevice("another", 8192));
        try (TestClient client = client().structured().baseAllocation("another")) {
            client.go("disk");
            assertEquals(22, client.does(7, 0, 0, 4096));
            assertEquals(0, client.does(3, 0, 0, 0));
        }
    }

    @Test
    void deviceThatRefusesIsToldAndNegotiationGoesOn() throws IOException {
        served.disk.refuse = new StorageException(StorageException.Reason.UNAVAILABLE, "disk is suspended", "");
        try (TestClient client = client()) {
            List<OptionReply> replies = client.ask(7, TestClient.info("disk"));
            assertEquals(UNKNOWN, replies.get(0).type());
            assertEquals("disk is suspended", replies.get(0).text());
            served.disk.refuse = null;
            client.go("disk");
        }
    }

    @Test
    void readOnlyDeviceSaysSo() throws IOException {
        served.disk.readOnly = true;
        try (TestClient client = client()) {
            int flags = flags(client);
            assertEquals(2, flags & 2);
            assertEquals(0, flags & (1 << 5 | 1 << 6 | 1 << 11), "nothing that changes is offered");
        }
    }

    @Test
    void optionsInOneSegmentAreAllAnswered() throws IOException {
        try (TestClient client = client()) {
            ByteBuffer both = ByteBuffer.allocate(32 + 10);
            both.putLong(0x49484156454F5054L).putInt(8).putInt(0);
            both.putLong(0x49484156454F5054L).putInt(7).putInt(10).put(TestClient.info("disk"));
            client.out.write(both.array());
            assertEquals(ACK, client.optionReply().type());
            assertEquals(3, client.optionReply().type());
            assertEquals(ACK, client.optionReply().type());
            assertEquals(0, client.does(3, 0, 0, 0));
        }
    }

    @Test
    void requestsRightBehindExportNameAreServed() throws IOException {
        try (TestClient client = client()) {
            ByteBuffer both = ByteBuffer.allocate(20 + 28);
            both.putLong(0x49484156454F5054L).putInt(1).putInt(4).put("disk".getBytes(StandardCharsets.UTF_8));
            both.putInt(0x25609513)
                    .putShort((short) 0)
                    .putShort((short) 3)
                    .putLong(99)
                    .putLong(0)
                    .putInt(0);
            client.out.write(both.array());
            client.in.readNBytes(10);
            assertEquals(0, client.error(99));
        }
    }

    @Test
    void wrongMagicEndsTheConnection() throws IOException {
        try (TestClient client = client()) {
            client.out.write(new byte[16]);
            assertTrue(client.closedByServer());
        }
        assertFalse(served.server.clients().stream().anyMatch(c -> true));
    }
}
