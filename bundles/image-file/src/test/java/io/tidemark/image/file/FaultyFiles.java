package io.tidemark.image.file;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.StorageFile;
import io.tidemark.base.machine.MachineFiles;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/** The machine's files, with one call that fails: the one on which {@code failing} answers true. */
final class FaultyFiles implements Files {
    private final Files real = new MachineFiles();
    private Predicate<String> failing = call -> false;
    private boolean punchWorks = true;
    private int calls;

    /** Calls that change something are named {@code VERB FILE}, as in {@code force data}. */
    void failWhen(Predicate<String> now) {
        failing = now;
        calls = 0;
    }

    void failCall(int number) {
        failWhen(call -> calls == number);
    }

    int calls() {
        return calls;
    }

    void cannotPunch() {
        punchWorks = false;
    }

    private void step(String verb, Path path) throws StorageException {
        String call = verb + " " + path.getFileName();
        calls++;
        if (failing.test(call)) {
            throw new StorageException(Reason.IO, "cannot " + call + ": made to fail", "");
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

    private final class FaultyFile implements StorageFile {
        private final Path path;
        private final StorageFile file;

        FaultyFile(Path path, StorageFile file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public int read(ByteBuffer destination, long offset) throws StorageException {
            return file.read(destination, offset);
        }

        @Override
        public void write(ByteBuffer source, long offset) throws StorageException {
            step("write", path);
            file.write(source, offset);
        }

        @Override
        public boolean writeDirect(ByteBuffer source, long[] offsets, int[] lengths, int count)
                throws StorageException {
            step("direct", path);
            return file.writeDirect(source, offsets, lengths, count);
        }

        @Override
        public void force() throws StorageException {
            step("force", path);
            file.force();
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
