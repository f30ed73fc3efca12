package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.ReplicaManager;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A primary with replicas admits nothing before these were asked whether one of them was promoted. */
class AskingTest {
    private static final long HOUR = 3_600_000_000_000L;
    private static final String ASKS = "asks-disk";

    private static ImageSettings asks(ImageSettings.Unasked without, long timeoutNanos) {
        return Rig.LAZY.asking(without, timeoutNanos);
    }

    /** It has written, has a replica, and was opened again. */
    private static Rig restarted(ImageSettings settings) throws Exception {
        Rig rig = new Rig(settings);
        assertEquals(0, rig.engine.question(), "a new image has nobody to ask");
        rig.write(0, 4096, 1).succeeded();
        rig.journal.putClient(new JournalClient(
                ReplicaManager.CLIENT_PREFIX + "b", "b as disk", new Position(1, 1), JournalClient.State.CONNECTED, 1));
        rig.crash(0);
        return rig;
    }

    private static Rig.Outcome held(Rig rig, long offset, int value) throws Exception {
        Rig.Outcome write = rig.write(offset, 4096, value);
        parked(ASKS);
        assertFalse(write.isDone(), "admitted before it was asked");
        return write;
    }

    /** The thread has done all that it does before it waits; before that, nothing that it might do wrong can be seen. */
    private static ThreadInfo parked(String name) {
        ThreadInfo[] found = new ThreadInfo[1];
        Rig.eventually(
                () -> {
                    found[0] = look(name);
                    return found[0] != null && isParked(found[0]);
                },
                name + " waits");
        return found[0];
    }

    /** The thread was woken since then, and waits again. */
    private static void parkedAgain(ThreadInfo before) {
        String name = before.getThreadName();
        Rig.eventually(
                () -> {
                    ThreadInfo now = look(name);
                    return now == null || (isParked(now) && now.getWaitedCount() > before.getWaitedCount());
                },
                name + " looks again");
    }

    /** Null when there is none. */
    private static ThreadInfo look(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(name))
                .findFirst()
                .map(thread -> ManagementFactory.getThreadMXBean().getThreadInfo(thread.getId()))
                .orElse(null);
    }

    private static boolean isParked(ThreadInfo thread) {
        return thread.getThreadState() == Thread.State.WAITING || thread.getThreadState() == Thread.State.TIMED_WAITING;
    }

    /** Calls the image in a thread with a name, and returns when that waits. */
    private static <T> CompletableFuture<T> waits(String name, Callable<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        result.complete(call.call());
                    } catch (Exception e) {
                        result.completeExceptionally(e);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        Rig.eventually(
                () -> {
                    ThreadInfo now = look(name);
                    return now == null ? result.isDone() : isParked(now);
                },
                name + " waits");
        return result;
    }

    @Test
    void nothingIsAdmittedBeforeAllWereAsked() throws Exception {
        try (Rig rig = restarted(asks(ImageSettings.Unasked.SERVE, HOUR))) {
            long question = rig.engine.question();
            assertNotEquals(0, question);
            assertSame(State.HOLDING, rig.engine.state());
            assertTrue(rig.engine.detail().contains("asks its replicas"), rig.engine.detail());
            List<Epoch> epochs = rig.journal.epochs();
            Rig.Outcome write = held(rig, 4096, 2);
            rig.verifyBytes(0, 4096, 1);
            rig.flush().succeeded();
            CompletableFuture<Void> resize = waits("resizes", () -> {
                rig.engine.resize(2L * Rig.SIZE);
                return null;
            });
            CompletableFuture<Position> mark = waits("marks", () -> rig.engine.mark(EventKind.MARK, "before"));
            rig.engine.answered(question + 1);
            assertFalse(write.isDone(), "an answer to another question");
            assertFalse(resize.isDone());
            assertFalse(mark.isDone());
            assertEquals(epochs, rig.journal.epochs(), "a replica that was promoted can still take over as it is");
            assertEquals(1, rig.journal.durable());

            rig.engine.answered(question);
            write.succeeded();
            resize.get(20, TimeUnit.SECONDS);
            assertEquals(2, mark.get(20, TimeUnit.SECONDS).epoch());
            assertSame(State.SERVING, rig.engine.state());
            assertEquals(0, rig.engine.question());
            rig.verify();
        }
    }

    @Test
    void withoutAnAnswerItServesWhenTheTimeIsOverAndSaysSo() throws Exception {
        try (Rig rig = restarted(asks(ImageSettings.Unasked.SERVE, 20_000_000))) {
            rig.write(4096, 4096, 2).succeeded();
            assertEquals(0, rig.engine.question());
            assertTrue(
                    rig.engine.warnings().toString().contains("not all of its replicas"),
                    () -> rig.engine.warnings().toString());
            Rig.eventually(() -> rig.warnings.toString().contains("not all of its replicas"), "the alarm");
        }
    }

    @Test
    void itWaitsForeverWhereItIsToldToUntilItIsToldOtherwise() throws Exception {
        try (Rig rig = restarted(asks(ImageSettings.Unasked.WAIT, 1))) {
            Rig.Outcome write = held(rig, 4096, 2);
            assertTrue(rig.engine.detail().contains("peer.ask = wait"), rig.engine.detail());
            ThreadInfo before = parked(ASKS);
            rig.engine.settings(asks(ImageSettings.Unasked.WAIT, 2));
            parkedAgain(before);
            assertFalse(write.isDone());
            rig.engine.settings(asks(ImageSettings.Unasked.SERVE, 1));
            write.succeeded();
        }
    }

    @Test
    void whoeverHasNobodyToAskOrIsToldNotToServesAtOnce() throws Exception {
        try (Rig rig = new Rig(asks(ImageSettings.Unasked.WAIT, HOUR))) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            assertEquals(0, rig.engine.question());
            rig.write(4096, 4096, 2).succeeded();
        }
        try (Rig rig = restarted(asks(ImageSettings.Unasked.WAIT, 0))) {
            assertEquals(0, rig.engine.question());
            rig.write(4096, 4096, 2).succeeded();
            assertEquals(List.of(), rig.engine.warnings());
        }
    }

    @Test
    void whatIsHeldFailsWhenAPeerWasPromoted() throws Exception {
        try (Rig rig = restarted(asks(ImageSettings.Unasked.WAIT, HOUR))) {
            Rig.Outcome write = held(rig, 4096, 2);
            rig.engine.fence(new Fence("b", 2, new UUID(3, 3)));
            assertEquals(Reason.READ_ONLY, write.await().failure.reason());
            assertSame(State.FAILING, rig.engine.state());
            assertEquals(0, rig.engine.question());
            assertEquals(1, rig.journal.durable());
            Rig.eventually(() -> look(ASKS) == null, "nobody waits for an answer any more");
            rig.crash(0);
            assertEquals(0, rig.engine.question(), "that is known");
        }
    }

    @Test
    void itAsksAgainWhenItsStoresWereAway() throws Exception {
        try (Rig rig = restarted(asks(ImageSettings.Unasked.WAIT, HOUR))) {
            long first = rig.engine.question();
            rig.engine.answered(first);
            rig.write(4096, 4096, 2).succeeded();
            rig.engine.suspend("stores are swapped");
            rig.journal = rig.journal.reopened(0);
            rig.image = rig.image.reopened();
            rig.engine.resume(rig.journal, rig.image);
            Rig.Outcome write = held(rig, 8192, 3);
            rig.engine.answered(first);
            assertFalse(write.isDone(), "that was asked before");
            rig.engine.answered(rig.engine.question());
            write.succeeded();
            rig.verify();
        }
    }

    /** Who its replicas are was in the journal that is gone; whoever configured them knows it still. */
    @Test
    void whoseJournalWasLostAsks() throws Exception {
        try (Rig rig = restarted(asks(ImageSettings.Unasked.WAIT, HOUR))) {
            rig.engine.answered(rig.engine.question());
            rig.engine.checkpoint();
            rig.engine.close();
            rig.journal = new MemoryJournal(new UUID(8, 8));
            JournaledImage.adoptNewJournal(rig.context, "node", rig.journal, "flash", rig.image);
            rig.open();
            assertNotEquals(0, rig.engine.question());
            Rig.Outcome write = held(rig, 4096, 2);
            rig.verifyBytes(0, 4096, 1);
            rig.engine.answered(rig.engine.question());
            write.succeeded();
            rig.crash(0);
            assertNotEquals(0, rig.engine.question(), "none of them may have been linked since");

            rig.engine.answered(rig.engine.question());
            rig.engine.turn(ImageHead.Role.REPLICA);
            rig.crash(0);
            assertEquals(0, rig.engine.question(), "a replica admits nothing anyway");
            rig.engine.turn(ImageHead.Role.PRIMARY);
            assertFalse(HeadProperties.hasLostJournal(rig.image.head()), "it was a replica since");
        }
    }

    /** Its journal knows no replica: whoever wrote it before is to be asked. */
    @Test
    void aReplicaThatWasPromotedAsksWhenItIsOpenedAgain() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent()) {
            rig.settings = asks(ImageSettings.Unasked.WAIT, HOUR);
            rig.start();
            rig.write(1, 7);
            rig.sendAll();
            rig.crash(0);
            assertEquals(0, rig.engine.question(), "a replica admits nothing anyway");
            rig.engine.turn(ImageHead.Role.PRIMARY);
            rig.crash(0);
            assertNotEquals(0, rig.engine.question(), "it may be opened long after it was promoted");
            rig.engine.notePromotion();
            assertEquals(0, rig.engine.question(), "promoted just now");
            assertSame(State.SERVING, rig.engine.state());
            rig.crash(0);
            assertNotEquals(0, rig.engine.question());
            assertSame(State.HOLDING, rig.engine.state());
            rig.engine.answered(rig.engine.question());
            assertSame(State.SERVING, rig.engine.state());

            rig.engine.turn(ImageHead.Role.REPLICA);
            rig.crash(0);
            assertEquals(0, rig.engine.question());
        }
    }
}
