package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageStatus.State;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FailureTest {
    @Test
    void aCrashLosesNothingThatWasAcknowledged() throws Exception {
        for (ImageSettings settings : List.of(Rig.LAZY, Rig.EAGER)) {
            try (Rig rig = new Rig(settings)) {
                Random random = new Random(3);
                for (int round = 0; round < 10; round++) {
                    for (int i = 0; i < 100; i++) {
                        int offset = random.nextInt(Rig.SIZE - 9000);
                        rig.write(offset, 1 + random.nextInt(9000), i).succeeded();
                    }
                    if (round % 3 == 1) {
                        rig.engine.checkpoint();
                        rig.engine.trim(Long.MAX_VALUE);
                    }
                    rig.crash(0);
                    assertEquals(
                            round + 1, rig.journal.epochs().size(), "what each opening writes lies in its own epoch");
                    rig.verify();
                }
            }
        }
    }

    @Test
    void aCleanStopLeavesNothingToReplay() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.engine.close();
            assertEquals(1, rig.image.head().checkpointed().sequence());
            assertEquals(
                    rig.image.head().epochIdentity(),
                    rig.journal.epochs().get(0).identity());
            rig.open();
            Watermarks marks = rig.engine.watermarks();
            assertEquals(marks.appended(), marks.checkpointed());
            rig.verify();
        }
    }

    @Test
    void aFailedForceIsFinalAndWhatWaitedIsAppendedAgainAtTheSamePositions() throws Exception {
        for (int survivors : new int[] {0, 1, 2, 100}) {
            try (Rig rig = new Rig(Rig.LAZY)) {
                rig.write(0, 4096, 1).succeeded();
                rig.journal.failNextForce = true;
                List<Rig.Outcome> outcomes = new ArrayList<>();
                outcomes.add(rig.submit(4096, 4096, 2, false));
                outcomes.add(rig.submit(0, 512, 3, false));
                outcomes.add(rig.submit(8192, 4096, 4, true));
                rig.session.drive(false);
                assertEquals(State.SUSPENDED, rig.engine.state());
                assertEquals(1, rig.failures.size());
                outcomes.add(rig.write(12288, 4096, 5));
                outcomes.add(rig.flush());
                for (Rig.Outcome outcome : outcomes) {
                    assertFalse(outcome.isDone(), "clients see a pause, no error");
                }
                rig.engine.suspend("journal failed");
                rig.journal = rig.journal.reopened(survivors);
                rig.engine.resume(rig.journal, rig.image);
                rig.session.drive(false);
                for (Rig.Outcome outcome : outcomes) {
                    outcome.succeeded();
                }
                assertEquals(State.SERVING, rig.engine.state());
                java.util.Arrays.fill(rig.model, 4096, 8192, (byte) 2);
                java.util.Arrays.fill(rig.model, 0, 512, (byte) 3);
                java.util.Arrays.fill(rig.model, 8192, 12288, (byte) 4);
                rig.verify();
                rig.engine.checkpoint();
                rig.verify();
                rig.crash(0);
                rig.verify();
            }
        }
    }

    /** The client gets an I/O error; without a line for the operator nobody would learn what is broken. */
    @Test
    void aReadThatFailsIsSaidOnceAndShownAsAWarning() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            java.nio.ByteBuffer buffer = java.nio.ByteBuffer.allocate(512);
            rig.image.readFailure = new StorageException(Reason.CORRUPT, "sector 7 is damaged", "replace the disk");
            for (int i = 0; i < 3; i++) {
                assertThrows(StorageException.class, () -> rig.session.read(0, buffer));
            }
            List<String> expected = List.of("a read failed: sector 7 is damaged; replace the disk");
            assertEquals(expected, rig.warnings);
            assertEquals(expected, rig.engine.warnings());
            assertEquals(3, rig.engine.counters().get("failures"));
        }
    }

    @Test
    void theSameWhereTheOverlayWasFrozenAlready() throws Exception {
        for (int survivors : new int[] {0, 1, 100}) {
            try (Rig rig = new Rig(Rig.EAGER)) {
                rig.write(0, 4096, 1).succeeded();
                Rig.eventually(() -> rig.engine.watermarks().applied() == 1, "applied");
                rig.journal.failNextForce = true;
                List<Rig.Outcome> outcomes = new ArrayList<>();
                outcomes.add(rig.submit(4096, 4096, 2, false));
                outcomes.add(rig.submit(0, 512, 3, false));
                // The applier wants them durable; its force fails.
                Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "suspended");
                outcomes.add(rig.submit(0, 256, 4, false));
                rig.engine.suspend("journal failed");
                rig.journal = rig.journal.reopened(survivors);
                rig.engine.resume(rig.journal, rig.image);
                rig.session.drive(false);
                for (Rig.Outcome outcome : outcomes) {
                    outcome.succeeded();
                }
                java.util.Arrays.fill(rig.model, 4096, 8192, (byte) 2);
                java.util.Arrays.fill(rig.model, 0, 512, (byte) 3);
                java.util.Arrays.fill(rig.model, 0, 256, (byte) 4);
                rig.verify();
                rig.engine.checkpoint();
                assertArrayEquals(rig.model, rig.image.bytes());
            }
        }
    }

    @Test
    void resumeRefusesAnotherJournalOrOneThatLostWhatWasDurable() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.engine.suspend("test");
            MemoryJournal other = new MemoryJournal(new UUID(5, 5));
            StorageException wrong = assertThrows(StorageException.class, () -> rig.engine.resume(other, rig.image));
            assertEquals(Reason.MISMATCH, wrong.reason());
            MemoryJournal forgetful = new MemoryJournal(rig.journal.identity());
            forgetful.startEpoch(rig.journal.epochs().get(0));
            wrong = assertThrows(StorageException.class, () -> rig.engine.resume(forgetful, rig.image));
            assertEquals(Reason.MISMATCH, wrong.reason());
            assertEquals(State.SUSPENDED, rig.engine.state());
            rig.engine.resume(rig.journal, rig.image);
            rig.verify();
        }
    }

    @Test
    void aFailedForceOfTheImageMovesNoCheckpointAndIsAppliedAgain() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.write(0, 8192, 1).succeeded();
            rig.engine.checkpoint();
            rig.write(4096, 8192, 2).succeeded();
            rig.discard(0, 1000).succeeded();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 3, "applied");
            rig.image.failNextForce = true;
            assertThrows(StorageException.class, () -> rig.engine.checkpoint());
            assertEquals(1, rig.engine.watermarks().checkpointed());
            Rig.eventually(() -> !rig.failures.isEmpty(), "the manager is told");
            assertTrue(rig.failures.get(0).startsWith("IMAGE"), rig.failures.toString());
            rig.engine.suspend("image failed");
            rig.image = rig.image.reopened();
            assertEquals(1, rig.image.bytes()[5000], "what was not forced is gone from this image");
            rig.engine.resume(rig.journal, rig.image);
            rig.verify();
            rig.engine.checkpoint();
            assertArrayEquals(rig.model, rig.image.bytes());
        }
    }

    @Test
    void aReadThatAFailingForceOvertookIsDoneAgain() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.write(0, 4096, 1).succeeded();
            rig.engine.checkpoint();
            rig.write(0, 4096, 2).succeeded();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 2, "applied");
            MemoryImage failing = rig.image;
            failing.beforeRead = () -> {
                failing.failNextForce = true;
                assertThrows(StorageException.class, () -> rig.engine.checkpoint());
                failing.dropUnforced();
            };
            List<byte[]> bytes = new ArrayList<>();
            Thread reader = new Thread(() -> {
                try {
                    bytes.add(rig.read(0, 512));
                } catch (StorageException e) {
                    throw new AssertionError(e);
                }
            });
            reader.start();
            Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "suspended");
            rig.engine.suspend("image failed");
            rig.image = rig.image.reopened();
            rig.engine.resume(rig.journal, rig.image);
            reader.join();
            assertEquals(2, bytes.get(0)[0], "what was acknowledged, not what the failed image held");
        }
    }

    @Test
    void aFailedWriteToTheImageSuspends() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.image.failNextWrite = true;
            rig.write(0, 8192, 1).succeeded();
            Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "suspended");
            rig.engine.suspend("image failed");
            rig.image = rig.image.reopened();
            rig.engine.resume(rig.journal, rig.image);
            rig.verify();
            rig.engine.checkpoint();
            assertArrayEquals(rig.model, rig.image.bytes());
        }
    }

    @Test
    void anImageWithoutSpaceHoldsWritesAndReadsGoOn() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.image.full = true;
            rig.write(0, 8192, 1).succeeded();
            Rig.eventually(() -> rig.engine.state() == State.HOLDING, "holding");
            Rig.Outcome held = rig.write(4096, 100, 2);
            assertFalse(held.isDone());
            assertArrayEquals(new byte[] {1}, rig.read(0, 1));
            assertThrows(StorageException.class, () -> rig.engine.checkpoint());
            rig.image.full = false;
            held.succeeded();
            assertEquals(State.SERVING, rig.engine.state());
            rig.verify();
        }
    }

    /** It was held behind a write that waits for space, though all that it promises was durable. */
    @Test
    void aFlushThatFindsNoRoomInItsBatchDoesNotWaitBehindHeldWrites() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.image.full = true;
            rig.write(0, 8192, 1).succeeded();
            Rig.eventually(() -> rig.engine.state() == State.HOLDING, "holding");
            Rig.Outcome held = rig.write(4096, 100, 2);
            rig.journal.wantsForce = true;
            rig.flush().succeeded();
            assertFalse(held.isDone());
            rig.image.full = false;
            held.succeeded();
            rig.verify();
        }
    }

    @Test
    void aFlushThatCameWhileSuspendedDoesNotWaitBehindHeldWrites() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 8192, 1).succeeded();
            rig.journal.fullAtEvents = 0;
            Rig.Outcome held = rig.write(4096, 100, 2);
            rig.engine.suspend("test");
            Rig.Outcome first = rig.flush();
            Rig.Outcome second = rig.flush();
            assertFalse(first.isDone());
            rig.engine.resume(rig.journal, rig.image);
            first.succeeded();
            second.succeeded();
            assertFalse(held.isDone());
            rig.journal.fullAtEvents = Long.MAX_VALUE;
            rig.engine.retryHeld(true);
            held.succeeded();
            rig.verify();
        }
    }

    @Test
    void whatIsAcknowledgedNeverNeedsMoreThanThePoolProvides() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.image.providableBytes = 64 << 10;
            for (int i = 0; i < 200; i++) {
                Rig.Outcome outcome = rig.submit(i * 4096L, 4096, i, false);
                rig.session.drive(false);
                java.util.Arrays.fill(rig.model, i * 4096, (i + 1) * 4096, (byte) i);
                outcome.succeeded();
                assertTrue(rig.engine.counters().get("space.needed.bytes") <= 64 << 10, "it is covered");
            }
            assertTrue(rig.engine.warnings().toString().contains("little space"));
            assertEquals(State.SERVING, rig.engine.state());
            rig.verify();
        }
    }

    @Test
    void aWriteThatIsNotCoveredIsHeldAndWhatHasItsBlocksGoesOn() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 8192, 1).succeeded();
            rig.engine.checkpoint();
            rig.image.providableBytes = 0;
            rig.image.reservableBytes = 8192;
            // The little that was provided before is used up by writes that are applied at once.
            Rig.eventually(
                    () -> {
                        try {
                            rig.write(4096, 4096, 2).succeeded();
                        } catch (StorageException e) {
                            throw new AssertionError(e);
                        }
                        return rig.image.reserved > 2;
                    },
                    "overwriting by reserving");
            Rig.Outcome held = rig.write(16384, 4096, 3);
            Rig.eventually(() -> rig.engine.state() == State.HOLDING, "holding");
            assertFalse(held.isDone());
            assertTrue(rig.engine.detail().contains("image full"), rig.engine.detail());
            // The write before was answered when it was durable.
            Rig.eventually(
                    () -> rig.engine.watermarks().appended()
                            == rig.engine.watermarks().applied(),
                    "nothing is owed");
            assertFalse(held.isDone());
            rig.flush().succeeded();
            rig.image.providableBytes = 1 << 20;
            held.succeeded();
            Rig.eventually(() -> rig.engine.state() == State.SERVING, "serving");
            rig.verify();
        }
    }

    /** It once woke itself with each look, and so took a whole processor until there was room. */
    @Test
    void anImageWithoutSpaceLooksForItNowAndThenOnly() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.image.providableBytes = 0;
            rig.image.reservableBytes = 0;
            rig.engine.suspend("test");
            rig.engine.resume(rig.journal, rig.image);
            Rig.Outcome held = rig.submit(0, 8192, 1, false);
            rig.session.drive(false);
            Rig.eventually(() -> rig.engine.state() == State.HOLDING, "holding");
            int before = rig.image.asks;
            Thread.sleep(500);
            int looks = rig.image.asks - before;
            assertTrue(looks < 50, "it looked " + looks + " times in half a second");
            rig.image.providableBytes = 1 << 20;
            held.succeeded();
        }
    }

    @Test
    void anImageWithoutSpaceFailsWritesWhereThatIsConfigured() throws Exception {
        ImageSettings failing = new ImageSettings(
                8L << 20,
                64L << 20,
                1 << 16,
                1L << 30,
                3_600_000_000_000L,
                3_600_000_000_000L,
                ImageSettings.JournalFull.FAIL,
                0.8,
                5_000_000_000L);
        try (Rig rig = new Rig(failing)) {
            rig.image.providableBytes = 0;
            rig.image.reservableBytes = 0;
            rig.engine.suspend("test");
            rig.engine.resume(rig.journal, rig.image);
            Rig.Outcome failed = rig.submit(0, 8192, 1, false);
            rig.session.drive(false);
            failed.await();
            assertEquals(Reason.NO_SPACE, failed.failure.reason());
            assertEquals(State.FAILING, rig.engine.state());
            rig.image.providableBytes = 1 << 20;
            Rig.eventually(() -> rig.engine.state() == State.SERVING, "serving again by itself");
            rig.write(0, 8192, 1).succeeded();
            rig.verify();
        }
    }

    @Test
    void aStopWithAFullImageSaysSoAndLosesNothing() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.image.full = true;
            rig.write(0, 8192, 1).succeeded();
            StorageException failure = assertThrows(StorageException.class, () -> rig.engine.close());
            assertEquals(Reason.NO_SPACE, failure.reason());
            rig.image.full = false;
            rig.open();
            rig.verify();
        }
    }

    @Test
    void storesThatGoAwayAreAPause() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.engine.checkpoint();
            rig.write(4096, 4096, 2).succeeded();
            rig.journal.goAway();
            rig.image.goAway();
            Rig.Outcome write = rig.write(0, 512, 3);
            List<byte[]> bytes = new ArrayList<>();
            Thread reader = new Thread(() -> {
                try {
                    bytes.add(rig.read(0, 8192));
                } catch (StorageException e) {
                    throw new AssertionError(e);
                }
            });
            reader.start();
            List<Long> mapped = new ArrayList<>();
            Thread mapper = new Thread(() -> {
                try {
                    rig.session.extents(0, Rig.SIZE, (offset, length, data) -> mapped.add(length));
                } catch (StorageException e) {
                    throw new AssertionError(e);
                }
            });
            mapper.start();
            Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "suspended");
            rig.engine.suspend("no journal store for pool flash");
            assertEquals("no journal store for pool flash", rig.engine.detail());
            assertFalse(write.isDone());
            rig.journal = rig.journal.reopened(0);
            rig.image = rig.image.reopened();
            rig.engine.resume(rig.journal, rig.image);
            write.succeeded();
            reader.join();
            assertEquals(2, bytes.get(0)[5000]);
            mapper.join();
            assertEquals(Rig.SIZE, mapped.stream().mapToLong(Long::longValue).sum(), "mapped once and completely");
            rig.verify();
        }
    }

    @Test
    void suspendInOrderUnderLoadLosesNothing() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            List<Rig.Outcome> outcomes = new ArrayList<>();
            Thread client = new Thread(() -> {
                try {
                    Random random = new Random(9);
                    for (int i = 0; i < 2000; i++) {
                        outcomes.add(rig.write(random.nextInt(200) * 4096L, 4096, i));
                    }
                } catch (StorageException e) {
                    throw new AssertionError(e);
                }
            });
            client.start();
            for (int i = 0; i < 20; i++) {
                rig.engine.suspend("swap");
                rig.engine.checkInvariants();
                rig.journal = rig.journal.reopened(0);
                rig.image = rig.image.reopened();
                rig.engine.resume(rig.journal, rig.image);
                rig.engine.checkInvariants();
            }
            client.join();
            for (Rig.Outcome outcome : outcomes) {
                outcome.succeeded();
            }
            rig.verify();
            rig.engine.checkpoint();
            assertArrayEquals(rig.model, rig.image.bytes());
        }
    }

    @Test
    void whatDoesNotBelongTogetherIsRefused() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY.asking(ImageSettings.Unasked.SERVE, 0))) {
            rig.write(0, 4096, 1).succeeded();
            rig.engine.close();
            MemoryJournal right = rig.journal;
            rig.journal = new MemoryJournal(new UUID(8, 8));
            assertEquals(
                    Reason.MISMATCH,
                    assertThrows(StorageException.class, rig::open).reason());
            rig.journal = new MemoryJournal(right.identity());
            assertEquals(
                    Reason.MISMATCH,
                    assertThrows(StorageException.class, rig::open).reason());
            rig.journal = new MemoryJournal(new UUID(8, 8));
            JournaledImage.adoptNewJournal(rig.context, "node", rig.journal, "flash", rig.image);
            rig.open();
            rig.verify();
            rig.write(4096, 4096, 2).succeeded();
            assertEquals(2, rig.engine.head().epoch() - 1, "adoption and opening are an epoch each");
            rig.crash(0);
            rig.verify();
        }
    }

    @Test
    void aHeadThatCannotBeStoredIsTriedAgain() throws Exception {
        ImageSettings often = new ImageSettings(
                4L << 20, 4L << 20, 1024, 1, 1_000_000, 1_000_000, ImageSettings.JournalFull.HOLD, 0.5, 5_000_000_000L);
        try (Rig rig = new Rig(often)) {
            rig.image.failHeads = true;
            rig.write(0, 4096, 1).succeeded();
            Rig.eventually(() -> !rig.warnings.isEmpty(), "warned");
            assertEquals(0, rig.engine.watermarks().checkpointed());
            rig.image.failHeads = false;
            Rig.eventually(() -> rig.engine.watermarks().checkpointed() == 1, "stored later");
        }
    }

    @Test
    void damagedEventsAreNeverApplied() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            rig.journal.corruptBodies = true;
            StorageException failure = assertThrows(StorageException.class, () -> rig.read(0, 512));
            assertEquals(Reason.CORRUPT, failure.reason());
            assertThrows(StorageException.class, () -> rig.engine.checkpoint());
            assertEquals(0, rig.image.writes);
            assertEquals(State.SUSPENDED, rig.engine.state());
        }
    }

    @Test
    void aCheckpointThatCannotBeStoredIsReportedAndAResizeIsDoneAllTheSame() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.image.failHeads = true;
            StorageException failure = assertThrows(StorageException.class, () -> rig.engine.checkpoint());
            assertEquals(Reason.NO_SPACE, failure.reason());
            rig.engine.resize(2 * Rig.SIZE);
            rig.model = java.util.Arrays.copyOf(rig.model, 2 * Rig.SIZE);
            rig.verify();
            rig.image.failHeads = false;
            rig.engine.checkpoint();
            assertEquals(2 * Rig.SIZE, rig.image.head().sizeBytes());
        }
    }

    /** In the journal it would be tried for ever, and the image would never be served again. */
    @Test
    void aSizeThatTheStoreRefusesDoesNotGetIntoTheJournal() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            long appended = rig.engine.watermarks().appended();
            StorageException failure =
                    assertThrows(StorageException.class, () -> rig.engine.resize(2 * MemoryImage.MOST_BYTES));
            assertEquals(Reason.INVALID, failure.reason());
            assertEquals(appended, rig.engine.watermarks().appended());
            assertEquals(State.SERVING, rig.engine.state());
            rig.write(0, 4096, 2).succeeded();
            rig.verify();
        }
    }

    @Test
    void recoveryGoesThroughResizesAndAppliesWhatTheIndexCannotHold() throws Exception {
        ImageSettings tiny = new ImageSettings(
                4L << 20,
                64L << 20,
                1024,
                1L << 40,
                1L << 50,
                1L << 50,
                ImageSettings.JournalFull.HOLD,
                0.5,
                5_000_000_000L);
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.image.failHeads = true;
            rig.write(0, Rig.SIZE, 1).succeeded();
            rig.engine.resize(Rig.SIZE / 2);
            rig.engine.resize(Rig.SIZE);
            java.util.Arrays.fill(rig.model, Rig.SIZE / 2, Rig.SIZE, (byte) 0);
            for (int i = 0; i < 2000; i++) {
                rig.write(i * 512L, 100, i).succeeded();
            }
            rig.settings = tiny;
            rig.crash(0);
            assertEquals(0, rig.engine.watermarks().checkpointed());
            rig.verify();
            rig.engine.checkpoint();
            assertArrayEquals(rig.model, rig.image.bytes());
        }
    }

    @Test
    void aResizeGoesOnAfterAPause() throws Exception {
        for (int survivors : new int[] {0, 1}) {
            try (Rig rig = new Rig(Rig.LAZY)) {
                rig.write(0, Rig.SIZE, 1).succeeded();
                rig.journal.failNextForce = true;
                Thread resizing = new Thread(() -> {
                    try {
                        rig.engine.resize(Rig.SIZE / 2);
                    } catch (StorageException e) {
                        rig.warnings.add("failed: " + e);
                    }
                });
                resizing.start();
                Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "suspended");
                assertEquals(Rig.SIZE, rig.engine.sizeBytes());
                rig.engine.suspend("journal failed");
                rig.journal = rig.journal.reopened(survivors);
                rig.image = rig.image.reopened();
                rig.engine.resume(rig.journal, rig.image);
                resizing.join();
                assertEquals(List.of(), rig.warnings);
                assertEquals(Rig.SIZE / 2, rig.engine.sizeBytes());
                rig.model = java.util.Arrays.copyOf(rig.model, Rig.SIZE / 2);
                rig.verify();
                rig.crash(0);
                rig.verify();
            }
        }
    }

    /** Notes an overlap when the other one begins within a while. */
    private static void overlapsWith(CountDownLatch other, String what, List<String> overlaps) {
        try {
            if (other.await(200, TimeUnit.MILLISECONDS)) {
                overlaps.add(what);
            }
        } catch (InterruptedException e) {
            overlaps.add(e.toString());
        }
    }

    @Test
    void sizeAndHeadNeverChangeAtTheSameTime() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            CountDownLatch firstHead = new CountDownLatch(1);
            CountDownLatch resizing = new CountDownLatch(1);
            CountDownLatch secondHead = new CountDownLatch(1);
            List<String> overlaps = Collections.synchronizedList(new ArrayList<>());
            MemoryImage image = rig.image;
            image.beforeHead = () -> {
                image.beforeHead = secondHead::countDown;
                firstHead.countDown();
                overlapsWith(resizing, "the size changes while a head is stored", overlaps);
            };
            image.beforeResize = () -> {
                resizing.countDown();
                rig.engine.core().checkpointer.wake();
                overlapsWith(secondHead, "a head is stored while the size changes", overlaps);
            };
            rig.write(0, 4096, 1).succeeded();
            Thread checkpointing = new Thread(() -> {
                try {
                    rig.engine.checkpoint();
                } catch (StorageException e) {
                    overlaps.add(e.toString());
                }
            });
            checkpointing.start();
            firstHead.await();
            rig.engine.resize(Rig.SIZE / 2);
            checkpointing.join();
            assertEquals(List.of(), overlaps);
            assertEquals(Rig.SIZE / 2, image.head().sizeBytes());
            rig.model = java.util.Arrays.copyOf(rig.model, Rig.SIZE / 2);
            rig.verify();
            rig.crash(0);
            rig.verify();
        }
    }

    /** A worker that is gone would leave clients, and whoever closes the image, waiting for ever. */
    @Test
    void lackOfMemoryInAWorkerIsAFailureOfItsStore() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            MemoryImage image = rig.image;
            image.beforeWrite = () -> {
                image.beforeWrite = () -> {};
                throw new OutOfMemoryError("on purpose");
            };
            rig.write(0, 4096, 1).succeeded();
            assertThrows(StorageException.class, () -> rig.engine.checkpoint());
            assertEquals(State.SUSPENDED, rig.engine.state());
            image.beforeHead = () -> {
                image.beforeHead = () -> {};
                throw new OutOfMemoryError("on purpose");
            };
            resume(rig);
            Rig.eventually(
                    () -> rig.warnings.stream().anyMatch(line -> line.contains("on purpose")), "the head was tried");
            rig.engine.checkpoint();
            rig.verify();
        }
    }

    private static void resume(Rig rig) throws StorageException {
        rig.engine.suspend("failed");
        rig.journal = rig.journal.reopened(0);
        rig.engine.resume(rig.journal, rig.image);
    }
}
