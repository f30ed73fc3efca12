package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.BlockImage;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Octets;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What parts come to does not depend on how they are read, and they are read in long pieces of aligned memory. */
class PartSumsTest {
    private static final int PIECE = BlockImage.LONG_BYTES;
    private static final int PART = Wire.SEED_PART_BYTES;

    private final byte[] bytes = new byte[5 * PIECE + 12_345];
    private final List<String> reads = new ArrayList<>();

    PartSumsTest() {
        new Random(7).nextBytes(bytes);
    }

    private void read(long offset, ByteBuffer destination) {
        int aligned = destination.isDirect()
                ? destination.alignmentOffset(destination.position(), StorageFile.DIRECT_ALIGNMENT_BYTES)
                : 1;
        assertEquals(0, aligned, "memory for a read past a page cache");
        reads.add(offset + "+" + destination.remaining());
        destination.put(bytes, (int) offset, destination.remaining());
    }

    private List<Octets> expected(int offset, int length, int partBytes) throws Exception {
        List<Octets> sums = new ArrayList<>();
        for (int at = offset; at < offset + length; at += partBytes) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes, at, Math.min(partBytes, offset + length - at));
            sums.add(Octets.of(digest.digest()));
        }
        return sums;
    }

    @Test
    void partsOfAllLengthsComeToTheSameAsByThemselves() throws Exception {
        partsComeToTheSame();
        // Zeros are not computed anew each time, whole parts of them.
        Arrays.fill(bytes, PART + 100, 3 * PIECE, (byte) 0);
        Arrays.fill(bytes, 4 * PIECE, bytes.length, (byte) 0);
        partsComeToTheSame();
        bytes[2 * PIECE - 1] = 1;
        bytes[2 * PIECE + PART] = 1;
        partsComeToTheSame();
    }

    private void partsComeToTheSame() throws Exception {
        PartSums sums = new PartSums();
        for (int partBytes : new int[] {PART, PIECE, 4 * PIECE, 100_000, PIECE + 1, bytes.length + 1}) {
            for (int length :
                    new int[] {0, 1, PART - 1, PART, PART + 1, PIECE, 2 * PIECE, 2 * PIECE + 5, bytes.length}) {
                int offset = length == bytes.length ? 0 : 4096;
                assertEquals(
                        expected(offset, length, partBytes),
                        sums.of(this::read, offset, length, partBytes),
                        length + " bytes in parts of " + partBytes);
            }
        }
    }

    @Test
    void shortPartsAreReadManyAtOnceAndLongOnesInPieces() throws Exception {
        PartSums sums = new PartSums();
        for (int partBytes : new int[] {PART, PIECE, 4 * PIECE}) {
            reads.clear();
            sums.of(this::read, PART, 2 * PIECE + 3 * PART, partBytes);
            assertEquals(
                    List.of(PART + "+" + PIECE, PART + PIECE + "+" + PIECE, PART + 2 * PIECE + "+" + 3 * PART), reads);
        }
    }

    /** Nothing of it gets into what is read next. */
    @Test
    void aReadThatFailedLeavesNothingBehind() throws Exception {
        PartSums sums = new PartSums();
        PartSums.Source failing = (offset, destination) -> {
            if (offset > PART) {
                throw new StorageException(Reason.IO, "on purpose", "");
            }
            read(offset, destination);
        };
        assertThrows(StorageException.class, () -> sums.of(failing, PART, 3 * PIECE, 4 * PIECE));
        assertEquals(expected(0, 3 * PIECE, 4 * PIECE), sums.of(this::read, 0, 3 * PIECE, 4 * PIECE));
    }

    /** Parts that the image does not reach, or not to their ends, are not read. */
    @Test
    void ofASeedWhatDiffersOrIsNotThereIsWanted() throws Exception {
        int parts = 11;
        int tail = 1000;
        int offset = PIECE;
        int length = (parts - 1) * PART + tail;
        Message.Parts theirs = new Message.Parts(offset, length, expected(offset, length, PART));
        int differing = 2;
        bytes[offset + differing * PART + 5] ^= 1;
        SeedCheck check = new SeedCheck();
        for (int imageBytes : new int[] {
            bytes.length,
            offset + length,
            offset + length - 1,
            offset + 9 * PART,
            offset + 9 * PART - 1,
            offset + 1,
            offset,
            0
        }) {
            reads.clear();
            BitSet wanted = new BitSet();
            wanted.set(differing);
            for (int i = 0; i < parts; i++) {
                int end = Math.min(offset + length, offset + (i + 1) * PART);
                if (end > imageBytes) {
                    wanted.set(i);
                }
            }
            assertEquals(
                    new Message.Wanted(offset, wanted),
                    check.compare(theirs, this::read, imageBytes),
                    "an image of " + imageBytes + " bytes");
            assertTrue(reads.stream().allMatch(read -> endOf(read) <= imageBytes), reads.toString());
        }
    }

    private static long endOf(String read) {
        String[] numbers = read.split("\\+");
        return Long.parseLong(numbers[0]) + Long.parseLong(numbers[1]);
    }
}
