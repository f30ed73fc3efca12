package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.journal.flash.internal.RecoveryTable.Attested;
import io.tidemark.journal.flash.internal.RecoveryTable.Behind;
import io.tidemark.journal.flash.internal.RecoveryTable.Spare;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/formats/flash-journal.md against {@link Layout}: every field of every structure, in both directions. */
class FlashFormatDocumentTest {
    private static final Path DOCUMENT = Path.of("../../docs/formats/flash-journal.md");
    private static final Pattern ROW =
            Pattern.compile("^\\| (\\d+) \\| (\\d+) \\| (u8|u16|u32|u64|uuid|bytes) \\| ([a-z0-9 ]+) \\| (.+) \\|$");
    private static final Map<String, Integer> TYPE_BYTES = Map.of("u8", 1, "u16", 2, "u32", 4, "u64", 8, "uuid", 16);

    private record Field(int offset, int bytes, String name, String meaning) {}

    private static Map<String, List<Field>> documented() throws IOException {
        Map<String, List<Field>> structures = new LinkedHashMap<>();
        String heading = "";
        for (String line : Files.readAllLines(DOCUMENT)) {
            if (line.startsWith("#")) {
                heading = line.replaceAll("^#+ ", "");
            }
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                int bytes = Integer.parseInt(row.group(2));
                assertEquals(TYPE_BYTES.getOrDefault(row.group(3), bytes), bytes, line);
                structures
                        .computeIfAbsent(heading, key -> new ArrayList<>())
                        .add(new Field(Integer.parseInt(row.group(1)), bytes, row.group(4), row.group(5)));
            }
        }
        return structures;
    }

    /** Names and offsets as the code has them, and last the size. */
    private static Map<String, Map<String, Integer>> coded() {
        Map<String, Map<String, Integer>> all = new LinkedHashMap<>();
        all.put("Segment header", segmentHeader());
        all.put("Batch header", batchHeader());
        all.put("Record", record());
        all.put("Index entry", entry());
        all.put("End", end());
        all.put("Stride", stride());
        all.put("Slot", slot());
        all.put("State", state());
        all.put("Epoch entry", epoch());
        all.put("Clients", clients());
        all.put("Client entry", client());
        all.put("Client applied", applied());
        all.put("Member", member());
        return all;
    }

    private static Map<String, Integer> fields(Object... namesAndOffsets) {
        Map<String, Integer> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndOffsets.length; i += 2) {
            fields.put((String) namesAndOffsets[i], (Integer) namesAndOffsets[i + 1]);
        }
        return fields;
    }

    private static Map<String, Integer> segmentHeader() {
        return fields(
                "magic", Layout.Segment.MAGIC,
                "version", Layout.Segment.VERSION,
                "block bytes", Layout.Segment.BLOCK_BYTES,
                "journal", Layout.Segment.JOURNAL,
                "segment", Layout.Segment.SEGMENT,
                "number", Layout.Segment.NUMBER,
                "bytes", Layout.Segment.BYTES,
                "prepared", Layout.Segment.PREPARED_NANOS,
                "directory", Layout.Segment.DIRECTORY,
                "directories", Layout.Segment.DIRECTORIES,
                "reserved", Layout.Segment.RESERVED,
                "checksum", Layout.Segment.CHECKSUM,
                "", Layout.Segment.SIZE);
    }

    private static Map<String, Integer> batchHeader() {
        return fields(
                "magic", Layout.Batch.MAGIC,
                "type", Layout.Batch.TYPE,
                "flags", Layout.Batch.FLAGS,
                "reserved", Layout.Batch.RESERVED,
                "total bytes", Layout.Batch.TOTAL_BYTES,
                "content bytes", Layout.Batch.CONTENT_BYTES,
                "count", Layout.Batch.COUNT,
                "previous", Layout.Batch.PREVIOUS,
                "first sequence", Layout.Batch.FIRST_SEQUENCE,
                "durable", Layout.Batch.DURABLE,
                "epoch", Layout.Batch.EPOCH,
                "epoch identity", Layout.Batch.EPOCH_IDENTITY,
                "first time", Layout.Batch.FIRST_TIME,
                "last time", Layout.Batch.LAST_TIME,
                "number", Layout.Batch.NUMBER,
                "offset", Layout.Batch.OFFSET,
                "written", Layout.Batch.WRITTEN_NANOS,
                "tag", Layout.Batch.TAG,
                "reserved 2", Layout.Batch.RESERVED_2,
                "content checksum", Layout.Batch.CONTENT_CHECKSUM,
                "checksum", Layout.Batch.CHECKSUM,
                "", Layout.Batch.SIZE);
    }

    private static Map<String, Integer> record() {
        return fields(
                "body bytes", Layout.EventRecord.BODY_BYTES,
                "kind", Layout.EventRecord.KIND,
                "mark", Layout.EventRecord.MARK,
                "flags", Layout.EventRecord.FLAGS,
                "sequence", Layout.EventRecord.SEQUENCE,
                "time", Layout.EventRecord.TIME,
                "offset", Layout.EventRecord.OFFSET,
                "length", Layout.EventRecord.LENGTH,
                "body checksum", Layout.EventRecord.BODY_CHECKSUM,
                "checksum", Layout.EventRecord.CHECKSUM,
                "", Layout.EventRecord.SIZE);
    }

    private static Map<String, Integer> entry() {
        return fields(
                "time", Layout.Entry.TIME,
                "offset", Layout.Entry.OFFSET,
                "length", Layout.Entry.LENGTH,
                "record", Layout.Entry.RECORD,
                "body bytes", Layout.Entry.BODY_BYTES,
                "kind", Layout.Entry.KIND,
                "reserved", Layout.Entry.RESERVED,
                "flags", Layout.Entry.FLAGS,
                "body checksum", Layout.Entry.BODY_CHECKSUM,
                "", Layout.Entry.SIZE);
    }

    private static Map<String, Integer> end() {
        return fields(
                "last sequence", Layout.End.LAST_SEQUENCE,
                "end offset", Layout.End.END_OFFSET,
                "first time", Layout.End.FIRST_TIME,
                "last time", Layout.End.LAST_TIME,
                "", Layout.End.SIZE);
    }

    private static Map<String, Integer> stride() {
        return fields(
                "first sequence", Layout.Stride.FIRST_SEQUENCE,
                "first time", Layout.Stride.FIRST_TIME,
                "batch", Layout.Stride.BATCH,
                "index", Layout.Stride.INDEX,
                "", Layout.Stride.SIZE);
    }

    private static Map<String, Integer> slot() {
        return fields(
                "length", Layout.Slot.LENGTH,
                "checksum", Layout.Slot.CHECKSUM,
                "generation", Layout.Slot.GENERATION,
                "", Layout.Slot.SIZE);
    }

    private static Map<String, Integer> state() {
        return fields(
                "magic", Layout.State.MAGIC,
                "version", Layout.State.VERSION,
                "clean", Layout.State.CLEAN,
                "journal", Layout.State.JOURNAL,
                "generation", Layout.State.GENERATION,
                "segment bytes", Layout.State.SEGMENT_BYTES,
                "created", Layout.State.CREATED_NANOS,
                "trimmed", Layout.State.TRIMMED,
                "first segment", Layout.State.FIRST_SEGMENT,
                "durable", Layout.State.DURABLE,
                "directories", Layout.State.DIRECTORIES,
                "epochs", Layout.State.EPOCHS,
                "", Layout.State.SIZE);
    }

    private static Map<String, Integer> epoch() {
        return fields(
                "number", Layout.EpochEntry.NUMBER,
                "identity", Layout.EpochEntry.IDENTITY,
                "first sequence", Layout.EpochEntry.FIRST_SEQUENCE,
                "predecessor", Layout.EpochEntry.PREDECESSOR,
                "started", Layout.EpochEntry.STARTED_NANOS,
                "promoted over", Layout.EpochEntry.PROMOTED_OVER,
                "owner bytes", Layout.EpochEntry.OWNER_BYTES,
                "", Layout.EpochEntry.SIZE);
    }

    private static Map<String, Integer> clients() {
        return fields(
                "magic", Layout.Clients.MAGIC,
                "version", Layout.Clients.VERSION,
                "count", Layout.Clients.COUNT,
                "journal", Layout.Clients.JOURNAL,
                "", Layout.Clients.SIZE);
    }

    private static Map<String, Integer> client() {
        return fields(
                "epoch", Layout.ClientEntry.EPOCH,
                "sequence", Layout.ClientEntry.SEQUENCE,
                "seen", Layout.ClientEntry.SEEN_NANOS,
                "state", Layout.ClientEntry.STATE,
                "id bytes", Layout.ClientEntry.ID_BYTES,
                "description bytes", Layout.ClientEntry.DESCRIPTION_BYTES,
                "", Layout.ClientEntry.SIZE);
    }

    private static Map<String, Integer> applied() {
        return fields("applied", Layout.ClientApplied.APPLIED, "", Layout.ClientApplied.SIZE);
    }

    private static Map<String, Integer> member() {
        return fields(
                "magic", Layout.Member.MAGIC,
                "version", Layout.Member.VERSION,
                "directory", Layout.Member.DIRECTORY,
                "journal", Layout.Member.JOURNAL,
                "directories", Layout.Member.DIRECTORIES,
                "", Layout.Member.SIZE);
    }

    @Test
    void everyFieldIsWhereTheDocumentSays() throws IOException {
        Map<String, List<Field>> documented = documented();
        Map<String, Map<String, Integer>> coded = coded();
        assertEquals(List.copyOf(coded.keySet()), List.copyOf(documented.keySet()));
        for (Map.Entry<String, Map<String, Integer>> structure : coded.entrySet()) {
            Map<String, Integer> offsets = new LinkedHashMap<>();
            int end = 0;
            for (Field field : documented.get(structure.getKey())) {
                assertEquals(end, field.offset, structure.getKey() + ": a gap before " + field.name);
                offsets.put(field.name, field.offset);
                end = field.offset + field.bytes;
            }
            offsets.put("", end);
            assertEquals(
                    List.copyOf(structure.getValue().entrySet()), List.copyOf(offsets.entrySet()), structure.getKey());
        }
    }

    @Test
    void magicsAndConstantsAreThoseOfTheDocument() throws IOException {
        Map<String, List<Field>> documented = documented();
        assertEquals(magic(documented, "Segment header"), ascii(Layout.Segment.MAGIC_VALUE, 8));
        assertEquals(magic(documented, "Batch header"), ascii(Layout.Batch.MAGIC_VALUE, 4));
        assertEquals(magic(documented, "State"), ascii(Layout.State.MAGIC_VALUE, 8));
        assertEquals(magic(documented, "Clients"), ascii(Layout.Clients.MAGIC_VALUE, 8));
        assertEquals(magic(documented, "Member"), ascii(Layout.Member.MAGIC_VALUE, 8));
        assertEquals((byte) 0xE7, Layout.EventRecord.MARK_VALUE);
        assertEquals(4096, Layout.BLOCK);
        assertEquals(1, Layout.VERSION);
        assertEquals(4 << 20, SegmentTable.STRIDE_BYTES);
        assertEquals(4096, IndexBuilder.MAX_ENTRIES);
        assertEquals(
                List.of(1, 2, 3, 4),
                List.of(
                        Layout.Batch.TYPE_DATA,
                        Layout.Batch.TYPE_INDEX,
                        Layout.Batch.TYPE_SEAL,
                        Layout.Batch.TYPE_END));
    }

    private static String magic(Map<String, List<Field>> documented, String structure) {
        return documented.get(structure).get(0).meaning.replaceAll("^`([^`]+)`.*$", "$1");
    }

    private static String ascii(long value, int bytes) {
        byte[] text = new byte[bytes];
        ByteBuffer all = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value);
        all.get(0, text);
        return new String(text, StandardCharsets.US_ASCII);
    }

    /** The table of recovery is in the document too, row by row. */
    @Test
    void theRecoveryTableIsThatOfTheDocument() throws IOException {
        String document = Files.readString(DOCUMENT);
        Map<Attested, String> first = Map.of(
                Attested.MORE_THAN_INTACT, "more", Attested.EXACTLY, "exactly", Attested.LESS_THAN_INTACT, "less");
        for (Attested attested : Attested.values()) {
            for (Behind behind : Behind.values()) {
                for (Spare spare : Spare.values()) {
                    String verdict =
                            RecoveryTable.decide(attested, behind, spare).name();
                    String fresh = spare == Spare.THERE ? "yes" : "no";
                    String torn = behind == Behind.TORN ? "torn" : "nothing";
                    Pattern row = Pattern.compile("\\| " + first.get(attested) + " \\| (any|" + torn + ") \\| (any|"
                            + fresh + ") \\| " + verdict + ":");
                    assertTrue(row.matcher(document).find(), attested + " " + behind + " " + spare + ": " + verdict);
                }
            }
        }
    }
}
