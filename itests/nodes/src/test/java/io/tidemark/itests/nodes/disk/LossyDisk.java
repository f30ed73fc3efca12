package io.tidemark.itests.nodes.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * A disk with a volatile cache. What was not flushed when the power goes is kept or lost at random: whole writes in any
 * order, or torn at sectors; of several writes to one place any of them, or what was there before.
 *
 * <p>The file always holds what a reader sees now. Beside it, in memory, lie the older versions of every page that was
 * written since the last flush.
 */
public final class LossyDisk implements AutoCloseable {
    private static final int PAGE_BYTES = 4096;
    private static final int SECTOR_BYTES = 512;
    private static final int[] SURVIVAL_PERCENT = {0, 0, 10, 50, 90, 100};

    private final FileChannel file;
    private final long sizeBytes;
    private final Map<Long, List<byte[]>> unflushed = new HashMap<>();
    private boolean dead;
    private long flushes;
    private int failingFlushes;

    private LossyDisk(FileChannel file, long sizeBytes) {
        this.file = file;
        this.sizeBytes = sizeBytes;
    }

    /**
     * Makes a disk of zeros.
     *
     * @param path of the file that holds it
     * @param sizeBytes a multiple of 4096
     * @return the disk
     * @throws IOException when the file cannot be made
     */
    public static LossyDisk create(Path path, long sizeBytes) throws IOException {
        FileChannel file = FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        file.write(ByteBuffer.allocate(1), sizeBytes - 1);
        return new LossyDisk(file, sizeBytes);
    }

    /**
     * The size.
     *
     * @return bytes
     */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Flushes that were done.
     *
     * @return how many
     */
    public synchronized long flushes() {
        return flushes;
    }

    synchronized void read(long offset, ByteBuffer destination) throws IOException {
        alive();
        readFully(offset, destination);
    }

    private void readFully(long offset, ByteBuffer destination) throws IOException {
        long at = offset;
        while (destination.hasRemaining()) {
            int count = file.read(destination, at);
            if (count < 0) {
                throw new IOException("beyond the end of the disk");
            }
            at += count;
        }
    }

    synchronized void write(long offset, ByteBuffer source) throws IOException {
        alive();
        remember(offset, source.remaining());
        long at = offset;
        while (source.hasRemaining()) {
            at += file.write(source, at);
        }
    }

    synchronized void zero(long offset, long length) throws IOException {
        long at = offset;
        while (at < offset + length) {
            int chunk = (int) Math.min(offset + length - at, 1 << 20);
            write(at, ByteBuffer.allocate(chunk));
            at += chunk;
        }
    }

    /** Keeps the bytes that are there now as a version that a power loss may bring back. */
    private void remember(long offset, int length) throws IOException {
        long last = (offset + length - 1) / PAGE_BYTES;
        for (long page = offset / PAGE_BYTES; page <= last; page++) {
            ByteBuffer old = ByteBuffer.allocate(PAGE_BYTES);
            readFully(page * PAGE_BYTES, old);
            unflushed.computeIfAbsent(page, key -> new ArrayList<>()).add(old.array());
        }
    }

    synchronized void flush() throws IOException {
        alive();
        if (failingFlushes > 0) {
            failingFlushes--;
            loseUnflushed();
            throw new IOException("the disk fails a flush");
        }
        unflushed.clear();
        flushes++;
    }

    /** Writes with FUA are durable by themselves; here they make everything before them durable too, and cost no more. */
    synchronized void writeThrough(long offset, ByteBuffer source) throws IOException {
        write(offset, source);
        flush();
    }

    private void alive() throws IOException {
        if (dead) {
            throw new IOException("the disk has no power");
        }
    }

    /**
     * Lets flushes fail, and lose what they were to make durable, as a dying disk does.
     *
     * @param count how many
     */
    public synchronized void failFlushes(int count) {
        failingFlushes = count;
    }

    /**
     * Flushes that are still to fail.
     *
     * @return how many
     */
    public synchronized int failingFlushes() {
        return failingFlushes;
    }

    private void loseUnflushed() throws IOException {
        for (Map.Entry<Long, List<byte[]>> page : unflushed.entrySet()) {
            file.write(ByteBuffer.wrap(page.getValue().get(0)), page.getKey() * PAGE_BYTES);
        }
        unflushed.clear();
    }

    /**
     * The power goes: nothing is read or written until {@link #powerOn}.
     *
     * @param random decides what survives of what was not flushed
     * @return what happened, for people
     * @throws IOException when the file fails
     */
    public synchronized String powerOff(RandomGenerator random) throws IOException {
        dead = true;
        int percent = SURVIVAL_PERCENT[random.nextInt(SURVIVAL_PERCENT.length)];
        int lost = 0;
        for (Map.Entry<Long, List<byte[]>> page : new TreeMap<>(unflushed).entrySet()) {
            ByteBuffer now = ByteBuffer.allocate(PAGE_BYTES);
            readFully(page.getKey() * PAGE_BYTES, now);
            List<byte[]> versions = page.getValue();
            versions.add(now.array());
            byte[] kept = survivor(versions, percent, random);
            if (kept != now.array()) {
                file.write(ByteBuffer.wrap(kept), page.getKey() * PAGE_BYTES);
                lost++;
            }
        }
        String story =
                "of " + unflushed.size() + " unflushed pages " + lost + " lost or torn (survival " + percent + " %)";
        unflushed.clear();
        return story;
    }

    private static byte[] survivor(List<byte[]> versions, int percent, RandomGenerator random) {
        if (random.nextInt(10) > 0) {
            return pick(versions, percent, random);
        }
        byte[] torn = new byte[PAGE_BYTES];
        for (int at = 0; at < PAGE_BYTES; at += SECTOR_BYTES) {
            System.arraycopy(pick(versions, percent, random), at, torn, at, SECTOR_BYTES);
        }
        return torn;
    }

    private static byte[] pick(List<byte[]> versions, int percent, RandomGenerator random) {
        int newest = versions.size() - 1;
        return random.nextInt(100) < percent ? versions.get(newest) : versions.get(random.nextInt(newest));
    }

    /** The power is back; the disk holds what survived. */
    public synchronized void powerOn() {
        dead = false;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
