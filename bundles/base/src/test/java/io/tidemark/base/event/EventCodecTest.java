package io.tidemark.base.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares with bodies that librbd wrote, and reads back what the codec writes. */
class EventCodecTest {
    private static final long ONE_SECOND_ONE_NANO = 1_000_000_001L;

    private static ByteBuffer body(EventKind kind, long offset, long length, byte[] payload, String name, long time) {
        ByteBuffer out = ByteBuffer.allocate(EventCodec.MAX_HEAD_BYTES + payload.length + EventCodec.TAIL_BYTES);
        EventCodec.putHead(out, kind, offset, length, payload.length, name);
        out.put(payload);
        EventCodec.putTail(out, time);
        return out.flip();
    }

    private static String hex(ByteBuffer buffer) {
        return HexFormat.of().formatHex(buffer.array(), buffer.position(), buffer.limit());
    }

    private static EventHeader header(EventKind kind) {
        return new EventHeader(new Position(1, 7), kind, 0, 0, 0, 0, 0);
    }

    @Test
    void writeIsByteForByteWhatLibrbdWrites() {
        byte[] payload = new byte[32];
        Arrays.fill(payload, (byte) '1');
        assertEquals(
                "050138000000010000007b00000000000000c80100000000000020000000" + "31".repeat(32)
                        + "0101080000000100000001000000",
                hex(body(EventKind.WRITE, 123, 456, payload, "", ONE_SECOND_ONE_NANO)));
    }

    @Test
    void flushAndPromoteAreByteForByteWhatLibrbdWrites() {
        assertEquals(
                "050104000000020000000101080000000000000000000000",
                hex(body(EventKind.FLUSH, 0, 0, new byte[0], "", 0)));
        assertEquals(
                "0501040000000d0000000101080000000000000000000000",
                hex(body(EventKind.PROMOTE, 0, 0, new byte[0], "", 0)));
    }

    @ParameterizedTest
    @EnumSource(EventKind.class)
    void everyKindReadsBack(EventKind kind) throws StorageException {
        byte[] payload = kind == EventKind.WRITE ? new byte[] {1, 2, 3} : new byte[0];
        boolean named = kind == EventKind.MARK || kind == EventKind.SNAPSHOT;
        String name = named ? "before the uprade \u00e9" : "";
        Event event = EventCodec.decode(header(kind), body(kind, 4096, 3, payload, name, 1_700_000_000_123_456_789L));
        assertEquals(kind, event.kind());
        assertEquals(name, event.name());
        assertEquals(1_700_000_000_123_456_789L, event.timeNanos());
        assertEquals(ByteBuffer.wrap(payload), event.payload());
        if (kind.changesData()) {
            assertEquals(4096, event.offset());
            assertEquals(3, event.length());
        }
    }

    @Test
    void aTypeOfTheFutureIsNamedAndSkipped() throws StorageException {
        ByteBuffer body = body(EventKind.FLUSH, 0, 0, new byte[0], "", 5);
        body.order(ByteOrder.LITTLE_ENDIAN).putInt(6, 999);
        Event event = EventCodec.decode(header(EventKind.FLUSH), body);
        assertNull(event.kind());
        assertEquals(999, event.type());
        assertEquals(5, event.timeNanos());
    }

    @Test
    void headAndTailHaveTheDocumentedLengths() {
        ByteBuffer out = ByteBuffer.allocate(EventCodec.MAX_HEAD_BYTES);
        EventCodec.putHead(out, EventKind.WRITE, 0, 10, 10, "");
        assertEquals(EventCodec.WRITE_HEAD_BYTES, out.position());
        out.clear();
        EventCodec.putHead(out, EventKind.SNAPSHOT, 0, 0, 0, "x".repeat(EventCodec.MAX_NAME_BYTES));
        out.clear();
        EventCodec.putTail(out, 1);
        assertEquals(EventCodec.TAIL_BYTES, out.position());
    }

    @Test
    void aNameThatIsTooLongIsRefused() {
        ByteBuffer out = ByteBuffer.allocate(4096);
        assertThrows(
                IllegalArgumentException.class,
                () -> EventCodec.putHead(out, EventKind.MARK, 0, 0, 0, "x".repeat(EventCodec.MAX_NAME_BYTES + 1)));
    }

    @Test
    void everyTruncationIsCorruptAndNothingElse() {
        ByteBuffer whole = body(EventKind.MARK, 0, 0, new byte[0], "mark", 1);
        for (int length = 0; length < whole.limit() - EventCodec.TAIL_BYTES; length++) {
            ByteBuffer cut = whole.duplicate().limit(length);
            StorageException e =
                    assertThrows(StorageException.class, () -> EventCodec.decode(header(EventKind.MARK), cut));
            assertEquals(StorageException.Reason.CORRUPT, e.reason());
        }
    }

    @Test
    void randomDamageNeverEscapesAsAnotherException() {
        Random random = new Random(42);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = body(EventKind.WRITE, 0, 16, "sixteen bytes...".getBytes(StandardCharsets.UTF_8), "", 1)
                    .array();
            for (int flips = random.nextInt(4); flips >= 0; flips--) {
                bytes[random.nextInt(60)] = (byte) random.nextInt();
            }
            try {
                EventCodec.decode(header(EventKind.WRITE), ByteBuffer.wrap(bytes, 0, 60));
            } catch (StorageException e) {
                assertEquals(StorageException.Reason.CORRUPT, e.reason());
            }
        }
    }
}
