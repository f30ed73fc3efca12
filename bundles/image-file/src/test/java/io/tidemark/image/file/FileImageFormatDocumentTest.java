package io.tidemark.image.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.image.ImageHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** docs/formats/file-image.md against the code: places, lengths and the bytes themselves. */
class FileImageFormatDocumentTest {
    private static final Path DOCUMENT = Path.of("../../docs/formats/file-image.md");
    private static final Pattern FIXED =
            Pattern.compile("^\\| (\\d+) \\| (\\d+|-) \\| [a-z0-9]+ \\| ([a-z ]+) \\|.*$", Pattern.MULTILINE);
    private static final UUID IMAGE = UUID.fromString("00010203-0405-0607-0809-0a0b0c0d0e0f");
    private static final ImageHead HEAD = new ImageHead(
            IMAGE,
            1L << 33,
            4096,
            "fäst",
            UUID.fromString("10111213-1415-1617-1819-1a1b1c1d1e1f"),
            UUID.fromString("20212223-2425-2627-2829-2a2b2c2d2e2f"),
            new Position(7, 1042),
            ImageHead.Role.REPLICA,
            Map.of("b", "2", "a", "1"));

    private static Map<String, int[]> documented() throws IOException {
        Map<String, int[]> fields = new LinkedHashMap<>();
        Matcher row = FIXED.matcher(Files.readString(DOCUMENT));
        while (row.find()) {
            int bytes = row.group(2).equals("-") ? -1 : Integer.parseInt(row.group(2));
            fields.put(row.group(3), new int[] {Integer.parseInt(row.group(1)), bytes});
        }
        return fields;
    }

    @Test
    void theTableHasTheFieldsOfTheCode() throws IOException {
        Map<String, int[]> documented = documented();
        List<String> names = List.of(HeadCodec.Field.values()).stream()
                .map(field -> field.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '))
                .toList();
        assertEquals(names, List.copyOf(documented.keySet()));
        int end = 0;
        for (HeadCodec.Field field : HeadCodec.Field.values()) {
            int[] place = documented.get(
                    field.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '));
            assertEquals(field.offset(), place[0], field.name());
            assertEquals(field.bytes(), place[1], field.name());
            assertEquals(end, field.offset(), "no gap before " + field);
            end = field.offset() + field.bytes();
        }
    }

    @Test
    void theBytesAreWhereTheTableSays() throws IOException {
        Map<String, int[]> at = documented();
        ByteBuffer slot = HeadCodec.encode("disk", new HeadCodec.Slot(9, HEAD)).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(HeadCodec.SLOT_BYTES, slot.remaining());
        assertEquals("TIDEHEAD", text(slot, at.get("magic")[0], 8));
        assertEquals(1, slot.getInt(at.get("version")[0]));
        assertEquals(9, slot.getLong(at.get("generation")[0]));
        for (int i = 0; i < 16; i++) {
            assertEquals(i, slot.get(at.get("image identity")[0] + i));
            assertEquals(16 + i, slot.get(at.get("journal identity")[0] + i));
            assertEquals(32 + i, slot.get(at.get("epoch identity")[0] + i));
        }
        assertEquals(1L << 33, slot.getLong(at.get("size")[0]));
        assertEquals(4096, slot.getInt(at.get("block size")[0]));
        assertEquals(2, slot.getInt(at.get("role")[0]));
        assertEquals(7, slot.getLong(at.get("checkpointed epoch")[0]));
        assertEquals(1042, slot.getLong(at.get("checkpointed sequence")[0]));
        int pool = at.get("journal pool")[0];
        assertEquals(5, slot.getInt(pool));
        assertEquals("fäst", text(slot, pool + 4, 5));
        assertEquals(2, slot.getInt(pool + 9));
        assertEquals("a", text(slot, pool + 17, 1));
        assertEquals("1", text(slot, pool + 22, 1));
        assertEquals("b", text(slot, pool + 27, 1));
        int length = slot.getInt(at.get("length")[0]);
        assertEquals(pool + 37, length);
        CRC32C crc = new CRC32C();
        crc.update(slot.duplicate().position(0).limit(length - 4));
        assertEquals((int) crc.getValue(), slot.getInt(length - 4));
        for (int i = length; i < HeadCodec.SLOT_BYTES; i++) {
            assertEquals(0, slot.get(i));
        }
    }

    @Test
    void sizesAndVersionsInTheTextAreThoseOfTheCode() throws IOException {
        String text = Files.readString(DOCUMENT);
        assertTrue(text.contains("Two slots of " + HeadCodec.SLOT_BYTES + " bytes"));
        assertTrue(text.contains("| 8 | 4 | u32 | version | " + HeadCodec.VERSION + " |"));
        assertTrue(text.contains("| " + HeadCodec.VERSION + " | the first |"));
        for (String file : List.of(FileImageStore.DATA, FileImageStore.LOCK, HeadFile.NAME)) {
            assertTrue(text.contains("\n    " + file + " "), file);
        }
    }

    private static String text(ByteBuffer slot, int at, int length) {
        byte[] bytes = new byte[length];
        slot.get(at, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
