package io.tidemark.itests.nodes.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Finds the batches in the segments of a flash journal, from docs/formats/flash-journal.md alone: nothing of the product
 * helps, so that what the test damages is what the document says it is.
 */
public final class SegmentScan {
    private static final int BLOCK_BYTES = 4096;
    private static final int BATCH_MAGIC = 0x31424d54;
    private static final long SEGMENT_MAGIC = 0x31544d4745534d54L;
    private static final int HEADER_BYTES = 128;
    private static final int MAGIC_BYTES = 4;
    private static final int TAG = 104;
    private static final int TAG_BYTES = 8;
    private static final int DATA = 1;

    private SegmentScan() {}

    /**
     * A batch as its header says.
     *
     * @param file segment
     * @param offset of the header
     * @param type 1 for events
     * @param contentBytes behind the header
     * @param firstSequence of its events
     * @param lastSequence of its events
     * @param durable that it attests
     */
    public record Batch(
            Path file, long offset, int type, int contentBytes, long firstSequence, long lastSequence, long durable) {
        /**
         * Whether it holds events.
         *
         * @return false for an index, a seal or an end
         */
        public boolean events() {
            return type == DATA;
        }

        /**
         * Changes one bit, or changes it back.
         *
         * @param at byte behind the start of the batch
         */
        public void flip(long at) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                ByteBuffer one = ByteBuffer.allocate(1);
                channel.read(one, offset + at);
                one.put(0, (byte) (one.get(0) ^ 0x10)).flip();
                channel.write(one, offset + at);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /**
         * Whether it is still seen that there was a batch when a byte is another one.
         *
         * @param at byte behind its start
         * @return false for magic and tag, by which a batch is known
         */
        public boolean isKnownByRest(int at) {
            return at >= MAGIC_BYTES && (at < TAG || at >= TAG + TAG_BYTES);
        }

        /**
         * Where a flipped bit damages it.
         *
         * @return bytes, from its start, that its checksums cover
         */
        public int bytes() {
            return HEADER_BYTES + contentBytes;
        }
    }

    /**
     * All batches of a journal, in the order of segments and places.
     *
     * @param directories of the journal
     * @return batches of the present use of each segment
     */
    public static List<Batch> batches(Path... directories) {
        List<Batch> batches = new ArrayList<>();
        try {
            for (Path directory : directories) {
                try (Stream<Path> files = Files.list(directory)) {
                    for (Path file : files.filter(
                                    path -> path.getFileName().toString().startsWith("segment-"))
                            .sorted()
                            .toList()) {
                        scan(file, batches);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return batches;
    }

    private static void scan(Path file, List<Batch> batches) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer header = read(channel, 0);
            if (header.getLong(0) != SEGMENT_MAGIC) {
                return;
            }
            long tag = header.getLong(32) ^ header.getLong(40);
            for (long at = BLOCK_BYTES; at + HEADER_BYTES <= channel.size(); at += BLOCK_BYTES) {
                ByteBuffer found = read(channel, at);
                if (found.getInt(0) == BATCH_MAGIC && found.getLong(TAG) == tag) {
                    long first = found.getLong(24);
                    batches.add(new Batch(
                            file,
                            at,
                            found.get(4),
                            found.getInt(12),
                            first,
                            first + found.getInt(16) - 1,
                            found.getLong(32)));
                }
            }
        }
    }

    private static ByteBuffer read(FileChannel channel, long at) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        channel.read(bytes, at);
        return bytes;
    }
}
