package io.tidemark.engine.image;

import io.tidemark.api.EventKind;
import io.tidemark.base.event.EventCodec;
import java.util.Arrays;

/**
 * Which event wrote each byte of a range of an image: extents that do not overlap, ordered by offset, where the last put
 * wins. It holds no payload: an extent says in which event its bytes are, at which place of the journal that event lies,
 * and where in the event's body they start.
 *
 * <p>Built for hundreds of thousands of small extents: chunks of sorted primitive arrays under a sorted directory, 32
 * bytes an extent plus slack, no object per extent. Replacing an extent by one of the same bounds, which is what folding
 * is, changes it in place. Not safe for several threads; a map that is not changed any more may be read by all.
 */
final class ExtentMap {
    /** Place of an extent without bytes that was discarded. */
    static final long PLACE_DISCARD = -1;

    /** Place of an extent without bytes that was zeroed and has to stay provisioned. */
    static final long PLACE_ZERO = -2;

    /** Longest extent; longer ones are kept in pieces. */
    static final int MAX_LENGTH = 1 << 30;

    private static final int CAPACITY = 256;
    private static final int HALF = CAPACITY / 2;
    private static final int SEQUENCE = 0;
    private static final int PLACE = 1;
    private static final int LENGTH_BODY = 2;
    private static final int STRIDE = 3;

    private static final class Chunk {
        int count;
        final long[] offsets = new long[CAPACITY];
        final long[] fields = new long[CAPACITY * STRIDE];

        int length(int i) {
            return (int) (fields[i * STRIDE + LENGTH_BODY] >>> 32);
        }

        int body(int i) {
            return (int) fields[i * STRIDE + LENGTH_BODY];
        }

        long end(int i) {
            return offsets[i] + length(i);
        }

        void shape(int i, int length, int body) {
            fields[i * STRIDE + LENGTH_BODY] = ((long) length << 32) | body;
        }

        void set(int i, long offset, int length, long sequence, long place, int body) {
            offsets[i] = offset;
            int f = i * STRIDE;
            fields[f + SEQUENCE] = sequence;
            fields[f + PLACE] = place;
            fields[f + LENGTH_BODY] = ((long) length << 32) | body;
        }

        /** Index of the last extent that starts at or before an offset; -1 when there is none. */
        int floor(long offset) {
            int low = 0;
            int high = count - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                if (offsets[middle] <= offset) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return high;
        }

        void shift(int from, int to) {
            System.arraycopy(offsets, from, offsets, to, count - from);
            System.arraycopy(fields, from * STRIDE, fields, to * STRIDE, (count - from) * STRIDE);
            count += to - from;
        }
    }

    private Chunk[] chunks = new Chunk[16];
    private long[] firsts = new long[16];
    private int chunkCount;
    private int size;

    /** Sequence and body of the extent that the last put replaced in place; 0 when it did something else. */
    private long replaced;

    private int replacedBody;

    /** Where the last look-up ended: chunk and index of the floor extent; index -1 when there is none. */
    private int atChunk;

    private int atIndex;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    void clear() {
        Arrays.fill(chunks, 0, chunkCount, null);
        chunkCount = 0;
        size = 0;
    }

    /**
     * Puts an extent over whatever was there.
     *
     * @param offset first byte
     * @param length bytes, above 0
     * @param sequence of the event
     * @param place of the event, or {@link #PLACE_DISCARD} or {@link #PLACE_ZERO}
     * @param body where in the event's body the bytes start; 0 for extents without bytes
     */
    void put(long offset, long length, long sequence, long place, int body) {
        replaced = 0;
        long at = offset;
        long left = length;
        while (left > MAX_LENGTH) {
            putPiece(at, MAX_LENGTH, sequence, place, body);
            at += MAX_LENGTH;
            left -= MAX_LENGTH;
        }
        putPiece(at, (int) left, sequence, place, body);
    }

    /** Puts what an event did over whatever was there. */
    void put(EventKind kind, long offset, long length, long sequence, long place) {
        switch (kind) {
            case WRITE -> put(offset, length, sequence, place, EventCodec.WRITE_HEAD_BYTES);
            case DISCARD -> put(offset, length, sequence, PLACE_DISCARD, 0);
            case ZERO -> put(offset, length, sequence, PLACE_ZERO, 0);
            default -> throw new IllegalArgumentException(kind + " changes no data");
        }
    }

    private void putPiece(long offset, int length, long sequence, long place, int body) {
        seek(offset);
        if (atIndex >= 0) {
            Chunk chunk = chunks[atChunk];
            if (chunk.offsets[atIndex] == offset && chunk.length(atIndex) == length) {
                replaced = chunk.fields[atIndex * STRIDE + SEQUENCE];
                replacedBody = chunk.body(atIndex);
                chunk.set(atIndex, offset, length, sequence, place, body);
                return;
            }
        }
        if (carve(offset, offset + length)) {
            seek(offset);
        }
        insertAfter(offset, length, sequence, place, body);
    }

    /**
     * The sequence of the extent that the last {@link #put} replaced by one of the same bounds, which is what folding is; 0
     * when it did anything else. What was in another part of that event may still be in the map.
     */
    long replaced() {
        return replaced;
    }

    /** Where in its event's body the bytes of that extent started. */
    int replacedBody() {
        return replacedBody;
    }

    /** Moves to the last extent that starts at or before an offset. */
    private void seek(long offset) {
        int low = 0;
        int high = chunkCount - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (firsts[middle] <= offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        atChunk = Math.max(high, 0);
        atIndex = high < 0 ? -1 : chunks[high].floor(offset);
    }

    /** Inserts behind the floor extent that {@link #seek} found. */
    private void insertAfter(long offset, int length, long sequence, long place, int body) {
        if (chunkCount == 0) {
            addChunk(0, new Chunk(), offset);
            atChunk = 0;
            atIndex = -1;
        }
        Chunk chunk = chunks[atChunk];
        int index = atIndex + 1;
        if (chunk.count == CAPACITY) {
            // Ascending writes fill chunk after chunk; splitting those in half would leave every chunk half empty.
            boolean ascending = index == CAPACITY && atChunk == chunkCount - 1;
            int keep = ascending ? CAPACITY : HALF;
            Chunk right = new Chunk();
            right.count = CAPACITY - keep;
            System.arraycopy(chunk.offsets, keep, right.offsets, 0, right.count);
            System.arraycopy(chunk.fields, keep * STRIDE, right.fields, 0, right.count * STRIDE);
            chunk.count = keep;
            addChunk(atChunk + 1, right, right.count == 0 ? offset : right.offsets[0]);
            if (index > keep || ascending) {
                index -= keep;
                atChunk++;
                chunk = right;
            }
        }
        chunk.shift(index, index + 1);
        chunk.set(index, offset, length, sequence, place, body);
        if (index == 0) {
            firsts[atChunk] = offset;
        }
        size++;
    }

    private void addChunk(int at, Chunk chunk, long first) {
        if (chunkCount == chunks.length) {
            chunks = Arrays.copyOf(chunks, chunkCount * 2);
            firsts = Arrays.copyOf(firsts, chunkCount * 2);
        }
        System.arraycopy(chunks, at, chunks, at + 1, chunkCount - at);
        System.arraycopy(firsts, at, firsts, at + 1, chunkCount - at);
        chunks[at] = chunk;
        firsts[at] = first;
        chunkCount++;
    }

    private void removeChunks(int from, int to) {
        System.arraycopy(chunks, to, chunks, from, chunkCount - to);
        System.arraycopy(firsts, to, firsts, from, chunkCount - to);
        Arrays.fill(chunks, chunkCount - (to - from), chunkCount, null);
        chunkCount -= to - from;
    }

    /**
     * Takes a range out. Starts from the floor extent that {@link #seek} found.
     *
     * @return whether anything changed, so that the floor has to be sought again
     */
    private boolean carve(long from, long to) {
        int c = atChunk;
        int i = atIndex;
        boolean changed = false;
        if (i >= 0) {
            Chunk chunk = chunks[c];
            long start = chunk.offsets[i];
            long end = chunk.end(i);
            if (start < from && end > from) {
                if (end > to) {
                    split(c, i, from, to);
                    return true;
                }
                chunk.shape(i, (int) (from - start), chunk.body(i));
            }
            if (start < from) {
                i++;
            }
        } else {
            i = 0;
        }
        while (c < chunkCount) {
            Chunk chunk = chunks[c];
            if (i >= chunk.count) {
                c++;
                i = 0;
                continue;
            }
            if (chunk.offsets[i] >= to) {
                return changed;
            }
            changed = true;
            if (i == 0 && removeWholeChunks(c, to)) {
                continue;
            }
            if (chunk.end(i) > to) {
                cutLeft(c, i, to);
                return true;
            }
            int removedTo = i + 1;
            while (removedTo < chunk.count && chunk.end(removedTo) <= to) {
                removedTo++;
            }
            size -= removedTo - i;
            chunk.shift(removedTo, i);
            if (i == 0) {
                firsts[c] = chunk.offsets[0];
            }
        }
        return changed;
    }

    /** Removes the chunks from an index on that end before a bound; false when there is none. */
    private boolean removeWholeChunks(int from, long bound) {
        int to = from;
        while (to < chunkCount && chunks[to].end(chunks[to].count - 1) <= bound) {
            size -= chunks[to].count;
            to++;
        }
        if (to > from) {
            removeChunks(from, to);
        }
        return to > from;
    }

    private void split(int c, int i, long from, long to) {
        Chunk chunk = chunks[c];
        long start = chunk.offsets[i];
        long end = chunk.end(i);
        int f = i * STRIDE;
        long sequence = chunk.fields[f + SEQUENCE];
        long place = chunk.fields[f + PLACE];
        int body = chunk.body(i);
        chunk.shape(i, (int) (from - start), body);
        atChunk = c;
        atIndex = i;
        insertAfter(to, (int) (end - to), sequence, place, place < 0 ? 0 : body + (int) (to - start));
    }

    private void cutLeft(int c, int i, long to) {
        Chunk chunk = chunks[c];
        int cut = (int) (to - chunk.offsets[i]);
        int body = chunk.fields[i * STRIDE + PLACE] < 0 ? 0 : chunk.body(i) + cut;
        chunk.shape(i, chunk.length(i) - cut, body);
        chunk.offsets[i] = to;
        if (i == 0) {
            firsts[c] = to;
        }
    }

    /**
     * Appends the extents of a range to a list, clipped to it, in order.
     *
     * @param from first byte
     * @param to end of the range
     * @param out gets them
     */
    void slice(long from, long to, Pieces out) {
        if (size == 0 || from >= to) {
            return;
        }
        seek(from);
        int c = atChunk;
        int i = Math.max(atIndex, 0);
        while (c < chunkCount) {
            Chunk chunk = chunks[c];
            for (; i < chunk.count; i++) {
                long start = chunk.offsets[i];
                if (start >= to) {
                    return;
                }
                long end = Math.min(chunk.end(i), to);
                if (end <= from) {
                    continue;
                }
                int f = i * STRIDE;
                long place = chunk.fields[f + PLACE];
                long clipped = Math.max(start, from);
                int body = place < 0 ? 0 : chunk.body(i) + (int) (clipped - start);
                out.add(clipped, (int) (end - clipped), chunk.fields[f + SEQUENCE], place, body);
            }
            c++;
            i = 0;
        }
    }

    /**
     * Starts at the first extent.
     *
     * @return a cursor; valid while the map is not changed
     */
    Cursor cursor() {
        return new Cursor();
    }

    /** Walks over the extents in order. */
    final class Cursor {
        private int chunk;
        private int index = -1;

        /** Steps to the next extent. */
        boolean next() {
            index++;
            while (chunk < chunkCount && index >= chunks[chunk].count) {
                chunk++;
                index = 0;
            }
            return chunk < chunkCount;
        }

        /** A number for this extent, below 2^31, with which {@link #moveTo} comes back. */
        int ordinal() {
            return chunk * CAPACITY + index;
        }

        void moveTo(int ordinal) {
            chunk = ordinal / CAPACITY;
            index = ordinal % CAPACITY;
        }

        long offset() {
            return chunks[chunk].offsets[index];
        }

        int length() {
            return chunks[chunk].length(index);
        }

        long sequence() {
            return chunks[chunk].fields[index * STRIDE + SEQUENCE];
        }

        long place() {
            return chunks[chunk].fields[index * STRIDE + PLACE];
        }

        int body() {
            return chunks[chunk].body(index);
        }
    }

    /** Asserts order, bounds, counts and that all sequences lie in a range; time in proportion to the size. */
    void check(long aboveSequence, long upToSequence) {
        int counted = 0;
        long last = Long.MIN_VALUE;
        for (int c = 0; c < chunkCount; c++) {
            Chunk chunk = chunks[c];
            require(chunk.count > 0 && chunk.count <= CAPACITY, "chunk of " + chunk.count + " extents");
            require(firsts[c] == chunk.offsets[0], "directory out of step at chunk " + c);
            for (int i = 0; i < chunk.count; i++) {
                require(chunk.offsets[i] >= last, "extents overlap at " + chunk.offsets[i]);
                require(chunk.length(i) > 0, "empty extent at " + chunk.offsets[i]);
                long sequence = chunk.fields[i * STRIDE + SEQUENCE];
                require(
                        sequence > aboveSequence && sequence <= upToSequence,
                        "event " + sequence + " is not above " + aboveSequence + " and up to " + upToSequence);
                last = chunk.end(i);
            }
            counted += chunk.count;
        }
        require(counted == size, "size " + size + ", counted " + counted);
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("overlay: " + what);
        }
    }
}
