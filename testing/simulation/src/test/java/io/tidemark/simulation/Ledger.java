package io.tidemark.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32C;

/**
 * What a client may expect of the disk: for every sector, all contents that the acknowledgements so far allow. Knows
 * nothing of journals. Single-threaded by nature: called by whichever worker has its turn.
 */
final class Ledger {
    static final int SECTOR_BYTES = 512;

    private final List<SectorStates> sectors = new ArrayList<>();
    private final Set<Write> underWay = new HashSet<>();
    private final TreeSet<Long> reads = new TreeSet<>();
    private long now = 1;
    private long durableSince;
    private boolean writeCache;
    private long writeCachePeriods;
    private boolean answersFromImage;
    private long answerChanges;
    private long acknowledged;
    private long sizeBytes;

    /** A write, discard or zero that is under way. */
    static final class Write {
        private final long offset;
        private final int length;
        private final boolean forceUnitAccess;
        private final boolean startedDurable;
        private final long writeCachePeriods;

        /** How often the rule had changed, or -1 where it does not ask for the image. */
        private final long fromImageAt;

        Write(
                long offset,
                int length,
                boolean forceUnitAccess,
                boolean startedDurable,
                long writeCachePeriods,
                long fromImageAt) {
            this.fromImageAt = fromImageAt;
            this.offset = offset;
            this.length = length;
            this.forceUnitAccess = forceUnitAccess;
            this.startedDurable = startedDurable;
            this.writeCachePeriods = writeCachePeriods;
        }

        long offset() {
            return offset;
        }

        int length() {
            return length;
        }
    }

    Ledger(long sizeBytes) {
        grow(sizeBytes);
        this.sizeBytes = sizeBytes;
    }

    private void grow(long sizeBytes) {
        byte[] zeros = new byte[SECTOR_BYTES];
        while ((long) sectors.size() * SECTOR_BYTES < sizeBytes) {
            sectors.add(new SectorStates(zeros));
        }
    }

    long sizeBytes() {
        return sizeBytes;
    }

    long acknowledgedCount() {
        return acknowledged;
    }

    int underWayCount() {
        return underWay.size();
    }

    // ---- rules

    /**
     * A rule is in force. A write is durable when it is acknowledged unless the disk had a write cache at any time while it
     * was under way, so this is called before a write cache comes and after it has gone.
     */
    void rule(boolean cache) {
        writeCachePeriods += cache ? 1 : 0;
        writeCache = cache;
    }

    /**
     * Whether writes are answered when the image has them. Called with false before a rule changes, and with what the new one
     * says after that.
     */
    void answersFromImage(boolean now) {
        answerChanges++;
        answersFromImage = now;
    }

    // ---- writes

    /** Whether a write there would leave the number of possible outcomes bearable. */
    boolean admits(long offset, int length) {
        for (int sector = (int) (offset / SECTOR_BYTES); (long) sector * SECTOR_BYTES < offset + length; sector++) {
            if (sectors.get(sector).crowded()) {
                return false;
            }
        }
        return true;
    }

    Write submitted(long offset, byte[] data, boolean forceUnitAccess) {
        Write write = new Write(
                offset,
                data.length,
                forceUnitAccess,
                !writeCache,
                writeCachePeriods,
                answersFromImage ? answerChanges : -1);
        underWay.add(write);
        now++;
        forEach(offset, data.length, (sector, from, start, length) -> sectors.get(sector)
                .submitted(write, Arrays.copyOfRange(data, from, from + length), start, now));
        return write;
    }

    void acknowledged(Write write) {
        if (!underWay.remove(write)) {
            throw new AssertionError("a request was answered twice");
        }
        acknowledged++;
        now++;
        boolean durable =
                write.forceUnitAccess || (write.startedDurable && write.writeCachePeriods == writeCachePeriods);
        long oldestRead = reads.isEmpty() ? now : reads.first();
        forEach(write.offset, write.length, (sector, from, start, length) -> {
            sectors.get(sector).acknowledged(write, durable, now);
            sectors.get(sector).prune(oldestRead, durableSince);
        });
    }

    void failed(Write write) {
        if (!underWay.remove(write)) {
            throw new AssertionError("a request was answered twice");
        }
        now++;
        forEach(write.offset, write.length, (sector, from, start, length) -> sectors.get(sector)
                .failed(write, now));
    }

    /**
     * Whether the image has to have this write, which was just acknowledged, without its journal: and with it everything that
     * was acknowledged so far.
     */
    boolean isInImage(Write write) {
        return write.fromImageAt == answerChanges;
    }

    /** Compares sectors of the image file with what a crash may bring back now. Null when all is well. */
    String inImage(long offset, byte[] bytes) {
        String[] complaint = new String[1];
        forEach(offset, bytes.length, (sector, from, start, length) -> {
            SectorStates states = sectors.get(sector);
            if (!states.mayComeBack(bytes, from, durableSince)) {
                complaint[0] = "acknowledged, and without its journal " + complain(sector, states, bytes, from, length);
            }
        });
        return complaint[0];
    }

    /** A flush starts: it promises whatever was acknowledged before now. */
    long flushSubmitted() {
        return ++now;
    }

    void flushed(long submittedAt) {
        acknowledged++;
        durableSince = Math.max(durableSince, submittedAt);
    }

    // ---- reads

    long readStarted() {
        long started = ++now;
        reads.add(started);
        return started;
    }

    /** Complains when a read returned what it may not; null when all is well. */
    String readDone(long startedAt, long offset, byte[] bytes) {
        reads.remove(startedAt);
        now++;
        String[] complaint = new String[1];
        forEach(offset, bytes.length, (sector, from, start, length) -> {
            SectorStates states = sectors.get(sector);
            if (!states.mayRead(bytes, from, start, length, startedAt)) {
                complaint[0] = complain(sector, states, bytes, from, length);
            } else if (length == SECTOR_BYTES) {
                states.seen(bytes, from, startedAt, now);
            }
        });
        return complaint[0];
    }

    private static String complain(int sector, SectorStates states, byte[] bytes, int from, int length) {
        return "sector " + sector + " (byte " + (long) sector * SECTOR_BYTES + ") reads as "
                + shortly(bytes, from, from + length) + ", but may only be one of: " + states.describe();
    }

    void readFailed(long startedAt) {
        reads.remove(startedAt);
    }

    // ---- crashes

    /** The process died. */
    void crashed() {
        underWay.clear();
        reads.clear();
        now++;
        sectors.forEach(sector -> sector.crashed(durableSince));
        durableSince = now;
    }

    /** Everything was made durable and the image was closed: only what can be read can come back. */
    void closed() {
        reads.clear();
        underWay.clear();
        now++;
        durableSince = now;
        sectors.forEach(sector -> sector.crashed(durableSince));
    }

    /** Compares what a recovery brought back, all of it, and takes it as the only truth. Null when all is well. */
    String recovered(long offset, byte[] bytes) {
        String[] complaint = new String[1];
        forEach(offset, bytes.length, (sector, from, start, length) -> {
            SectorStates states = sectors.get(sector);
            if (states.isWhole(bytes, from, 0, length, 0)) {
                states.settled(bytes, from);
            } else {
                complaint[0] = complain(sector, states, bytes, from, length);
            }
        });
        return complaint[0];
    }

    /**
     * Compares without settling anything: whether a process that was started now might serve this. Where a resize was under
     * way there may be more than is known so far, as zeros.
     */
    String possible(long offset, byte[] bytes) {
        grow(offset + bytes.length);
        String[] complaint = new String[1];
        forEach(offset, bytes.length, (sector, from, start, length) -> {
            SectorStates states = sectors.get(sector);
            if (!states.isWhole(bytes, from, 0, length, 0)) {
                complaint[0] = complain(sector, states, bytes, from, length);
            }
        });
        return complaint[0];
    }

    // ---- size

    /** Whether nothing is under way behind an offset. */
    boolean idleFrom(long offset) {
        for (int sector = (int) (offset / SECTOR_BYTES); sector < sectors.size(); sector++) {
            if (!sectors.get(sector).idle()) {
                return false;
            }
        }
        return true;
    }

    /** What is cut becomes zeros, and stays known: a read that started before may still return it. */
    void resized(long newSizeBytes) {
        now++;
        Object cut = new Object();
        for (int sector = (int) (newSizeBytes / SECTOR_BYTES); sector < sectors.size(); sector++) {
            sectors.get(sector).submitted(cut, new byte[SECTOR_BYTES], 0, now);
            sectors.get(sector).acknowledged(cut, true, now);
        }
        grow(newSizeBytes);
        sizeBytes = newSizeBytes;
    }

    // ---- shapes

    private interface PerSector {
        void visit(int sector, int from, int start, int length);
    }

    private static void forEach(long offset, int length, PerSector visitor) {
        int done = 0;
        while (done < length) {
            long at = offset + done;
            int start = (int) (at % SECTOR_BYTES);
            int part = Math.min(length - done, SECTOR_BYTES - start);
            visitor.visit((int) (at / SECTOR_BYTES), done, start, part);
            done += part;
        }
    }

    /** A few bytes of a content and its checksum. */
    static String shortly(byte[] bytes, int from, int to) {
        boolean zeros = true;
        for (int i = from; i < to; i++) {
            zeros &= bytes[i] == 0;
        }
        if (zeros) {
            return "zeros";
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, to - from);
        return String.format("%02x%02x..%02x/%08x", bytes[from], bytes[(from + to) / 2], bytes[to - 1], crc.getValue());
    }
}
