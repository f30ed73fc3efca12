package io.tidemark.base.event.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class ExportFormatTest {
    private static final UUID JOURNAL = new UUID(1, 2);

    private static byte[] export(int events) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ExportWriter writer = new ExportWriter(bytes, JOURNAL, "disk", 5, 77)) {
            for (int i = 0; i < events; i++) {
                writer.event(header(i), body(i));
            }
            writer.finish();
            assertEquals(events, writer.events());
            assertEquals(bytes.size(), writer.bytes());
        }
        return bytes.toByteArray();
    }

    private static EventHeader header(int i) {
        return new EventHeader(new Position(3, 5 + i), EventKind.WRITE, i & 1, 1000 + i, 512L * i, i, i);
    }

    private static ByteBuffer body(int i) {
        ByteBuffer body = ByteBuffer.allocate(i);
        for (int k = 0; k < i; k++) {
            body.put(k, (byte) (i + k));
        }
        return body;
    }

    @Test
    void whatIsWrittenReadsBack() throws Exception {
        try (ExportReader reader = new ExportReader(new ByteArrayInputStream(export(40)), "test")) {
            assertEquals(JOURNAL, reader.journal());
            assertEquals("disk", reader.name());
            assertEquals(5, reader.firstSequence());
            for (int i = 0; i < 40; i++) {
                assertEquals(header(i), reader.next());
                assertEquals(body(i), reader.body());
            }
            assertNull(reader.next());
            assertNull(reader.next());
        }
    }

    /** Reads all of it; the number of events, or -1 for a refusal. */
    private static int read(byte[] bytes, int length) throws IOException {
        int events = 0;
        try (ExportReader reader = new ExportReader(new ByteArrayInputStream(bytes, 0, length), "test")) {
            while (reader.next() != null) {
                events++;
            }
            return events;
        } catch (StorageException e) {
            return -1;
        }
    }

    @Test
    void everyTruncationIsSeen() throws Exception {
        byte[] whole = export(5);
        for (int length = 0; length < whole.length; length++) {
            assertEquals(-1, read(whole, length), "cut at " + length);
        }
        assertEquals(5, read(whole, whole.length));
    }

    @Test
    void everyFlippedBitIsSeen() throws Exception {
        byte[] whole = export(5);
        for (int bit = 0; bit < whole.length * 8; bit++) {
            whole[bit >> 3] ^= (byte) (1 << (bit & 7));
            assertEquals(-1, read(whole, whole.length), "bit " + bit);
            whole[bit >> 3] ^= (byte) (1 << (bit & 7));
        }
    }

    /** Whatever a later version may put between events and end, it is no event. */
    @Test
    void aRecordOfAnotherTypeIsNoEvent() throws Exception {
        for (int type : new int[] {0, 3, 255}) {
            byte[] whole = export(1);
            ByteBuffer bytes = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer record = bytes.slice(ExportLayout.HEADER_BYTES, ExportLayout.RECORD_BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN);
            record.put(ExportLayout.RECORD_TYPE, (byte) type);
            int checksum = ExportWriter.chained(
                    new CRC32C(),
                    bytes.getInt(ExportLayout.HEADER_CHECKSUM),
                    record.slice(0, ExportLayout.RECORD_CHECKSUM));
            record.putInt(ExportLayout.RECORD_CHECKSUM, checksum);
            try (ExportReader reader = new ExportReader(new ByteArrayInputStream(whole), "test")) {
                StorageException e = assertThrows(StorageException.class, reader::next, "type " + type);
                assertEquals(Reason.UNSUPPORTED, e.reason(), e.getMessage());
            }
        }
    }

    @Test
    void aForeignFileIsNamed() {
        StorageException e = assertThrows(
                StorageException.class,
                () -> new ExportReader(new ByteArrayInputStream(new byte[4096]), "/tmp/x").close());
        assertEquals(Reason.CORRUPT, e.reason());
        assertEquals("/tmp/x is no journal export; give a file that journal:export wrote", e.getMessage());
    }

    @Test
    void theDocumentSaysWhatTheCodeDoes() throws IOException {
        String text = Files.readString(Path.of("../../docs/formats/journal-export.md"));
        Map<String, Integer> header = offsets(section(text, "## Header"));
        assertEquals(ExportLayout.HEADER_MAGIC, header.get("MAGIC"));
        assertEquals(ExportLayout.HEADER_VERSION, header.get("VERSION"));
        assertEquals(ExportLayout.HEADER_RESERVED, header.get("RESERVED"));
        assertEquals(ExportLayout.HEADER_JOURNAL, header.get("JOURNAL"));
        assertEquals(ExportLayout.HEADER_CREATED, header.get("CREATED"));
        assertEquals(ExportLayout.HEADER_FIRST, header.get("FIRST"));
        assertEquals(ExportLayout.HEADER_NAME, header.get("NAME"));
        assertEquals(ExportLayout.HEADER_CHECKSUM, header.get("CHECKSUM"));
        assertEquals(ExportLayout.HEADER_BYTES, header.get("end"));
        Map<String, Integer> record = offsets(section(text, "## Record"));
        assertEquals(ExportLayout.RECORD_TYPE, record.get("TYPE"));
        assertEquals(ExportLayout.RECORD_KIND, record.get("KIND"));
        assertEquals(ExportLayout.RECORD_FLAGS, record.get("FLAGS"));
        assertEquals(ExportLayout.RECORD_BODY_BYTES, record.get("BODY_BYTES"));
        assertEquals(ExportLayout.RECORD_EPOCH, record.get("EPOCH"));
        assertEquals(ExportLayout.RECORD_SEQUENCE, record.get("SEQUENCE"));
        assertEquals(ExportLayout.RECORD_TIME, record.get("TIME"));
        assertEquals(ExportLayout.RECORD_OFFSET, record.get("OFFSET"));
        assertEquals(ExportLayout.RECORD_LENGTH, record.get("LENGTH"));
        assertEquals(ExportLayout.RECORD_BODY_CHECKSUM, record.get("BODY_CHECKSUM"));
        assertEquals(ExportLayout.RECORD_CHECKSUM, record.get("CHECKSUM"));
        assertEquals(ExportLayout.RECORD_BYTES, record.get("end"));
    }

    private static String section(String text, String title) {
        String rest = text.substring(text.indexOf(title) + title.length());
        int end = rest.indexOf("\n## ");
        return end < 0 ? rest : rest.substring(0, end);
    }

    /** Offset of each field, and under "end" the size; the rows must follow each other without gaps. */
    private static Map<String, Integer> offsets(String section) {
        Matcher row = Pattern.compile("^\\| (\\d+) \\| (\\d+) \\| \\w+ \\| (\\w+) \\|", Pattern.MULTILINE)
                .matcher(section);
        Map<String, Integer> offsets = new TreeMap<>();
        int end = 0;
        while (row.find()) {
            assertEquals(end, Integer.parseInt(row.group(1)), "offset of " + row.group(3));
            offsets.put(row.group(3), end);
            end += Integer.parseInt(row.group(2));
        }
        offsets.put("end", end);
        return offsets;
    }
}
