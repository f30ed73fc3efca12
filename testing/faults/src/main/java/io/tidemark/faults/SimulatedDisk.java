package io.tidemark.faults;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A disk with a file system and a page cache, that outlives the processes.
 *
 * <p>The fault model:
 *
 * <ul>
 *   <li><b>Power loss.</b> Per sector of 512 bytes, the device holds any of the contents that the sector had since the
 *       last force of its file: unforced writes are kept, lost or torn, in any order. Within a sector nothing is torn. A
 *       file's size is any that it had since the last force; what lies behind it is gone, and sectors that did not
 *       arrive read as zeros. How it goes is drawn per power loss: everything, nothing, a prefix in time, the
 *       youngest only, whole pages, single sectors, or each file in its own way.
 *   <li><b>Names.</b> Creations, deletions and renames that no {@code forceDirectory} followed are kept up to some
 *       point in time, each directory by itself, as on a journaling file system. Forcing a file does not make its name
 *       durable. A rename across directories is not supported.
 *   <li><b>Death of a process.</b> The page cache stays, with all that was not forced: the next process reads it and
 *       can still lose it. Claims and open files end.
 *   <li><b>A failing write</b> has written some of its sectors. <b>A failing force</b> leaves some sectors written; all
 *       are clean from then on, as on Linux: some pages are dropped from the cache at once and read as the device has
 *       them, others when {@code dropCache} asks for it or at a power loss, and the next force succeeds without doing
 *       anything for them.
 *   <li><b>No room.</b> Each volume has so many blocks of 4 KiB; a write without room has written a part, and says
 *       NO_SPACE. Punching, cutting and deleting (at the last close) give blocks back.
 *   <li><b>Damage.</b> {@link #flipBit} changes what the device and the cache hold.
 *   <li><b>Slowness.</b> Every call takes simulated time, sometimes a hundred times as much; meanwhile others run. Of several
 *       writes past the cache any may arrive first.
 * </ul>
 *
 * <p>Which calls fail is decided by a {@link FaultPlan}.
 */
public final class SimulatedDisk {
    /** What is never torn. */
    public static final int SECTOR_BYTES = 512;

    private final SeededRandom random;
    private final Scheduler scheduler;
    private SimulatedDirectory root = new SimulatedDirectory();
    private final TreeMap<Path, Volume> volumes = new TreeMap<>();
    private final Map<Path, SimulatedContext> claims = new HashMap<>();
    private final List<SimulatedFile> open = new ArrayList<>();
    private FaultPlan plan = FaultPlan.NONE;
    private FaultPlan leftOut = FaultPlan.NONE;
    private int latePerMillion;
    /** Writes past the cache that are under way, by their order; and the last one in that order which has arrived. */
    private final TreeSet<Long> travelling = new TreeSet<>();

    private long travelled;
    private long furthestArrived;
    private long changes;
    private long refusals;

    SimulatedDisk(long seed, long capacityBytes, Scheduler scheduler) {
        this.random = new SeededRandom(seed, "disk");
        this.scheduler = scheduler;
        volumes.put(Path.of("/"), new Volume(capacityBytes));
    }

    /** Blocks of one file system. */
    static final class Volume {
        private long capacityBlocks;
        private long usedBlocks;

        Volume(long capacityBytes) {
            this.capacityBlocks = capacityBytes / SimulatedInode.PAGE_BYTES;
        }

        boolean take(long blocks) {
            if (usedBlocks + blocks > capacityBlocks) {
                return false;
            }
            usedBlocks += blocks;
            return true;
        }

        void give(long blocks) {
            usedBlocks -= blocks;
        }

        long freeBlocks() {
            return Math.max(0, capacityBlocks - usedBlocks);
        }

        long capacityBlocks() {
            return capacityBlocks;
        }
    }

    // ---- for tests

    /**
     * Chooses which calls fail from now on.
     *
     * @param newPlan the plan; {@link FaultPlan#NONE} for a good disk
     */
    public void plan(FaultPlan newPlan) {
        this.plan = newPlan;
    }

    /**
     * Has some writes past the cache arrive late, while others that began behind them do not: as flash does when it tidies up.
     *
     * @param perMillion how many
     */
    public void writeThroughLate(int perMillion) {
        this.latePerMillion = perMillion;
    }

    int latePerMillion() {
        return latePerMillion;
    }

    /**
     * Whether a write past the cache is under way that one which began later has overtaken: a good moment for a crash.
     *
     * @return true until it has arrived as well
     */
    public boolean overtaken() {
        return !travelling.isEmpty() && travelling.first() < furthestArrived;
    }

    long depart() {
        travelling.add(++travelled);
        return travelled;
    }

    void arrive(long journey) {
        travelling.remove(journey);
        furthestArrived = Math.max(furthestArrived, journey);
    }

    /** Calls of which nothing comes, whatever the plan, which is not asked about them: the code might as well not make them. */
    void leaveOut(FaultPlan calls) {
        this.leftOut = calls;
    }

    /**
     * Makes a file system of its own, with directories that are durable at once.
     *
     * @param path where it is mounted
     * @param capacityBytes its room
     */
    public void mount(Path path, long capacityBytes) {
        volumes.put(path, new Volume(capacityBytes));
        makeDirectories(path);
    }

    /**
     * Makes directories, durable at once, as an installation would have done.
     *
     * @param path the last of them
     */
    public void makeDirectories(Path path) {
        SimulatedDirectory at = root;
        for (Path part : path) {
            Object next = at.get(part.toString());
            if (next == null) {
                next = new SimulatedDirectory();
                at.put(part.toString(), next);
                at.force();
            }
            at = (SimulatedDirectory) next;
        }
    }

    /**
     * Changes the room of a file system.
     *
     * @param path in it
     * @param capacityBytes the new room; may be less than what is used
     */
    public void resize(Path path, long capacityBytes) {
        volume(path).capacityBlocks = capacityBytes / SimulatedInode.PAGE_BYTES;
    }

    /**
     * The room of a file system, used or not.
     *
     * @param path in it
     * @return bytes
     */
    public long capacityBytes(Path path) {
        return volume(path).capacityBlocks() * SimulatedInode.PAGE_BYTES;
    }

    /**
     * Room that is left.
     *
     * @param path in the file system
     * @return bytes
     */
    public long freeBytes(Path path) {
        return volume(path).freeBlocks() * SimulatedInode.PAGE_BYTES;
    }

    /**
     * Turns one bit over, on the device and in the cache.
     *
     * @param path of the file
     * @param offset of the byte
     * @param bit 0 to 7
     */
    public void flipBit(Path path, long offset, int bit) {
        file(path).flip(offset, bit);
    }

    /**
     * What a file reads as now, without any step or fault.
     *
     * @param path of the file
     * @return a copy of its bytes
     */
    public byte[] bytes(Path path) {
        SimulatedInode inode = file(path);
        byte[] bytes = new byte[(int) inode.size()];
        inode.read(ByteBuffer.wrap(bytes), 0);
        return bytes;
    }

    /**
     * What is durable of a file, whatever becomes of what was not forced; without any step or fault.
     *
     * @param path of the file
     * @param offset first byte
     * @param length bytes
     * @return a copy of them, zeros behind its end
     */
    public byte[] durableBytes(Path path, long offset, int length) {
        return file(path).durable(offset, length);
    }

    /**
     * Every file on the disk, sorted by path.
     *
     * @return paths
     */
    public List<Path> files() {
        List<Path> found = new ArrayList<>();
        root.collect(Path.of("/"), found);
        return found;
    }

    /** What a disk held at one moment. */
    public static final class Snapshot {
        private final SimulatedDirectory root;
        private final Map<Path, Long> usedBlocks = new HashMap<>();

        private Snapshot(SimulatedDirectory root) {
            this.root = root;
        }
    }

    /**
     * Remembers everything, cache included, so that something can be tried out. No process may run.
     *
     * @return for {@link #restore}
     */
    public Snapshot snapshot() {
        Snapshot snapshot = new Snapshot(root.copy(new IdentityHashMap<>()));
        volumes.forEach((path, volume) -> snapshot.usedBlocks.put(path, volume.usedBlocks));
        return snapshot;
    }

    /**
     * Goes back. No process may run.
     *
     * @param snapshot of this disk; to be used once
     */
    public void restore(Snapshot snapshot) {
        root = snapshot.root;
        snapshot.usedBlocks.forEach((path, used) -> volumes.get(path).usedBlocks = used);
        claims.clear();
    }

    private SimulatedInode file(Path path) {
        if (find(path) instanceof SimulatedInode inode) {
            return inode;
        }
        throw new IllegalArgumentException(path + " is no file");
    }

    /** Takes the power away: only the device counts from now on. All processes have to be dead. */
    void losePower() {
        PowerLoss loss = new PowerLoss(random, changes);
        root.losePower(random, loss);
        volumes.values().forEach(volume -> volume.usedBlocks = 0);
        recount(Path.of("/"), root, loss);
        claims.clear();
        scheduler.trace("power-loss", loss.mode(), 0, 0);
    }

    private void recount(Path path, SimulatedDirectory directory, PowerLoss loss) {
        directory.forEach((name, node) -> {
            Path child = path.resolve(name);
            if (node instanceof SimulatedDirectory inner) {
                recount(child, inner, loss);
            } else if (node instanceof SimulatedInode inode) {
                inode.losePower(loss);
                volume(child).usedBlocks += inode.blocks();
            }
        });
    }

    void closeAllOf(SimulatedContext process) {
        travelling.clear();
        claims.values().removeIf(holder -> holder == process);
        for (SimulatedFile file : List.copyOf(open)) {
            if (file.process() == process) {
                forget(file);
            }
        }
    }

    // ---- for SimulatedFiles and SimulatedFile

    SeededRandom random() {
        return random;
    }

    /** Something did not fit. */
    void refused() {
        refusals++;
    }

    /**
     * How often it was full.
     *
     * @return calls that did not find the room that they needed
     */
    public long refusals() {
        return refusals;
    }

    FaultPlan.Verdict decide(FaultPlan.Operation operation, Path path) {
        FaultPlan.Verdict verdict = leftOut.decide(operation, path);
        verdict = verdict == FaultPlan.Verdict.PROCEED ? plan.decide(operation, path) : verdict;
        boolean works = verdict == FaultPlan.Verdict.STAY_CACHED && operation != FaultPlan.Operation.WRITE_THROUGH;
        return works ? FaultPlan.Verdict.PROCEED : verdict;
    }

    long nextChange() {
        return ++changes;
    }

    long changes() {
        return changes;
    }

    Volume volume(Path path) {
        Path best = Path.of("/");
        for (Path mounted : volumes.keySet()) {
            if (path.startsWith(mounted) && mounted.getNameCount() > best.getNameCount()) {
                best = mounted;
            }
        }
        return volumes.get(best);
    }

    Object find(Path path) {
        Object at = root;
        for (Path part : path.normalize()) {
            if (!(at instanceof SimulatedDirectory directory)) {
                return null;
            }
            at = directory.get(part.toString());
        }
        return at;
    }

    SimulatedDirectory directory(Path path) throws StorageException {
        if (path != null && find(path) instanceof SimulatedDirectory directory) {
            return directory;
        }
        throw new StorageException(Reason.NOT_FOUND, "directory " + path + " does not exist", "make it");
    }

    boolean claim(Path path, SimulatedContext process) {
        return claims.putIfAbsent(path, process) == null;
    }

    void unclaim(Path path, SimulatedContext process) {
        claims.remove(path, process);
    }

    void remember(SimulatedFile file) {
        open.add(file);
        file.inode().opened();
    }

    void forget(SimulatedFile file) {
        if (open.remove(file)) {
            file.inode().closed();
        }
    }
}
