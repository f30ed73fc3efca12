package io.tidemark.tck.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkFigures;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.api.transport.ReplicationTransport.Listening;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/**
 * What the mirror relies on in a {@link ReplicationTransport}. A test extends it and says how two nodes are made.
 *
 * <p>Test threads wait at gates only, so that a simulated transport can pass it too.
 */
public abstract class ReplicationTransportContract {
    private static final int COST_OF_A_FRAME = 64;
    private static final long SECOND = 1_000_000_000L;

    /** A test's body. */
    @FunctionalInterface
    public interface Play {
        /**
         * Runs.
         *
         * @param arena for it alone
         * @throws Exception fails the test
         */
        void run(Arena arena) throws Exception;
    }

    /**
     * Makes two nodes, neither of which listens, runs a body, and takes the nodes away.
     *
     * @param body the test
     * @throws Exception of the body
     */
    protected abstract void play(Play body) throws Exception;

    /**
     * Whether threads that the test makes itself may call.
     *
     * @return false in a simulation
     */
    protected boolean freeThreads() {
        return true;
    }

    /** A listening node, and links to it. */
    private static final class Pair {
        final End near;
        final End far;
        final Listening listening;

        Pair(Arena arena, boolean fragile) throws Exception {
            near = new End(arena.context());
            far = new End(arena.context());
            listening = arena.far().listen(far);
            arena.near().connect(fragile ? arena.fragile(listening) : arena.address(listening), near);
            near.link();
            far.link();
        }
    }

    private static Pair pair(Arena arena) throws Exception {
        return new Pair(arena, false);
    }

    private static byte[] content(long seed, int length) {
        byte[] bytes = new byte[length];
        Random random = new Random(seed);
        if ((seed & 1) == 0) {
            random.nextBytes(bytes);
        } else {
            // Something that can be compressed.
            Arrays.fill(bytes, (byte) seed);
            for (int i = 0; i < length; i += 97) {
                bytes[i] = (byte) random.nextInt();
            }
        }
        return bytes;
    }

    private static ByteBuffer numbered(int number, int length) {
        byte[] bytes = content(number, length);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(0, number);
        return ByteBuffer.wrap(bytes);
    }

    private static void sleep(Arena arena, long nanos) {
        arena.context().workers().newGate().await(nanos);
    }

    private static void eventually(Arena arena, String what, BooleanSupplier condition) {
        long deadline = arena.context().clock().monotonicNanos() + End.PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            assertTrue(arena.context().clock().monotonicNanos() < deadline, "waited in vain: " + what);
            sleep(arena, SECOND / 100);
        }
    }

    @Test
    public void framesOfAllLengthsArriveWholeAndInOrder() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            int most = pair.near.link().maxFrameBytes();
            assertTrue(most >= Link.LEAST_MAX_FRAME_BYTES);
            int[] lengths = {
                0, 1, 7, 0, 15, 16, 17, 511, 512, 4096, 4130, 65_535, 65_536, 131_072, 1 << 20, most - 1, most, 0, 3
            };
            for (int i = 0; i < lengths.length; i++) {
                pair.near.send(ByteBuffer.wrap(content(i, lengths[i])));
                assertArrayEquals(content(i, lengths[i]), pair.far.bytes(), "length " + lengths[i]);
            }
            for (int i = 0; i < lengths.length - 3; i++) {
                pair.far.send(ByteBuffer.wrap(content(i, Math.min(lengths[i], 65_536))));
            }
            for (int i = 0; i < lengths.length - 3; i++) {
                assertArrayEquals(content(i, Math.min(lengths[i], 65_536)), pair.near.bytes());
            }
        });
    }

    @Test
    public void partsAreJoinedCopiedAndLeftAlone() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            ByteBuffer first = ByteBuffer.allocateDirect(10)
                    .put(new byte[] {1, 2, 3, 4, 5})
                    .flip()
                    .position(2);
            ByteBuffer second =
                    ByteBuffer.wrap(new byte[] {9, 8, 7, 6}).asReadOnlyBuffer().limit(2);
            pair.near.send(first, ByteBuffer.allocate(0), second);
            assertEquals(2, first.position());
            assertEquals(0, second.position());
            first.put(2, (byte) 77);
            assertArrayEquals(new byte[] {3, 4, 5, 9, 8}, pair.far.bytes());
            pair.near.send();
            assertArrayEquals(new byte[0], pair.far.bytes());
        });
    }

    @Test
    public void aFrameThatIsTooLongIsRefusedAndTheLinkGoesOn() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            ByteBuffer half = ByteBuffer.allocate(pair.near.link().maxFrameBytes() / 2 + 1);
            assertThrows(IllegalArgumentException.class, () -> pair.near.trySend(half, half.duplicate()));
            pair.near.send(ByteBuffer.wrap(new byte[] {1}));
            assertArrayEquals(new byte[] {1}, pair.far.bytes());
        });
    }

    @Test
    public void bothDirectionsAtOnce() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            int count = 600;
            List<Workers.Worker> workers = new ArrayList<>();
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            for (End end : List.of(pair.near, pair.far)) {
                workers.add(worker(arena, "sender", thrown, () -> {
                    for (int i = 0; i < count; i++) {
                        end.send(numbered(i, 4 + i * 37 % 9000));
                    }
                }));
                workers.add(worker(arena, "receiver", thrown, () -> {
                    for (int i = 0; i < count; i++) {
                        assertArrayEquals(numbered(i, 4 + i * 37 % 9000).array(), end.bytes(), "frame " + i);
                    }
                }));
            }
            for (Workers.Worker worker : workers) {
                assertTrue(worker.join(End.PATIENCE_NANOS), "it takes too long");
            }
            assertNull(thrown.get());
        });
    }

    /** Whether something overtakes is the transport's business; that nothing is lost, and each urgency stays in order, is not. */
    @Test
    public void framesOfOneUrgencyKeepTheirOrder() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            int count = 900;
            Link.Urgency[] all = Link.Urgency.values();
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Workers.Worker sender = worker(arena, "sender", thrown, () -> {
                for (int i = 0; i < count; i++) {
                    pair.near.send(all[i % all.length], numbered(i, 4 + i * 37 % 9000));
                }
            });
            int[] next = {0, 1, 2};
            for (int i = 0; i < count; i++) {
                byte[] frame = pair.far.bytes();
                int number =
                        ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN).getInt();
                assertArrayEquals(numbered(number, 4 + number * 37 % 9000).array(), frame);
                assertEquals(next[number % all.length], number);
                next[number % all.length] += all.length;
            }
            assertTrue(sender.join(End.PATIENCE_NANOS), "it takes too long");
            assertNull(thrown.get());
        });
    }

    private static Workers.Worker worker(Arena arena, String name, AtomicReference<Throwable> thrown, Runnable body) {
        return arena.context().workers().start(name, () -> {
            try {
                body.run();
            } catch (RuntimeException | AssertionError e) {
                thrown.compareAndSet(null, e);
            }
        });
    }

    /** Hands in frames, of which so many were taken before, until it is refused for good; how many were taken in all. */
    private static int fill(Arena arena, End end, int length, int before) {
        int count = before;
        int refusals = 0;
        // What is under way goes on for a moment, so one refusal is not the last.
        while (refusals < 5) {
            if (end.trySend(numbered(count, length))) {
                count++;
                refusals = 0;
                assertTrue(
                        (long) count * (length + COST_OF_A_FRAME) <= arena.boundBytes() + length, "no back-pressure");
            } else {
                refusals++;
                sleep(arena, SECOND / 20);
            }
        }
        return count;
    }

    @Test
    public void aSenderStopsWhenNobodyReadsAndGoesOnWhenSomebodyDoes() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            int length = 60_000;
            int count = fill(arena, pair.near, length, 0);
            int before = pair.near.writables.get();
            // The last refusal has to be one behind which it is said that the link is writable again.
            while (pair.near.trySend(numbered(count, length))) {
                count = fill(arena, pair.near, length, count + 1);
                before = pair.near.writables.get();
            }
            int told = before;
            assertTrue(count >= 2L * Link.LEAST_MAX_FRAME_BYTES / length, "it stops after " + count);
            LinkFigures figures = pair.near.link().figures();
            assertTrue(
                    figures.creditBytes() < length + COST_OF_A_FRAME || figures.queuedBytes() > 0, figures.toString());
            // The other direction does not care.
            pair.far.send(ByteBuffer.wrap(new byte[] {5}));
            assertArrayEquals(new byte[] {5}, pair.near.bytes());
            for (int i = 0; i < count; i++) {
                assertArrayEquals(numbered(i, length).array(), pair.far.bytes(), "frame " + i);
            }
            pair.near.send(numbered(count, length));
            assertArrayEquals(numbered(count, length).array(), pair.far.bytes());
            eventually(arena, "it is said that it is writable", () -> pair.near.writables.get() > told);
        });
    }

    @Test
    public void emptyFramesAreBoundedToo() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            int count = 0;
            while (pair.near.trySend(ByteBuffer.allocate(0))) {
                count++;
                assertTrue((long) count * COST_OF_A_FRAME <= arena.boundBytes(), "no back-pressure");
            }
            for (int i = 0; i < count; i++) {
                assertEquals(0, pair.far.bytes().length);
            }
        });
    }

    @Test
    public void aFrameOfAnyLengthGoesWhenNothingIsUsed() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            int most = pair.near.link().maxFrameBytes();
            for (int i = 0; i < 12; i++) {
                pair.near.send(ByteBuffer.wrap(content(i, most)));
                assertArrayEquals(content(i, most), pair.far.bytes());
            }
        });
    }

    @Test
    public void aSlowReaderGetsAll() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            int count = 400;
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Workers.Worker sender = worker(arena, "sender", thrown, () -> {
                for (int i = 0; i < count; i++) {
                    pair.near.send(numbered(i, 50_000));
                }
            });
            for (int i = 0; i < count; i++) {
                if (i % 40 == 0) {
                    sleep(arena, SECOND / 50);
                }
                assertArrayEquals(numbered(i, 50_000).array(), pair.far.bytes(), "frame " + i);
            }
            assertTrue(sender.join(End.PATIENCE_NANOS));
            assertNull(thrown.get());
        });
    }

    @Test
    public void framesAreLentUntilTheyAreReleased() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            List<Link.Frame> held = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                pair.near.send(numbered(i, 10_000));
                held.add(pair.far.receive());
            }
            // Out of order, and while others come and go.
            for (int i = 19; i >= 0; i--) {
                pair.near.send(numbered(100 + i, 10_000));
                assertArrayEquals(numbered(100 + i, 10_000).array(), pair.far.bytes());
                ByteBuffer content = held.get(i).content();
                assertEquals(ByteBuffer.wrap(numbered(i, 10_000).array()), content);
                assertEquals(0, held.get(i).content().position(), "each buffer is a new one");
                if (i > 5) {
                    held.get(i).release();
                }
            }
            assertThrows(IllegalStateException.class, () -> held.get(19).release());
            pair.far.close("enough");
            pair.far.ending();
            pair.near.ending();
            assertEquals(
                    ByteBuffer.wrap(numbered(3, 10_000).array()), held.get(3).content());
            held.get(3).release();
        });
    }

    @Test
    public void framesThatAreKeptHoldNobodyUp() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            List<ByteBuffer> kept = new ArrayList<>();
            // More than any window that a transport here has.
            for (int i = 0; i < 40; i++) {
                pair.near.send(numbered(i, 1_000_000));
                Link.Frame frame = pair.far.receive();
                kept.add(frame.keep());
                assertThrows(IllegalStateException.class, frame::release);
                assertThrows(IllegalStateException.class, frame::keep);
            }
            pair.near.close("enough");
            pair.far.ending();
            for (int i = 0; i < 40; i++) {
                assertEquals(numbered(i, 1_000_000), kept.get(i).position(0), "frame " + i);
            }
        });
    }

    @Test
    public void framesThatAreDoneWithDoNotTouchOthers() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            List<Link.Frame> frames = new ArrayList<>();
            List<ByteBuffer> kept = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                pair.near.send(numbered(i, i % 2 == 0 ? 300_000 : 1_000_000));
                frames.add(pair.far.receive());
                kept.add(frames.get(i).keep());
                if (i >= 3 && i % 3 == 0) {
                    frames.get(i - 3).done();
                }
            }
            for (int i = 0; i < 60; i++) {
                if (i % 3 != 0) {
                    assertEquals(
                            numbered(i, i % 2 == 0 ? 300_000 : 1_000_000),
                            kept.get(i).position(0),
                            "frame " + i);
                }
            }
            pair.near.close("enough");
            pair.far.ending();
            assertEquals(numbered(59, 1_000_000), kept.get(59).position(0));
            frames.get(59).done();
        });
    }

    @Test
    public void theInitiatorClosesWithAReason() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            closeWithReason(pair.near, pair.far);
        });
    }

    @Test
    public void theAcceptorClosesWithAReason() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            closeWithReason(pair.far, pair.near);
        });
    }

    private static void closeWithReason(End closing, End other) throws StorageException {
        other.send(ByteBuffer.wrap(new byte[] {4}));
        for (int i = 0; i < 50; i++) {
            closing.send(numbered(i, 20_000));
        }
        closing.close("the peer f\u00fcnf is not wanted");
        closing.close("a second reason does not count");
        assertFalse(closing.trySend(ByteBuffer.allocate(1)));
        StorageException here = closing.ending();
        assertEquals(Reason.CLOSED, here.reason(), here.getMessage());
        assertTrue(here.getMessage().contains("the peer f\u00fcnf is not wanted"), here.getMessage());
        StorageException there = other.ending();
        assertEquals(Reason.CLOSED, there.reason(), there.getMessage());
        assertTrue(there.getMessage().contains("the peer f\u00fcnf is not wanted"), there.getMessage());
        assertFalse(other.trySend(ByteBuffer.allocate(1)));
        for (int i = 0; i < 50; i++) {
            assertArrayEquals(numbered(i, 20_000).array(), other.bytes(), "sent before the close");
        }
        other.expectNothing();
        closing.check();
        other.check();
    }

    /** What the peer sends on does not take from it what was said before, be it read or not. */
    @Test
    public void aPeerThatGoesOnSendingHearsAllBeforeTheClose() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Workers.Worker sender =
                    worker(arena, "sender", thrown, () -> pair.near.sendUntilClosed(numbered(7, 20_000)));
            for (int i = 0; i < 20; i++) {
                assertArrayEquals(numbered(7, 20_000).array(), pair.far.bytes(), "frame " + i);
            }
            for (int i = 0; i < 50; i++) {
                pair.far.send(numbered(i, 20_000));
            }
            pair.far.close("that is enough");
            StorageException near = pair.near.ending();
            assertEquals(Reason.CLOSED, near.reason(), near.getMessage());
            assertTrue(near.getMessage().contains("that is enough"), near.getMessage());
            for (int i = 0; i < 50; i++) {
                assertArrayEquals(numbered(i, 20_000).array(), pair.near.bytes(), "sent before the close");
            }
            pair.near.expectNothing();
            assertTrue(sender.join(End.PATIENCE_NANOS), "the sender is not told of the end");
            assertNull(thrown.get());
        });
    }

    @Test
    public void bothCloseAtOnce() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            pair.near.send(ByteBuffer.wrap(new byte[] {1}));
            pair.far.send(ByteBuffer.wrap(new byte[] {2}));
            pair.near.close("near");
            pair.far.close("far");
            StorageException near = pair.near.ending();
            StorageException far = pair.far.ending();
            assertEquals(Reason.CLOSED, near.reason(), near.getMessage());
            assertEquals(Reason.CLOSED, far.reason(), far.getMessage());
        });
    }

    @Test
    public void anAbruptEndIsNoticedOnBothSides() throws Exception {
        play(arena -> {
            Pair pair = new Pair(arena, true);
            pair.near.send(ByteBuffer.wrap(new byte[] {1}));
            assertArrayEquals(new byte[] {1}, pair.far.bytes());
            arena.cut();
            StorageException near = pair.near.ending();
            StorageException far = pair.far.ending();
            assertEquals(Reason.UNAVAILABLE, near.reason(), near.getMessage());
            assertEquals(Reason.UNAVAILABLE, far.reason(), far.getMessage());
            assertFalse(near.remedy().isEmpty());
            assertFalse(pair.near.trySend(ByteBuffer.allocate(1)));
            pair.near.expectNothing();
            pair.far.expectNothing();
        });
    }

    @Test
    public void linksDoNotMix() throws Exception {
        play(arena -> {
            int links = 24;
            List<End> accepted = new CopyOnWriteArrayList<>();
            Listening listening = arena.far().listen(link -> {
                End end = new End(arena.context());
                accepted.add(end);
                return end.opened(link);
            });
            List<End> opened = new ArrayList<>();
            for (int i = 0; i < links; i++) {
                End end = new End(arena.context());
                arena.near().connect(arena.address(listening), end);
                end.link();
                end.send(numbered(i, 100));
                opened.add(end);
            }
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < links; i++) {
                    opened.get(i).send(numbered(i, 3_000));
                }
            }
            eventually(arena, "all links are taken", () -> accepted.size() == links);
            boolean[] seen = new boolean[links];
            for (End end : accepted) {
                int number = ByteBuffer.wrap(end.bytes())
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getInt();
                assertFalse(seen[number]);
                seen[number] = true;
                for (int round = 0; round < 5; round++) {
                    assertArrayEquals(numbered(number, 3_000).array(), end.bytes());
                }
                end.send(numbered(number, 50));
            }
            for (int i = 0; i < links; i++) {
                assertArrayEquals(numbered(i, 50).array(), opened.get(i).bytes());
            }
            assertEquals(links, arena.near().status().links());
            assertEquals(links, arena.far().status().links());
        });
    }

    @Test
    public void aConnectToNowhereFailsAndSaysWhatToDo() throws Exception {
        play(arena -> {
            End end = new End(arena.context());
            arena.near().connect(arena.nowhere(), end);
            StorageException failure = end.failure();
            assertEquals(Reason.UNAVAILABLE, failure.reason(), failure.getMessage());
            assertTrue(failure.getMessage().contains(arena.nowhere().text()), failure.getMessage());
            assertFalse(failure.remedy().isEmpty());
        });
    }

    @Test
    public void anAttemptThatIsGivenUpHasOneOutcome() throws Exception {
        play(arena -> {
            Listening listening = arena.far().listen(link -> new End(arena.context()).opened(link));
            for (int i = 0; i < 10; i++) {
                End end = new End(arena.context());
                ReplicationTransport.Connecting attempt = arena.near().connect(arena.address(listening), end);
                attempt.close();
                attempt.close();
                if (end.outcomeIsLink()) {
                    end.send(ByteBuffer.allocate(1));
                } else {
                    assertEquals(Reason.CLOSED, end.failure().reason());
                }
            }
        });
    }

    @Test
    public void aRefusedLinkIsClosed() throws Exception {
        play(arena -> {
            AtomicReference<String> name = new AtomicReference<>();
            Listening listening = arena.far().listen(link -> {
                name.set(link.peerName());
                return null;
            });
            End end = new End(arena.context());
            arena.near().connect(arena.address(listening), end);
            if (end.outcomeIsLink()) {
                assertEquals(Reason.CLOSED, end.ending().reason());
            }
            assertNotNull(name.get());
        });
    }

    @Test
    public void oneTakesLinksAtATimeAndLinksOutliveIt() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            StorageException busy =
                    assertThrows(StorageException.class, () -> arena.far().listen(link -> null));
            assertEquals(Reason.BUSY, busy.reason());
            assertFalse(pair.listening.addresses().isEmpty());
            var address = arena.address(pair.listening);
            pair.listening.close();
            pair.listening.close();
            assertTrue(pair.listening.addresses().isEmpty());
            End late = new End(arena.context());
            arena.near().connect(address, late);
            assertEquals(Reason.UNAVAILABLE, late.failure().reason());
            pair.near.send(ByteBuffer.wrap(new byte[] {1}));
            assertArrayEquals(new byte[] {1}, pair.far.bytes());
            End again = new End(arena.context());
            Listening second = arena.far().listen(again);
            arena.near().connect(arena.address(second), new End(arena.context()));
            again.link();
        });
    }

    @Test
    public void aTransportThatGoesAwayTellsItsUsers() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            pair.far.send(ByteBuffer.wrap(new byte[] {1}));
            assertArrayEquals(new byte[] {1}, pair.near.bytes());
            arena.stopFar();
            assertEquals(Reason.STALE_SERVICE, pair.far.ending().reason());
            Reason near = pair.near.ending().reason();
            assertTrue(near == Reason.CLOSED || near == Reason.UNAVAILABLE, near.toString());
            assertEquals(
                    Reason.STALE_SERVICE,
                    assertThrows(StorageException.class, () -> arena.far().listen(pair.far))
                            .reason());
            End late = new End(arena.context());
            arena.far().connect(arena.nowhere(), late);
            assertEquals(Reason.STALE_SERVICE, late.failure().reason());
        });
    }

    @Test
    public void figuresCountWhatWasCarried() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            for (int i = 0; i < 10; i++) {
                pair.near.send(numbered(i, 1000));
            }
            for (int i = 0; i < 10; i++) {
                pair.far.bytes();
            }
            pair.far.send(ByteBuffer.allocate(1));
            pair.near.bytes();
            LinkFigures sent = pair.near.link().figures();
            assertEquals(10, sent.framesSent());
            assertEquals(10_000, sent.bytesSent());
            assertEquals(1, sent.framesReceived());
            assertTrue(sent.wireBytesSent() + sent.savedBytes() >= 10_000, sent.toString());
            assertTrue(sent.idleNanos() < End.PATIENCE_NANOS && sent.silentNanos() <= sent.idleNanos() + SECOND);
            LinkFigures received = pair.far.link().figures();
            assertEquals(10, received.framesReceived());
            assertEquals(10_000, received.bytesReceived());
            assertFalse(pair.near.link().peerName().isBlank());
            eventually(arena, "it is pinged", () -> pair.near.link().figures().roundTripNanos() > 0);
            eventually(
                    arena,
                    "pings are no frames",
                    () -> pair.near.link().figures().idleNanos() >= SECOND / 2);
        });
    }

    @Test
    public void nothingIsSaidThatNobodyWaitsFor() throws Exception {
        play(arena -> {
            Pair pair = pair(arena);
            for (int i = 0; i < 5; i++) {
                int sent = i + 1;
                pair.near.send(numbered(i, 100));
                eventually(arena, "it arrives", () -> pair.far.link().figures().framesReceived() == sent);
            }
            // Nobody has polled: one call for all, and a moment for a wrong one.
            eventually(arena, "it is readable", () -> pair.far.readables.get() > 0);
            sleep(arena, SECOND / 100);
            assertEquals(1, pair.far.readables.get());
            for (int i = 0; i < 5; i++) {
                pair.far.bytes();
            }
            assertEquals(0, pair.near.writables.get());
            assertNull(pair.far.link().poll());
            pair.near.send(numbered(5, 100));
            pair.far.bytes();
            eventually(arena, "it is readable", () -> pair.far.readables.get() > 1);
            sleep(arena, SECOND / 100);
            assertEquals(2, pair.far.readables.get());
            pair.near.check();
            pair.far.check();
        });
    }

    /** A callback that waits is wrong, but it shows whether somebody holds a lock meanwhile. */
    @Test
    public void callbacksHoldNoLock() throws Exception {
        if (!freeThreads()) {
            return;
        }
        play(arena -> {
            AtomicReference<Link> link = new AtomicReference<>();
            AtomicReference<String> wrong = new AtomicReference<>();
            Workers.Gate told = arena.context().workers().newGate();
            Listening listening = arena.far().listen(opened -> {
                link.set(opened);
                return new LinkListener() {
                    @Override
                    public void readable() {
                        Thread thread = new Thread(() -> {
                            link.get().figures();
                            link.get().trySend(ByteBuffer.allocate(1));
                            link.get().poll().release();
                            arena.far().status();
                            link.get().close("seen");
                        });
                        thread.start();
                        try {
                            thread.join(5000);
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                        if (thread.isAlive()) {
                            wrong.set("a lock is held while readable is called");
                        }
                        told.open();
                    }

                    @Override
                    public void writable() {}

                    @Override
                    public void closed(StorageException why) {}
                };
            });
            End near = new End(arena.context());
            arena.near().connect(arena.address(listening), near);
            near.send(ByteBuffer.wrap(new byte[] {1}));
            assertTrue(told.await(End.PATIENCE_NANOS));
            assertNull(wrong.get());
            assertEquals(1, near.bytes().length, "sent before the close");
            assertEquals(Reason.CLOSED, near.ending().reason());
        });
    }
}
