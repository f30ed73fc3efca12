package io.tidemark.faults;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.StorageFile;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How one simulated process sees the disk. What can go wrong is said at {@link SimulatedDisk}. Obtained from
 * {@link SimulatedContext#files()}.
 */
public final class SimulatedFiles implements Files {
    private static final int SLOW_PER_MILLION = 2_000;
    private static final long USUAL_NANOS = 30_000;
    private static final long SLOW_NANOS = 20_000_000;

    private final SimulatedContext process;
    private final SimulatedDisk disk;
    private final Scheduler scheduler;
    private final Map<SimulatedDisk.Volume, SpaceBook> books = new HashMap<>();

    SimulatedFiles(SimulatedContext process, SimulatedDisk disk, Scheduler scheduler) {
        this.process = process;
        this.disk = disk;
        this.scheduler = scheduler;
    }

    /** A step, the time that the call takes, and whether it works. */
    Verdict enter(Operation operation, Path path, long first, long second) {
        scheduler.step(process, operation.name(), path, first, second);
        scheduler.sleep(process, nanos(operation));
        return disk.decide(operation, path);
    }

    private long nanos(Operation operation) {
        long base = operation == Operation.FORCE ? 10 * USUAL_NANOS : USUAL_NANOS;
        return disk.random().below(base) + (disk.random().chance(SLOW_PER_MILLION) ? SLOW_NANOS : 0);
    }

    /** A write past the cache is on its way to the device; those that began behind it may get there first. */
    void travel(Path path, long offset, int length) {
        long journey = disk.depart();
        enter(Operation.FORCE, path, offset, length);
        if (disk.random().chance(disk.latePerMillion())) {
            scheduler.sleep(process, disk.random().below(SLOW_NANOS));
        }
        disk.arrive(journey);
    }

    void checkAlive() {
        scheduler.checkAlive(process);
    }

    @Override
    public StorageFile open(Path path, Mode mode) throws StorageException {
        check(enter(Operation.OPEN, path, mode == Mode.CREATE ? 1 : 0, 0), "opening", path);
        Object found = disk.find(path);
        if (found instanceof SimulatedDirectory) {
            throw new StorageException(Reason.IO, path + " is a directory", "");
        }
        if (mode != Mode.CREATE && found == null) {
            throw new StorageException(Reason.NOT_FOUND, path + " does not exist", "");
        }
        if (mode == Mode.CREATE) {
            if (found != null) {
                throw new StorageException(Reason.EXISTS, path + " exists", "");
            }
            found = create(path);
        }
        SimulatedFile file = new SimulatedFile(process, this, disk, path, (SimulatedInode) found, mode != Mode.READ);
        disk.remember(file);
        return file;
    }

    private SimulatedInode create(Path path) throws StorageException {
        SimulatedDirectory parent = disk.directory(path.getParent());
        SimulatedInode made = new SimulatedInode(disk, disk.volume(path));
        parent.put(name(path), made);
        return made;
    }

    private static String name(Path path) {
        return path.getFileName().toString();
    }

    @Override
    public AutoCloseable claim(Path path) throws StorageException {
        check(enter(Operation.OPEN, path, -1, 0), "claiming", path);
        if (disk.find(path) == null) {
            create(path);
        }
        if (!disk.claim(path, process)) {
            throw new StorageException(Reason.BUSY, path + " is claimed by another user", "close that one first");
        }
        return () -> disk.unclaim(path, process);
    }

    @Override
    public List<String> list(Path directory) throws StorageException {
        check(enter(Operation.READ, directory, 0, 0), "listing", directory);
        return disk.find(directory) instanceof SimulatedDirectory found ? found.list() : List.of();
    }

    @Override
    public boolean exists(Path path) {
        scheduler.step(process, "exists", path, 0, 0);
        return disk.find(path) != null;
    }

    @Override
    public void createDirectories(Path directory) throws StorageException {
        check(enter(Operation.OPEN, directory, 0, 0), "making", directory);
        Path at = Path.of("/");
        for (Path part : directory.normalize()) {
            SimulatedDirectory parent = disk.directory(at);
            at = at.resolve(part);
            Object found = disk.find(at);
            if (found == null) {
                parent.put(part.toString(), new SimulatedDirectory());
            } else if (!(found instanceof SimulatedDirectory)) {
                throw new StorageException(Reason.IO, at + " is no directory", "");
            }
        }
    }

    @Override
    public void delete(Path path) throws StorageException {
        Verdict verdict = enter(Operation.DELETE, path, 0, 0);
        check(verdict, "deleting", path);
        Object found = disk.find(path);
        if (found == null || verdict == Verdict.SKIP) {
            return;
        }
        if (found instanceof SimulatedDirectory directory && !directory.list().isEmpty()) {
            throw new StorageException(Reason.IO, "directory " + path + " is not empty", "");
        }
        disk.directory(path.getParent()).remove(name(path));
        if (found instanceof SimulatedInode inode) {
            inode.deleted();
        }
    }

    @Override
    public void rename(Path from, Path to) throws StorageException {
        Verdict verdict = enter(Operation.RENAME, from, 0, 0);
        check(verdict, "renaming", from);
        if (!from.getParent().equals(to.getParent())) {
            throw new StorageException(Reason.UNSUPPORTED, "simulated rename across directories, to " + to, "");
        }
        if (disk.find(from) == null) {
            throw new StorageException(Reason.NOT_FOUND, from + " does not exist", "");
        }
        if (verdict != Verdict.SKIP) {
            Object replaced = disk.find(to);
            disk.directory(from.getParent()).rename(name(from), name(to));
            if (replaced instanceof SimulatedInode inode) {
                inode.deleted();
            }
        }
    }

    @Override
    public void forceDirectory(Path path) throws StorageException {
        SimulatedDirectory directory = disk.directory(path);
        int covered = directory.pending();
        Verdict verdict = enter(Operation.FORCE_DIRECTORY, path, 0, 0);
        check(verdict, "forcing directory", path);
        if (verdict == Verdict.PROCEED) {
            directory.force(covered);
        }
    }

    @Override
    public SpaceBook space(Path path) throws StorageException {
        checkAlive();
        return books.computeIfAbsent(disk.volume(path), volume -> new SpaceBook(this));
    }

    @Override
    public long usableBytes(Path path) throws StorageException {
        checkAlive();
        return disk.freeBytes(path);
    }

    @Override
    public long totalBytes(Path path) throws StorageException {
        checkAlive();
        return disk.volume(path).capacityBlocks() * SimulatedInode.PAGE_BYTES;
    }

    private static void check(Verdict verdict, String what, Path path) throws StorageException {
        if (verdict == Verdict.FAIL_IO) {
            throw new StorageException(Reason.IO, what + " " + path + " failed: simulated I/O error", "");
        }
        if (verdict == Verdict.FAIL_NO_SPACE) {
            throw new StorageException(Reason.NO_SPACE, what + " " + path + " failed: no space left", "make room");
        }
    }
}
