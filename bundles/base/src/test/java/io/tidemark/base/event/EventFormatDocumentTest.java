package io.tidemark.base.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/formats/events.md against the codec: types, codes, lengths, and the order of fields. */
class EventFormatDocumentTest {
    private static final Path DOCUMENT = Path.of("../../docs/formats/events.md");
    private static final Pattern ROW = Pattern.compile(
            "^\\| `(0x[0-9a-f]+|[0-9]+)` \\| `([A-Z_]+)` \\| ([0-9]+) \\| ([0-9+n]+) \\|.*", Pattern.MULTILINE);

    @Test
    void typesAndLengthsAreThoseOfTheCodec() throws IOException {
        Map<EventKind, Integer> documentedTypes = new HashMap<>();
        Matcher row = ROW.matcher(Files.readString(DOCUMENT));
        while (row.find()) {
            EventKind kind = EventKind.valueOf(row.group(2));
            documentedTypes.put(kind, Integer.decode(row.group(1)));
            assertEquals(Integer.toString(kind.code()), row.group(3), "code of " + kind);
            assertEquals(fieldBytes(kind), row.group(4), "bytes of the fields of " + kind);
        }
        for (EventKind kind : EventKind.values()) {
            ByteBuffer head = head(kind, "");
            assertEquals(head.getInt(6), documentedTypes.get(kind), "type of " + kind);
        }
    }

    private static ByteBuffer head(EventKind kind, String name) {
        ByteBuffer out = ByteBuffer.allocate(EventCodec.MAX_HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        EventCodec.putHead(out, kind, 0, 0, 0, name);
        return out.flip();
    }

    /** Bytes behind the type; "+n" where a string or payload of n bytes is inside. */
    private static String fieldBytes(EventKind kind) {
        int fixed = head(kind, "").limit() - 10;
        boolean variable = kind == EventKind.WRITE || head(kind, "abc").limit() - 10 != fixed;
        return fixed + (variable ? "+n" : "");
    }

    @Test
    void theFrameIsAsDocumented() throws IOException {
        String text = Files.readString(DOCUMENT);
        assertTrue(text.contains("| 0 | 1 | u8 | version | 5 |"));
        ByteBuffer head = head(EventKind.FLUSH, "");
        assertEquals(5, head.get(0));
        assertEquals(1, head.get(1));
        assertEquals(4, head.getInt(2));
    }
}
