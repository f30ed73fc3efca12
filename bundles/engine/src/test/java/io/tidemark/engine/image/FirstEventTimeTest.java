package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A promoted replica whose journal does not have the event in front of its first one, and whose clock is behind. */
class FirstEventTimeTest {
    private static final long HOUR = 3_600_000_000_000L;

    private static void copied(ReplicaRig rig) throws StorageException {
        rig.replica.endBootstrap(new Position(1, 5));
        Rig.eventually(() -> rig.consistency() == Consistency.CONSISTENT, "it is copied");
    }

    /** Of the first event that the primary journals. */
    private static long firstTime(ReplicaRig rig) throws Exception {
        rig.engine.answered(rig.engine.question());
        long first = rig.engine.facts().watermarks().appended() + 1;
        Rig.Outcome written = new Rig.Outcome();
        try (var session = rig.engine.connect("client", rig)) {
            session.discard(0, ReplicaRig.BLOCK, false, written::completed);
            session.drive(false);
            written.succeeded();
        }
        try (JournalReader reader = rig.journal.reader(first)) {
            EventHeader header = reader.next();
            return header.timeNanos();
        }
    }

    @Test
    void behindACopyItIsNoOlderThanTheSourceSaid() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).byHand().start()) {
            long told = rig.hand.wall + HOUR;
            rig.replica.sourceTime(told);
            rig.replica.sourceTime(0);
            copied(rig);
            rig.crash(0);
            assertEquals(told, rig.engine.facts().newestTimeNanos());
            rig.engine.turn(ImageHead.Role.PRIMARY);
            rig.crash(0);
            assertEquals(told, rig.engine.facts().newestTimeNanos());
            assertEquals(told, firstTime(rig));
        }
    }

    /** A replica that an older node had copied is told as soon as it is linked. */
    @Test
    void norWhereItWasToldBehindTheCopy() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).byHand().start()) {
            long told = rig.hand.wall + HOUR;
            copied(rig);
            rig.replica.sourceTime(told);
            rig.engine.turn(ImageHead.Role.PRIMARY);
            rig.crash(0);
            assertEquals(told, firstTime(rig));
        }
    }

    /** The source has told the time of an event that is still to come. */
    @Test
    void whatIsReceivedMayBeOlderThanTheSourceSaid() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).byHand().start()) {
            rig.replica.sourceTime(rig.hand.wall + HOUR);
            copied(rig);
            rig.crash(0);
            rig.write(1, 1);
            rig.sendAll();
            rig.awaitHead(6);
        }
    }

    /** The time is that of a branch that is given up. */
    @Test
    void aCopyThatBeginsAnewKnowsNoTime() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).byHand().start()) {
            rig.replica.sourceTime(rig.hand.wall + HOUR);
            rig.replica.shows(new Position(1, 9), ReplicaRig.FIRST.identity());
            rig.replica.copied(ReplicaRig.BLOCK);
            assertTrue(rig.replica.copyAgain(
                    List.of(ReplicaRig.FIRST, ReplicaRig.FIRST.next(new UUID(6, 2), 6, 1, "other"))));
            rig.crash(0);
            assertEquals(0, rig.engine.facts().newestTimeNanos());
        }
    }

    @Test
    void behindAnEarlierMomentItIsNoOlderThanTheEventThere() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().byHand().start()) {
            rig.engine.order(new HeadOrder.Hold(Position.NONE));
            rig.write(1, 1);
            rig.hand.pass(HOUR);
            rig.write(2, 2);
            long there = rig.hand.wall;
            rig.hand.pass(HOUR);
            rig.write(3, 3);
            rig.sendAll();
            rig.hand.wall -= 3 * HOUR;
            rig.engine.promoteAt(new Position(1, 2));
            rig.stop();
            rig.journal = new MemoryJournal(new UUID(1, 3));
            rig.image = rig.image.reopened();
            JournaledImage.adoptNewJournal(rig.context, "node", rig.journal, "flash", rig.image);
            rig.open();
            assertEquals(there, firstTime(rig));
        }
    }
}
