package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.base.event.EventCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Moments get names: as events, in order, durable. */
class MarksTest {
    /** What the journal has, as {@code 1:2 MARK name}, with an exclamation mark for a barrier. */
    private static List<String> events(Rig rig) throws Exception {
        List<String> lines = new ArrayList<>();
        try (JournalReader reader = rig.journal.reader(1)) {
            for (EventHeader header = reader.next(); header != null; header = reader.next()) {
                String name = EventCodec.decode(header, reader.body()).name();
                lines.add((header.position() + " " + header.kind() + " " + name).strip()
                        + (header.isBarrier() ? "!" : ""));
            }
        }
        return lines;
    }

    private static Reason refusal(Rig rig, EventKind kind, String label) {
        return assertThrows(StorageException.class, () -> rig.engine.mark(kind, label), label)
                .reason();
    }

    @Test
    void marksStandBetweenTheWritesWithTheirNames() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            assertEquals(new Position(1, 2), rig.engine.mark(EventKind.MARK, "before-upgrade"));
            assertEquals(2, rig.journal.durable(), "durable when it is answered");
            rig.write(0, 4096, 2).succeeded();
            assertEquals(new Position(1, 4), rig.engine.mark(EventKind.SNAPSHOT, "s_1.a"));
            rig.flush().succeeded();
            List<String> expected = List.of("1:1 WRITE", "1:2 MARK before-upgrade", "1:3 WRITE", "1:4 SNAPSHOT s_1.a!");
            assertEquals(expected, events(rig), "a snapshot is a barrier already");
            rig.verify();
            rig.crash(0);
            rig.verify();
            assertEquals(expected, events(rig));
            rig.engine.checkpoint();
            assertEquals(4, rig.engine.watermarks().checkpointed());
        }
    }

    /** So do those that nobody writes beside. */
    @Test
    void aMarkBeginsTheEpochOfItsOpening() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            assertEquals(new Position(2, 2), rig.engine.mark(EventKind.MARK, "restarted"));
            assertEquals(2, rig.journal.epochs().size());
        }
    }

    @Test
    void whatIsNoNameIsRefusedAndChangesNothing() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            for (String none : List.of("", "3-days", "-x", "latest", "a b", "a\u00e9", "a:1", "a".repeat(129))) {
                assertEquals(Reason.INVALID, refusal(rig, EventKind.MARK, none), none);
            }
            assertEquals(Reason.INVALID, refusal(rig, EventKind.WRITE, "write"));
            rig.engine.mark(EventKind.MARK, "a".repeat(128));
            assertEquals(1, rig.engine.watermarks().appended());
        }
    }

    @Test
    void aReplicaTakesNone() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            StorageException refused =
                    assertThrows(StorageException.class, () -> rig.engine.mark(EventKind.MARK, "here"));
            assertEquals(Reason.READ_ONLY, refused.reason());
            assertEquals(0, rig.engine.watermarks().appended());
        }
    }

    /** What a full journal keeps back is for what frees it again. */
    @Test
    void aFullJournalTakesNone() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.journal.fullAtEvents = 1;
            rig.write(0, 4096, 1).succeeded();
            Rig.Outcome held = rig.write(0, 4096, 2);
            assertEquals(State.HOLDING, rig.engine.state());
            assertEquals(Reason.JOURNAL_FULL, refusal(rig, EventKind.MARK, "full"));
            rig.journal.fullAtEvents = 100;
            rig.engine.checkpoint();
            rig.engine.trim(Long.MAX_VALUE);
            held.succeeded();
            assertEquals(new Position(1, 3), rig.engine.mark(EventKind.MARK, "free"));
        }
    }

    @Test
    void aMarkWaitsForAForceThatTheJournalWantsFirst() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.journal.wantsForce = true;
            assertEquals(new Position(1, 1), rig.engine.mark(EventKind.MARK, "first"));
        }
    }

    @Test
    void aMarkThatTheJournalLostIsAppendedAgainWithItsName() throws Exception {
        for (int survivors : new int[] {0, 1}) {
            try (Rig rig = new Rig(Rig.LAZY)) {
                rig.write(0, 4096, 1).succeeded();
                rig.journal.failNextForce = true;
                CompletableFuture<Position> marked = CompletableFuture.supplyAsync(() -> {
                    try {
                        return rig.engine.mark(EventKind.MARK, "twice");
                    } catch (StorageException e) {
                        throw new AssertionError(e);
                    }
                });
                Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "the force fails");
                assertTrue(!marked.isDone(), "nothing is promised that is not durable");
                rig.engine.suspend("journal failed");
                rig.journal = rig.journal.reopened(survivors);
                rig.engine.resume(rig.journal, rig.image);
                assertEquals(new Position(1, 2), marked.get(20, TimeUnit.SECONDS));
                assertEquals(List.of("1:1 WRITE", "1:2 MARK twice"), events(rig));
                rig.verify();
            }
        }
    }
}
