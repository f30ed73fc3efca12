package io.tidemark.image.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.faults.FaultPlan;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Images on a machine whose processes die and which loses power. */
class FileImageStoreCrashTest {
    private static final Path POOL = Path.of("/images");
    private static final long SECOND = 1_000_000_000L;

    private static FileImageStore store(SimulatedContext process) {
        return store(process, POOL);
    }

    private static FileImageStore store(SimulatedContext process, Path pool) {
        return new FileImageStore("pool", pool, 0, process.files());
    }

    private static ImageHead head() {
        return new ImageHead(
                new UUID(1, 2),
                8192,
                4096,
                "journals",
                new UUID(3, 4),
                Epoch.NO_PREDECESSOR,
                Position.NONE,
                ImageHead.Role.PRIMARY,
                Map.of());
    }

    private static void create(SimulatedContext process, Path pool) {
        try {
            store(process, pool).create(process, "disk", head());
        } catch (StorageException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Reason read(BlockImage image) {
        try {
            image.read(4096, ByteBuffer.allocateDirect(4096));
            return null;
        } catch (StorageException e) {
            return e.reason();
        }
    }

    /** A shrink overtakes a read of what it cuts: that is no damage. */
    @Test
    void aReadThatMeetsAShrinkIsOutOfRangeAndNotCorrupt() {
        Set<Reason> reasons = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.disk().makeDirectories(POOL);
            machine.disk().plan((operation, path) -> {
                if (operation == Operation.READ && path.endsWith("data")) {
                    machine.sleep(SECOND);
                }
                return Verdict.PROCEED;
            });
            machine.run(() -> {
                SimulatedContext process = machine.boot("process");
                BlockImage image = store(process).create(process, "disk", head());
                Worker reader = process.workers().start("reader", () -> reasons.add(read(image)));
                machine.sleep(SECOND / 2);
                image.resize(4096);
                image.storeHead(head().at(Position.NONE, Epoch.NO_PREDECESSOR, 4096));
                reader.join(10 * SECOND);
            });
        }
        reasons.remove(null);
        assertEquals(Set.of(Reason.INVALID), reasons);
    }

    /** The process dies at any step of making an image; whatever the next one can open survives a power loss. */
    @Test
    void anImageThatWasOpenedSurvivesAPowerLoss() {
        int opened = 0;
        for (long seed = 0; seed < 400; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.disk().makeDirectories(POOL);
            boolean[] found = new boolean[1];
            machine.run(() -> {
                SimulatedContext first = machine.boot("first");
                first.workers().start("maker", () -> create(first, POOL));
                machine.awaitSteps(1 + machine.random("when").below(25), SECOND);
                machine.killAll();
                SimulatedContext second = machine.boot("second");
                FileImageStore store = store(second);
                if (!store.list().isEmpty()) {
                    found[0] = true;
                    try (BlockImage image = store.open(second, "disk")) {
                        assertEquals(8192, image.sizeBytes());
                    }
                    machine.losePower();
                    SimulatedContext third = machine.boot("third");
                    assertEquals(List.of("disk"), store(third).list());
                    store(third).open(third, "disk").close();
                }
            });
            opened += found[0] ? 1 : 0;
        }
        assertEquals(true, opened > 20, opened + " images were there to be opened");
    }

    @Test
    void aPoolThatWasMadeWithItsFirstImageSurvivesAPowerLoss() {
        Path deep = POOL.resolve("a/b");
        for (long seed = 0; seed < 20; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.disk().makeDirectories(POOL);
            machine.run(() -> {
                SimulatedContext first = machine.boot("first");
                store(first, deep).create(first, "disk", head());
                machine.losePower();
                SimulatedContext second = machine.boot("second");
                assertEquals(List.of("disk"), store(second, deep).list());
                store(second, deep).open(second, "disk").close();
            });
        }
    }

    /** One process dies somewhere on the way to the first image of a pool, and another one makes it. */
    @Test
    void aPoolThatAKilledProcessMadeSurvivesAPowerLoss() {
        Path deep = POOL.resolve("a/b");
        for (long seed = 0; seed < 120; seed++) {
            long steps = 1 + seed % 12;
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.disk().makeDirectories(POOL);
            machine.run(() -> {
                SimulatedContext first = machine.boot("first");
                first.workers().start("maker", () -> create(first, deep));
                machine.awaitSteps(steps, SECOND);
                machine.killAll();
                SimulatedContext second = machine.boot("second");
                FileImageStore store = store(second, deep);
                assertEquals(List.of(), store.list());
                store.create(second, "disk", head());
                machine.losePower();
                SimulatedContext third = machine.boot("third");
                store(third, deep).open(third, "disk").close();
            });
        }
    }

    /** Journals are trimmed by the head that was found: a later one must never find an earlier head. */
    @Test
    void theHeadThatAnOpeningFoundSurvivesAPowerLoss() {
        for (long seed = 0; seed < 20; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.disk().makeDirectories(POOL);
            machine.run(() -> {
                SimulatedContext first = machine.boot("first");
                BlockImage image = store(first).create(first, "disk", head());
                // As if it were killed between writing the head and forcing it.
                machine.disk().plan((operation, path) -> operation == Operation.FORCE ? Verdict.SKIP : Verdict.PROCEED);
                image.storeHead(head().at(new Position(1, 7), new UUID(5, 6), 8192));
                machine.killAll();
                machine.disk().plan(FaultPlan.NONE);
                SimulatedContext second = machine.boot("second");
                ImageHead found = store(second).open(second, "disk").head();
                assertEquals(7, found.checkpointed().sequence());
                machine.losePower();
                SimulatedContext third = machine.boot("third");
                assertEquals(found, store(third).open(third, "disk").head());
            });
        }
    }

    @Test
    void aHeadWhoseForceFailedIsFoundOnlyIfItIsOnTheDevice() {
        for (long seed = 0; seed < 20; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.disk().makeDirectories(POOL);
            machine.run(() -> {
                SimulatedContext first = machine.boot("first");
                BlockImage image = store(first).create(first, "disk", head());
                machine.disk().plan(FaultPlan.nth(Operation.FORCE, "head", 0, 1, Verdict.FAIL_IO));
                assertThrows(
                        StorageException.class,
                        () -> image.storeHead(head().at(new Position(1, 7), new UUID(5, 6), 8192)));
                image.close();
                ImageHead found = store(first).open(first, "disk").head();
                machine.losePower();
                SimulatedContext second = machine.boot("second");
                assertEquals(found, store(second).open(second, "disk").head());
            });
        }
    }
}
