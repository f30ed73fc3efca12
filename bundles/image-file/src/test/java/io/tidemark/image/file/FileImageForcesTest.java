package io.tidemark.image.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.base.machine.DurableDirectories;
import io.tidemark.faults.FaultPlan;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.ForceAudit;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Each force of the store is left out in turn, and some story has to lose what was promised by it: what a call that returned
 * has done, and what an opening has found, is there after a power loss; a creation or deletion that did not come to its end
 * leaves all of the image or nothing.
 */
class FileImageForcesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final String NAME = "disk";

    /** More than a creation or deletion takes: it is broken off at each of them. */
    private static final int STEPS = 40;

    private static final Path ROOT = Path.of("/images");
    private static final Path DEEP = ROOT.resolve("a/b");

    @TestFactory
    Stream<DynamicTest> eachForceIsMissed() {
        ForceAudit audit = new ForceAudit()
                .sources(Path.of("src/main/java"))
                .sources(Path.of("../base/src/main/java"), DurableDirectories.class.getName())
                .story("what a call has done is there", 60, FileImageForcesTest::done)
                .story("the head that an opening has found is there", 20, FileImageForcesTest::found)
                .story("an image that an opening has found is there", 20, FileImageForcesTest::opened)
                .story("what was deleted is gone", 20, FileImageForcesTest::deleted)
                .story("a creation that was broken off can be repeated", 10 * STEPS, FileImageForcesTest::repeated)
                .story(
                        "a deletion that was broken off leaves all or nothing",
                        4 * STEPS,
                        FileImageForcesTest::brokenOff);
        return audit.checks().entrySet().stream()
                .map(check -> DynamicTest.dynamicTest(check.getKey(), check.getValue()::run));
    }

    private static FileImageStore store(SimulatedContext process, Path pool) {
        return new FileImageStore("pool", pool, 0, process.files());
    }

    private static ImageHead head(long checkpointed) {
        return new ImageHead(
                new UUID(1, 2),
                8192,
                4096,
                "journals",
                new UUID(3, 4),
                Epoch.NO_PREDECESSOR,
                checkpointed == 0 ? Position.NONE : new Position(1, checkpointed),
                ImageHead.Role.PRIMARY,
                Map.of());
    }

    private static BlockImage open(SimulatedMachine machine, Path pool) throws StorageException {
        SimulatedContext process = machine.boot("next");
        return store(process, pool).open(process, NAME);
    }

    private static long checkpointed(BlockImage image) {
        return image.head().checkpointed().sequence();
    }

    private static void done(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        SimulatedContext process = machine.boot("first");
        BlockImage image = store(process, DEEP).create(process, NAME, head(0));
        int step = (int) machine.seed() % 3;
        if (step > 0) {
            image.write(4096, ByteBuffer.wrap(new byte[] {1, 2, 3}));
            image.force();
        }
        if (step > 1) {
            image.storeHead(head(7));
        }
        machine.losePower();
        BlockImage again = open(machine, DEEP);
        ByteBuffer bytes = ByteBuffer.allocate(3);
        again.read(4096, bytes);
        assertEquals(ByteBuffer.wrap(step > 0 ? new byte[] {1, 2, 3} : new byte[3]), bytes.flip(), "bytes");
        assertEquals(step > 1 ? 7 : 0, checkpointed(again), "checkpointed");
    }

    private static void found(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        SimulatedContext process = machine.boot("first");
        BlockImage image = store(process, ROOT).create(process, NAME, head(0));
        // As if it were killed between writing and forcing.
        machine.disk().plan((operation, path) -> operation == Operation.FORCE ? Verdict.SKIP : Verdict.PROCEED);
        image.storeHead(head(7));
        machine.killAll();
        machine.disk().plan(FaultPlan.NONE);
        assertEquals(7, checkpointed(open(machine, ROOT)));
        machine.losePower();
        assertEquals(7, checkpointed(open(machine, ROOT)), "the head that was found before");
    }

    /** As if its maker were killed between naming the head and forcing the name. */
    private static void opened(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        SimulatedContext process = machine.boot("first");
        Path home = ROOT.resolve(NAME);
        machine.disk()
                .plan((operation, path) ->
                        operation == Operation.FORCE_DIRECTORY && path.equals(home) ? Verdict.SKIP : Verdict.PROCEED);
        store(process, ROOT).create(process, NAME, head(0));
        machine.killAll();
        machine.disk().plan(FaultPlan.NONE);
        open(machine, ROOT);
        machine.losePower();
        open(machine, ROOT);
    }

    private static void deleted(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        SimulatedContext process = machine.boot("first");
        store(process, ROOT).create(process, NAME, head(0)).close();
        store(process, ROOT).delete(process, NAME);
        machine.losePower();
        SimulatedContext next = machine.boot("second");
        StorageException e =
                assertThrows(StorageException.class, () -> store(next, ROOT).open(next, NAME));
        assertEquals(Reason.NOT_FOUND, e.reason(), e.getMessage());
        assertEquals(List.of(), next.files().list(ROOT), "left in the pool");
    }

    /** One process dies somewhere in a creation, the next one goes on with what it finds. */
    private static void repeated(SimulatedMachine machine) throws Exception {
        Path pool = machine.seed() % 2 == 0 ? ROOT : DEEP;
        machine.disk().makeDirectories(ROOT);
        SimulatedContext first = machine.boot("first");
        breakOff(machine, first, () -> store(first, pool).create(first, NAME, head(0)));
        if (machine.random("how").coin()) {
            machine.losePower();
        } else {
            machine.killAll();
        }
        SimulatedContext second = machine.boot("second");
        FileImageStore store = store(second, pool);
        if (store.list().isEmpty()) {
            store.create(second, NAME, head(0));
        } else {
            store.open(second, NAME);
        }
        machine.losePower();
        assertEquals(8192, open(machine, pool).sizeBytes());
    }

    private static void brokenOff(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        SimulatedContext first = machine.boot("first");
        BlockImage image = store(first, ROOT).create(first, NAME, head(0));
        image.write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
        image.force();
        image.close();
        boolean ended = breakOff(machine, first, () -> store(first, ROOT).delete(first, NAME));
        machine.losePower();
        SimulatedContext second = machine.boot("second");
        FileImageStore store = store(second, ROOT);
        if (store.list().isEmpty()) {
            store.create(second, NAME, head(0)).close();
        } else {
            ByteBuffer bytes = ByteBuffer.allocate(3);
            store.open(second, NAME).read(0, bytes);
            assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3}), bytes.flip(), "half of it is left");
            assertTrue(!ended, "it was said to be deleted");
        }
    }

    private interface Call {
        void make() throws StorageException;
    }

    /** Whether a call came to its end before its process is to die, which is a step later for each two seeds. */
    private static boolean breakOff(SimulatedMachine machine, SimulatedContext process, Call call) {
        boolean[] ended = new boolean[1];
        process.workers().start("caller", () -> {
            quietly(call);
            ended[0] = true;
        });
        long steps = 1 + machine.seed() / 2 % STEPS;
        machine.awaitSteps(steps, SECOND);
        assertTrue(ended[0] || steps < STEPS, "it takes more than " + STEPS + " steps");
        return ended[0];
    }

    private static void quietly(Call call) {
        try {
            call.make();
        } catch (StorageException e) {
            throw new IllegalStateException(e);
        }
    }
}
