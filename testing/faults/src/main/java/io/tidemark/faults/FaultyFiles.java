package io.tidemark.faults;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Other files, most likely the machine's, of which calls fail when a test says so. Every call is passed on, so that what
 * only the machine can do is under test too. Those that change something are named {@code VERB FILE}, as in
 * {@code force data}; the verbs are open, create, rename, resize, write, direct, through and force. For other faults,
 * override what opens a file.
 */
public class FaultyFiles implements Files {
    private final Files real;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile Predicate<String> failing = call -> false;
    private volatile boolean punchWorks = true;
    private volatile boolean full;

    /**
     * Files without faults so far.
     *
     * @param real where calls go
     */
    public FaultyFiles(Files real) {
        this.real = real;
    }

    /**
     * Says which calls fail from now on, and begins to count anew.
     *
     * @param now asked about each call by its name
     */
    public final void failWhen(Predicate<String> now) {
        calls.set(0);
        failing = now;
    }

    /**
     * Has one call fail.
     *
     * @param number of the call; the next one is 1
     */
    public final void failCall(int number) {
        failWhen(call -> calls.get() == number);
    }

    /**
     * Has the next call of a name fail.
     *
     * @param name as in {@code direct data}
     */
    public final void failNext(String name) {
        AtomicInteger left = new AtomicInteger(1);
        failWhen(call -> call.equals(name) && left.getAndDecrement() > 0);
    }

    /**
     * How many calls there were since it was said which fail.
     *
     * @return those that change something
     */
    public final int calls() {
        return calls.get();
    }

    /** From now on what fails does so because the file system is full. */
    public final void fill() {
        full = true;
    }

    /** From now on the file system can neither reserve nor free blocks. */
    public final void cannotPunch() {
        punchWorks = false;
    }

    private void step(String verb, Path path) throws StorageException {
        String call = verb + " " + path.getFileName();
        calls.incrementAndGet();
        if (failing.test(call)) {
            if (full) {
                throw new StorageException(
                        Reason.NO_SPACE, "cannot " + verb + " " + path + ": no space left", "a test made it so");
            }
            throw new StorageException(
                    Reason.IO, "cannot " + verb + " " + path + ": Input/output error", "a test made it so");
        }
    }

    @Override
    public StorageFile open(Path path, Mode mode) throws StorageException {
        step("open", path);
        return new FaultyFile(path, real.open(path, mode));
    }

    @Override
    public AutoCloseable claim(Path path) throws StorageException {
        return real.claim(path);
    }

    @Override
    public List<String> list(Path directory) throws StorageException {
        return real.list(directory);
    }

    @Override
    public boolean exists(Path path) {
        return real.exists(path);
    }

    @Override
    public void createDirectories(Path directory) throws StorageException {
        step("create", directory);
        real.createDirectories(directory);
    }

    @Override
    public void delete(Path path) throws StorageException {
        real.delete(path);
    }

    @Override
    public void rename(Path from, Path to) throws StorageException {
        step("rename", from);
        real.rename(from, to);
    }

    @Override
    public void forceDirectory(Path directory) throws StorageException {
        step("force", directory);
        real.forceDirectory(directory);
    }

    @Override
    public SpaceBook space(Path path) throws StorageException {
        return real.space(path);
    }

    @Override
    public long usableBytes(Path path) throws StorageException {
        return real.usableBytes(path);
    }

    @Override
    public long totalBytes(Path path) throws StorageException {
        return real.totalBytes(path);
    }

    /** A file whose calls are passed on, or fail. */
    protected class FaultyFile implements StorageFile {
        private final Path path;
        private final StorageFile file;

        /**
         * An open file.
         *
         * @param path of it
         * @param file where calls go
         */
        protected FaultyFile(Path path, StorageFile file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public int read(ByteBuffer destination, long offset) throws StorageException {
            return file.read(destination, offset);
        }

        @Override
        public int readDirect(ByteBuffer destination, long offset) throws StorageException {
            return file.readDirect(destination, offset);
        }

        @Override
        public void write(ByteBuffer source, long offset) throws StorageException {
            step("write", path);
            file.write(source, offset);
        }

        @Override
        public boolean writeDirect(ByteBuffer source, long offset) throws StorageException {
            step("direct", path);
            return file.writeDirect(source, offset);
        }

        @Override
        public PendingWrite startWriteDirect(ByteBuffer source, long[] offsets, int[] lengths, int count)
                throws StorageException {
            try {
                step("direct", path);
            } catch (StorageException e) {
                // As when the device fails one of them: others are written.
                ByteBuffer written = source.duplicate();
                int some = count / 2;
                int bytes = 0;
                for (int i = 0; i < some; i++) {
                    bytes += lengths[i];
                }
                file.writeDirect(written.limit(written.position() + bytes), offsets, lengths, some);
                return () -> {
                    throw e;
                };
            }
            return file.startWriteDirect(source, offsets, lengths, count);
        }

        @Override
        public boolean claimDirectWrites() throws StorageException {
            return file.claimDirectWrites();
        }

        @Override
        public boolean writeThrough(ByteBuffer source, long offset) throws StorageException {
            step("through", path);
            return file.writeThrough(source, offset);
        }

        @Override
        public void force() throws StorageException {
            step("force", path);
            file.force();
        }

        @Override
        public void startRead(long offset, long length) {
            file.startRead(offset, length);
        }

        @Override
        public void startWriteBack(long offset, long length) {
            file.startWriteBack(offset, length);
        }

        @Override
        public long size() throws StorageException {
            return file.size();
        }

        @Override
        public void setSize(long size) throws StorageException {
            step("resize", path);
            file.setSize(size);
        }

        @Override
        public boolean allocate(long offset, long length) throws StorageException {
            return punchWorks && file.allocate(offset, length);
        }

        @Override
        public boolean punch(long offset, long length) throws StorageException {
            return punchWorks && file.punch(offset, length);
        }

        @Override
        public long seek(long offset, boolean hole) throws StorageException {
            return file.seek(offset, hole);
        }

        @Override
        public void dropCache(long offset, long length) {
            file.dropCache(offset, length);
        }

        @Override
        public void close() throws StorageException {
            file.close();
        }
    }
}
