package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.replica.Fence;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * A demotion that fails or is cut, at each of its steps. Whoever has received the event that ends a primary takes over without
 * asking, so a journal with it belongs to an image that is a replica for good.
 */
class DemotionTest {
    private static EventKind last(Rig rig) throws StorageException {
        try (JournalReader reader = rig.journal.reader(rig.journal.durable())) {
            return reader.next().kind();
        }
    }

    /** Closed in order and opened again, as it is after a demotion that failed. */
    private static void reopen(Rig rig) throws StorageException {
        try {
            rig.engine.close();
        } catch (StorageException e) {
            // It tells that there was no last checkpoint.
        }
        rig.crash(Long.MAX_VALUE - rig.journal.durable());
    }

    private static void isPrimaryWithoutATrace(Rig rig) throws Exception {
        assertSame(EventKind.WRITE, last(rig));
        assertSame(Role.PRIMARY, rig.engine.facts().role());
        rig.write(4096, 4096, 2).succeeded();
        rig.verify();
    }

    @Test
    void oneThatCannotBeCheckpointedLeavesNoTrace() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.image.failHeads = true;
            StorageException failed = assertThrows(StorageException.class, () -> rig.engine.turn(Role.REPLICA));
            assertEquals(Reason.NO_SPACE, failed.reason());
            rig.image.failHeads = false;
            reopen(rig);
            isPrimaryWithoutATrace(rig);
        }
    }

    @Test
    void oneWhoseRoleCannotBeStoredLeavesNoTrace() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            int[] heads = new int[1];
            // The first one is the checkpoint's.
            rig.image.beforeHead = () -> rig.image.failHeads = ++heads[0] > 1;
            StorageException failed = assertThrows(StorageException.class, () -> rig.engine.turn(Role.REPLICA));
            assertEquals(Reason.NO_SPACE, failed.reason());
            assertNotEquals(0, rig.engine.watermarks().checkpointed());
            rig.image.beforeHead = () -> rig.image.failHeads = false;
            reopen(rig);
            isPrimaryWithoutATrace(rig);
        }
    }

    /** What is appended may survive a crash, forced or not. */
    @Test
    void theEventComesBehindTheRole() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            Role[] stored = new Role[1];
            rig.journal.beforeAppend = () -> stored[0] = rig.image.head().role();
            rig.engine.turn(Role.REPLICA);
            assertSame(Role.REPLICA, stored[0], "the journal says that it is demoted, and a crash takes that back");
            assertSame(EventKind.DEMOTE, last(rig));
            rig.crash(0);
            assertSame(Role.REPLICA, rig.engine.facts().role());
            assertEquals(2, rig.engine.facts().replica().received());
        }
    }

    @Test
    void withoutTheEventItIsAReplicaAllTheSame() throws Exception {
        for (boolean force : new boolean[] {false, true}) {
            try (Rig rig = new Rig(Rig.LAZY)) {
                rig.write(0, 4096, 1).succeeded();
                rig.journal.failNextAppend = !force;
                rig.journal.beforeAppend = () -> rig.journal.failNextForce = force;
                rig.engine.turn(Role.REPLICA);
                assertTrue(
                        rig.warnings.stream().anyMatch(line -> line.contains("is promoted only by force")),
                        rig.warnings.toString());
                rig.crash(0);
                assertSame(EventKind.WRITE, last(rig));
                assertSame(Role.REPLICA, rig.engine.facts().role());
                assertEquals(1, rig.engine.facts().replica().received());
            }
        }
    }

    /** A batch is full when the event comes. */
    @Test
    void theEventWaitsForItsPlace() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.journal.wantsForce = true;
            rig.engine.turn(Role.REPLICA);
            assertFalse(rig.journal.wantsForce);
            assertEquals(2, rig.journal.durable());
            assertSame(EventKind.DEMOTE, last(rig));
        }
    }

    /** A peer says that it was promoted while the role is being stored. */
    @Test
    void whoIsTakenOverMeanwhileHandsNothingOver() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            int[] heads = new int[1];
            Thread[] fencer = new Thread[1];
            rig.image.beforeHead = () -> {
                // The first one is the checkpoint's.
                if (++heads[0] == 2) {
                    fencer[0] = fencer(rig);
                    fencer[0].start();
                    Rig.eventually(() -> rig.engine.fence().isPresent(), "it is fenced");
                }
            };
            rig.engine.turn(Role.REPLICA);
            fencer[0].join();
            assertEquals(List.of(), rig.failures);
            assertSame(EventKind.WRITE, last(rig));
            rig.crash(0);
            assertSame(Role.REPLICA, rig.engine.facts().role());
            assertEquals(Optional.of(new Fence("b", 7, new UUID(7, 7))), rig.engine.takenOver());
            // Promoted again, it overrules that peer, of which it knew.
            rig.engine.turn(Role.PRIMARY);
            rig.crash(0);
            assertEquals(Optional.empty(), rig.engine.takenOver());
            List<Epoch> epochs = rig.engine.facts().epochs();
            assertEquals(new UUID(7, 7), epochs.get(epochs.size() - 1).promotedOver());
        }
    }

    @Test
    void anEarlierVersionWroteOnlyTheEpochOfWhoHadTakenItOver() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            UUID epoch = new UUID(7, 7);
            ImageHead head = HeadProperties.takenOver(rig.image.head(), new Fence("b c", 7, epoch));
            assertEquals(new Fence("b c", 7, epoch), HeadProperties.overruled(head));
            assertEquals(epoch, HeadProperties.overruled(head, Epoch.NO_PREDECESSOR));
            ImageHead earlier =
                    HeadProperties.copy(head, Role.REPLICA, Map.of(HeadProperties.OVERRULED, epoch.toString()));
            assertNull(HeadProperties.overruled(earlier));
            assertEquals(epoch, HeadProperties.overruled(earlier, Epoch.NO_PREDECESSOR));
        }
    }

    private static Thread fencer(Rig rig) {
        return new Thread(() -> {
            try {
                rig.engine.fence(new Fence("b", 7, new UUID(7, 7)));
            } catch (StorageException e) {
                rig.failures.add(e.getMessage());
            }
        });
    }
}
