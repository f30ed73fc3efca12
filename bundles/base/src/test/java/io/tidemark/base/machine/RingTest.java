package io.tidemark.base.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.LastErrorException;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files.Mode;
import io.tidemark.api.context.StorageFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

class RingTest {
    private static final int BLOCK = StorageFile.DIRECT_ALIGNMENT_BYTES;
    private static final String NEEDS = "this test needs ";
    private static final String MORE = "; CONTRIBUTING.md lists what the tests need of a machine";
    private static final String NO_DIRECT =
            NEEDS + "a file system with O_DIRECT under target (ext4, XFS; no tmpfs): put the tree on one" + MORE;

    /** Not in the directory for temporary files, which may be one in memory that cannot do direct writing. */
    @TempDir(factory = InTarget.class)
    Path directory;

    private final LibC libc = LibC.load();
    private Ring ring;

    /** Beside what was built. */
    static final class InTarget implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context) throws Exception {
            return Files.createTempDirectory(Files.createDirectories(Path.of("target")), "ring");
        }
    }

    @BeforeEach
    void open() {
        try {
            ring = Ring.open(libc);
        } catch (LastErrorException e) {
            throw new AssertionError(NEEDS + "io_uring: " + lacking(e.getErrorCode()) + MORE, e);
        }
    }

    private String lacking(int error) {
        return switch (error) {
            case LibC.ENOSYS -> "this kernel or container has none, or one without what Linux 5.6 has";
            case LibC.EPERM ->
                "this machine forbids it: a container does (its seccomp profile has to allow"
                        + " io_uring_setup and io_uring_enter), or kernel.io_uring_disabled is not 0";
            default -> libc.strerror(error).getString(0);
        };
    }

    @AfterEach
    void close() {
        if (ring != null) {
            ring.close();
        }
    }

    private int write(int file, ByteBuffer source, long[] offsets, int[] lengths, int count) {
        return write(ring, file, source, offsets, lengths, count);
    }

    private static int write(Ring to, int file, ByteBuffer source, long[] offsets, int[] lengths, int count) {
        to.start(file, source, offsets, lengths, count);
        return to.await();
    }

    private static ByteBuffer random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return StorageFile.allocateAligned(length).put(bytes).flip();
    }

    /** Runs of one to three blocks, with gaps, from the end of the file to its beginning. */
    private static final class Runs {
        final long[] offsets;
        final int[] lengths;
        final int bytes;
        final int fileBytes;

        Runs(int count) {
            offsets = new long[count];
            lengths = new int[count];
            int sum = 0;
            for (int i = 0; i < count; i++) {
                lengths[i] = BLOCK * (1 + i % 3);
                offsets[i] = (count - 1 - i) * 4L * BLOCK;
                sum += lengths[i];
            }
            bytes = sum;
            fileBytes = count * 4 * BLOCK;
        }

        /** What a file of zeros has after them. */
        byte[] expected(ByteBuffer source) {
            byte[] expected = new byte[fileBytes];
            int from = 0;
            for (int i = 0; i < offsets.length; i++) {
                source.get(from, expected, (int) offsets[i], lengths[i]);
                from += lengths[i];
            }
            return expected;
        }
    }

    @Test
    void runsComeToTheirPlaces() throws Exception {
        Path path = directory.resolve("f");
        Files.write(path, new byte[0]);
        int file = libc.open(path.toString(), LibC.O_RDWR);
        // More than the ring has room for; and again with the same ring.
        for (int count : new int[] {1, 5, 3 * Ring.ENTRIES + 7, 2, 2 * Ring.ENTRIES}) {
            Runs runs = new Runs(count);
            Files.write(path, new byte[runs.fileBytes]);
            ByteBuffer source = random(runs.bytes);
            assertEquals(0, write(file, source, runs.offsets, runs.lengths, count));
            assertEquals(0, source.position());
            assertArrayEquals(runs.expected(source), Files.readAllBytes(path));
        }
        libc.close(file);
    }

    @Test
    void aFailureIsTheErrorNumberAndTheRingGoesOn() throws Exception {
        Runs runs = new Runs(3 * Ring.ENTRIES);
        int full = libc.open("/dev/full", LibC.O_RDWR);
        ByteBuffer source = random(runs.bytes);
        assertEquals(LibC.ENOSPC, write(full, source, runs.offsets, runs.lengths, runs.offsets.length));
        libc.close(full);
        int readOnly = libc.open("/dev/null", 0);
        assertEquals(9, write(readOnly, source, runs.offsets, runs.lengths, 2), "EBADF");
        libc.close(readOnly);
        int nothing = libc.open("/dev/null", LibC.O_RDWR);
        assertEquals(0, write(nothing, source, runs.offsets, runs.lengths, runs.offsets.length));
        libc.close(nothing);
    }

    @Test
    void whatIsWrittenInPartIsWrittenOn() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertEquals(
                0,
                new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor(),
                "mkfifo, of the Debian package coreutils");
        int bytes = 1 << 20;
        // A pipe takes 64 KiB, and a write to it ends with what it took.
        int file = libc.open(pipe.toString(), LibC.O_RDWR);
        CompletableFuture<byte[]> reader = CompletableFuture.supplyAsync(() -> {
            try (InputStream in = Files.newInputStream(pipe)) {
                return in.readNBytes(bytes);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        ByteBuffer source = random(bytes);
        assertEquals(0, write(file, source, new long[] {0}, new int[] {bytes}, 1));
        byte[] written = new byte[bytes];
        source.get(0, written);
        assertArrayEquals(written, reader.join());
        libc.close(file);
    }

    @Test
    void aFileWritesManyRunsPastTheCache() throws Exception {
        Path path = directory.resolve("f");
        Runs runs = new Runs(200);
        MachineFiles files = new MachineFiles();
        try (StorageFile file = files.open(path, Mode.CREATE)) {
            file.setSize(runs.fileBytes);
            ByteBuffer before = ByteBuffer.allocateDirect(runs.fileBytes);
            file.read(before, 0);
            ByteBuffer source = random(runs.bytes);
            assertTrue(file.writeDirect(source, runs.offsets, runs.lengths, 200), NO_DIRECT);
            assertFalse(source.hasRemaining());
            ByteBuffer read = ByteBuffer.allocateDirect(runs.fileBytes);
            file.read(read, 0);
            assertEquals(ByteBuffer.wrap(runs.expected(source)), read.flip());
        }
    }

    @Test
    void aFileWithoutARingWritesNothing() throws Exception {
        Runs runs = new Runs(20);
        for (LibC with : new LibC[] {libc, null}) {
            MachineFiles files = new MachineFiles(with, new Rings(null));
            Path path = directory.resolve("without" + (with == null));
            try (StorageFile file = files.open(path, Mode.CREATE)) {
                file.setSize(runs.fileBytes);
                ByteBuffer source = random(runs.bytes);
                assertFalse(file.writeDirect(source, runs.offsets, runs.lengths, 20));
                assertEquals(runs.bytes, source.remaining());
            }
            assertArrayEquals(new byte[runs.fileBytes], Files.readAllBytes(path));
        }
        assertNull(new Rings(null).open());
    }

    @Test
    void aClosedFileSaysSoAndKeepsNoDescriptors() throws Exception {
        Runs runs = new Runs(20);
        MachineFiles files = new MachineFiles();
        long before = descriptors();
        StorageFile file = files.open(directory.resolve("f"), Mode.CREATE);
        file.setSize(runs.fileBytes);
        assertTrue(file.writeDirect(random(runs.bytes), runs.offsets, runs.lengths, 20), NO_DIRECT);
        assertTrue(descriptors() > before);
        file.close();
        assertEquals(before, descriptors());
        StorageException e = assertThrows(
                StorageException.class, () -> file.writeDirect(random(runs.bytes), runs.offsets, runs.lengths, 20));
        assertEquals(Reason.CLOSED, e.reason());
    }

    /** Submits, does not wait, and then runs out of memory; so often. */
    private static final class Failing extends LibC {
        private final LibC libc;
        private int failures;

        Failing(LibC libc) {
            this.libc = libc;
        }

        @Override
        long syscall(long number, long a, long b, long c, long d, long e, long f) {
            if (failures == 0) {
                return libc.syscall(number, a, b, c, d, e, f);
            }
            failures--;
            libc.syscall(number, a, b, 0, d, e, f);
            throw new OutOfMemoryError("on purpose");
        }
    }

    /** The buffer is the caller's again when the call ends, however it ends. */
    @Test
    void nothingIsUnderWayWhenAWriteEndsWithAnError() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertEquals(
                0,
                new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor(),
                "mkfifo, of the Debian package coreutils");
        int room = 64 << 10;
        int file = libc.open(pipe.toString(), LibC.O_RDWR);
        ByteBuffer source = random(room);
        assertEquals(0, write(file, source, new long[] {0}, new int[] {room}, 1), "the pipe is full");
        Failing failing = new Failing(libc);
        Ring broken = new Rings(failing).open();
        failing.failures = 3;
        AtomicBoolean reads = new AtomicBoolean();
        CompletableFuture<byte[]> reader = CompletableFuture.supplyAsync(
                () -> {
                    reads.set(true);
                    try (InputStream in = Files.newInputStream(pipe)) {
                        return in.readAllBytes();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                },
                CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));
        assertThrows(OutOfMemoryError.class, () -> write(broken, file, source, new long[] {0}, new int[] {room}, 1));
        assertTrue(reads.get(), "it did not wait for what was under way");
        byte[] written = new byte[room];
        source.get(0, written);
        for (int i = 0; i < room; i++) {
            source.put(i, (byte) 0);
        }
        // The reader sees the end, wherever the pipe has cut the write.
        libc.close(file);
        byte[] read = reader.get(20, TimeUnit.SECONDS);
        assertTrue(read.length > room, "nothing was under way");
        assertArrayEquals(Arrays.copyOf(written, read.length - room), Arrays.copyOfRange(read, room, read.length));
        broken.close();
    }

    @Test
    void aFileWhoseWriteEndsWithAnErrorKeepsNoRingAndGoesOn() throws Exception {
        Runs runs = new Runs(300);
        Failing failing = new Failing(libc);
        MachineFiles files = new MachineFiles(failing, new Rings(failing));
        Path path = directory.resolve("f");
        long before = descriptors("io_uring");
        ByteBuffer source = random(runs.bytes);
        try (StorageFile file = files.open(path, Mode.CREATE)) {
            file.setSize(runs.fileBytes);
            assertTrue(file.writeDirect(source.duplicate(), runs.offsets, runs.lengths, 300));
            failing.failures = 1;
            assertThrows(
                    OutOfMemoryError.class,
                    () -> file.writeDirect(source.duplicate(), runs.offsets, runs.lengths, 300));
            assertEquals(before, descriptors("io_uring"), "the ring is left open");
            assertTrue(file.writeDirect(source.duplicate(), runs.offsets, runs.lengths, 300));
        }
        assertArrayEquals(runs.expected(source), Files.readAllBytes(path));
    }

    /** Of this process, of rings and of files in the directory: others come and go with classes. */
    private long descriptors() throws Exception {
        return descriptors("io_uring") + descriptors(directory.getFileName().toString());
    }

    private static long descriptors(String of) throws Exception {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).toString().contains(of);
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .count();
        }
    }
}
