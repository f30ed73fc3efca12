package io.tidemark.itests.nodes.node;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageFile;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.faults.FaultyFiles;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The machine's files, but forces of some parts are left out, or fail. A force that fails does what Linux does: it fails
 * once, what it was to make durable is soon evicted from the page cache, so that a reader sees what the disk has, and the
 * next force of the same file succeeds and proves nothing. Eviction comes a moment after the failure was reported, or when
 * the file is closed: earlier than that no user of a file could know.
 */
public final class ForgetfulFiles extends FaultyFiles {
    /** What becomes of forces. */
    public enum Force {
        /** They work. */
        WORKS,
        /** They return at once. */
        SKIPPED,
        /** The next one fails. */
        FAILS_ONCE
    }

    /** Longer than whoever was told of the failure may be kept from a processor. */
    private static final long EVICT_NANOS = 500_000_000;

    private final Path images;
    private final boolean remember;
    private final Map<Part, Force> faults = new EnumMap<>(Part.class);

    /**
     * Files without faults so far.
     *
     * @param images directory of the image pool; everything outside it belongs to journals
     * @param remember whether forces may be made to fail: then what is overwritten is kept until it is forced
     */
    public ForgetfulFiles(Path images, boolean remember) {
        super(new MachineFiles());
        this.images = images;
        this.remember = remember;
    }

    /**
     * Sets what becomes of the forces of a part from now on.
     *
     * @param part of what is on disk
     * @param force what happens
     */
    public void set(Part part, Force force) {
        synchronized (faults) {
            faults.put(part, force);
        }
    }

    /**
     * Whether a force that was to fail has not come yet.
     *
     * @param part of what is on disk
     * @return true until one has failed
     */
    public boolean armed(Part part) {
        synchronized (faults) {
            return faults.get(part) == Force.FAILS_ONCE;
        }
    }

    private Force next(Part part) {
        synchronized (faults) {
            Force force = faults.getOrDefault(part, Force.WORKS);
            if (force == Force.FAILS_ONCE) {
                faults.remove(part);
            }
            return force;
        }
    }

    @Override
    public StorageFile open(Path path, Mode mode) throws StorageException {
        return new ForgetfulFile(path, super.open(path, mode));
    }

    @Override
    public void forceDirectory(Path directory) throws StorageException {
        switch (next(Part.ofDirectory(directory, images))) {
            case WORKS -> super.forceDirectory(directory);
            case FAILS_ONCE -> throw failure(directory);
            case SKIPPED -> {
                // That is the fault.
            }
        }
    }

    private static StorageException failure(Path path) {
        return new StorageException(Reason.IO, "cannot force " + path + ": Input/output error", "a test made it so");
    }

    private record Overwritten(long offset, ByteBuffer bytes, long size) {}

    private record Range(long offset, long length) {}

    private final class ForgetfulFile extends FaultyFile {
        private final Path path;
        private final StorageFile file;
        private final Part part;
        private final Deque<Overwritten> unforced = new ArrayDeque<>();
        private final List<Overwritten> lost = new ArrayList<>();
        private final List<Range> later = new ArrayList<>();
        private long evictAtNanos = Long.MAX_VALUE;

        ForgetfulFile(Path path, StorageFile file) {
            super(path, file);
            this.path = path;
            this.file = file;
            this.part = Part.ofFile(path, images);
        }

        private synchronized void keep(long offset, long length) throws StorageException {
            if (remember) {
                unforced.push(new Overwritten(offset, content(offset, length), file.size()));
                if (evictAtNanos != Long.MAX_VALUE) {
                    later.add(new Range(offset, length));
                }
            }
        }

        private ByteBuffer content(long offset, long length) throws StorageException {
            ByteBuffer bytes = ByteBuffer.allocateDirect((int) length);
            file.read(bytes, offset);
            return bytes.clear();
        }

        private synchronized void loseUnforced() {
            lost.addAll(unforced);
            unforced.clear();
            evictAtNanos = System.nanoTime() + EVICT_NANOS;
        }

        /** What was written since the failure is in the cache again, and stays. */
        private synchronized void evictIfDue(boolean closing) throws StorageException {
            if (evictAtNanos == Long.MAX_VALUE || (!closing && System.nanoTime() < evictAtNanos)) {
                return;
            }
            evictAtNanos = Long.MAX_VALUE;
            List<ByteBuffer> kept = new ArrayList<>();
            for (Range range : later) {
                kept.add(content(range.offset(), range.length()));
            }
            long size = file.size();
            for (Overwritten one : lost) {
                file.write(one.bytes(), one.offset());
                if (later.isEmpty()) {
                    file.setSize(one.size());
                }
            }
            for (int index = 0; index < kept.size(); index++) {
                file.write(kept.get(index), later.get(index).offset());
            }
            if (!later.isEmpty()) {
                file.setSize(size);
            }
            lost.clear();
            later.clear();
        }

        private synchronized void forget() {
            unforced.clear();
        }

        @Override
        public int read(ByteBuffer destination, long offset) throws StorageException {
            evictIfDue(false);
            return super.read(destination, offset);
        }

        @Override
        public void write(ByteBuffer source, long offset) throws StorageException {
            keep(offset, source.remaining());
            super.write(source, offset);
        }

        @Override
        public boolean writeDirect(ByteBuffer source, long offset) throws StorageException {
            keep(offset, source.remaining());
            return super.writeDirect(source, offset);
        }

        @Override
        public boolean writeDirect(ByteBuffer source, long[] offsets, int[] lengths, int count)
                throws StorageException {
            for (int i = 0; i < count; i++) {
                keep(offsets[i], lengths[i]);
            }
            return super.writeDirect(source, offsets, lengths, count);
        }

        @Override
        public void force() throws StorageException {
            switch (next(part)) {
                case WORKS -> {
                    super.force();
                    forget();
                }
                case FAILS_ONCE -> {
                    loseUnforced();
                    throw failure(path);
                }
                case SKIPPED -> {
                    // That is the fault.
                }
            }
        }

        @Override
        public boolean writeThrough(ByteBuffer source, long offset) throws StorageException {
            switch (next(part)) {
                case WORKS -> {
                    return super.writeThrough(source, offset);
                }
                case FAILS_ONCE -> throw failure(path);
                case SKIPPED -> super.write(source, offset);
            }
            return true;
        }

        @Override
        public boolean punch(long offset, long length) throws StorageException {
            long end = Math.min(offset + length, file.size());
            for (long at = offset; at < end; at += 1 << 20) {
                keep(at, Math.min(end - at, 1 << 20));
            }
            return super.punch(offset, length);
        }

        @Override
        public void close() throws StorageException {
            evictIfDue(true);
            super.close();
        }
    }
}
