package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.replica.Fence;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The process has no memory just when a store is used: nobody waits for ever for what that call was to do. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LackOfMemoryTest {
    private volatile boolean isShort;

    private void once() {
        if (isShort) {
            isShort = false;
            throw new OutOfMemoryError("on purpose");
        }
    }

    private static void resume(Rig rig) throws StorageException {
        rig.engine.suspend("failed");
        rig.journal = rig.journal.reopened(0);
        rig.image = rig.image.reopened();
        rig.engine.resume(rig.journal, rig.image);
    }

    @Test
    void anEpochThatCouldNotBeStartedIsAFailureOfTheJournal() throws Exception {
        for (boolean closes : new boolean[] {false, true}) {
            try (Rig rig = new Rig(Rig.LAZY)) {
                rig.write(0, 4096, 1).succeeded();
                rig.crash(0);
                isShort = true;
                rig.journal.beforeEpoch = this::once;
                Rig.Outcome held = rig.write(4096, 4096, 2);
                assertFalse(isShort);
                assertSame(State.SUSPENDED, rig.engine.state());
                assertTrue(rig.failures.get(0).contains("on purpose"), rig.failures::toString);
                if (closes) {
                    rig.engine.close();
                    assertSame(Reason.UNAVAILABLE, held.await().failure.reason());
                } else {
                    resume(rig);
                    held.succeeded();
                    assertEquals(2, rig.journal.epochs().size());
                    rig.verify();
                }
            }
        }
    }

    /** Nor does whatever else he fails with. */
    @Test
    void whoFailsWhenHeIsToldOfAResumeKeepsNobodyFromTheNextChange() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.engine.suspend("swapped");
            rig.journal = rig.journal.reopened(0);
            rig.image = rig.image.reopened();
            isShort = true;
            rig.whenTold = this::once;
            assertThrows(OutOfMemoryError.class, () -> rig.engine.resume(rig.journal, rig.image));
            assertSame(State.SERVING, rig.engine.state());
            resume(rig);
            rig.verify();
        }
    }

    @Test
    void aHeadThatCouldNotBeStoredKeepsNoOtherFromBeingStored() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            isShort = true;
            rig.image.beforeHead = this::once;
            Fence fence = new Fence("peer", 2, new UUID(1, 1));
            StorageException failure = assertThrows(StorageException.class, () -> rig.engine.fence(fence));
            assertTrue(failure.getMessage().contains("on purpose"), failure.getMessage());
            rig.engine.checkpoint();
            assertEquals(1, rig.image.head().checkpointed().sequence());
        }
    }

    @Test
    void aPoolThatCouldNotSayWhatItHasIsAskedAgain() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.write(0, 4096, 1).succeeded();
            rig.engine.checkpoint();
            isShort = true;
            rig.image.beforeSpace = this::once;
            rig.write(4096, 4096, 2).succeeded();
            Rig.eventually(() -> !isShort, "the pool was asked");
            rig.write(8192, 4096, 3).succeeded();
            rig.verify();
        }
    }

    @Test
    void aRangeThatCouldNotBeReservedIsAFailureOfTheImage() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.engine.suspend("swapped");
            rig.journal = rig.journal.reopened(0);
            rig.image = rig.image.reopened();
            rig.image.providableBytes = 0;
            rig.engine.resume(rig.journal, rig.image);
            isShort = true;
            rig.image.beforeReserve = this::once;
            Rig.Outcome held = rig.write(4096, 4096, 2);
            Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "the image failed");
            resume(rig);
            held.succeeded();
            rig.verify();
        }
    }

    @Test
    void bytesThatCouldNotBeCopiedKeepNobodyFromSuspending() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            isShort = true;
            rig.image.beforeWrite = this::once;
            ByteBuffer bytes = ByteBuffer.allocate(4096);
            StorageException failure = assertThrows(StorageException.class, () -> rig.replica.copy(0, bytes));
            assertSame(Reason.IO, failure.reason());
            rig.swap(0);
            rig.replica = rig.engine.receive();
            rig.replica.copy(0, bytes);
        }
    }

    @Test
    void aSuspensionAndAnEndCanDoWithoutTheLastForceAndCheckpoint() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.write(0, 4096, 1).succeeded();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 1, "it is applied");
            isShort = true;
            rig.image.beforeForce = this::once;
            resume(rig);
            assertFalse(isShort);
            rig.write(4096, 4096, 2).succeeded();
            rig.verify();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 2, "it is applied");
            isShort = true;
            rig.image.beforeForce = () -> {
                throw new OutOfMemoryError("on purpose");
            };
            assertThrows(StorageException.class, rig.engine::close);
            assertEquals("image disk is closed", rig.sessionClosed);
        }
    }

    @Test
    void aReplicaWhoseJournalTakesNothingForLackOfMemoryOpensItAgain() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(0, 1);
            rig.sendAll();
            isShort = true;
            rig.journal.beforeAppend = this::once;
            ReplicaRig.Sent next = rig.write(1, 2);
            assertThrows(StorageException.class, () -> rig.offer(next));
            rig.swap(0);
            rig.sendAll();
            rig.awaitHead(2);
            rig.event(EventKind.DISCARD, 0, 4096);
            rig.sendAll();
            rig.awaitHead(3);
            rig.verifyAt(3);
        }
    }

    /** An event that is in the journal is there for good: it is neither appended once more nor left out of the image. */
    @Test
    void anEventThatCouldNotBeNotedIsReadFromTheJournalAgain() throws Exception {
        for (boolean held : new boolean[] {false, true}) {
            try (Rig rig = new Rig(Rig.LAZY)) {
                rig.steps = forgetting();
                rig.write(0, 8192, 1).succeeded();
                rig.crash(0);
                if (!held) {
                    rig.write(0, 4096, 2).succeeded();
                }
                isShort = true;
                Rig.Outcome noted = rig.write(2048, 1024, 3);
                assertFalse(isShort);
                assertSame(State.SUSPENDED, rig.engine.state());
                long appended = rig.engine.watermarks().appended();
                resume(rig);
                noted.succeeded();
                assertEquals(appended, rig.engine.watermarks().appended());
                rig.verify();
                rig.write(8192, 4096, 4).succeeded();
                rig.engine.checkpoint();
                rig.verify();
                rig.crash(0);
                rig.verify();
            }
        }
    }

    private Steps forgetting() {
        return new Steps() {
            @Override
            protected boolean remembers(long offset, long length, long sequence) {
                once();
                return true;
            }
        };
    }

    @Test
    void aChangeOfTheHeadThatFailsKeepsNoOtherFromBeingStored() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(0, 1);
            rig.sendAll();
            rig.awaitHead(1);
            isShort = true;
            HeadKeeper heads = rig.engine.core().heads;
            StorageException failure = assertThrows(
                    StorageException.class,
                    () -> heads.store(
                            head -> {
                                once();
                                return head;
                            },
                            () -> {}));
            assertTrue(failure.getMessage().contains("on purpose"), failure.getMessage());
            rig.engine.checkpoint();
            rig.verifyAt(1);
        }
    }

    /** Room is made before the journal has an event, and the journal may not take it then: nothing of it is left. */
    @Test
    void roomForAnEventThatIsNotTakenIsThatOfTheNextOne() throws Exception {
        UnforcedEvents events = new UnforcedEvents(1);
        HotPayloads payloads = new HotPayloads(1);
        for (int i = 1; i <= 1000; i++) {
            String name = i % 7 == 0 ? "mark " + i : "";
            // The journal did not take it the first time.
            events.makeRoom("another");
            events.makeRoom(name);
            payloads.makeRoom();
            events.add(EventKind.WRITE, 0, i, 0, i);
            payloads.add(null);
        }
        for (int i = 1; i <= 1000; i++) {
            assertEquals(i, events.length(i));
            assertEquals(i % 7 == 0 ? "mark " + i : "", events.name(i));
        }
        assertEquals(1001, payloads.end());
    }
}
