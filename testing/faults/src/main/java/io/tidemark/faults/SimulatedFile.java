package io.tidemark.faults;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.context.StorageFile;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/** One open file of one process. */
final class SimulatedFile implements StorageFile {
    private final SimulatedContext process;
    private final SimulatedFiles files;
    private final SimulatedDisk disk;
    private final Path path;
    private final SimulatedInode inode;
    private final boolean writable;
    private boolean closed;

    SimulatedFile(
            SimulatedContext process,
            SimulatedFiles files,
            SimulatedDisk disk,
            Path path,
            SimulatedInode inode,
            boolean writable) {
        this.process = process;
        this.files = files;
        this.disk = disk;
        this.path = path;
        this.inode = inode;
        this.writable = writable;
    }

    SimulatedContext process() {
        return process;
    }

    SimulatedInode inode() {
        return inode;
    }

    @Override
    public int read(ByteBuffer destination, long offset) throws StorageException {
        checkOpen("read");
        Verdict verdict = files.enter(Operation.READ, path, offset, destination.remaining());
        checkOpen("read");
        if (verdict != Verdict.PROCEED) {
            throw io("reading " + destination.remaining() + " bytes at " + offset + " of");
        }
        return inode.read(destination, offset);
    }

    @Override
    public void write(ByteBuffer source, long offset) throws StorageException {
        checkWritable();
        int length = source.remaining();
        Verdict verdict = files.enter(Operation.WRITE, path, offset, length);
        checkWritable();
        switch (verdict) {
            case SKIP -> source.position(source.limit());
            case PROCEED -> writeInPieces(source, offset);
            default -> {
                writePart(source, offset);
                throw verdict == Verdict.FAIL_IO
                        ? io("writing " + length + " bytes at " + offset + " of")
                        : noSpace("writing " + length + " bytes at " + offset + " of");
            }
        }
    }

    /** Others may run, and the power may fail, while half of it is written. */
    private void writeInPieces(ByteBuffer source, long offset) throws StorageException {
        long at = offset;
        int sectors = source.remaining() / SimulatedDisk.SECTOR_BYTES;
        if (sectors > 1 && disk.random().below(8) == 0) {
            int first = (1 + disk.random().below(sectors - 1)) * SimulatedDisk.SECTOR_BYTES;
            ByteBuffer piece = source.duplicate();
            piece.limit(piece.position() + first);
            writeAll(piece, at);
            source.position(source.position() + first);
            at += first;
            files.enter(Operation.WRITE, path, at, source.remaining());
            checkWritable();
        }
        writeAll(source, at);
    }

    private void writeAll(ByteBuffer source, long offset) throws StorageException {
        int length = source.remaining();
        int done = inode.write(source, offset);
        if (done < length) {
            disk.refused();
            throw noSpace("writing " + length + " bytes at " + offset + " of");
        }
    }

    private void writePart(ByteBuffer source, long offset) {
        int sectors = source.remaining() / SimulatedDisk.SECTOR_BYTES;
        ByteBuffer piece = source.duplicate();
        piece.limit(piece.position() + disk.random().below(sectors + 1) * SimulatedDisk.SECTOR_BYTES);
        inode.write(piece, offset);
    }

    @Override
    public boolean writeThrough(ByteBuffer source, long offset) throws StorageException {
        checkWritable();
        int length = source.remaining();
        if (!source.isDirect() || source.alignedSlice(DIRECT_ALIGNMENT_BYTES).remaining() != length) {
            throw new IllegalArgumentException("write-through of a buffer that is not aligned, to " + path);
        }
        if (offset % DIRECT_ALIGNMENT_BYTES != 0 || offset + length > inode.size()) {
            throw new IllegalArgumentException(
                    "write-through of " + length + " bytes at " + offset + " of " + path + " of " + inode.size());
        }
        Verdict verdict = files.enter(Operation.WRITE_THROUGH, path, offset, length);
        checkWritable();
        if (verdict == Verdict.SKIP) {
            return false;
        }
        if (verdict == Verdict.FAIL_IO || verdict == Verdict.FAIL_NO_SPACE) {
            writePart(source, offset);
            throw verdict == Verdict.FAIL_IO
                    ? io("writing through " + length + " bytes at " + offset + " of")
                    : noSpace("writing through " + length + " bytes at " + offset + " of");
        }
        writeAll(source, offset);
        long covered = disk.changes();
        files.travel(path, offset, length);
        checkWritable();
        if (verdict == Verdict.PROCEED) {
            inode.forceRange(offset, length, covered);
        }
        return true;
    }

    @Override
    public boolean writeDirect(ByteBuffer source, long offset) throws StorageException {
        return writeDirect(source, new long[] {offset}, new int[] {source.remaining()}, 1);
    }

    /**
     * In any order, some at once and the others when they are awaited; and sometimes not at all, so that callers have to do
     * without.
     */
    @Override
    public PendingWrite startWriteDirect(ByteBuffer source, long[] offsets, int[] lengths, int count)
            throws StorageException {
        if (disk.random().below(4) == 0) {
            return null;
        }
        if (!source.isDirect() || source.alignmentOffset(source.position(), DIRECT_ALIGNMENT_BYTES) != 0) {
            throw new IllegalArgumentException("direct writing of a buffer that is not aligned, to " + path);
        }
        int[] starts = new int[count];
        int end = source.position();
        for (int i = 0; i < count; i++) {
            starts[i] = end;
            end += lengths[i];
            if ((offsets[i] | lengths[i]) % DIRECT_ALIGNMENT_BYTES != 0 || offsets[i] + lengths[i] > inode.size()) {
                throw new IllegalArgumentException(
                        "direct writing of " + lengths[i] + " bytes at " + offsets[i] + " of " + path);
            }
        }
        int first = disk.random().below(count);
        int now = count == 1 ? 0 : disk.random().below(count + 1);
        ByteBuffer lent = source.duplicate().limit(end);
        ByteBuffer before =
                ByteBuffer.allocate(lent.remaining()).put(lent.duplicate()).flip();
        long[] places = offsets.clone();
        writeRuns(lent, starts, offsets, lengths, first, now);
        source.position(end);
        return () -> {
            if (!before.equals(lent) || !Arrays.equals(places, offsets)) {
                throw new AssertionError("what is written to " + path + " changed while it was under way");
            }
            writeRuns(lent, starts, offsets, lengths, (first + now) % count, count - now);
        };
    }

    private void writeRuns(ByteBuffer source, int[] starts, long[] offsets, int[] lengths, int first, int count)
            throws StorageException {
        for (int i = 0; i < count; i++) {
            int run = (first + i) % starts.length;
            write(source.duplicate().position(starts[run]).limit(starts[run] + lengths[run]), offsets[run]);
        }
    }

    @Override
    public void force() throws StorageException {
        checkOpen("force");
        long covered = disk.changes();
        Verdict verdict = files.enter(Operation.FORCE, path, 0, 0);
        checkOpen("force");
        switch (verdict) {
            case SKIP -> {}
            case PROCEED -> inode.force(covered);
            default -> {
                inode.failForce(disk.random());
                throw verdict == Verdict.FAIL_IO ? io("forcing") : noSpace("forcing");
            }
        }
    }

    @Override
    public long size() throws StorageException {
        checkOpen("size");
        return inode.size();
    }

    @Override
    public void setSize(long size) throws StorageException {
        checkWritable();
        Verdict verdict = files.enter(Operation.SET_SIZE, path, size, 0);
        checkWritable();
        check(verdict, "setting the size of");
        if (verdict == Verdict.PROCEED) {
            inode.setSize(size);
        }
    }

    @Override
    public boolean allocate(long offset, long length) throws StorageException {
        checkWritable();
        Verdict verdict = files.enter(Operation.ALLOCATE, path, offset, length);
        checkWritable();
        check(verdict, "allocating " + length + " bytes of");
        if (verdict == Verdict.SKIP) {
            return false;
        }
        if (!inode.allocate(offset, length)) {
            disk.refused();
            throw noSpace("allocating " + length + " bytes of");
        }
        return true;
    }

    @Override
    public boolean punch(long offset, long length) throws StorageException {
        checkWritable();
        Verdict verdict = files.enter(Operation.PUNCH, path, offset, length);
        checkWritable();
        check(verdict, "punching " + length + " bytes of");
        if (verdict == Verdict.SKIP) {
            return false;
        }
        inode.punch(offset, Math.min(length, Math.max(0, inode.size() - offset)));
        return true;
    }

    @Override
    public long seek(long offset, boolean hole) throws StorageException {
        checkOpen("seek");
        return inode.seek(offset, hole);
    }

    @Override
    public void dropCache(long offset, long length) {
        inode.dropCache(offset, length);
    }

    @Override
    public void close() throws StorageException {
        if (!closed) {
            files.checkAlive();
            closed = true;
            disk.forget(this);
        }
    }

    private void checkOpen(String what) throws StorageException {
        if (closed) {
            throw new StorageException(Reason.CLOSED, what + " on " + path + ", which is closed", "");
        }
    }

    private void checkWritable() throws StorageException {
        checkOpen("write");
        if (!writable) {
            throw new StorageException(Reason.IO, path + " is open for reading only", "open it for writing");
        }
    }

    private void check(Verdict verdict, String what) throws StorageException {
        if (verdict == Verdict.FAIL_IO) {
            throw io(what);
        }
        if (verdict == Verdict.FAIL_NO_SPACE) {
            throw noSpace(what);
        }
    }

    private StorageException io(String what) {
        return new StorageException(Reason.IO, what + " " + path + " failed: simulated I/O error", "replace the disk");
    }

    private StorageException noSpace(String what) {
        return new StorageException(Reason.NO_SPACE, what + " " + path + " failed: no space left", "make room");
    }
}
