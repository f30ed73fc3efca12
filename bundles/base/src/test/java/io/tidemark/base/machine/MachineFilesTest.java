package io.tidemark.base.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files.Mode;
import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineFilesTest {
    @TempDir
    Path directory;

    private final MachineFiles files = new MachineFiles();

    private static ByteBuffer filled(int length, int value) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        for (int i = 0; i < length; i++) {
            buffer.put(i, (byte) value);
        }
        return buffer;
    }

    @Test
    void punchedBytesAreZeroByteExactAndHolesAreFound() throws Exception {
        try (StorageFile file = files.open(directory.resolve("f"), Mode.CREATE)) {
            file.write(filled(1 << 20, 7), 0);
            file.force();
            assertTrue(file.punch(5000, 500_000));
            ByteBuffer read = ByteBuffer.allocateDirect(1 << 20);
            file.read(read, 0);
            for (int i = 0; i < 1 << 20; i++) {
                assertEquals(i >= 5000 && i < 505_000 ? 0 : 7, read.get(i), "byte " + i);
            }
            long hole = file.seek(0, true);
            assertTrue(hole >= 5000 && hole < 505_000, "hole at " + hole);
            assertTrue(file.seek(hole, false) > hole);
            assertEquals(1 << 20, file.seek(600_000, true));
            assertEquals(1 << 20, file.size());
        }
    }

    /** One of the two ways past the page cache. */
    private interface PastTheCache {
        boolean write(StorageFile file, ByteBuffer source, long offset) throws StorageException;
    }

    @Test
    void writingThroughIsSeenByReadersAndKeepsItsNeighbours() throws Exception {
        writingPastTheCacheIsSeenByReaders(StorageFile::writeThrough);
    }

    @Test
    void directWritingIsSeenByReadersAndKeepsItsNeighbours() throws Exception {
        writingPastTheCacheIsSeenByReaders(StorageFile::writeDirect);
    }

    private void writingPastTheCacheIsSeenByReaders(PastTheCache way) throws Exception {
        Path path = Path.of("target").resolve("past-" + System.nanoTime());
        try (StorageFile file = files.open(path, Mode.CREATE)) {
            file.write(filled(64 << 10, 1), 0);
            file.startWriteBack(0, 64 << 10);
            file.force();
            ByteBuffer read = ByteBuffer.allocateDirect(64 << 10);
            file.read(read, 0);
            ByteBuffer source = StorageFile.allocateAligned(24 << 10);
            for (int i = 0; i < source.capacity(); i++) {
                source.put(i, (byte) 2);
            }
            source.position(4096).limit(16384);
            boolean written = way.write(file, source, 8192);
            assertEquals(written ? 0 : 12288, source.remaining());
            // And over it again through the cache: the newest wins.
            file.write(filled(4096, 3), 16384);
            read.clear();
            file.read(read, 0);
            for (int i = 0; i < 64 << 10; i++) {
                int expected = i >= 16384 && i < 20480 ? 3 : written && i >= 8192 && i < 20480 ? 2 : 1;
                assertEquals(expected, read.get(i), "byte " + i);
            }
        }
        files.delete(path);
    }

    @Test
    void directReadingSeesWhatWasWrittenEitherWayAndEndsWithTheFile() throws Exception {
        Path path = Path.of("target").resolve("direct-" + System.nanoTime());
        try (StorageFile file = files.open(path, Mode.CREATE)) {
            file.write(filled(20_000, 1), 0);
            ByteBuffer source = StorageFile.allocateAligned(4096);
            boolean direct = file.writeThrough(source, 4096);
            ByteBuffer read = StorageFile.allocateAligned(64 << 10);
            read.position(4096).limit(16384);
            assertEquals(direct ? 12288 : -1, file.readDirect(read, 4096));
            assertEquals(direct ? 16384 : 4096, read.position());
            for (int i = 4096; direct && i < 16384; i++) {
                assertEquals(i < 8192 ? 0 : 1, read.get(i), "byte " + i);
            }
            read.clear().limit(32768);
            assertEquals(direct ? 20_000 : -1, file.readDirect(read, 0));
            read.clear().limit(4096);
            assertEquals(direct ? 0 : -1, file.readDirect(read, 40_960), "behind the end");
            try (StorageFile reader = files.open(path, Mode.READ)) {
                assertEquals(-1, reader.readDirect(read, 0));
            }
        }
        files.delete(path);
    }

    @Test
    void directWritesAreForOneOpenFileAtATime() throws Exception {
        Path path = Path.of("target").resolve("claimed-" + System.nanoTime());
        StorageFile first = files.open(path, Mode.CREATE);
        first.setSize(64 << 10);
        ByteBuffer source = StorageFile.allocateAligned(4096);
        assertTrue(first.claimDirectWrites());
        assertTrue(first.claimDirectWrites(), "it has the claim already");
        boolean direct = first.writeDirect(source.duplicate(), 0);
        try (StorageFile second = new MachineFiles().open(path, Mode.WRITE)) {
            assertFalse(second.claimDirectWrites());
            assertFalse(second.writeDirect(source.duplicate(), 0), "the first one's may still be under way");
            first.close();
            assertTrue(second.claimDirectWrites());
            assertEquals(direct, second.writeDirect(source.duplicate(), 0));
            try (StorageFile reader = files.open(path, Mode.READ)) {
                assertTrue(reader.claimDirectWrites(), "who only reads has no writes to fear for");
            }
        }
        files.delete(path);
    }

    @Test
    void growingLeavesAHoleAndShrinkingCuts() throws Exception {
        try (StorageFile file = files.open(directory.resolve("f"), Mode.CREATE)) {
            file.setSize(1 << 20);
            assertEquals(1 << 20, file.size());
            file.setSize(10);
            assertEquals(10, file.size());
            assertTrue(file.allocate(0, 1 << 16));
            assertEquals(10, file.size());
        }
    }

    @Test
    void failuresSayWhatAndWhy() throws Exception {
        Path missing = directory.resolve("missing");
        StorageException e = assertThrows(StorageException.class, () -> files.open(missing, Mode.WRITE));
        assertEquals(Reason.NOT_FOUND, e.reason());
        assertTrue(e.getMessage().contains(missing.toString()));
        files.open(missing, Mode.CREATE).close();
        assertEquals(
                Reason.EXISTS,
                assertThrows(StorageException.class, () -> files.open(missing, Mode.CREATE))
                        .reason());
        StorageFile closed = files.open(missing, Mode.WRITE);
        closed.close();
        assertEquals(
                Reason.CLOSED,
                assertThrows(StorageException.class, closed::force).reason());
    }

    @Test
    void aFullFileSystemIsNoSpace() throws Exception {
        Path full = Path.of("/dev/full");
        try (StorageFile file = files.open(full, Mode.WRITE)) {
            StorageException e = assertThrows(StorageException.class, () -> file.write(filled(512, 1), 0));
            assertEquals(Reason.NO_SPACE, e.reason());
        }
    }

    @Test
    void aClaimIsExclusiveUntilItIsClosed() throws Exception {
        Path lock = directory.resolve("lock");
        AutoCloseable claim = files.claim(lock);
        assertEquals(
                Reason.BUSY,
                assertThrows(StorageException.class, () -> files.claim(lock)).reason());
        claim.close();
        files.claim(lock).close();
    }

    /** The kernel drops all locks of a process on a file as soon as that process closes any descriptor of it. */
    @Test
    void aRefusedClaimDoesNotOpenTheDoorToOtherProcesses() throws Exception {
        Path lock = directory.resolve("lock");
        AutoCloseable claim = files.claim(lock);
        assertEquals(1, lockFromAnotherProcess(lock));
        assertThrows(StorageException.class, () -> files.claim(lock));
        assertThrows(
                StorageException.class,
                () -> files.claim(directory.resolve("../" + directory.getFileName() + "/lock")));
        assertEquals(1, lockFromAnotherProcess(lock), "the claim is lost");
        claim.close();
        claim.close();
        assertEquals(0, lockFromAnotherProcess(lock));
        files.claim(lock).close();
    }

    private static int lockFromAnotherProcess(Path lock) throws Exception {
        String script = "import fcntl,sys\nf=open(sys.argv[1],'r+')\n"
                + "try: fcntl.lockf(f,fcntl.LOCK_EX|fcntl.LOCK_NB)\nexcept OSError: sys.exit(1)\n";
        try {
            return new ProcessBuilder("python3", "-c", script, lock.toString())
                    .start()
                    .waitFor();
        } catch (java.io.IOException e) {
            throw new AssertionError("python3 is missing: install the Debian package python3", e);
        }
    }

    @Test
    void directoriesAreListedSortedAndRenamesReplace() throws Exception {
        files.createDirectories(directory.resolve("a/b"));
        assertEquals(List.of(), files.list(directory.resolve("nowhere")));
        for (String name : List.of("z", "y")) {
            files.open(directory.resolve("a/b").resolve(name), Mode.CREATE).close();
        }
        files.rename(directory.resolve("a/b/z"), directory.resolve("a/b/y"));
        files.forceDirectory(directory.resolve("a/b"));
        assertEquals(List.of("y"), files.list(directory.resolve("a/b")));
        files.delete(directory.resolve("a/b/y"));
        assertFalse(files.exists(directory.resolve("a/b/y")));
        assertTrue(files.usableBytes(directory) <= files.totalBytes(directory));
        assertSame(files.space(directory), files.space(directory.resolve("a/b")), "one file system, one book");
    }
}
