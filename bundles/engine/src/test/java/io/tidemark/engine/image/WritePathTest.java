package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.JournalReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WritePathTest {
    private static final CommitRule VOLATILE =
            new CommitRule("volatile", Watermark.APPENDED, Watermark.DURABLE, 0, CommitRule.MissingPeers.JOURNAL, true);
    private static final CommitRule BOTH = new CommitRule(
            "journal+image", Watermark.CHECKPOINTED, Watermark.CHECKPOINTED, 0, CommitRule.MissingPeers.JOURNAL, false);

    @Test
    void writesOfOneDriveShareOneForce() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            long before = rig.journal.forces;
            List<Rig.Outcome> outcomes = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                outcomes.add(rig.submit(i * 4096L, 4096, i, false));
            }
            for (Rig.Outcome outcome : outcomes) {
                assertFalse(outcome.isDone(), "acknowledged before it is durable");
            }
            rig.session.drive(false);
            for (Rig.Outcome outcome : outcomes) {
                assertTrue(outcome.isDone(), "the force on the client's own thread answers all");
            }
            assertEquals(before + 1, rig.journal.forces);
            assertEquals(1, rig.sweeps.get());
            rig.engine.checkInvariants();
        }
    }

    @Test
    void whatArrivesDuringAForceGoesWithTheNextOne() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            List<Rig.Outcome> late = new ArrayList<>();
            rig.journal.beforeForce = () -> {
                rig.journal.beforeForce = () -> {};
                Thread other = new Thread(() -> {
                    try (var session = rig.engine.connect("other", rig)) {
                        Rig.Outcome outcome = new Rig.Outcome();
                        var payloads = rig.payloads(512, 9);
                        session.write(0, payloads, false, outcome::completed);
                        session.drive(false);
                        late.add(outcome);
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                });
                other.start();
                try {
                    other.join();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            };
            rig.write(4096, 4096, 1).succeeded();
            late.get(0).succeeded();
            assertArrayEquals(new byte[] {9, 9}, rig.read(0, 2));
        }
    }

    @Test
    void randomRequestsReadBackAsWritten() throws Exception {
        for (ImageSettings settings : List.of(Rig.LAZY, Rig.EAGER)) {
            try (Rig rig = new Rig(settings)) {
                Random random = new Random(42);
                for (int i = 1; i < 3000; i++) {
                    int offset = random.nextInt(Rig.SIZE);
                    int length =
                            1 + random.nextInt(Math.min(random.nextInt(20) == 0 ? 200_000 : 9000, Rig.SIZE - offset));
                    if (random.nextInt(10) == 0) {
                        rig.discard(offset, length).succeeded();
                    } else {
                        rig.write(offset, length, i).succeeded();
                    }
                    if (i % 200 == 0) {
                        rig.verify();
                    }
                }
                rig.engine.checkpoint();
                rig.verify();
                assertArrayEquals(rig.model, rig.image.bytes(), "the image after everything was applied");
                assertEquals(
                        rig.engine.watermarks().appended(),
                        rig.engine.watermarks().checkpointed());
            }
        }
    }

    @Test
    void smallWritesFoldBeforeTheyReachTheImage() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            for (int round = 1; round <= 10; round++) {
                for (int block = 0; block < 64; block++) {
                    rig.submit(block * 4096L, 4096, round, false);
                }
                rig.session.drive(false);
            }
            assertEquals(0, rig.image.writes);
            rig.engine.checkpoint();
            assertEquals(1, rig.image.writes, "640 writes of 64 adjacent blocks make one");
        }
    }

    @Test
    void scatteredWritesThatAreNoLongerInMemoryReachTheImageAsNeighbours() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            int blocks = Rig.SIZE / 4096;
            for (int i = 0; i < blocks; i++) {
                // An odd stride visits each block once, and no two neighbours one after the other.
                rig.write(i * 101 % blocks * 4096L, 4096, i);
            }
            for (int i = 0; i < 2 * (8 << 20) / 4096; i++) {
                rig.write(0, 4096, i);
            }
            assertEquals(0, rig.image.writes);
            rig.engine.checkpoint();
            assertEquals(2, rig.image.writes, "half of the staging memory at once");
            rig.verify();
        }
    }

    @Test
    void memoryHoldsWhatIsLiveHoweverLongTheBacklogIs() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            Random random = new Random(3);
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 256; i++) {
                    rig.write(random.nextInt(256) * 4096L, 4096, random.nextInt())
                            .succeeded();
                }
            }
            var counters = rig.engine.counters();
            assertTrue(counters.get("backlog.bytes") > 20L << 20, "all of it waits to be applied: " + counters);
            assertTrue(counters.get("hot.bytes") <= Rig.SIZE, "what was overwritten is given up: " + counters);
            rig.write(8192, 4096, 1).succeeded();
            rig.write(8192 + 512, 512, 2).succeeded();
            rig.write(8192, 4096, 3).succeeded();
            rig.write(8192 + 3072, 1024, 4).succeeded();
            rig.verify();
            rig.journal.corruptBodies = true;
            rig.engine.checkpoint();
            rig.verify();
        }
    }

    @Test
    void clientsAreNotSlowedDownBeforeABatchStarts() {
        assertTrue(Applier.MOST_START_FILL < Session.SLOW_FILL);
    }

    @Test
    void flushIsABarrierOnlyWhereSomethingWasWritten() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.flush().succeeded();
            assertEquals(0, rig.engine.watermarks().appended(), "nothing to mark");
            rig.write(0, 4096, 1).succeeded();
            rig.flush().succeeded();
            rig.flush().succeeded();
            assertEquals(2, rig.engine.watermarks().appended());
            rig.submit(4096, 4096, 1, true);
            rig.session.drive(false);
            rig.flush().succeeded();
            assertEquals(3, rig.engine.watermarks().appended(), "a FUA write is a barrier by itself");
            try (JournalReader reader = rig.journal.reader(1)) {
                assertFalse(reader.next().isBarrier());
                assertEquals(EventKind.FLUSH, reader.next().kind());
                assertTrue(reader.next().isBarrier());
            }
        }
    }

    @Test
    void ruleChangesBetweenTwoWrites() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.engine.rule(VOLATILE);
            assertTrue(rig.engine.writeCache());
            Rig.Outcome fast = rig.submit(0, 4096, 1, false);
            assertTrue(fast.isDone(), "acknowledged in memory");
            Rig.Outcome forced = rig.submit(4096, 4096, 1, true);
            assertFalse(forced.isDone(), "FUA waits for durable whatever the rule says");
            rig.session.drive(false);
            forced.succeeded();
            rig.engine.rule(BOTH);
            Rig.Outcome both = rig.submit(8192, 4096, 3, false);
            rig.session.drive(false);
            both.succeeded();
            assertEquals(3, rig.image.bytes()[8192], "in the image when it is acknowledged");
            assertTrue(rig.image.forces > 0);
            rig.flush().succeeded();
            rig.engine.rule(CommitRule.JOURNAL);
            long forces = rig.image.forces;
            rig.write(0, 4096, 4).succeeded();
            assertEquals(forces, rig.image.forces);
        }
    }

    @Test
    void withAWriteCacheWhatNobodyWaitsForIsForcedSoon() throws Exception {
        try (Rig rig = new Rig(Rig.EAGER)) {
            rig.engine.rule(VOLATILE);
            rig.write(0, 4096, 1).succeeded();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 1, "forced and applied without a flush");
        }
    }

    @Test
    void refusesWhatMakesNoSense() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            assertEquals(
                    Reason.INVALID,
                    rig.submit(Rig.SIZE - 512, 1024, 1, false).await().failure.reason());
            Rig.Outcome outcome = new Rig.Outcome();
            rig.session.discard(Long.MAX_VALUE, 10, false, outcome::completed);
            assertEquals(Reason.INVALID, outcome.await().failure.reason());
            rig.engine.close();
            assertEquals("image disk is closed", rig.sessionClosed);
            Rig.Outcome late = new Rig.Outcome();
            rig.session.flush(late::completed);
            assertEquals(Reason.CLOSED, late.await().failure.reason());
        }
    }

    @Test
    void aFullJournalHoldsWritesUntilItIsTrimmed() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.journal.fullAtEvents = 10;
            List<Rig.Outcome> outcomes = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                outcomes.add(rig.write(i * 4096L, 4096, i + 1));
            }
            assertEquals(State.HOLDING, rig.engine.state());
            assertFalse(outcomes.get(10).isDone());
            rig.engine.checkInvariants();
            assertArrayEquals(new byte[] {5}, rig.read(4 * 4096, 1), "reads go on");
            rig.flush().succeeded();
            while (rig.engine.state() == State.HOLDING) {
                Rig.eventually(
                        () -> rig.engine.watermarks().checkpointed()
                                > rig.engine.watermarks().trimmed(),
                        "checkpoint");
                rig.engine.trim(Long.MAX_VALUE);
            }
            for (Rig.Outcome outcome : outcomes) {
                outcome.succeeded();
            }
            rig.verify();
            assertTrue(rig.trimsWanted.get() > 0);
        }
    }

    @Test
    void aFullJournalFailsWritesWhereItIsConfiguredTo() throws Exception {
        ImageSettings fail = new ImageSettings(
                4L << 20,
                4L << 20,
                1024,
                1 << 20,
                1L << 40,
                1L << 40,
                ImageSettings.JournalFull.FAIL,
                0.5,
                5_000_000_000L);
        try (Rig rig = new Rig(fail)) {
            rig.journal.fullAtEvents = 4;
            for (int i = 0; i < 4; i++) {
                rig.write(0, 4096, i).succeeded();
            }
            Rig.Outcome refused = rig.submit(0, 4096, 9, false);
            assertEquals(Reason.JOURNAL_FULL, refused.await().failure.reason());
            assertEquals(State.FAILING, rig.engine.state());
            rig.verify();
            assertFalse(rig.engine.warnings().isEmpty());
            rig.engine.trim(rig.engine.watermarks().trimmed());
            assertEquals(State.FAILING, rig.engine.state(), "nothing was trimmed");
            assertEquals(
                    Reason.JOURNAL_FULL,
                    assertThrows(StorageException.class, () -> rig.engine.mark(EventKind.MARK, "now"))
                            .reason());
            // Nobody writes any more: that there is room again shows all the same.
            rig.journal.fullAtEvents = 100;
            rig.engine.checkpoint();
            rig.engine.trim(Long.MAX_VALUE);
            assertEquals(State.SERVING, rig.engine.state());
            rig.engine.mark(EventKind.MARK, "now");
            rig.write(0, 4096, 10).succeeded();
            assertEquals(State.SERVING, rig.engine.state());
        }
    }

    @Test
    void aFullBatchIsForcedAndTheRestFollows() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.journal.batchEvents = 5;
            List<Rig.Outcome> outcomes = new ArrayList<>();
            for (int i = 0; i < 23; i++) {
                outcomes.add(rig.submit(0, 512, i, false));
            }
            rig.session.drive(false);
            for (Rig.Outcome outcome : outcomes) {
                outcome.succeeded();
            }
            assertArrayEquals(new byte[] {22}, rig.read(0, 1));
        }
    }

    @Test
    void aJournalThatWantsAForceBeforeItTakesAnythingGetsIt() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.journal.wantsForce = true;
            rig.write(0, 4096, 1).succeeded();
            rig.journal.wantsForce = true;
            rig.engine.resize(2 * Rig.SIZE);
        }
    }

    @Test
    void longWritesAreSeveralEventsAndOneAnswer() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.engine.resize(8L << 20);
            rig.model = new byte[8 << 20];
            rig.write(123, 5 << 20, 7).succeeded();
            rig.verify();
        }
    }

    @Test
    void nearTheLimitOfTheBacklogWritesGoAtTheSpeedOfTheImage() throws Exception {
        ImageSettings tight = new ImageSettings(
                4L << 20,
                4L << 20,
                1024,
                1 << 20,
                1L << 40,
                1L << 40,
                ImageSettings.JournalFull.HOLD,
                0.5,
                5_000_000_000L);
        try (Rig rig = new Rig(tight)) {
            Random random = new Random(1);
            for (int i = 0; i < 4000; i++) {
                int offset = random.nextInt(Rig.SIZE / 512) * 512;
                rig.write(offset, 512, i).succeeded();
                if (i % 100 == 0) {
                    assertTrue(rig.engine.counters().get("backlog.entries") <= 1024 + 8);
                }
            }
            for (int i = 0; i < 60; i++) {
                rig.write(0, Rig.SIZE / 2, i);
                assertTrue(rig.engine.backlogBytes() <= (5L << 20));
            }
            rig.flush().succeeded();
            rig.engine.checkpoint();
            rig.verify();
        }
    }

    @Test
    void mapOfARangeCountsJournaledWritesToo() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(4096, 4096, 1).succeeded();
            rig.write(8192, 4096, 1).succeeded();
            rig.write(65536, 4096, 1).succeeded();
            rig.engine.checkpoint();
            rig.discard(65536, 4096).succeeded();
            rig.write(0, 512, 1).succeeded();
            List<String> extents = new ArrayList<>();
            BlockImage.ExtentVisitor visitor = (offset, length, data) -> extents.add(offset + "+" + length + data);
            rig.session.extents(0, 131072, visitor);
            assertEquals(List.of("0+512true", "512+3584false", "4096+8192true", "12288+118784false"), extents);
        }
    }

    @Test
    void resizeIsABarrierAndCutBytesComeBackAsZeros() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, Rig.SIZE, 5).succeeded();
            rig.engine.resize(Rig.SIZE / 2);
            assertEquals(Rig.SIZE / 2, rig.engine.sizeBytes());
            assertEquals(
                    Reason.INVALID,
                    rig.submit(Rig.SIZE / 2, 512, 1, false).await().failure.reason());
            rig.engine.resize(Rig.SIZE);
            java.util.Arrays.fill(rig.model, Rig.SIZE / 2, Rig.SIZE, (byte) 0);
            rig.verify();
            rig.crash(0);
            rig.verify();
        }
    }

    @Test
    void aSteppedClockIsAnEventAndAWarning() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            Aftermath after = new Aftermath();
            Core core = rig.engine.core();
            synchronized (core.lock) {
                core.watchClock(1_000_000_000_000L, 0, after);
                core.watchClock(1_000_000_000_500L, 500, after);
                core.watchClock(990_000_000_000L, 1000, after);
            }
            after.settle(core);
            assertEquals(1, rig.engine.watermarks().appended());
            assertEquals(1, rig.warnings.size());
            rig.write(0, 512, 1).succeeded();
            long last = 0;
            try (JournalReader reader = rig.journal.reader(1)) {
                for (var header = reader.next(); header != null; header = reader.next()) {
                    assertTrue(header.timeNanos() >= last, "times never go back");
                    last = header.timeNanos();
                }
            }
        }
    }
}
