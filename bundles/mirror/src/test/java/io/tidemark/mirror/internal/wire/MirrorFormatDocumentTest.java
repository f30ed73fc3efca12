package io.tidemark.mirror.internal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * docs/formats/mirror-protocol.md against the code: a reader that knows nothing but the tables of the document reads what the
 * encoder wrote, field by field, to the last byte.
 */
class MirrorFormatDocumentTest {
    private static final Path DOCUMENT = Path.of("../../docs/formats/mirror-protocol.md");
    private static final Pattern ROW =
            Pattern.compile("^\\| (\\d+|-) \\| (\\d+|-) \\| ([a-z0-9-]+) \\| ([a-z0-9 ]+) \\|(.*)\\|$");
    private static final Pattern CODE = Pattern.compile("^\\| (\\d+) \\| ([A-Z_]+) \\| .+ \\|$");
    private static final Pattern HEADING = Pattern.compile("^#+ ([A-Za-z ]+?)(?: \\((\\d+)\\))?$");

    private record Field(String offset, String bytes, String type, String name) {}

    private final Map<String, List<Field>> tables = new LinkedHashMap<>();
    private final Map<String, Integer> types = new LinkedHashMap<>();
    private final Map<String, Map<String, Integer>> codes = new LinkedHashMap<>();
    private final String text;

    MirrorFormatDocumentTest() throws IOException {
        text = Files.readString(DOCUMENT);
        String heading = "";
        for (String line : text.lines().toList()) {
            Matcher title = HEADING.matcher(line);
            if (title.matches()) {
                heading = title.group(1);
                if (title.group(2) != null) {
                    types.put(heading, Integer.parseInt(title.group(2)));
                }
            }
            Matcher row = ROW.matcher(line);
            Matcher code = CODE.matcher(line);
            if (code.matches()) {
                codes.computeIfAbsent(heading, key -> new LinkedHashMap<>())
                        .put(code.group(2), Integer.parseInt(code.group(1)));
            } else if (row.matches()) {
                tables.computeIfAbsent(heading, key -> new ArrayList<>())
                        .add(new Field(row.group(1), row.group(2), row.group(3), row.group(4)));
            }
        }
    }

    @Test
    void typesAndReasonsAreThoseOfTheDocument() {
        Map<String, Integer> coded = new LinkedHashMap<>();
        Stream.of(Type.values()).forEach(type -> coded.put(type.name(), type.code()));
        assertEquals(coded, types);
        Map<String, Integer> reasons = new LinkedHashMap<>();
        Stream.of(EndCode.values()).forEach(code -> reasons.put(code.name(), code.code()));
        assertEquals(reasons, codes.get("ENDED"));
        Map<String, Integer> outcomes = new LinkedHashMap<>();
        Stream.of(Outcome.values()).forEach(outcome -> outcomes.put(outcome.name(), outcome.code()));
        assertEquals(outcomes, codes.get("ANSWERED"));
    }

    @Test
    void constantsAreThoseOfTheDocument() {
        assertTrue(text.contains("version " + Wire.VERSION + "."));
        assertTrue(text.contains(
                "at most " + Wire.MAX_FRAME_BYTES + " bytes, and at most " + Wire.MAX_STRANGER_FRAME_BYTES + " until"));
        assertTrue(text.contains(
                "names at most " + Wire.MAX_NAME_BYTES + ", words for people at most " + Wire.MAX_WORDS_BYTES + "."));
        assertTrue(text.contains("| at most " + Wire.MAX_BODY_BYTES + " "));
        assertTrue(text.contains("1 to " + Wire.MAX_RANGE_BYTES + ","));
        assertTrue(text.contains("each has " + Wire.SEED_PART_BYTES + " bytes, the last one what is left; at most "
                + Wire.MAX_SEED_PARTS + " parts"));
        assertTrue(text.contains("u16 count, at most\n" + Wire.MAX_EPOCHS + ", and that many `epoch`"));
        assertTrue(text.contains("u16 count, at most " + Wire.MAX_PROPERTIES + ", and that many pairs of a `string`"));
        assertTrue(text.contains("u16 count, at most " + Wire.MAX_EXTENTS + ", and"));
        assertTrue(text.contains("u16\ncount, at most " + Wire.MAX_PARTS + ", and that many `sum`"));
        assertTrue(text.contains("of each, 1 to " + Wire.MAX_PART_BYTES + ";"));
        assertTrue(text.contains("| 1 to " + Wire.MAX_PARTS + ", in all"));
        byte[] magic = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(Wire.MAGIC)
                .array();
        assertTrue(text.contains("`" + new String(magic, StandardCharsets.US_ASCII) + "`"));
    }

    @Test
    void offsetsOfTheDocumentHaveNoGaps() {
        tables.forEach((name, fields) -> {
            int end = 0;
            for (Field field : fields) {
                if (end >= 0) {
                    assertEquals(String.valueOf(end), field.offset(), name + ": " + field.name());
                    end = field.bytes().equals("-") ? -1 : end + Integer.parseInt(field.bytes());
                } else {
                    assertEquals("-", field.offset(), name + ": " + field.name());
                }
            }
        });
        assertEquals(Wire.EPOCH_BYTES - 2, Integer.parseInt(last("epoch").offset()));
        assertEquals(Wire.EVENT_BYTES, Integer.parseInt(last("event").offset()));
        assertEquals(Wire.HEADER_BYTES, Integer.parseInt(last("Frame").offset()));
        assertEquals(
                Wire.POINT_BYTES,
                Integer.parseInt(last("point").offset())
                        + Integer.parseInt(last("point").bytes()));
    }

    private Field last(String table) {
        List<Field> fields = tables.get(table);
        return fields.get(fields.size() - 1);
    }

    /** Reads by the document: one string for each field, in its order. */
    private List<Object> read(String table, ByteBuffer in) {
        List<Object> values = new ArrayList<>();
        List<Field> fields = tables.get(table);
        assertNotNull(fields, "the document has no table for " + table);
        for (Field field : fields) {
            long previous = values.isEmpty() || !(values.get(values.size() - 1) instanceof Long number) ? 0 : number;
            values.add(value(field, previous, in));
        }
        return values;
    }

    private Object value(Field field, long previous, ByteBuffer in) {
        return switch (field.type()) {
            case "u8" -> (long) (in.get() & 0xff);
            case "u16" -> (long) (in.getShort() & 0xffff);
            case "u32" -> in.getInt() & 0xffffffffL;
            case "u64" -> in.getLong();
            case "uuid" -> new UUID(in.getLong(), in.getLong());
            case "string" -> new String(take(in, in.getShort() & 0xffff), StandardCharsets.UTF_8);
            case "bytes" -> hex(take(in, field.bytes().equals("-") ? (int) previous : number(field.bytes())));
            case "rest" -> hex(take(in, in.remaining()));
            case "point", "epoch" -> read(field.type(), in);
            case "sum" -> read(field.type(), in);
            case "sums" -> several("sum", in.getShort() & 0xffff, in);
            case "extents" -> pairs(in, () -> in.getLong());
            case "properties" -> pairs(in, () -> new String(take(in, in.getShort() & 0xffff), StandardCharsets.UTF_8));
            case "epochs" -> several("epoch", in.getShort() & 0xffff, in);
            case "events" -> several("event", (int) previous, in);
            default -> throw new AssertionError("the document uses the type " + field.type());
        };
    }

    private List<Object> several(String table, int count, ByteBuffer in) {
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(read(table, in));
        }
        return all;
    }

    private static List<Object> pairs(ByteBuffer in, Supplier<Object> half) {
        List<Object> all = new ArrayList<>();
        for (int count = in.getShort() & 0xffff; count > 0; count--) {
            Object first = half.get();
            all.add(List.of(first, half.get()));
        }
        return all;
    }

    private static int number(String text) {
        return Integer.parseInt(text);
    }

    private static byte[] take(ByteBuffer in, int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private static String hex(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }

    private static final List<Object> FIRST =
            List.of(4L, new UUID(1, 2), 100L, new UUID(3, 4), 5_000L, new UUID(0, 0), "left");
    private static final List<Object> SECOND =
            List.of(5L, new UUID(5, 6), 120L, new UUID(1, 2), 6_000L, new UUID(6, 7), "räv");
    private static final List<Object> POINT = List.of(5L, new UUID(5, 6), 130L);

    private static List<Object> event(long sequence, int bytes) {
        return List.of(
                (long) EventKind.WRITE.code(),
                1L,
                7_000 + sequence,
                4096 * sequence,
                512L,
                (long) bytes,
                hex(Samples.filled(bytes, (int) sequence)));
    }

    private static Map<String, List<Object>> expected() {
        Map<String, List<Object>> all = new LinkedHashMap<>();
        all.put(
                "HELLO",
                List.of(Wire.MAGIC, 1L, 3L, hex(Samples.filled(32, 1)), hex(Samples.filled(32, 64)), "node-ä"));
        all.put("PROVE", List.of(hex(Samples.filled(64, 9))));
        all.put("CLOCK", List.of(11L, 12L, 13L, 14L));
        List<Object> epochs = List.of(FIRST, SECOND);
        all.put("OPEN", List.of(2L, new UUID(7, 8), 65536L, 1048576L, 133L, 132L, 131L, "disk", "copy", epochs));
        all.put("CREDIT", List.of(777L));
        all.put("PROGRESS", List.of(30L, 20L, 10L));
        all.put("LEAVE", List.of(1L, "enough"));
        String wanted = "02" + "00".repeat(23) + "01" + "00".repeat(7);
        all.put("WANTED", List.of(1L << 20, wanted));
        all.put("OPENED", List.of(1L, 1L, new UUID(7, 8), new UUID(9, 10), 1L << 30, 4096L, 140L, POINT, epochs));
        all.put("ENDED", List.of(3L, POINT, "both wrote"));
        all.put("EPOCH", List.of(SECOND));
        List<Object> events = List.of(event(131, 9), event(132, 0), event(133, 40));
        all.put("EVENTS", List.of(5L, 131L, 140L, 3L, events));
        all.put("DURABLE", List.of(141L, 15L, 16L));
        all.put("RANGE", List.of(8192L, hex(Samples.filled(33, 3))));
        all.put("ZEROS", List.of(4096L, 512L));
        all.put("COPYING", List.of(12288L, 99L, POINT));
        all.put("COPIED", List.of(POINT));
        all.put("PARTS", List.of(1L << 20, 70_000L, hex(Samples.filled(32, 5)) + hex(Samples.filled(32, 6))));
        orders(all, epochs);
        return all;
    }

    private static void orders(Map<String, List<Object>> all, List<Object> epochs) {
        List<Object> keys = List.of(List.of("pool", "fast"), List.of("trim", "age"));
        all.put("ENABLE", List.of(new UUID(7, 8), 3_600L, 1L, "disk", "copy", keys));
        all.put("DISABLE", List.of("disk", "copy"));
        all.put("LOOK", List.of("disk"));
        all.put("PROMOTE", List.of(POINT, 17L, "disk"));
        all.put("VERIFY", List.of("disk"));
        all.put("SUMS", List.of(1L << 20, 65536L, 3L, "disk"));
        all.put("QUIT", List.of("enough"));
        all.put("BRANCH", List.of(POINT, "disk"));
        all.put("FIND", List.of(new UUID(7, 8)));
        all.put("ANSWERED", List.of(3L, "later"));
        all.put("FACTS", List.of(7L, 2L, new UUID(7, 8), 21L, 23L, 22L, epochs, "disk"));
        all.put("PROMOTED", List.of(POINT, SECOND));
        all.put("WORKING", List.of(24L, -1L, "waits"));
        all.put("VERIFIED", List.of(25L, 26L, 27L, 28L, 29L, List.of(List.of(30L, 31L), List.of(32L, 33L))));
        List<Object> sums = List.of(List.of(34L, hex(Samples.filled(32, 5))), List.of(-1L, hex(Samples.filled(32, 6))));
        all.put("SUMMED", List.of(1L << 30, new UUID(5, 6), sums));
        all.put("BRANCHED", List.of(35L, 36L, 37L, 38L, 39L, 1L));
    }

    @Test
    void whatIsEncodedReadsAsTheDocumentSays() {
        Map<String, List<Object>> expected = expected();
        assertEquals(List.copyOf(types.keySet()), List.copyOf(expected.keySet()));
        for (Message message : Samples.all()) {
            String name = message.type().name();
            ByteBuffer in = ByteBuffer.wrap(Samples.encoded(message)).order(ByteOrder.LITTLE_ENDIAN);
            assertEquals(types.get(name), in.get() & 0xff);
            assertEquals(Samples.channel(message), in.getInt());
            assertEquals(expected.get(name), read(name, in), name);
            assertFalse(in.hasRemaining(), name + " has bytes that the document does not have");
        }
    }
}
