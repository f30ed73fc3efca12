package io.tidemark.itests.nodes.load;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What an image may hold, sector by sector, by what was issued and what was acknowledged. Kept by the client, so it knows
 * exactly what had been acknowledged when the server died.
 *
 * <p>Two writes are ordered when one was acknowledged before the other was issued. A sector may hold any write that no
 * later durable write follows; writes that were never acknowledged may be there or not. With a write cache a write counts
 * as durable only when a flush that was issued after its acknowledgement is done, on whatever connection: the server says
 * that its clients may have several (NBD_FLAG_CAN_MULTI_CONN).
 */
public final class Ledger {
    private final Sectors sectors;
    private final boolean writeCache;
    private final Entry[][] candidates;
    private final List<Entry> cached = new ArrayList<>();
    private long stamp;
    private final List<List<Entry>> watching = new ArrayList<>();
    private int generations;
    private boolean frozen;

    /** What a loss that is announced may not touch, and the last write that was issued then. */
    private Entry[][] attested;

    private int attestedGenerations;
    private long acknowledgedWrites;
    private long acknowledgedBytes;

    /** One write: its content, its extent, and when it was issued, acknowledged and durable; 0 for not yet. */
    static final class Entry {
        final int generation;
        final boolean zeros;
        final boolean forced;
        final long firstSector;
        final int count;
        final long issued;
        long acknowledged;

        Entry(int generation, boolean zeros, boolean forced, long firstSector, int count, long issued) {
            this.generation = generation;
            this.zeros = zeros;
            this.forced = forced;
            this.firstSector = firstSector;
            this.count = count;
            this.issued = issued;
        }

        private int content() {
            return zeros ? Sectors.ZERO : generation;
        }

        private boolean before(Entry other) {
            return acknowledged != 0 && acknowledged < other.issued;
        }
    }

    /** What a read may return. */
    static final class Expectation {
        private final long firstSector;
        private final Entry[][] before;
        private final long issued;
        private final int lastGeneration;

        Expectation(long firstSector, Entry[][] before, long issued, int lastGeneration) {
            this.firstSector = firstSector;
            this.before = before;
            this.issued = issued;
            this.lastGeneration = lastGeneration;
        }
    }

    /**
     * A ledger of an image that reads as zeros.
     *
     * @param sizeBytes of the image
     * @param identity of the content, so that another test's bytes are not taken for ours
     * @param writeCache whether acknowledged writes are durable only after a flush
     */
    public Ledger(long sizeBytes, long identity, boolean writeCache) {
        this.sectors = new Sectors(identity);
        this.writeCache = writeCache;
        this.candidates = new Entry[Math.toIntExact(sizeBytes / Sectors.BYTES)][];
        Entry[] zeros = {new Entry(0, true, true, 0, candidates.length, 1)};
        zeros[0].acknowledged = 2;
        stamp = 2;
        Arrays.fill(candidates, zeros);
        attested = candidates.clone();
    }

    Sectors sectors() {
        return sectors;
    }

    /**
     * Size of the image.
     *
     * @return sectors of 512 bytes
     */
    public int sectorCount() {
        return candidates.length;
    }

    /**
     * Writes that were acknowledged.
     *
     * @return how many
     */
    public synchronized long acknowledgedWrites() {
        return acknowledgedWrites;
    }

    /**
     * Bytes that were acknowledged.
     *
     * @return how many
     */
    public synchronized long acknowledgedBytes() {
        return acknowledgedBytes;
    }

    /** Takes no acknowledgements from now on: the instant of a power loss. */
    public synchronized void freeze() {
        frozen = true;
    }

    synchronized Entry issue(boolean zeros, boolean forced, long firstSector, int count) {
        Entry entry = new Entry(++generations, zeros, forced, firstSector, count, ++stamp);
        watching.forEach(issued -> issued.add(entry));
        for (long sector = firstSector; sector < firstSector + count; sector++) {
            Entry[] old = candidates[(int) sector];
            Entry[] now = Arrays.copyOf(old, old.length + 1);
            now[old.length] = entry;
            candidates[(int) sector] = now;
        }
        return entry;
    }

    synchronized void acknowledge(Entry entry) {
        if (frozen) {
            return;
        }
        entry.acknowledged = ++stamp;
        acknowledgedWrites++;
        acknowledgedBytes += (long) entry.count * Sectors.BYTES;
        if (writeCache && !entry.forced) {
            cached.add(entry);
        } else {
            settleDurable(entry);
        }
    }

    synchronized long issueFlush() {
        return ++stamp;
    }

    synchronized void acknowledgeFlush(long issued) {
        if (frozen) {
            return;
        }
        for (Entry entry : cached) {
            if (entry.acknowledged < issued) {
                settleDurable(entry);
            }
        }
        cached.removeIf(entry -> entry.acknowledged < issued);
    }

    private void settleDurable(Entry durable) {
        for (long sector = durable.firstSector; sector < durable.firstSector + durable.count; sector++) {
            Entry[] old = candidates[(int) sector];
            Entry[] kept = without(old, durable);
            if (kept.length < old.length) {
                candidates[(int) sector] = kept;
            }
        }
    }

    private static Entry[] without(Entry[] old, Entry durable) {
        int kept = 0;
        for (Entry entry : old) {
            kept += entry.before(durable) ? 0 : 1;
        }
        Entry[] now = new Entry[kept];
        int at = 0;
        for (Entry entry : old) {
            if (!entry.before(durable)) {
                now[at++] = entry;
            }
        }
        return now;
    }

    synchronized Expectation expect(long firstSector, int count) {
        Entry[][] before = Arrays.copyOfRange(candidates, (int) firstSector, (int) firstSector + count);
        return new Expectation(firstSector, before, ++stamp, generations);
    }

    /**
     * Checks what a read returned while the load was running.
     *
     * @return null when all is well, else what is wrong
     */
    String check(Expectation expected, ByteBuffer data) {
        for (int index = 0; index < expected.before.length; index++) {
            long sector = expected.firstSector + index;
            int found = sectors.generation(data, data.position() + index * Sectors.BYTES, sector);
            if (!readable(expected, index, sector, found)) {
                return "sector " + sector + " read " + name(found) + ", but may hold only "
                        + names(expected.before[index]);
            }
        }
        return null;
    }

    private boolean readable(Expectation expected, int index, long sector, int found) {
        return found > expected.lastGeneration
                || wasThere(expected, index, found)
                || (found == Sectors.ZERO && zeroedSince(sector, expected.issued));
    }

    private static boolean wasThere(Expectation expected, int index, int found) {
        Entry[] before = expected.before[index];
        for (Entry entry : before) {
            if (entry.content() == found && !overtaken(entry, before, expected.issued)) {
                return true;
            }
        }
        return false;
    }

    /**
     * What the image may hold at a moment that the server chooses while a step runs, as when it puts a mark among the writes: all
     * that was acknowledged before the step, nothing that was issued after it, and of what was issued meanwhile any part.
     *
     * @param step in which the moment is
     * @return to be compared with a copy of the image as it was then, at any time later
     */
    public Moment moment(Runnable step) {
        List<Entry> meanwhile = new ArrayList<>();
        Expectation before;
        synchronized (this) {
            before = expect(0, candidates.length);
            watching.add(meanwhile);
        }
        try {
            step.run();
        } finally {
            synchronized (this) {
                watching.removeIf(issued -> issued == meanwhile);
            }
        }
        return new Moment(before, meanwhile);
    }

    /** See {@link #moment}. */
    public final class Moment {
        private final Expectation before;
        private final List<Entry> meanwhile;

        private Moment(Expectation before, List<Entry> meanwhile) {
            this.before = before;
            this.meanwhile = meanwhile;
        }

        /**
         * Compares.
         *
         * @param firstSector where the data lies in the image
         * @param data whole sectors
         * @return null when all is well, else what is wrong
         */
        String check(long firstSector, ByteBuffer data) {
            int count = data.remaining() / Sectors.BYTES;
            for (int index = 0; index < count; index++) {
                long sector = firstSector + index;
                int found = sectors.generation(data, data.position() + index * Sectors.BYTES, sector);
                if (!wasThere(before, (int) sector, found) && !cameMeanwhile(sector, found)) {
                    return "sector " + sector + " held " + name(found) + " at the moment, but may hold only "
                            + names(before.before[(int) sector]) + " or what was issued meanwhile";
                }
            }
            return null;
        }

        private boolean cameMeanwhile(long sector, int found) {
            for (Entry entry : meanwhile) {
                if (entry.content() == found
                        && sector >= entry.firstSector
                        && sector < entry.firstSector + entry.count) {
                    return true;
                }
            }
            return false;
        }
    }

    /** Whether a write that was acknowledged before an instant follows an entry. */
    private static boolean overtaken(Entry entry, Entry[] entries, long instant) {
        for (Entry other : entries) {
            if (other.acknowledged != 0 && other.acknowledged < instant && entry.before(other)) {
                return true;
            }
        }
        return false;
    }

    private synchronized boolean zeroedSince(long sector, long instant) {
        for (Entry entry : candidates[(int) sector]) {
            if (entry.zeros && entry.issued > instant) {
                return true;
            }
        }
        return false;
    }

    /**
     * Checks what a restarted server returned, and takes it as what the image holds from now on: a write that was never
     * acknowledged and is there now must stay.
     *
     * @return null when all is well, else what is wrong
     */
    synchronized String settle(long firstSector, ByteBuffer data) {
        return settle(firstSector, data, false);
    }

    /** What is acknowledged now is out of reach of losses that will be announced: those are of later writes. */
    public synchronized void attest() {
        attested = candidates.clone();
        attestedGenerations = generations;
    }

    /**
     * As {@link #settle(long, ByteBuffer)}, after a loss that was announced.
     *
     * @param lossAllowed whether any write that was issued to a sector since {@link #attest} will do, and what the sector could
     *     hold then
     */
    synchronized String settle(long firstSector, ByteBuffer data, boolean lossAllowed) {
        int count = data.remaining() / Sectors.BYTES;
        for (int index = 0; index < count; index++) {
            int sector = (int) firstSector + index;
            int found = sectors.generation(data, data.position() + index * Sectors.BYTES, sector);
            Entry entry = find(candidates[sector], found);
            if (entry == null && lossAllowed && mayBeLeft(sector, found)) {
                entry = new Entry(found, found == Sectors.ZERO, true, sector, 1, ++stamp);
            }
            if (entry == null) {
                return "sector " + sector + " holds " + name(found) + ", but may hold only "
                        + names(candidates[sector]);
            }
            if (candidates[sector].length > 1 || entry.acknowledged == 0) {
                Entry settled = new Entry(entry.generation, entry.zeros, true, sector, 1, entry.issued);
                settled.acknowledged = ++stamp;
                candidates[sector] = new Entry[] {settled};
            }
        }
        return null;
    }

    private boolean mayBeLeft(int sector, int found) {
        return found > attestedGenerations && found <= generations || find(attested[sector], found) != null;
    }

    /** The load may go on after {@link #freeze} and {@link #settle}. */
    synchronized void thaw() {
        frozen = false;
        cached.clear();
    }

    private static Entry find(Entry[] entries, int found) {
        for (Entry entry : entries) {
            if (entry.content() == found) {
                return entry;
            }
        }
        return null;
    }

    private static String name(int found) {
        return switch (found) {
            case Sectors.ZERO -> "zeros";
            case Sectors.DAMAGED -> "damage (a mixture, or another sector's content)";
            default -> "generation " + found;
        };
    }

    private static String names(Entry[] entries) {
        List<String> names = new ArrayList<>();
        for (Entry entry : entries) {
            names.add(name(entry.content()) + (entry.acknowledged == 0 ? " (never acknowledged)" : ""));
        }
        return String.join(", ", names);
    }
}
