package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import io.tidemark.nbd.testing.TestClient.Chunk;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests and replies, item by item of docs/reference/nbd.md. */
class TransmissionTest {
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int FLUSH = 3;
    private static final int TRIM = 4;
    private static final int CACHE = 5;
    private static final int ZEROES = 6;
    private static final int STATUS = 7;
    private static final int FUA = 1;
    private static final int EPERM = 1;
    private static final int EIO = 5;
    private static final int EINVAL = 22;
    private static final int ENOSPC = 28;

    private Served served;

    @BeforeEach
    void serve() throws IOException {
        served = new Served();
    }

    @AfterEach
    void close() {
        served.close();
    }

    private static byte[] pattern(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private void fill(int offset, byte[] bytes) {
        served.disk.memory.slice(offset, bytes.length).put(bytes);
    }

    private byte[] disk(int offset, int length) {
        byte[] bytes = new byte[length];
        served.disk.memory.slice(offset, length).get(bytes);
        return bytes;
    }

    private static StorageException failure(StorageException.Reason reason) {
        return new StorageException(reason, "made to fail", "do nothing");
    }

    @Test
    void item24CookiesComeBackAsTheyAre() throws IOException {
        try (TestClient client = served.simple()) {
            for (long cookie : new long[] {0, -1, Long.MIN_VALUE, 0x0102030405060708L}) {
                client.request(FLUSH, 0, cookie, 0, 0);
                assertEquals(cookie, client.simple().cookie());
            }
        }
    }

    @Test
    void item24And25ManyInFlightAreAllAnsweredWhateverTheOrder() throws IOException {
        served.server.apply(Served.settings()
                .withLimits(new NbdSettings.Limits(
                        8,
                        16,
                        2,
                        java.time.Duration.ofSeconds(5),
                        java.time.Duration.ofSeconds(5),
                        java.time.Duration.ofSeconds(3))));
        served.disk.elsewhere = true;
        try (TestClient client = served.simple()) {
            int count = 2000;
            Thread writer = new Thread(() -> {
                try {
                    for (int i = 0; i < count; i++) {
                        client.request(WRITE, 0, i, i * 512L, 512, pattern(512, i));
                    }
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            writer.start();
            Set<Long> seen = new HashSet<>();
            for (int i = 0; i < count; i++) {
                TestClient.Simple reply = client.simple();
                assertEquals(0, reply.error());
                assertTrue(seen.add(reply.cookie()), "answered twice: " + reply.cookie());
            }
            for (int i = 0; i < count; i++) {
                assertArrayEquals(pattern(512, i), disk(i * 512, 512), "write " + i);
            }
        }
    }

    @Test
    void item25InFlightIsBoundedByNotReading() throws Exception {
        served.server.apply(Served.settings()
                .withLimits(new NbdSettings.Limits(
                        8,
                        4,
                        2,
                        java.time.Duration.ofSeconds(5),
                        java.time.Duration.ofSeconds(5),
                        java.time.Duration.ofSeconds(3))));
        served.disk.hold = new CountDownLatch(1);
        try (TestClient client = served.simple()) {
            for (int i = 0; i < 10; i++) {
                client.request(FLUSH, 0, i, 0, 0);
            }
            // A request counts a moment before the device has it.
            Served.await("four in flight", () -> inFlight() == 4 && served.disk.done.size() == 4);
            served.disk.hold.countDown();
            for (int i = 0; i < 10; i++) {
                assertEquals(0, client.simple().error());
            }
            assertEquals(10, served.disk.done.size());
        }
    }

    private long inFlight() {
        return served.server.clients().stream()
                .mapToLong(c -> c.requestsInFlight())
                .sum();
    }

    @Test
    void item26ReadsAreStructuredEvenWhenTheyFail() throws IOException {
        try (TestClient client = served.structured()) {
            served.disk.failReads = failure(StorageException.Reason.IO);
            client.request(READ, 0, 3, 0, 4096);
            Chunk chunk = client.chunk();
            assertEquals(0x8001, chunk.type());
            assertTrue(chunk.done());
            assertEquals(EIO, chunk.buffer().getInt());
            assertEquals(chunk.data().length - 6, chunk.buffer().getShort(4));
            assertTrue(new String(chunk.data(), 6, chunk.data().length - 6).contains("made to fail"));
        }
    }

    @Test
    void item27DataAndHolesCoverTheRequestOnce() throws IOException {
        byte[] data = pattern(100_000, 1);
        fill(300_000, data);
        try (TestClient client = served.structured()) {
            for (int[] range :
                    new int[][] {{0, 4096}, {299_999, 100_002}, {0, 2_000_000}, {300_000, 1}, {0, Served.SIZE}}) {
                byte[] read = client.readStructured(0, range[0], range[1]);
                assertArrayEquals(disk(range[0], range[1]), read, Arrays.toString(range));
            }
            client.request(READ, 0, 8, 0, 4096);
            Chunk hole = client.chunk();
            assertEquals(2, hole.type());
            assertEquals(12, hole.data().length);
            assertEquals(4096, hole.buffer().getInt(8));
        }
    }

    @Test
    void item28DontFragmentIsOneContentChunk() throws IOException {
        fill(100, pattern(3 << 20, 2));
        try (TestClient client = served.structured()) {
            for (int length : new int[] {1, 65536, 1 << 20, 3 << 20}) {
                client.request(READ, 4, 77, 100, length);
                Chunk content = client.chunk();
                assertEquals(1, content.type());
                assertEquals(8 + length, content.data().length);
                assertArrayEquals(disk(100, length), Arrays.copyOfRange(content.data(), 8, 8 + length));
                if (!content.done()) {
                    Chunk end = client.chunk();
                    assertEquals(0, end.type());
                    assertTrue(end.done());
                }
            }
        }
        try (TestClient client = served.simple()) {
            assertEquals(EINVAL, client.does(READ, 4, 0, 512), "not offered without structured replies");
        }
    }

    @Test
    void item29FailureBehindTheFirstDataIsAnErrorAtItsOffset() throws IOException {
        fill(0, pattern(2 << 20, 3));
        served.disk.failReadsFrom = 1 << 20;
        served.disk.failReads = failure(StorageException.Reason.CORRUPT);
        try (TestClient client = served.structured()) {
            client.request(READ, 4, 5, 0, 2 << 20);
            Chunk content = client.chunk();
            assertEquals(8 + (2 << 20), content.data().length, "the chunk that was promised is completed");
            Chunk error = client.chunk();
            assertEquals(0x8002, error.type());
            assertTrue(error.done());
            assertEquals(EIO, error.buffer().getInt());
            assertEquals(1 << 20, error.buffer().getLong(error.data().length - 8));

            client.request(READ, 0, 6, 0, 2 << 20);
            Chunk chunk = client.chunk();
            while (!chunk.done()) {
                chunk = client.chunk();
            }
            assertEquals(0x8002, chunk.type());
            assertEquals(0, client.does(FLUSH, 0, 0, 0), "the connection goes on");
        }
        try (TestClient client = served.simple()) {
            client.request(READ, 0, 7, 0, 2 << 20);
            assertEquals(0, client.simple().error());
            assertTrue(client.in.readAllBytes().length < 2 << 20, "a simple reply cannot take back its promise");
        }
        try (TestClient client = served.simple()) {
            assertEquals(EIO, client.does(READ, 0, 2 << 20, 2 << 20), "nothing was promised yet");
            assertEquals(0, client.does(FLUSH, 0, 0, 0));
        }
    }

    @Test
    void item29NothingFollowsASimpleReplyThatCannotBeFinished() throws Exception {
        fill(0, pattern(2 << 20, 3));
        served.disk.hold = new CountDownLatch(1);
        served.disk.readNanos = 20_000_000;
        served.disk.failReadsFrom = 1 << 20;
        served.disk.failReads = failure(StorageException.Reason.CORRUPT);
        try (TestClient client = served.simple()) {
            client.request(WRITE, 0, 6, 3 << 20, 512, pattern(512, 1));
            client.request(READ, 0, 7, 0, 2 << 20);
            TestClient.Simple reply = client.simple();
            assertEquals(7, reply.cookie());
            served.disk.hold.countDown();
            assertEquals(1 << 20, client.in.readAllBytes().length, "another reply would be taken for data of this one");
        }
    }

    @Test
    void item30WriteErrorsConsumeThePayload() throws IOException {
        for (TestClient client : List.of(served.simple(), served.structured())) {
            try (client) {
                byte[] payload = pattern(300_000, 4);
                assertEquals(ENOSPC, client.does(WRITE, 0, Served.SIZE - 4096, 300_000, payload));
                assertEquals(ENOSPC, client.does(WRITE, 0, Served.SIZE, 512, new byte[512]));
                assertEquals(EINVAL, client.does(WRITE, 1 << 14, 0, 512, new byte[512]));
                served.disk.readOnly = true;
                assertEquals(EPERM, client.does(WRITE, 0, 0, 512, new byte[512]));
                assertEquals(EPERM, client.does(TRIM, 0, 0, 512));
                assertEquals(EPERM, client.does(ZEROES, 0, 0, 512));
                served.disk.readOnly = false;
                assertArrayEquals(new byte[4096], disk(Served.SIZE - 4096, 4096));
                assertEquals(0, client.does(FLUSH, 0, 0, 0));
            }
        }
        assertTrue(served.disk.done.stream().allMatch(line -> line.startsWith("flush")));
    }

    @Test
    void item31RangesAreCheckedWithoutOverflow() throws IOException {
        try (TestClient client = served.structured()) {
            long[] offsets = {
                Served.SIZE, Served.SIZE - 511, -1, -512, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 511
            };
            for (long offset : offsets) {
                for (int command : new int[] {READ, TRIM, CACHE, STATUS}) {
                    assertEquals(EINVAL, client.does(command, 0, offset, 512), command + " at " + offset);
                }
                assertEquals(ENOSPC, client.does(ZEROES, 0, offset, 512));
                assertEquals(ENOSPC, client.does(WRITE, 0, offset, 512, new byte[512]));
            }
            assertEquals(EINVAL, client.does(TRIM, 0, 0, 0xffff_ffffL));
            assertEquals(EINVAL, client.does(READ, 0, 0, 0xffff_ffffL));
        }
    }

    @Test
    void item32FlushTakesNoRange() throws IOException {
        try (TestClient client = served.simple()) {
            assertEquals(EINVAL, client.does(FLUSH, 0, 512, 0));
            assertEquals(EINVAL, client.does(FLUSH, 0, 0, 512));
            assertEquals(0, client.does(FLUSH, FUA, 0, 0));
            assertEquals(List.of("flush 0 0"), served.disk.done);
        }
    }

    @Test
    void item33ForceUnitAccessReachesTheDeviceAndIsAcceptedEverywhere() throws IOException {
        try (TestClient client = served.structured()) {
            assertEquals(0, client.does(WRITE, FUA, 0, 512, new byte[512]));
            assertEquals(0, client.does(ZEROES, FUA, 512, 512));
            assertEquals(0, client.does(TRIM, FUA, 1024, 512));
            assertEquals(0, client.does(WRITE, 0, 0, 512, new byte[512]));
            assertEquals(0, client.does(CACHE, FUA, 0, 512));
            assertEquals(512, client.readStructured(FUA, 0, 512).length);
            client.request(STATUS, FUA, 1, 0, 512);
            assertEquals(5, client.chunk().type());
            assertEquals(
                    List.of("write 0 512 fua", "zero 512 512 fua", "discard 1024 512 fua", "write 0 512"),
                    served.disk.done);
            byte[] megabytes = pattern(3 << 20, 9);
            assertEquals(0, client.does(WRITE, FUA, 0, megabytes.length, megabytes));
            assertEquals(
                    3,
                    served.disk.done.stream()
                            .filter(line -> line.endsWith("1048576 fua"))
                            .count());
        }
    }

    @Test
    void item34WriteZeroes() throws IOException {
        fill(0, pattern(Served.SIZE, 5));
        try (TestClient client = served.structured()) {
            assertEquals(0, client.does(ZEROES, 0, 0, 4096));
            assertEquals(0, client.does(ZEROES, 2, 4096, 4096));
            assertEquals(0, client.does(ZEROES, 16, 8192, 4096));
            assertEquals(0, client.does(ZEROES, 2 | 16 | FUA, 100_000, 1));
            assertEquals(0, client.does(ZEROES, 0, 1 << 20, 3 << 20), "no limit but the export's end");
            assertArrayEquals(new byte[12288], disk(0, 12288));
            assertEquals(
                    List.of(
                            "zero 0 4096",
                            "zero 4096 4096 provision",
                            "zero 8192 4096",
                            "zero 100000 1 provision fua",
                            "zero 1048576 3145728"),
                    served.disk.done);
        }
    }

    @Test
    void item35Trim() throws IOException {
        fill(0, pattern(Served.SIZE, 6));
        try (TestClient client = served.simple()) {
            assertEquals(0, client.does(TRIM, 0, 3, Served.SIZE - 3));
            assertEquals(List.of("discard 3 " + (Served.SIZE - 3)), served.disk.done);
        }
    }

    @Test
    void item36CacheChangesNothing() throws IOException {
        try (TestClient client = served.simple()) {
            assertEquals(0, client.does(CACHE, 0, 0, Served.SIZE));
            assertEquals(EINVAL, client.does(CACHE, 2, 0, 512));
            assertEquals(List.of(), served.disk.done);
        }
    }

    @Test
    void item37BlockStatus() throws IOException {
        fill(8192, pattern(4096, 7));
        fill(16384, pattern(8192, 7));
        try (TestClient client = served.structured()) {
            assertEquals(
                    List.of("8192 3", "4096 0", "4096 3", "8192 0", (Served.SIZE - 24576) + " 3"),
                    extents(client, 0, 0, Served.SIZE));
            assertEquals(List.of("4096 3"), extents(client, 8, 4096, Served.SIZE - 4096), "REQ_ONE");
            assertEquals(List.of("100 3", "100 0"), extents(client, 0, 8092, 200));
            assertEquals(List.of("1 0"), extents(client, 8, 8192, 1));
            assertEquals(EINVAL, client.does(STATUS, 0, 0, 0));
            assertEquals(EINVAL, client.does(STATUS, 2, 0, 512));
        }
        try (TestClient client = served.simple()) {
            assertEquals(EINVAL, client.does(STATUS, 0, 0, 512));
        }
    }

    private static List<String> extents(TestClient client, int flags, long offset, long length) throws IOException {
        client.request(STATUS, flags, 11, offset, length);
        Chunk chunk = client.chunk();
        assertEquals(5, chunk.type());
        assertTrue(chunk.done());
        ByteBuffer data = chunk.buffer();
        assertEquals(1, data.getInt());
        List<String> found = new java.util.ArrayList<>();
        while (data.hasRemaining()) {
            found.add(data.getInt() + " " + data.getInt());
        }
        return found;
    }

    @Test
    void item38EmptyRequestsAreFine() throws IOException {
        for (TestClient client : List.of(served.simple(), served.structured())) {
            try (client) {
                for (int command : new int[] {READ, WRITE, TRIM, CACHE, ZEROES}) {
                    assertEquals(0, client.does(command, 0, 4096, 0));
                    assertEquals(0, client.does(command, 0, Served.SIZE, 0));
                }
            }
        }
        assertEquals(List.of(), served.disk.done);
    }

    @Test
    void item39UnknownCommandsAndFlagsLeaveTheConnection() throws IOException {
        try (TestClient client = served.structured()) {
            for (int command : new int[] {8, 9, 255, 65535}) {
                assertEquals(EINVAL, client.does(command, 0, 0, 512));
            }
            assertEquals(EINVAL, client.does(READ, 2, 0, 512));
            assertEquals(EINVAL, client.does(TRIM, 16, 0, 512));
            assertEquals(EINVAL, client.does(FLUSH, 0x8000, 0, 0));
            assertEquals(0, client.does(FLUSH, 0, 0, 0));
        }
    }

    @Test
    void item40LongPayloads() throws IOException {
        FakeDevice large = new FakeDevice("large", 80 << 20);
        served.registry.add(large);
        try (TestClient client = served.client().hello()) {
            client.go("large");
            byte[] most = pattern(32 << 20, 8);
            assertEquals(0, client.does(WRITE, 0, 1000, most.length, most));
            assertArrayEquals(most, client.readSimply(1000, most.length));
            assertEquals(EINVAL, client.does(WRITE, 0, 0, most.length + 1, Arrays.copyOf(most, most.length + 1)));
            assertEquals(EINVAL, client.does(READ, 0, 0, (32 << 20) + 1));
            assertEquals(0, client.does(FLUSH, 0, 0, 0));
            client.request(WRITE, 0, 1, 0, 0xffff_ffffL);
            assertTrue(client.closedByServer());
        }
    }

    @Test
    void item41DisconnectFinishesWhatIsOutstanding() throws Exception {
        served.disk.hold = new CountDownLatch(1);
        try (TestClient client = served.simple()) {
            client.request(WRITE, 0, 1, 0, 512, pattern(512, 1));
            client.request(2, 0, 2, 0, 0);
            Served.await("write in flight", () -> inFlight() == 1);
            served.disk.hold.countDown();
            assertEquals(1, client.simple().cookie());
            assertTrue(client.closedByServer(), "and DISC itself has no reply");
        }
        Served.await("detached", () -> served.disk.attached() == 0);
    }

    @Test
    void item42ClientThatBreaksOffWithinAPayloadLeavesNothing() throws Exception {
        for (int length : new int[] {512, 20_000, 200_000, 1 << 20, 3 << 20}) {
            for (int sent : new int[] {0, 1, length / 2, length - 1}) {
                try (TestClient client = served.simple()) {
                    client.request(WRITE, 0, 1, 0, length, pattern(sent, 9));
                    client.shutdownOutput();
                    assertTrue(client.closedByServer());
                }
                try (TestClient client = served.simple()) {
                    client.request(WRITE, 0, 1, 0, length, pattern(sent, 9)).reset();
                }
            }
        }
        Served.await("all gone", () -> served.disk.attached() == 0);
        assertEquals(List.of(), served.disk.done);
        assertArrayEquals(new byte[Served.SIZE], disk(0, Served.SIZE));
        assertEquals(0, FakeDevice.POOL.usedBytes(), "payload memory is given back");
    }

    @Test
    void item43ServerThatStopsAnswersWhatIsInFlightAndRefusesTheRest() throws Exception {
        served.disk.hold = new CountDownLatch(1);
        try (TestClient client = served.simple();
                TestClient negotiating = served.client().hello()) {
            client.request(WRITE, 0, 1, 0, 512, pattern(512, 1));
            Served.await("write in flight", () -> inFlight() == 1);
            Thread closing = new Thread(served::close);
            closing.start();
            Served.await("told to end", () -> {
                try {
                    return client.does(CACHE, 0, 0, 512) == 108;
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            client.request(WRITE, 0, 2, 0, 512, pattern(512, 2));
            assertEquals(108, client.error(2));
            served.disk.hold.countDown();
            assertEquals(0, client.error(1));
            assertTrue(client.closedByServer());
            closing.join();
            assertArrayEquals(pattern(512, 1), disk(0, 512));
            assertTrue(negotiating.closedByServer());
        }
    }

    @Test
    void item45DeviceThatGoesAwayEndsItsClientsOrderly() throws Exception {
        try (TestClient client = served.simple()) {
            assertEquals(0, client.does(FLUSH, 0, 0, 0));
            served.disk.goAway("image disk was deleted");
            assertTrue(client.closedByServer());
        }
        served.disk.hold = new CountDownLatch(1);
        try (TestClient client = served.simple()) {
            client.request(FLUSH, 0, 1, 0, 0);
            Served.await("in flight", () -> inFlight() == 1);
            served.disk.goAway("image disk was deleted");
            client.request(READ, 0, 2, 0, 512);
            assertEquals(108, client.error(2));
            served.disk.hold.countDown();
            assertEquals(0, client.error(1));
            assertTrue(client.closedByServer());
        }
    }

    @Test
    void item45ShrunkDeviceRefusesWhatIsBeyond() throws IOException {
        try (TestClient client = served.simple()) {
            served.disk.shrink(8192);
            assertEquals(EINVAL, client.does(READ, 0, 4096, 8192));
            assertEquals(ENOSPC, client.does(WRITE, 0, 8192, 512, new byte[512]));
            assertEquals(0, client.does(READ, 0, 0, 0));
        }
    }

    @Test
    void item46ConnectionsSeeEachOthersWrites() throws IOException {
        served.disk.elsewhere = true;
        try (TestClient a = served.simple();
                TestClient b = served.structured()) {
            for (int i = 0; i < 200; i++) {
                byte[] data = pattern(4096, i);
                TestClient writer = i % 2 == 0 ? a : b;
                assertEquals(0, writer.does(WRITE, i % 3 == 0 ? FUA : 0, i * 4096L, 4096, data));
                assertArrayEquals(
                        data, i % 2 == 0 ? b.readStructured(0, i * 4096L, 4096) : a.readSimply(i * 4096L, 4096));
                assertEquals(0, (i % 2 == 0 ? b : a).does(FLUSH, 0, 0, 0));
            }
        }
        assertEquals(1 << 8, 1 << 8 & multiConnFlag());
    }

    private int multiConnFlag() throws IOException {
        try (TestClient client = served.client().hello()) {
            return client.ask(6, TestClient.info("disk")).get(0).buffer().getShort(10);
        }
    }

    @Test
    void failuresOfTheDeviceAreTold() throws IOException {
        int[][] expected = {
            {StorageException.Reason.NO_SPACE.ordinal(), ENOSPC},
            {StorageException.Reason.JOURNAL_FULL.ordinal(), ENOSPC},
            {StorageException.Reason.READ_ONLY.ordinal(), EPERM},
            {StorageException.Reason.INVALID.ordinal(), EINVAL},
            {StorageException.Reason.UNAVAILABLE.ordinal(), 108},
            {StorageException.Reason.CLOSED.ordinal(), 108},
            {StorageException.Reason.IO.ordinal(), EIO},
            {StorageException.Reason.CORRUPT.ordinal(), EIO},
            {StorageException.Reason.STALE_SERVICE.ordinal(), EIO},
        };
        try (TestClient client = served.structured()) {
            for (int[] each : expected) {
                served.disk.failWrites = failure(StorageException.Reason.values()[each[0]]);
                assertEquals(each[1], client.does(WRITE, 0, 0, 512, new byte[512]));
                assertEquals(each[1], client.does(FLUSH, 0, 0, 0));
                assertEquals(each[1], client.does(WRITE, 0, 0, 3 << 20, new byte[3 << 20]));
            }
        }
    }

    @Test
    void readsFromASlowDiskRunAtTheSameTime() throws IOException {
        served.disk.readNanos = 2_000_000;
        fill(0, pattern(1 << 20, 1));
        try (TestClient client = served.simple()) {
            for (int round = 0; round < 10; round++) {
                for (int i = 0; i < 32; i++) {
                    client.request(READ, 0, i, i * 4096L, 4096);
                }
                for (int i = 0; i < 32; i++) {
                    int which = (int) client.simple().cookie();
                    assertArrayEquals(disk(which * 4096, 4096), client.in.readNBytes(4096));
                }
            }
            assertTrue(served.disk.readsAtOnceSeen > 8, "seen " + served.disk.readsAtOnceSeen);
            served.disk.failReads = failure(StorageException.Reason.IO);
            for (int i = 0; i < 8; i++) {
                client.request(READ, 0, i, i * 4096L, 4096);
            }
            for (int i = 0; i < 8; i++) {
                assertEquals(EIO, client.simple().error());
            }
        }
    }

    @Test
    void oneAtATimeIsForcedByTheClientsThreadAndManyAreHandedOver() throws IOException {
        try (TestClient client = served.simple()) {
            for (int i = 0; i < 5; i++) {
                assertEquals(0, client.does(FLUSH, 0, 0, 0));
            }
            assertEquals(5, served.disk.drivenAlone.get());
            assertEquals(0, served.disk.drivenWithMore.get());
            served.disk.hold = new CountDownLatch(1);
            for (int i = 0; i < 8; i++) {
                client.request(FLUSH, 0, i, 0, 0);
            }
            Served.await("all in flight", () -> inFlight() == 8);
            Served.await("more expected", () -> served.disk.drivenWithMore.get() > 0);
            served.disk.hold.countDown();
            for (int i = 0; i < 8; i++) {
                assertEquals(0, client.simple().error());
            }
        }
    }

    @Test
    void aClientWithAllThatItSendsInFlightIsForcedByItsOwnThread() throws IOException {
        try (TestClient client = served.simple()) {
            int depth = 7;
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < depth; i++) {
                    client.request(WRITE, 0, i, i * 4096L, 4096);
                    client.send(pattern(4096, i));
                }
                for (int i = 0; i < depth; i++) {
                    assertEquals(0, client.simple().error());
                }
            }
            assertTrue(
                    served.disk.drivenAlone.get() >= 18,
                    "more was expected of a client that sends no more: " + served.disk.drivenAlone + " of 20");
        }
    }

    @Test
    void aDeepClientThatOnlyWritesIsForcedByItsOwnThreadUntilItReads() throws IOException {
        try (TestClient client = served.simple()) {
            heldWrites(client, 80);
            int handedOver = served.disk.drivenWithMore.get();
            for (int round = 0; round < 20; round++) {
                int alone = served.disk.drivenAlone.get();
                heldWrites(client, 80);
                assertTrue(served.disk.drivenAlone.get() > alone, "nothing was driven by the client's thread");
                assertEquals(handedOver, served.disk.drivenWithMore.get(), "a force was handed over");
            }
            assertEquals(0, client.does(READ, 0, 0, 4096));
            client.in.readNBytes(4096);
            heldWrites(client, 40);
            assertTrue(
                    served.disk.drivenWithMore.get() > handedOver, "the forces of a client that reads are handed over");
        }
    }

    /** Otherwise the device stands still while all of it is taken in, and the client while all of it is forced. */
    @Test
    void aBurstOfWritesIsForcedInPortions() throws IOException {
        int depth = 32;
        ByteArrayOutputStream burst = new ByteArrayOutputStream();
        try (TestClient client = served.simple()) {
            DataOutputStream socket = client.out;
            client.out = new DataOutputStream(burst);
            for (int i = 0; i < depth; i++) {
                client.request(WRITE, 0, i, i * 512L, 512);
                client.send(pattern(512, i));
            }
            client.out = socket;
            for (int round = 0; round < 20; round++) {
                client.send(burst.toByteArray());
                for (int i = 0; i < depth; i++) {
                    assertEquals(0, client.simple().error());
                }
            }
        }
        assertTrue(served.disk.mostDriven.get() <= depth / 4, served.disk.mostDriven + " of " + depth + " at once");
    }

    /**
     * Writes of which none is answered before all are in flight, however slowly the server comes to take them in. What is sent
     * behind them is refused at once, and the refusal goes out when the server has nothing more at hand: it has seen all then.
     */
    private void heldWrites(TestClient client, int depth) throws IOException {
        served.disk.hold = new CountDownLatch(1);
        for (int i = 0; i < depth; i++) {
            client.request(WRITE, 0, i, i * 512L, 512);
            client.send(pattern(512, i));
        }
        client.request(READ, 0, depth, Long.MAX_VALUE / 2, 512);
        assertEquals(EINVAL, client.simple().error());
        served.disk.hold.countDown();
        for (int i = 0; i < depth; i++) {
            assertEquals(0, client.simple().error());
        }
    }

    @Test
    void requestInSingleBytesIsUnderstood() throws IOException {
        try (TestClient client = served.simple()) {
            ByteBuffer bytes = ByteBuffer.allocate(28 + 100);
            bytes.putInt(0x25609513)
                    .putShort((short) 0)
                    .putShort((short) 1)
                    .putLong(4)
                    .putLong(77)
                    .putInt(100);
            bytes.put(pattern(100, 3));
            for (byte each : bytes.array()) {
                client.out.write(each);
            }
            assertEquals(4, client.simple().cookie());
            assertArrayEquals(pattern(100, 3), disk(77, 100));
        }
    }

    @Test
    void wrongRequestMagicEndsTheConnection() throws IOException {
        try (TestClient client = served.simple()) {
            client.out.write(new byte[28]);
            assertTrue(client.closedByServer());
        }
        assertThrows(IOException.class, () -> {
            try (TestClient client = served.simple()) {
                client.out.write(new byte[64]);
                client.simple();
            }
        });
    }

    @Test
    void countersTellWhatAClientDid() throws IOException {
        try (TestClient client = served.structured()) {
            client.does(WRITE, 0, 0, 4096, new byte[4096]);
            client.readStructured(0, 0, 8192);
            client.does(READ, 0, Served.SIZE, 512);
            Served.await("counted", () -> inFlight() == 0);
            var description = served.server.clients().get(0);
            assertEquals("disk", description.export());
            assertEquals(3, description.requests());
            assertEquals(1, description.errors());
            assertEquals(8192, description.readBytes());
            assertEquals(4096, description.writtenBytes());
            assertEquals(0, description.bytesInFlight());
            assertTrue(description.address().startsWith("127.0.0.1:"));
            assertEquals(3, served.server.statistics().getRequests());
            assertEquals(1, served.server.statistics().getErrors());
            assertEquals(1, served.server.statistics().getConnections());
            NbdLatency reads = served.server.statistics().getReadNanos();
            assertEquals(2, reads.getCount());
            assertTrue(0 < reads.getP50() && reads.getP50() <= reads.getP99() && reads.getP99() <= reads.getMax());
            assertTrue(reads.getMean() <= reads.getMax());
            assertEquals(1, served.server.statistics().getWriteNanos().getCount());
            assertEquals(0, served.server.statistics().getFlushNanos().getMax());
        }
    }
}
