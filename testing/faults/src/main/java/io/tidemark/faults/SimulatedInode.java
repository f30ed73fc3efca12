package io.tidemark.faults;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The bytes of one file: pages in the cache, pages on the device, and for every page that is dirty the contents that it
 * had since the last force. Pages are never changed in place, so a content costs one page however often it is referred
 * to. A missing page is a hole.
 */
final class SimulatedInode {
    static final int PAGE_BYTES = 4096;

    private static final int SECTORS = PAGE_BYTES / SimulatedDisk.SECTOR_BYTES;
    private static final byte[] ZEROS = new byte[PAGE_BYTES];
    private static final ByteBuffer ZERO_PAGE = ByteBuffer.wrap(ZEROS).asReadOnlyBuffer();
    /** Zeros that were reserved and never written: compared by identity, reported as a hole. */
    private static final byte[] RESERVED = new byte[PAGE_BYTES];

    private final SimulatedDisk disk;
    private final SimulatedDisk.Volume volume;
    private final TreeMap<Long, byte[]> cache = new TreeMap<>();
    private final TreeMap<Long, byte[]> device = new TreeMap<>();
    private final TreeMap<Long, List<Version>> dirty = new TreeMap<>();
    private final List<long[]> dirtySizes = new ArrayList<>();
    private long size;
    private long deviceSize;
    private int openFiles;
    private boolean deleted;

    /** What a page held after a change; null for a hole. */
    private static final class Version {
        private final long change;
        private final byte[] page;

        Version(long change, byte[] page) {
            this.change = change;
            this.page = page;
        }
    }

    SimulatedInode(SimulatedDisk disk, SimulatedDisk.Volume volume) {
        this.disk = disk;
        this.volume = volume;
    }

    /** As it is now, open nowhere. */
    SimulatedInode copy() {
        SimulatedInode copy = new SimulatedInode(disk, volume);
        copy.cache.putAll(cache);
        copy.device.putAll(device);
        dirty.forEach((index, versions) -> copy.dirty.put(index, new ArrayList<>(versions)));
        copy.dirtySizes.addAll(dirtySizes);
        copy.size = size;
        copy.deviceSize = deviceSize;
        copy.deleted = deleted;
        return copy;
    }

    // ---- life

    void opened() {
        openFiles++;
    }

    void closed() {
        openFiles--;
        freeIfGone();
    }

    void deleted() {
        deleted = true;
        freeIfGone();
    }

    private void freeIfGone() {
        if (deleted && openFiles == 0) {
            volume.give(cache.size());
            cache.clear();
        }
    }

    long blocks() {
        return cache.size();
    }

    long size() {
        return size;
    }

    // ---- reading

    int read(ByteBuffer destination, long offset) {
        int wanted = (int) Math.max(0, Math.min(destination.remaining(), size - offset));
        int done = 0;
        while (done < wanted) {
            long at = offset + done;
            int inPage = (int) (at % PAGE_BYTES);
            int length = Math.min(wanted - done, PAGE_BYTES - inPage);
            destination.put(cache.getOrDefault(at / PAGE_BYTES, ZEROS), inPage, length);
            done += length;
        }
        return wanted;
    }

    long seek(long offset, boolean hole) {
        for (long page = offset / PAGE_BYTES; page * PAGE_BYTES < size; page++) {
            byte[] content = cache.get(page);
            if ((content == null || content == RESERVED) == hole) {
                return Math.max(offset, page * PAGE_BYTES);
            }
        }
        return size;
    }

    /** What a power loss leaves if nothing arrives that is not forced. */
    byte[] durable(long offset, int length) {
        byte[] bytes = new byte[length];
        for (long at = offset, end = Math.min(offset + length, deviceSize); at < end; ) {
            int inPage = (int) (at % PAGE_BYTES);
            int count = (int) Math.min(end - at, PAGE_BYTES - inPage);
            byte[] page = device.getOrDefault(at / PAGE_BYTES, ZEROS);
            System.arraycopy(page, inPage, bytes, (int) (at - offset), count);
            at += count;
        }
        return bytes;
    }

    // ---- changing

    /** Writes as far as there is room; the bytes written. */
    int write(ByteBuffer source, long offset) {
        int wanted = source.remaining();
        int done = 0;
        long change = disk.nextChange();
        while (done < wanted) {
            long at = offset + done;
            int inPage = (int) (at % PAGE_BYTES);
            int length = Math.min(wanted - done, PAGE_BYTES - inPage);
            byte[] old = cache.get(at / PAGE_BYTES);
            if (old == null && !volume.take(1)) {
                break;
            }
            set(at / PAGE_BYTES, changed(old, inPage, source, length), change);
            done += length;
        }
        if (offset + done > size) {
            setSizeTo(offset + done, change);
        }
        return done;
    }

    /** The page with what comes next in a source, which moves on. Journals write zeros by the MiB: those are no new page. */
    private static byte[] changed(byte[] old, int inPage, ByteBuffer source, int length) {
        int from = source.position();
        if ((old == null || old == ZEROS || length == PAGE_BYTES)
                && source.slice(from, length).mismatch(ZERO_PAGE.slice(0, length)) < 0) {
            source.position(from + length);
            return ZEROS;
        }
        byte[] page = old == null || length == PAGE_BYTES ? new byte[PAGE_BYTES] : old.clone();
        source.get(page, inPage, length);
        return Arrays.equals(page, ZEROS) ? ZEROS : page;
    }

    private void set(long index, byte[] page, long change) {
        if (page == null) {
            cache.remove(index);
        } else {
            cache.put(index, page);
        }
        dirty.computeIfAbsent(index, i -> new ArrayList<>(2)).add(new Version(change, page));
    }

    private void setSizeTo(long newSize, long change) {
        size = newSize;
        dirtySizes.add(new long[] {change, newSize});
    }

    void setSize(long newSize) {
        if (newSize < size) {
            punch(newSize, (size + PAGE_BYTES) / PAGE_BYTES * PAGE_BYTES - newSize);
        }
        if (newSize != size) {
            setSizeTo(newSize, disk.nextChange());
        }
    }

    /** Holes for whole pages, zeros for the rest. */
    void punch(long offset, long length) {
        long change = disk.nextChange();
        long end = offset + length;
        Map<Long, byte[]> touched =
                new TreeMap<>(cache.subMap(offset / PAGE_BYTES, true, (end + PAGE_BYTES - 1) / PAGE_BYTES, false));
        touched.forEach((index, old) -> {
            long first = Math.max(offset, index * PAGE_BYTES);
            long last = Math.min(end, (index + 1) * PAGE_BYTES);
            if (last - first == PAGE_BYTES) {
                set(index, null, change);
                volume.give(1);
            } else if (last > first) {
                byte[] page = old.clone();
                Arrays.fill(page, (int) (first % PAGE_BYTES), (int) (first % PAGE_BYTES + last - first), (byte) 0);
                set(index, page, change);
            }
        });
        // After a force that failed the device may have what is a hole in the cache already: that goes, too.
        device.subMap(offset / PAGE_BYTES, true, (end + PAGE_BYTES - 1) / PAGE_BYTES, false).keySet().stream()
                .filter(index -> !cache.containsKey(index) && !dirty.containsKey(index))
                .forEach(index -> set(index, null, change));
    }

    /** Reserved zeros where there were holes, the size as it was; false without room, nothing done then. */
    boolean allocate(long offset, long length) {
        List<Long> missing = new ArrayList<>();
        for (long page = offset / PAGE_BYTES; page * PAGE_BYTES < offset + length; page++) {
            if (!cache.containsKey(page)) {
                missing.add(page);
            }
        }
        if (!volume.take(missing.size())) {
            return false;
        }
        long change = disk.nextChange();
        missing.forEach(page -> set(page, RESERVED, change));
        return true;
    }

    void flip(long offset, int bit) {
        long index = offset / PAGE_BYTES;
        int at = (int) (offset % PAGE_BYTES);
        for (TreeMap<Long, byte[]> pages : List.of(cache, device)) {
            byte[] page = pages.get(index);
            if (page != null) {
                byte[] flipped = page.clone();
                flipped[at] ^= (byte) (1 << bit);
                pages.put(index, flipped);
            }
        }
        dirty.remove(index);
    }

    // ---- forcing and losing

    /** What was changed up to a change is on the device, and the size. */
    void force(long lastChange) {
        forcePages(dirty, lastChange);
        while (!dirtySizes.isEmpty() && dirtySizes.get(0)[0] <= lastChange) {
            deviceSize = dirtySizes.remove(0)[1];
        }
    }

    /** The same for a range of whole pages alone. */
    void forceRange(long offset, long length, long lastChange) {
        forcePages(dirty.subMap(offset / PAGE_BYTES, (offset + length) / PAGE_BYTES), lastChange);
    }

    private void forcePages(Map<Long, List<Version>> pages, long lastChange) {
        pages.entrySet().removeIf(entry -> {
            List<Version> versions = entry.getValue();
            int covered = 0;
            while (covered < versions.size() && versions.get(covered).change <= lastChange) {
                covered++;
            }
            if (covered > 0) {
                store(entry.getKey(), versions.get(covered - 1).page);
                versions.subList(0, covered).clear();
            }
            return versions.isEmpty();
        });
    }

    private void store(long index, byte[] page) {
        if (page == null) {
            device.remove(index);
        } else {
            device.put(index, page);
        }
    }

    /** Some of it arrived, nothing will be tried again, and part of the cache now shows what the device has. */
    void failForce(SeededRandom random) {
        PowerLoss partial = new PowerLoss(random, disk.changes());
        settle(partial);
        deviceSize = size;
        boolean dropAll = random.coin();
        for (long index : List.copyOf(dirty.keySet())) {
            if (dropAll || random.coin()) {
                drop(index);
            }
        }
        dirty.clear();
        dirtySizes.clear();
    }

    private void drop(long index) {
        byte[] page = device.get(index);
        // The block stays taken: what was lost is the content, not the room.
        if (cache.containsKey(index)) {
            cache.put(index, page == null ? ZEROS : page);
        } else if (page != null && volume.take(1)) {
            cache.put(index, page);
        }
    }

    void dropCache(long offset, long length) {
        long end = length == 0 ? size : offset + length;
        for (long index : List.copyOf(cache.keySet())) {
            if (index * PAGE_BYTES < end && (index + 1) * PAGE_BYTES > offset && !dirty.containsKey(index)) {
                drop(index);
            }
        }
    }

    void losePower(PowerLoss loss) {
        settle(loss);
        dirty.clear();
        dirtySizes.clear();
        size = deviceSize;
        openFiles = 0;
        deleted = false;
        device.tailMap((size + PAGE_BYTES - 1) / PAGE_BYTES, true).clear();
        cutLastPage();
        cache.clear();
        cache.putAll(device);
    }

    private void cutLastPage() {
        int inPage = (int) (size % PAGE_BYTES);
        byte[] last = inPage == 0 ? null : device.get(size / PAGE_BYTES);
        if (last != null) {
            byte[] page = last.clone();
            Arrays.fill(page, inPage, PAGE_BYTES, (byte) 0);
            device.put(size / PAGE_BYTES, page);
        }
    }

    /** Chooses for every dirty sector, and for the size, what the device holds. */
    private void settle(PowerLoss loss) {
        loss.startFile();
        dirty.forEach((index, versions) -> {
            loss.startPage();
            store(index, settled(device.get(index), versions, loss));
        });
        if (!dirtySizes.isEmpty()) {
            loss.startPage();
            long[] changes = dirtySizes.stream().mapToLong(each -> each[0]).toArray();
            int chosen = loss.choose(changes, changes.length);
            deviceSize = chosen < 0 ? deviceSize : dirtySizes.get(chosen)[1];
        }
    }

    private static byte[] settled(byte[] before, List<Version> versions, PowerLoss loss) {
        long[] changes = versions.stream().mapToLong(version -> version.change).toArray();
        byte[] page = new byte[PAGE_BYTES];
        boolean hole = true;
        for (int sector = 0; sector < SECTORS; sector++) {
            int chosen = loss.choose(changes, changes.length);
            byte[] from = chosen < 0 ? before : versions.get(chosen).page;
            if (from != null) {
                hole = false;
                int at = sector * SimulatedDisk.SECTOR_BYTES;
                System.arraycopy(from, at, page, at, SimulatedDisk.SECTOR_BYTES);
            }
        }
        return hole ? null : page;
    }
}
