package io.tidemark.image.file;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.image.ImageStore;
import io.tidemark.base.machine.DurableDirectories;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.base.text.Names;
import io.tidemark.base.text.Sizes;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * Images in sparse raw files: {@code DIRECTORY/NAME/{data,head,lock}}. An image is there when its {@code head} is, so
 * that making and deleting one are atomic. See docs/formats/file-image.md. Safe for all threads.
 */
public final class FileImageStore implements ImageStore, AutoCloseable {
    /** Name of the file with the bytes. */
    static final String DATA = "data";

    /** Name of the file that is claimed while an image is open. */
    static final String LOCK = "lock";

    private static final int ZERO_BYTES = 256 << 10;

    /** A disk that does not answer is given so long by the kernel, before it is reset. */
    private static final long LATE_WRITES_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final long LATE_WRITES_STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final String pool;
    private final Path directory;
    private final long reserveBytes;
    private final Files poolFiles;
    private final long lateWritesNanos;
    private final ByteBuffer zeros = ByteBuffer.allocateDirect(ZERO_BYTES).asReadOnlyBuffer();

    private final Object lock = new Object();
    /** Names in use; the image is missing while it is being opened or deleted. */
    private final Map<String, FileImage> inUse = new HashMap<>();

    private boolean closed;

    /** What journals in the same file system leave free beside what images need. */
    private SpaceBook.Promise reserve;

    /**
     * A pool of this machine that keeps nothing in reserve.
     *
     * @param pool its name
     * @param directory where images lie; made when the first one is
     */
    public FileImageStore(String pool, Path directory) {
        this(pool, directory, 0, new MachineFiles());
    }

    /**
     * A pool.
     *
     * @param pool its name
     * @param directory where images lie; made when the first one is
     * @param reserveBytes part of the file system's free space that is not offered for images
     * @param poolFiles file system for {@link #pool()} and {@link #list()}, which are handed no context
     */
    public FileImageStore(String pool, Path directory, long reserveBytes, Files poolFiles) {
        this(pool, directory, reserveBytes, poolFiles, LATE_WRITES_NANOS);
    }

    /** With another patience for what a killed process left under way. */
    FileImageStore(String pool, Path directory, long reserveBytes, Files poolFiles, long lateWritesNanos) {
        this.lateWritesNanos = lateWritesNanos;
        this.pool = Names.check("pool", pool);
        this.directory = Objects.requireNonNull(directory, "directory");
        this.reserveBytes = reserveBytes;
        this.poolFiles = poolFiles;
        if (reserveBytes < 0) {
            throw new IllegalArgumentException("reserve of " + reserveBytes + " bytes is negative");
        }
    }

    @Override
    public PoolInfo pool() throws StorageException {
        Path existing = nearest();
        long usable = Math.max(0, poolFiles.usableBytes(existing) - reserveBytes);
        return new PoolInfo("file", directory.toString(), poolFiles.totalBytes(existing), usable);
    }

    /** The pool's directory, or as much of the way to it as exists. */
    private Path nearest() {
        Path existing = directory;
        while (!poolFiles.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        return existing;
    }

    @Override
    public List<String> list() throws StorageException {
        List<String> names = new ArrayList<>();
        for (String name : poolFiles.list(directory)) {
            if (poolFiles.exists(directory.resolve(name).resolve(HeadFile.NAME))) {
                names.add(name);
            }
        }
        return names;
    }

    @Override
    public BlockImage create(StorageContext context, String name, ImageHead head) throws StorageException {
        checkName(name);
        enter(name);
        FileImage image = null;
        try {
            image = make(context.files(), name, head);
            return register(name, image);
        } finally {
            if (image == null) {
                exit(name);
            }
        }
    }

    private FileImage make(Files files, String name, ImageHead head) throws StorageException {
        Path home = directory.resolve(name);
        if (files.exists(home.resolve(HeadFile.NAME))) {
            throw new StorageException(
                    Reason.EXISTS, "image " + name + " exists already in pool " + pool, "choose another name");
        }
        // With the pool's directory: were that lost, it would take its images along.
        DurableDirectories.make(files, home);
        AutoCloseable claim = claim(files, home, name);
        StorageFile data = null;
        HeadFile headFile = null;
        FileImage image = null;
        try {
            // Without a head it is the rest of an attempt that a crash ended.
            files.delete(home.resolve(DATA));
            data = files.open(home.resolve(DATA), Files.Mode.CREATE);
            extend(data, name, head.sizeBytes());
            data.force();
            headFile = HeadFile.create(files, home, name, head);
            image = opened(files, name, data, headFile, claim);
            return image;
        } finally {
            if (image == null) {
                closeQuietly(data);
                closeQuietly(headFile);
                removeQuietly(files, home);
                closeQuietly(claim);
            }
        }
    }

    private FileImage opened(Files files, String name, StorageFile data, HeadFile headFile, AutoCloseable claim)
            throws StorageException {
        SpaceBook book = files.space(directory);
        synchronized (lock) {
            if (reserve == null && !closed) {
                reserve = book.open(directory, () -> {});
                reserve.keep(reserveBytes);
            }
        }
        return new FileImage(name, this, data, headFile, claim, zeros, book.open(directory, () -> {}));
    }

    private void extend(StorageFile data, String name, long sizeBytes) throws StorageException {
        try {
            data.setSize(sizeBytes);
        } catch (StorageException e) {
            if (e.reason() == Reason.INVALID) {
                throw new StorageException(
                        Reason.INVALID,
                        "image " + name + " of " + Sizes.format(sizeBytes) + " is larger than a file may be in "
                                + directory,
                        "make it smaller, or use a pool in another file system",
                        e);
            }
            throw e;
        }
    }

    @Override
    public BlockImage open(StorageContext context, String name) throws StorageException {
        checkName(name);
        enter(name);
        FileImage image = null;
        try {
            image = reopen(context, name);
            return register(name, image);
        } finally {
            if (image == null) {
                exit(name);
            }
        }
    }

    private FileImage reopen(StorageContext context, String name) throws StorageException {
        Files files = context.files();
        Path home = existing(files, name);
        AutoCloseable claim = claim(files, home, name);
        HeadFile headFile = null;
        StorageFile data = null;
        FileImage image = null;
        try {
            // Whoever made it may have died between naming the head and forcing the name: what is served has to last.
            files.forceDirectory(home);
            headFile = HeadFile.open(files, home, name);
            data = openData(files, home, name);
            awaitLateWrites(context, data, name);
            long needed = headFile.head().sizeBytes();
            if (data.size() < needed) {
                throw new StorageException(
                        Reason.CORRUPT,
                        "image " + name + ": " + home.resolve(DATA) + " has " + data.size()
                                + " bytes, but its head says " + needed,
                        "something else cut it: restore the image");
            }
            image = opened(files, name, data, headFile, claim);
            return image;
        } finally {
            if (image == null) {
                closeQuietly(data);
                closeQuietly(headFile);
                closeQuietly(claim);
            }
        }
    }

    private static StorageFile openData(Files files, Path home, String name) throws StorageException {
        Path path = home.resolve(DATA);
        if (!files.exists(path)) {
            throw new StorageException(
                    Reason.CORRUPT,
                    "image " + name + ": its head is there, and " + path + " is not there",
                    "something else removed it: restore the image, or give it up with image:delete");
        }
        return files.open(path, Files.Mode.WRITE);
    }

    /**
     * Writes that a killed process left under way may reach the image long after its claim has ended: what is applied before
     * they have would be overwritten by what is older.
     */
    private void awaitLateWrites(StorageContext context, StorageFile data, String name) throws StorageException {
        Gate pause = null;
        long deadline = context.clock().monotonicNanos() + lateWritesNanos;
        while (!data.claimDirectWrites()) {
            if (context.clock().monotonicNanos() - deadline >= 0) {
                Path path = directory.resolve(name).resolve(DATA);
                throw new StorageException(
                        Reason.BUSY,
                        "image " + name + " in pool " + pool + ": " + path
                                + " is locked; writes to it that a process which "
                                + "was killed had begun are still under way, or another program holds it",
                        "see who has it with \"lslocks\" or \"fuser -v " + path
                                + "\"; where nobody does, its disk does not "
                                + "answer: look at the kernel's log, and open the image when it does");
            }
            pause = pause == null ? context.workers().newGate() : pause;
            pause.await(LATE_WRITES_STEP_NANOS);
        }
    }

    @Override
    public ImageHead head(StorageContext context, String name) throws StorageException {
        checkName(name);
        Path home = existing(context.files(), name);
        try (HeadFile file = HeadFile.inspect(context.files(), home, name)) {
            return file.head();
        }
    }

    @Override
    public void delete(StorageContext context, String name) throws StorageException {
        checkName(name);
        enter(name);
        try {
            Files files = context.files();
            Path home = existing(files, name);
            AutoCloseable claim = claim(files, home, name);
            try {
                // The head goes first: from here on there is no such image, whatever else is left by a crash. No force
                // before the others go, because a file system keeps the order of changes in one directory.
                files.delete(home.resolve(HeadFile.NAME));
                files.delete(home.resolve(HeadFile.NEW_NAME));
                files.delete(home.resolve(DATA));
                files.delete(home.resolve(LOCK));
                files.delete(home);
                files.forceDirectory(directory);
            } finally {
                closeQuietly(claim);
            }
        } finally {
            exit(name);
        }
    }

    /** Closes every image; calls of theirs end with STALE_SERVICE from now on. Idempotent. */
    @Override
    public void close() {
        List<FileImage> images;
        synchronized (lock) {
            closed = true;
            images = inUse.values().stream().filter(Objects::nonNull).toList();
        }
        images.forEach(FileImage::storeGone);
        synchronized (lock) {
            if (reserve != null) {
                reserve.close();
            }
        }
    }

    @Override
    public String toString() {
        return "file images of pool " + pool + " in " + directory;
    }

    private Path existing(Files files, String name) throws StorageException {
        Path home = directory.resolve(name);
        if (!files.exists(home.resolve(HeadFile.NAME))) {
            throw new StorageException(
                    Reason.NOT_FOUND,
                    "there is no image " + name + " in pool " + pool + " (" + directory + ")",
                    "pool:list shows what is in it; bring the image back, or correct the pool that names it");
        }
        return home;
    }

    private static void checkName(String name) throws StorageException {
        try {
            Names.check("image", name);
        } catch (IllegalArgumentException e) {
            throw new StorageException(Reason.INVALID, e.getMessage(), "", e);
        }
    }

    private AutoCloseable claim(Files files, Path home, String name) throws StorageException {
        try {
            return files.claim(home.resolve(LOCK));
        } catch (StorageException e) {
            throw e.reason() == Reason.BUSY ? busy(name, e) : e;
        }
    }

    private StorageException busy(String name, StorageException cause) {
        return new StorageException(
                Reason.BUSY,
                "image " + name + " in pool " + pool + " (" + directory + ") is in use",
                "close it where it is open, maybe in another process",
                cause);
    }

    /** Keeps others of this process from the same name, before anything touches its files. */
    private void enter(String name) throws StorageException {
        synchronized (lock) {
            if (closed) {
                throw new StorageException(Reason.STALE_SERVICE, "image pool " + pool + " was taken away", "");
            }
            if (inUse.containsKey(name)) {
                throw busy(name, null);
            }
            inUse.put(name, null);
        }
    }

    private FileImage register(String name, FileImage image) throws StorageException {
        synchronized (lock) {
            if (!closed) {
                inUse.put(name, image);
                return image;
            }
        }
        image.storeGone();
        throw new StorageException(Reason.STALE_SERVICE, "image pool " + pool + " was taken away", "");
    }

    /** An image has let go of its files, or was never opened. */
    void exit(String name) {
        synchronized (lock) {
            inUse.remove(name);
        }
    }

    private void removeQuietly(Files files, Path home) {
        try {
            files.delete(home.resolve(HeadFile.NEW_NAME));
            files.delete(home.resolve(HeadFile.NAME));
            files.delete(home.resolve(DATA));
            files.delete(home.resolve(LOCK));
            files.delete(home);
        } catch (StorageException e) {
            // What is left has no head, so it is no image, and the next attempt under this name replaces it.
        }
    }

    static void closeQuietly(AutoCloseable resource) {
        if (resource != null) {
            try {
                resource.close();
            } catch (Exception e) {
                // Nothing depends on it: whatever had to be durable was forced before, or the call fails already.
            }
        }
    }
}
