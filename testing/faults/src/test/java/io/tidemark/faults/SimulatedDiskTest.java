package io.tidemark.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.Files.Mode;
import io.tidemark.api.context.StorageFile;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The disk forgets what it may forget, and nothing else. */
class SimulatedDiskTest {
    private static final Path FILE = Path.of("/data/file");
    private static final int SEEDS = 300;

    private static ByteBuffer filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    private static SimulatedMachine machine(long seed) {
        SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
        machine.disk().makeDirectories(Path.of("/data"));
        return machine;
    }

    private static StorageFile create(Files files) throws StorageException {
        StorageFile file = files.open(FILE, Mode.CREATE);
        files.forceDirectory(FILE.getParent());
        return file;
    }

    @Test
    void whatWasForcedSurvivesEveryPowerLoss() throws StorageException {
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedMachine machine = machine(seed);
            StorageFile file = create(machine.boot("p").files());
            file.write(filled(10_000, 1), 0);
            file.write(filled(100, 2), 700);
            file.force();
            byte[] before = machine.disk().bytes(FILE);
            machine.losePower();
            assertArrayEquals(before, machine.disk().bytes(FILE), "seed " + seed);
        }
    }

    @Test
    void anUnforcedWriteIsKeptLostOrTornBySector() throws StorageException {
        Set<Integer> firstAndSecond = new TreeSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedMachine machine = machine(seed);
            StorageFile file = create(machine.boot("p").files());
            file.write(filled(8192, 1), 0);
            file.force();
            file.write(filled(8192, 2), 0);
            file.write(filled(4096, 3), 0);
            machine.losePower();
            byte[] after = machine.disk().bytes(FILE);
            assertEquals(8192, after.length);
            for (int sector = 0; sector < 16; sector++) {
                byte[] bytes = Arrays.copyOfRange(after, sector * 512, sector * 512 + 512);
                assertArrayEquals(filled(512, bytes[0]).array(), bytes, "a sector is never torn");
                assertTrue(bytes[0] >= 1 && bytes[0] <= (sector < 8 ? 3 : 2));
            }
            firstAndSecond.add(after[0] * 10 + after[512]);
        }
        assertTrue(firstAndSecond.size() >= 7, "all mixtures of neighbours occur: " + firstAndSecond);
    }

    @Test
    void partsOfOneSectorAreWrittenBackTogether() throws StorageException {
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedMachine machine = machine(seed);
            StorageFile file = create(machine.boot("p").files());
            file.write(filled(512, 1), 0);
            file.force();
            file.write(filled(100, 2), 0);
            file.write(filled(100, 3), 200);
            machine.losePower();
            byte[] after = machine.disk().bytes(FILE);
            assertFalse(after[0] == 1 && after[200] == 3, "the second write arrived without the first, seed " + seed);
        }
    }

    @Test
    void sizesAreLostWithTheirBytes() throws StorageException {
        Set<Integer> sizes = new HashSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedMachine machine = machine(seed);
            StorageFile file = create(machine.boot("p").files());
            file.write(filled(1000, 1), 0);
            file.force();
            file.write(filled(1000, 2), 1000);
            file.setSize(5000);
            machine.losePower();
            byte[] after = machine.disk().bytes(FILE);
            sizes.add(after.length);
            assertArrayEquals(filled(1000, 1).array(), Arrays.copyOf(after, 1000));
        }
        assertEquals(Set.of(1000, 2000, 5000), sizes);
    }

    @Test
    void namesNeedTheirDirectoryForced() throws StorageException {
        int kept = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedMachine machine = machine(seed);
            Files files = machine.boot("p").files();
            StorageFile file = files.open(FILE, Mode.CREATE);
            file.write(filled(10, 1), 0);
            file.force();
            machine.losePower();
            kept += machine.disk().files().size();
        }
        assertTrue(kept > SEEDS / 10 && kept < SEEDS * 9 / 10, kept + " of " + SEEDS);
    }

    @Test
    void aRenameIsAllOrNothing() throws StorageException {
        Set<String> outcomes = new TreeSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedMachine machine = machine(seed);
            Files files = machine.boot("p").files();
            create(files).write(filled(10, 1), 0);
            StorageFile next = files.open(Path.of("/data/next"), Mode.CREATE);
            next.write(filled(20, 2), 0);
            next.force();
            files.rename(Path.of("/data/next"), FILE);
            machine.losePower();
            outcomes.add(machine.disk().files().toString());
        }
        assertEquals(Set.of("[/data/file]", "[/data/file, /data/next]"), outcomes);
    }

    @Test
    void aProcessThatDiesLeavesTheCacheAndLosesItsClaims() throws StorageException {
        SimulatedMachine machine = machine(1);
        Files files = machine.boot("p").files();
        StorageFile file = create(files);
        file.write(filled(10, 1), 0);
        files.claim(Path.of("/data/lock"));
        StorageException busy = assertThrows(StorageException.class, () -> files.claim(Path.of("/data/lock")));
        assertEquals(Reason.BUSY, busy.reason());
        machine.killAll();
        assertThrows(SimulatedCrash.class, () -> file.write(filled(10, 2), 0));
        Files next = machine.boot("p").files();
        next.claim(Path.of("/data/lock"));
        assertArrayEquals(filled(10, 1).array(), machine.disk().bytes(FILE));
    }

    @Test
    void afterAFailedForceTheCacheProvesNothing() throws StorageException {
        boolean lied = false;
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedMachine machine = machine(seed);
            StorageFile file = create(machine.boot("p").files());
            file.write(filled(4096, 1), 0);
            file.force();
            file.write(filled(4096, 2), 0);
            machine.disk().plan(FaultPlan.nth(Operation.FORCE, "file", 0, 1, Verdict.FAIL_IO));
            assertThrows(StorageException.class, file::force);
            byte cached = machine.disk().bytes(FILE)[0];
            file.force();
            machine.losePower();
            lied |= cached == 2 && machine.disk().bytes(FILE)[0] == 1;
        }
        assertTrue(lied, "a page that reads as written, was forced again without error, and is gone");
    }

    @Test
    void roomIsBoundedAndComesBack() throws StorageException {
        SimulatedMachine machine = new SimulatedMachine(3, new MachineSettings(10 * 4096, 1 << 20, 1000));
        machine.disk().makeDirectories(Path.of("/data"));
        Files files = machine.boot("p").files();
        StorageFile file = create(files);
        StorageException full = assertThrows(StorageException.class, () -> file.write(filled(11 * 4096, 1), 0));
        assertEquals(Reason.NO_SPACE, full.reason());
        assertEquals(0, files.usableBytes(FILE));
        file.punch(0, 4096);
        assertEquals(4096, files.usableBytes(FILE));
        assertEquals(4096, file.seek(0, false));
        assertEquals(0, file.seek(0, true));
        file.allocate(0, 4096);
        assertEquals(0, files.usableBytes(FILE));
        assertEquals(0, file.seek(0, true), "reserved is a hole");
        file.setSize(5000);
        assertEquals(8 * 4096, files.usableBytes(FILE));
        files.delete(FILE);
        file.close();
        assertEquals(10 * 4096, files.usableBytes(FILE));
    }

    @Test
    void aSnapshotBringsBackCacheAndDevice() throws StorageException {
        for (long seed = 0; seed < 50; seed++) {
            SimulatedMachine machine = machine(seed);
            StorageFile file = create(machine.boot("p").files());
            file.write(filled(4096, 1), 0);
            file.force();
            file.write(filled(4096, 2), 0);
            machine.killAll();
            SimulatedDisk.Snapshot snapshot = machine.disk().snapshot();
            machine.disk().flipBit(FILE, 5, 1);
            machine.boot("q").files().delete(FILE);
            machine.losePower();
            machine.disk().restore(snapshot);
            assertEquals(2, machine.disk().bytes(FILE)[5]);
            machine.losePower();
            assertTrue(machine.disk().bytes(FILE)[5] <= 2);
        }
    }

    @Test
    void aCutFileReadsZerosWhenItGrowsAgain() throws StorageException {
        SimulatedMachine machine = machine(1);
        StorageFile file = create(machine.boot("p").files());
        file.write(filled(5000, 1), 0);
        file.setSize(4500);
        file.setSize(5000);
        byte[] bytes = machine.disk().bytes(FILE);
        assertEquals(1, bytes[4499]);
        assertEquals(0, bytes[4500]);
        assertEquals(0, bytes[4999]);
    }
}
