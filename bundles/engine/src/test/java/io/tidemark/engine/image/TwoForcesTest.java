package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A second force of the journal beside the first. */
class TwoForcesTest {
    /** One that is under way until the test lets it arrive. */
    private static final class Commit {
        final long from;
        final long upTo;
        final CountDownLatch mayEnd = new CountDownLatch(1);
        volatile boolean fails;

        Commit(long from, long upTo) {
            this.from = from;
            this.upTo = upTo;
        }

        void arrive() {
            mayEnd.countDown();
        }

        void fail() {
            fails = true;
            mayEnd.countDown();
        }
    }

    /** All commits so far, in the order of their beginning. */
    private final List<Commit> commits = new CopyOnWriteArrayList<>();

    private void hold(long from, long upTo) throws StorageException {
        Commit commit = new Commit(from, upTo);
        commits.add(commit);
        try {
            assertTrue(commit.mayEnd.await(20, TimeUnit.SECONDS), "nobody lets the commit end");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (commit.fails) {
            throw new StorageException(Reason.IO, "commit failed on purpose", "open it again");
        }
    }

    private Rig rig() throws StorageException {
        Rig rig = new Rig(Rig.LAZY);
        rig.journal.underWay = this::hold;
        return rig;
    }

    /** Hands in a write of a client that has more to say, so that workers force. */
    private static Rig.Outcome write(Rig rig, int block) throws StorageException {
        Rig.Outcome outcome = rig.submit(block * 4096L, 4096, block + 1, false);
        rig.session.drive(true);
        java.util.Arrays.fill(rig.model, block * 4096, (block + 1) * 4096, (byte) (block + 1));
        return outcome;
    }

    private Commit begun(int number) {
        Rig.eventually(() -> commits.size() >= number, number + " commits are under way or done");
        return commits.get(number - 1);
    }

    /** Commits are not held any more. */
    private static void end(Rig rig) throws StorageException {
        rig.journal.underWay = null;
        rig.verify();
    }

    private static void forced(Rig rig, long count) {
        Rig.eventually(() -> rig.engine.counters().get("force.nanos.count") == count, count + " forces have ended");
    }

    @Test
    void answersComeInTheOrderOfEventsWhicheverForceArrivesFirst() throws Exception {
        try (Rig rig = rig()) {
            Rig.Outcome first = write(rig, 0);
            Commit front = begun(1);
            Rig.Outcome second = write(rig, 1);
            Commit back = begun(2);
            assertEquals(front.upTo + 1, back.from);
            back.arrive();
            forced(rig, 1);
            assertFalse(first.isDone() || second.isDone(), "answered before what is in front of it is durable");
            front.arrive();
            first.succeeded();
            second.succeeded();
            assertEquals(2, rig.engine.counters().get("force.events.count"));
            assertEquals(1, rig.engine.counters().get("force.events.max"), "each brought one event to the device");
            assertEquals(2, rig.engine.counters().get("force.bytes.count"));
            assertEquals(4096, rig.engine.counters().get("force.bytes.mean"));
            assertEquals(4096, rig.engine.counters().get("force.bytes.max"), "and its payload");
            end(rig);
        }
    }

    @Test
    void whatArrivesBehindAFailedForceIsNotAnswered() throws Exception {
        try (Rig rig = rig()) {
            Rig.Outcome first = write(rig, 0);
            Commit front = begun(1);
            Rig.Outcome second = write(rig, 1);
            begun(2).arrive();
            forced(rig, 1);
            front.fail();
            Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "the image is suspended");
            assertFalse(first.isDone() || second.isDone(), "answered although an event is missing in front of it");
            rig.engine.suspend("journal failed");
            rig.journal = rig.journal.reopened(0);
            rig.engine.resume(rig.journal, rig.image);
            rig.session.drive(false);
            first.succeeded();
            second.succeeded();
            rig.verify();
            rig.crash(0);
            rig.verify();
        }
    }

    /** The other way round: the one behind fails, and what is in front is durable and answered all the same. */
    @Test
    void whatIsInFrontOfAFailedForceIsDurable() throws Exception {
        try (Rig rig = rig()) {
            Rig.Outcome first = write(rig, 0);
            Commit front = begun(1);
            Rig.Outcome second = write(rig, 1);
            begun(2).fail();
            Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "the image is suspended");
            front.arrive();
            rig.engine.suspend("journal failed");
            rig.journal = rig.journal.reopened(0);
            rig.engine.resume(rig.journal, rig.image);
            rig.session.drive(false);
            first.succeeded();
            second.succeeded();
            end(rig);
        }
    }

    @Test
    void whicheverWorkerIsIdleIsWokenForTheNextForce() throws Exception {
        try (Rig rig = rig()) {
            Rig.Outcome first = write(rig, 0);
            Commit front = begun(1);
            Rig.Outcome second = write(rig, 1);
            Commit back = begun(2);
            front.arrive();
            first.succeeded();
            // The first worker is idle now, the further one forces.
            Rig.Outcome third = write(rig, 2);
            Commit next = begun(3);
            assertEquals(back.upTo + 1, next.from);
            back.arrive();
            second.succeeded();
            // And now the other way round.
            Rig.Outcome fourth = write(rig, 3);
            Commit last = begun(4);
            last.arrive();
            next.arrive();
            third.succeeded();
            fourth.succeeded();
            end(rig);
        }
    }

    @Test
    void aFurtherForceWaitsUntilEnoughHasComeInForIt() throws Exception {
        try (Rig rig = rig()) {
            for (int i = 0; i < 8; i++) {
                rig.submit(i * 4096L, 4096, i + 1, false);
                java.util.Arrays.fill(rig.model, i * 4096, (i + 1) * 4096, (byte) (i + 1));
            }
            rig.session.drive(true);
            Commit front = begun(1);
            assertEquals(8, front.upTo - front.from + 1);
            write(rig, 8);
            // Had it begun, the further worker would have claimed the ninth event alone.
            Thread.sleep(50);
            assertEquals(1, commits.size(), "one event is too little beside eight");
            write(rig, 9);
            Commit back = begun(2);
            assertEquals(2, back.upTo - back.from + 1);
            // A third never begins.
            Rig.Outcome last = write(rig, 10);
            Thread.sleep(50);
            assertEquals(2, commits.size(), "a third force at once");
            front.arrive();
            begun(3).arrive();
            back.arrive();
            last.succeeded();
            end(rig);
        }
    }
}
