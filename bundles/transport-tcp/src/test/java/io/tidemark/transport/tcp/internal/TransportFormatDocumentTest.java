package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.transport.tcp.internal.Wire.GreetingFields;
import io.tidemark.transport.tcp.internal.Wire.Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/formats/transport-tcp.md against {@link Wire}: every field, in both directions, and an encoded greeting by hand. */
class TransportFormatDocumentTest {
    private static final Path DOCUMENT = Path.of("../../docs/formats/transport-tcp.md");
    private static final Pattern ROW =
            Pattern.compile("^\\| (\\d+) \\| (\\d+) \\| (u8|u16|u32|u64|bytes) \\| ([a-z0-9 ]+) \\|(.*)\\|$");
    private static final Pattern TYPE = Pattern.compile("^\\| (\\d) \\| ([a-z]+) \\| .+ \\|$");
    private static final Map<String, Integer> TYPE_BYTES = Map.of("u8", 1, "u16", 2, "u32", 4, "u64", 8);

    private static Map<String, Map<String, Integer>> documented() throws IOException {
        Map<String, Map<String, Integer>> structures = new LinkedHashMap<>();
        String heading = "";
        int end = 0;
        for (String line : Files.readAllLines(DOCUMENT)) {
            if (line.startsWith("#")) {
                heading = line.replaceAll("^#+ ", "");
                end = 0;
            }
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                int offset = Integer.parseInt(row.group(1));
                int bytes = Integer.parseInt(row.group(2));
                assertEquals(TYPE_BYTES.getOrDefault(row.group(3), bytes), bytes, line);
                assertEquals(end, offset, heading + ": a gap before " + row.group(4));
                end = offset + bytes;
                Map<String, Integer> fields = structures.computeIfAbsent(heading, key -> new LinkedHashMap<>());
                fields.remove("");
                fields.put(row.group(4), offset);
                fields.put("", end);
            }
        }
        return structures;
    }

    private static Map<String, Integer> fields(Object... namesAndOffsets) {
        Map<String, Integer> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndOffsets.length; i += 2) {
            fields.put((String) namesAndOffsets[i], (Integer) namesAndOffsets[i + 1]);
        }
        return fields;
    }

    @Test
    void everyFieldIsWhereTheDocumentSays() throws IOException {
        Map<String, Map<String, Integer>> coded = new LinkedHashMap<>();
        coded.put(
                "Greeting",
                fields(
                        "magic", GreetingFields.MAGIC,
                        "least version", GreetingFields.LEAST_VERSION,
                        "version", GreetingFields.VERSION,
                        "flags", GreetingFields.FLAGS,
                        "window bytes", GreetingFields.WINDOW_BYTES,
                        "max frame bytes", GreetingFields.MAX_FRAME_BYTES,
                        "reserved", GreetingFields.RESERVED,
                        "nonce", GreetingFields.NONCE,
                        "reserved 2", GreetingFields.RESERVED_2,
                        "checksum", GreetingFields.CHECKSUM,
                        "", GreetingFields.SIZE));
        coded.put(
                "Header",
                fields(
                        "content bytes", Header.CONTENT_BYTES,
                        "plain bytes", Header.PLAIN_BYTES,
                        "type", Header.TYPE,
                        "flags", Header.FLAGS,
                        "reserved", Header.RESERVED,
                        "checksum", Header.CHECKSUM,
                        "", Header.SIZE));
        Map<String, Map<String, Integer>> documented = documented();
        assertEquals(List.copyOf(coded.keySet()), List.copyOf(documented.keySet()));
        coded.forEach((name, fields) -> assertEquals(
                List.copyOf(fields.entrySet()), List.copyOf(documented.get(name).entrySet()), name));
    }

    @Test
    void typesAndConstantsAreThoseOfTheDocument() throws IOException {
        Map<String, Integer> types = new LinkedHashMap<>();
        for (String line : Files.readAllLines(DOCUMENT)) {
            Matcher type = TYPE.matcher(line);
            if (type.matches()) {
                types.put(type.group(2), Integer.parseInt(type.group(1)));
            }
        }
        assertEquals(
                fields(
                        "data", Header.TYPE_DATA,
                        "credit", Header.TYPE_CREDIT,
                        "ping", Header.TYPE_PING,
                        "pong", Header.TYPE_PONG,
                        "close", Header.TYPE_CLOSE),
                types);
        String document = Files.readString(DOCUMENT);
        assertTrue(document.contains("at least " + Wire.MAX_FRAME_BYTES + " "));
        assertTrue(document.contains("costs its plain bytes and " + Wire.FRAME_COST_BYTES + "."));
        assertTrue(document.contains("at most " + Wire.MAX_REASON_BYTES + " bytes"));
        assertTrue(document.contains("version " + Wire.VERSION + "."));
        byte[] magic = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(GreetingFields.MAGIC_VALUE)
                .array();
        assertTrue(document.contains("`" + new String(magic, StandardCharsets.US_ASCII) + "`"));
        assertEquals(1, GreetingFields.FLAG_COMPRESSION);
        assertEquals(1, Header.FLAG_COMPRESSED);
    }

    /** What the document says in words, computed from it and not by the code under test. */
    @Test
    void theChecksumIsTheOneThatTheDocumentDescribes() {
        byte[] first = new byte[16];
        byte[] second = new byte[16];
        first[3] = 7;
        second[5] = 9;
        java.util.zip.CRC32C salt = new java.util.zip.CRC32C();
        salt.update(first);
        salt.update(second);
        salt.update(1);
        byte[] header = {3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 99, 99, 99, 99};
        byte[] content = {10, 11, 12};
        Checksum coded = new Checksum(first, second, false);
        for (long number = 0; number < 3; number++) {
            java.util.zip.CRC32C sum = new java.util.zip.CRC32C();
            sum.update(ByteBuffer.allocate(12)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt((int) salt.getValue())
                    .putLong(number)
                    .array());
            sum.update(header, 0, 12);
            sum.update(content);
            assertEquals((int) sum.getValue(), coded.next(header, content, 3));
        }
    }
}
