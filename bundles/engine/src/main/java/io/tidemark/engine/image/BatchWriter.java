package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.Journal;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Brings a batch to the image, many runs of neighbours at a time. A dense one in the order of offsets: neighbours become
 * one run, which saves more than reading the journal here and there costs. A sparse one in two parts: first what is in
 * memory, in the order of offsets; then what has to be read from the journal, in the order of the journal, so that its
 * device is read forward. The order in which a batch is written does not matter: its extents do not overlap, and until it
 * is complete nobody reads them from the image. For one thread.
 */
final class BatchWriter {
    /**
     * What is handed to the image at once, unless it is one long payload; lent by the payload memory while a batch is written. A
     * batch that is smaller lends less: many images may apply a few events each at the same time.
     */
    private static final int STAGING_BYTES = PayloadPool.MAX_PAYLOAD_BYTES;

    /** The least, and what is lent is a multiple of: two sets in it lie as writing past the page cache wants. */
    private static final int STAGING_UNIT_BYTES = 2 * StorageFile.DIRECT_ALIGNMENT_BYTES;

    /** Its own, for when payload memory is used up: else batches would wait for the memory that only they can free. */
    private static final int OWN_BYTES = 64 << 10;

    /** Runs of neighbours that are handed over at once. */
    static final int RUNS = 128;

    /** From this length on payload is written from where it is, without being copied. */
    private static final int DIRECT_BYTES = 64 << 10;

    private static final int GROUP = 256;

    /** Extents in the average run of neighbours from which on a batch is written in the order of the image only. */
    private static final double DENSE_RUN = 1.3;

    /** Reads of payload from the journal after which their mean time is looked at. */
    private static final int FETCH_SAMPLE = 512;

    /** More than the page cache needs; where the mean is above it, devices were read. */
    private static final long SLOW_FETCH_NANOS = 8_000;

    /** From so much memory on there are two sets in it: one is written while the next is filled. */
    private static final int TWO_SETS_BYTES = 512 << 10;

    /** From so many runs on there are two sets in less. Fewer are better written whole. */
    private static final int TWO_SETS_RUNS = 16;

    /** Runs that are handed to the image at once. */
    private static final class RunSet {
        ByteBuffer bytes;
        final long[] offsets = new long[RUNS];
        final int[] lengths = new int[RUNS];
        int count;

        void over(ByteBuffer memory) {
            bytes = memory;
            clear();
        }

        void clear() {
            bytes.clear();
            count = 0;
        }
    }

    private final Core core;
    private ByteBuffer own;

    /** The set that is filled. */
    private RunSet set = new RunSet();

    /** The one that is filled next; it may be under way. */
    private RunSet otherSet = new RunSet();

    /** False while there is memory for one only, which both share. */
    private boolean twoSets;

    /** Null when nothing is under way. */
    private PendingWrite pending;

    private final Pieces pieces = new Pieces();
    private int runs;
    private long dataBytes;
    private int most;
    private boolean dense;
    private boolean ahead;
    private int fetches;
    private long fetchNanos;
    private BlockImage image;
    private Journal journal;
    private Interruption interruption;
    private ImageListener.Part part;
    private long bytes;
    private long writes;
    private long fetchedBytes;
    private long fetchedNanos;
    private long[] cold = new long[64];
    private int coldCount;
    private long coldBase;

    /** Decides whether to go on. Called under no lock. */
    interface Interruption {
        /** Whether to leave the batch as it is. */
        boolean wanted();

        /** There is no space in the image: waits a while. Whether to try again. */
        boolean waitForSpace();

        /** There is space again. */
        void spaceFound();

        /** How many runs to hand over at once, when so much of the batch is written. Called under the image's lock. */
        int runs(double written);
    }

    BatchWriter(Core core) {
        this.core = core;
    }

    /** Which store failed, after an exception. */
    ImageListener.Part failedPart() {
        return part;
    }

    /** Bytes that the last batch brought to the image. */
    long bytes() {
        return bytes;
    }

    /** Writes that it took. */
    long writes() {
        return writes;
    }

    /** Runs of neighbours that it consists of. */
    int runs() {
        return runs;
    }

    /** What of it was not in memory any more, and had to be read from the journal. */
    long fetchedBytes() {
        return fetchedBytes;
    }

    /** And how long that took. */
    long fetchedNanos() {
        return fetchedNanos;
    }

    /**
     * Writes a batch.
     *
     * @param batch not changed by anybody
     * @return false when it was interrupted; then all of it has to be written again
     * @throws StorageException of the store that {@link #failedPart} names
     */
    boolean write(ExtentMap batch, Journal fromJournal, BlockImage toImage, Interruption interrupted)
            throws StorageException {
        image = toImage;
        journal = fromJournal;
        interruption = interrupted;
        bytes = 0;
        writes = 0;
        fetchedBytes = 0;
        fetchedNanos = 0;
        int need = look(batch);
        ExtentMap.Cursor cursor = batch.cursor();
        Payload lent = core.context.payloads().tryTake(need);
        if (lent == null) {
            share(own(), false);
        } else {
            share(lent.buffer(), runs >= TWO_SETS_RUNS || need >= TWO_SETS_BYTES);
        }
        try {
            return writeHot(cursor) && writeCold(cursor) && writeStaged();
        } finally {
            abandon();
            set.bytes = null;
            otherSet.bytes = null;
            if (lent != null) {
                lent.release();
            }
        }
    }

    private void share(ByteBuffer memory, boolean betweenTwo) {
        twoSets = betweenTwo;
        if (twoSets) {
            int half = memory.capacity() / 2 & -StorageFile.DIRECT_ALIGNMENT_BYTES;
            set.over(memory.slice(0, half));
            otherSet.over(memory.slice(half, half));
        } else {
            set.over(memory);
            otherSet.over(memory);
        }
    }

    private ByteBuffer own() {
        if (own == null) {
            own = StorageFile.allocateAligned(OWN_BYTES);
        }
        return own.clear();
    }

    /** Finds out how many runs there are and whether enough extents are neighbours; answers how many bytes are staged at once. */
    private int look(ExtentMap batch) {
        ExtentMap.Cursor cursor = batch.cursor();
        long end = -1;
        runs = 0;
        long data = 0;
        while (cursor.next()) {
            if (cursor.offset() != end) {
                runs++;
            }
            end = cursor.offset() + cursor.length();
            data += cursor.place() < 0 ? 0 : cursor.length();
        }
        dataBytes = data;
        dense = batch.size() >= DENSE_RUN * runs;
        long units = Math.max(1, (data + STAGING_UNIT_BYTES - 1) / STAGING_UNIT_BYTES);
        return (int) Math.min(STAGING_BYTES, units * STAGING_UNIT_BYTES);
    }

    private boolean writeHot(ExtentMap.Cursor cursor) throws StorageException {
        coldCount = 0;
        long firstHot;
        synchronized (core.lock) {
            firstHot = core.hot.first();
        }
        boolean more = true;
        while (more) {
            while (pieces.count() < GROUP && (more = cursor.next())) {
                if (!dense && cursor.place() >= 0 && cursor.sequence() < firstHot) {
                    addCold(cursor.sequence(), cursor.ordinal());
                } else {
                    add(cursor);
                }
            }
            if (!writeGroup()) {
                return false;
            }
        }
        return true;
    }

    private boolean writeCold(ExtentMap.Cursor cursor) throws StorageException {
        Arrays.sort(cold, 0, coldCount);
        int next = 0;
        while (next < coldCount) {
            while (pieces.count() < GROUP && next < coldCount) {
                cursor.moveTo((int) cold[next++]);
                add(cursor);
            }
            if (!writeGroup()) {
                return false;
            }
        }
        return true;
    }

    private void add(ExtentMap.Cursor cursor) {
        pieces.add(cursor.offset(), cursor.length(), cursor.sequence(), cursor.place(), cursor.body());
    }

    private boolean writeGroup() throws StorageException {
        synchronized (core.lock) {
            core.attachPayload(pieces);
            most = interruption.runs(dataBytes == 0 ? 1 : (double) bytes / dataBytes);
        }
        try {
            return !interruption.wanted() && writePieces();
        } finally {
            pieces.release();
        }
    }

    /** Keeps the sequence above the place in the map, so that sorting the numbers sorts by sequence. */
    private void addCold(long sequence, int ordinal) {
        if (coldCount == 0) {
            coldBase = sequence;
        }
        if (coldCount == cold.length) {
            cold = Arrays.copyOf(cold, coldCount * 2);
        }
        cold[coldCount++] = (sequence - coldBase) << Integer.SIZE | ordinal;
    }

    private boolean writePieces() throws StorageException {
        for (int i = 0; ahead && i < pieces.count(); i++) {
            if (pieces.place(i) >= 0 && pieces.payload(i) == null) {
                journal.startRead(pieces.place(i), pieces.body(i) + pieces.length(i));
            }
        }
        for (int i = 0; i < pieces.count(); i++) {
            boolean done = pieces.place(i) < 0 ? writeStaged() && clear(i) : stage(i);
            if (!done) {
                return false;
            }
        }
        return true;
    }

    private boolean stage(int i) throws StorageException {
        Payload payload = pieces.payload(i);
        int length = pieces.length(i);
        if (payload != null && (length >= DIRECT_BYTES || length > set.bytes.capacity())) {
            return writeStaged() && writeOut(pieces.offset(i), pieces.bytes(i));
        }
        boolean fits = length <= set.bytes.remaining() && (set.count < most || joins(i));
        if (!fits && !startStaged()) {
            return false;
        }
        if (length > set.bytes.capacity()) {
            return stageInParts(i);
        }
        if (!joins(i)) {
            addRun(pieces.offset(i));
        }
        if (payload != null) {
            set.bytes.put(pieces.bytes(i));
        } else {
            fetch(i, 0, length);
        }
        set.lengths[set.count - 1] += length;
        return true;
    }

    private void addRun(long offset) {
        set.offsets[set.count] = offset;
        set.lengths[set.count] = 0;
        set.count++;
    }

    /** One that is longer than what there is to stage it in, from the journal. Nothing is staged. */
    private boolean stageInParts(int i) throws StorageException {
        int length = pieces.length(i);
        for (int from = 0; from < length; ) {
            int part = Math.min(set.bytes.capacity(), length - from);
            addRun(pieces.offset(i) + from);
            fetch(i, from, part);
            set.lengths[set.count - 1] = part;
            if (!startStaged()) {
                return false;
            }
            from += part;
        }
        return true;
    }

    /** Whether a piece continues the last run. */
    private boolean joins(int i) {
        int last = set.count - 1;
        return last >= 0 && set.offsets[last] + set.lengths[last] == pieces.offset(i);
    }

    private void fetch(int i, int from, int length) throws StorageException {
        ByteBuffer destination = set.bytes;
        int start = destination.position();
        destination.limit(start + length);
        fetchedBytes += length;
        part = ImageListener.Part.JOURNAL;
        long before = core.context.clock().monotonicNanos();
        journal.readBody(pieces.place(i), pieces.body(i) + from, destination);
        long took = core.context.clock().monotonicNanos() - before;
        fetchNanos += took;
        fetchedNanos += took;
        if (++fetches == FETCH_SAMPLE) {
            // What the page cache does not have any more is asked for ahead, many at a time.
            ahead = fetchNanos > FETCH_SAMPLE * SLOW_FETCH_NANOS;
            fetches = 0;
            fetchNanos = 0;
        }
        destination.limit(destination.capacity()).position(start + length);
    }

    /** Writes what is staged; then nothing is under way. */
    private boolean writeStaged() throws StorageException {
        return startStaged() && settle();
    }

    /** Begins to write what is staged, so that there is an empty set to fill. */
    private boolean startStaged() throws StorageException {
        if (set.count == 0) {
            return true;
        }
        if (!settle()) {
            return false;
        }
        RunSet full = set;
        int length = full.bytes.position();
        boolean begun = withSpace(full.count, () -> {
            full.bytes.position(0).limit(length);
            pending = image.startWrite(full.bytes, full.offsets, full.lengths, full.count);
        });
        if (!begun) {
            return false;
        }
        bytes += length;
        set = otherSet;
        otherSet = full;
        // With memory for one set only there is nothing to fill meanwhile.
        if (!twoSets && !settle()) {
            return false;
        }
        set.clear();
        return true;
    }

    /** Waits until nothing is under way; false when it was interrupted while it waited for space. */
    private boolean settle() throws StorageException {
        PendingWrite begun = pending;
        pending = null;
        if (begun == null) {
            return true;
        }
        part = ImageListener.Part.IMAGE;
        try {
            begun.await();
            return true;
        } catch (StorageException e) {
            if (e.reason() != Reason.NO_SPACE) {
                throw e;
            }
        }
        RunSet failed = otherSet;
        return withSpace(0, () -> {
            failed.bytes.position(0);
            image.write(failed.bytes, failed.offsets, failed.lengths, failed.count);
        });
    }

    /** Waits for what is under way yet, because the batch failed or was interrupted: then all of it is written once more. */
    private void abandon() {
        PendingWrite begun = pending;
        pending = null;
        if (begun != null) {
            try {
                begun.await();
            } catch (StorageException | RuntimeException | VirtualMachineError | LinkageError e) {
                // The image says so again, to whoever writes all of it once more.
            }
        }
    }

    private boolean writeOut(long offset, ByteBuffer source) throws StorageException {
        int start = source.position();
        int length = source.remaining();
        boolean done = withSpace(1, () -> {
            source.position(start);
            image.write(offset, source);
        });
        if (done) {
            bytes += length;
        }
        return done;
    }

    private boolean clear(int i) throws StorageException {
        return withSpace(1, () -> {
            if (pieces.place(i) == ExtentMap.PLACE_ZERO) {
                image.zero(pieces.offset(i), pieces.length(i), true);
            } else {
                image.discard(pieces.offset(i), pieces.length(i));
            }
        });
    }

    private interface Change {
        void run() throws StorageException;
    }

    /** Changes the image, and again while it has no space; false when that was given up. */
    private boolean withSpace(int changes, Change change) throws StorageException {
        boolean waited = false;
        part = ImageListener.Part.IMAGE;
        while (true) {
            try {
                change.run();
                writes += changes;
                if (waited) {
                    interruption.spaceFound();
                }
                return true;
            } catch (StorageException e) {
                if (e.reason() != Reason.NO_SPACE) {
                    throw e;
                }
            }
            waited = true;
            if (!interruption.waitForSpace()) {
                return false;
            }
        }
    }

    /** Changes the size of the image as {@link #write} changes its bytes. */
    boolean resize(BlockImage toImage, long newSizeBytes, Interruption interrupted) throws StorageException {
        interruption = interrupted;
        return withSpace(1, () -> toImage.resize(newSizeBytes));
    }
}
