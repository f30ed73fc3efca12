package io.tidemark.image.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.SpaceBook.Promise;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What an image takes, keeps and gives back of its file system's free space. */
class FileImageSpaceTest {
    private static final Path POOL = Path.of("/pool");
    private static final long MIB = 1 << 20;
    private static final long RESERVE_BYTES = 4 * MIB;

    private interface Scene {
        void play(SimulatedMachine machine, FileImageStore store, BlockImage image, Promise journal) throws Exception;
    }

    private static void on(Scene scene) {
        SimulatedMachine machine = new SimulatedMachine(1, new MachineSettings(32 * MIB, MIB, 100_000));
        machine.disk().makeDirectories(POOL);
        machine.run(() -> {
            SimulatedContext process = machine.boot("process");
            FileImageStore store = new FileImageStore("pool", POOL, RESERVE_BYTES, process.files());
            BlockImage image = store.create(process, "disk", head());
            scene.play(machine, store, image, process.files().space(POOL).open(POOL, () -> {}));
        });
    }

    private static ImageHead head() {
        return new ImageHead(
                new UUID(1, 2),
                8 * MIB,
                4096,
                "journals",
                new UUID(3, 4),
                Epoch.NO_PREDECESSOR,
                Position.NONE,
                ImageHead.Role.PRIMARY,
                Map.of());
    }

    private static Reason reasonOf(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(StorageException.class, call).reason();
    }

    @Test
    void whatIsProvidedIsKeptFromOthersAndGivenBackAtTheEnd() {
        on((machine, store, image, journal) -> {
            long free = machine.disk().freeBytes(POOL);
            assertEquals(free - RESERVE_BYTES, journal.available());
            assertEquals(8 * MIB, image.provide(8 * MIB, 8 * MIB));
            assertTrue(journal.available() <= free - RESERVE_BYTES - 8 * MIB);
            assertEquals(MIB, image.provide(0, MIB), "it replaces what was provided before");
            assertTrue(journal.available() > free - RESERVE_BYTES - 2 * MIB);
            long most = image.provide(1 << 30, 1 << 30);
            assertTrue(most < free - RESERVE_BYTES && most > free - RESERVE_BYTES - 2 * MIB, "all there is: " + most);
            assertTrue(journal.lackingElsewhere() > 0, "and others are asked for more");
            image.close();
            assertEquals(free - RESERVE_BYTES, journal.available());
            assertEquals(0, journal.lackingElsewhere());
            store.close();
            assertEquals(free, journal.available());
        });
    }

    @Test
    void aRangeIsReservedOnlyFromWhatNobodyElseNeeds() {
        on((machine, store, image, journal) -> {
            image.write(0, ByteBuffer.wrap(new byte[8192]));
            journal.keep(journal.available() - 4096);
            assertEquals(Reason.NO_SPACE, reasonOf(() -> image.reserve(8192, 8192)));
            assertTrue(journal.lackingElsewhere() > 0, "others are asked to give something up");
            assertTrue(image.reserve(0, 8192), "what has its blocks needs none");
            assertTrue(image.reserve(4096, 8192), "one block is left");
            assertEquals(0, journal.lackingElsewhere());
        });
    }

    /** Space is provided for writes; a discard of a whole device comes without any. */
    @Test
    void aDiscardTakesNoSpaceWhereNothingCanBePunched() {
        on((machine, store, image, journal) -> {
            machine.disk()
                    .plan((operation, path) -> operation == Operation.PUNCH || operation == Operation.ALLOCATE
                            ? Verdict.SKIP
                            : Verdict.PROCEED);
            byte[] ones = new byte[10_000];
            Arrays.fill(ones, (byte) 1);
            image.write(MIB + 100, ByteBuffer.wrap(ones));
            image.write(3 * MIB, ByteBuffer.wrap(ones));
            long free = machine.disk().freeBytes(POOL);
            image.discard(MIB + 200, 7 * MIB - 200);
            assertEquals(free, machine.disk().freeBytes(POOL));
            ByteBuffer all = ByteBuffer.allocate((int) (8 * MIB));
            image.read(0, all);
            for (int i = 0; i < all.capacity(); i++) {
                assertEquals(i >= MIB + 100 && i < MIB + 200 ? 1 : 0, all.get(i), "byte " + i);
            }
            image.zero(4 * MIB, MIB, true);
            assertEquals(free - MIB, machine.disk().freeBytes(POOL), "what is to stay provisioned has its blocks");
        });
    }

    @Test
    void aWriteThatFindsNoSpaceAsksForSome() {
        on((machine, store, image, journal) -> {
            assertEquals(MIB, image.provide(MIB, MIB));
            // Other programs take no notice of what was promised.
            machine.disk().resize(POOL, 0);
            assertEquals(Reason.NO_SPACE, reasonOf(() -> image.write(0, ByteBuffer.wrap(new byte[8192]))));
            assertEquals(8192, journal.lackingElsewhere());
            machine.disk().resize(POOL, 32 * MIB);
            image.write(0, ByteBuffer.wrap(new byte[8192]));
            assertEquals(0, journal.lackingElsewhere());
        });
    }
}
