package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.PeerProgress;
import io.tidemark.faults.NetworkFaults;
import io.tidemark.mirror.internal.identity.NodeKey;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two sites under a simulated network: everything arrives once and in order, whatever happens to links and nodes. */
class MirrorSimulationTest {
    /** As a copy reads it. */
    private static final int CHUNK_BYTES = BlockImage.LONG_BYTES;

    private static final int SEEDS =
            Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 4 : 8);

    private static void linked(TwoSites sites) {
        assertTrue(
                sites.machine.awaitUntil(() -> sites.b.mirror.peers().get(0).linked(), 10 * SECOND),
                () -> sites.b.mirror.peers().toString());
    }

    @Test
    void anImageIsCopiedAndFollowed() {
        TwoSites.play(1, SEEDS, sites -> {
            MemoryImage image = sites.newImage("disk");
            sites.a.boot();
            sites.write(image, 30, 8192);
            sites.b.boot();
            sites.b.wish("disk");
            for (int round = 0; round < 10; round++) {
                sites.machine.sleep(SECOND / 100);
                sites.write(image, 5, 8192);
            }
            sites.awaitEqual("disk", 30 * SECOND);
            sites.write(image, 20, 8192);
            sites.awaitEqual("disk", 5 * SECOND);
            assertTrue(
                    sites.machine.awaitUntil(
                            () -> sites.b.state("disk").startsWith("idle, has everything")
                                    && sites.a.state("disk").startsWith("idle"),
                            5 * SECOND),
                    () -> sites.b.state("disk") + " / " + sites.a.state("disk"));
            assertTrue(sites.machine.awaitUntil(() -> kept(image) == image.journal.durable(), 5 * SECOND));
            assertEquals(
                    image.journal.durable(), sites.a.engine.peers.get("disk<b").replayed());
        });
    }

    private static long kept(MemoryImage image) {
        List<JournalClient> clients = image.journal.clients();
        assertEquals(1, clients.size());
        return clients.get(0).commit().sequence();
    }

    /** As another channel for the same replica may have kept it, between two looks of this one. */
    @Test
    void whatIsKeptOfAReplicaNeverGoesBack() {
        TwoSites.play(150, 2, sites -> {
            MemoryImage image = sites.following("disk");
            sites.write(image, 3, 512);
            sites.awaitEqual("disk", 5 * SECOND);
            image.journal.withhold();
            long before = image.journal.durable();
            sites.write(image, 4, 512);
            sites.machine.sleep(SECOND);
            long durable = image.journal.durable();
            JournalClient known = image.journal.clients().get(0);
            image.journal.putClient(new JournalClient(
                    known.id(),
                    known.description(),
                    new Position(known.commit().epoch(), durable),
                    known.state(),
                    known.seenNanos(),
                    known.applied()));
            image.journal.give(before + 2);
            assertTrue(
                    sites.machine.awaitUntil(() -> sites.b.image("disk").journal.durable() == before + 2, 10 * SECOND));
            sites.machine.sleep(5 * SECOND);
            assertEquals(durable, kept(image));
            assertEquals(before + 2, image.journal.clients().get(0).applied(), "and it was kept again since");
        });
    }

    /** Somebody takes its configuration away, or the node that starts has not been told of it yet. */
    @Test
    void aReplicaThatIsClosedForAWhileKeepsItsPlaceInTheJournal() {
        TwoSites.play(170, SEEDS, sites -> {
            MemoryImage image = sites.following("disk");
            sites.write(image, 3, 512);
            sites.awaitEqual("disk", 5 * SECOND);
            MemoryImage replica = sites.b.image("disk");
            assertTrue(sites.machine.awaitUntil(() -> kept(image) == image.journal.durable(), 5 * SECOND));
            long before = kept(image);
            sites.b.engine.close("disk");
            sites.write(image, 5, 512);
            sites.machine.sleep(10 * SECOND);
            if (sites.random.coin()) {
                sites.network.reset("a", "b");
                sites.machine.sleep(10 * SECOND);
            }
            assertEquals(before, kept(image));
            image.journal.trim(image.journal.durable());
            sites.b.engine.open("disk");
            sites.awaitEqual("disk", 30 * SECOND);
            assertSame(replica, sites.b.image("disk"));

            // What is really gone is made again, and is where that begins.
            sites.b.engine.delete("disk");
            sites.write(image, 5, 512);
            image.journal.trim(image.journal.durable());
            sites.awaitEqual("disk", 30 * SECOND);
            assertNotSame(replica, sites.b.image("disk"));
            assertTrue(sites.machine.awaitUntil(() -> kept(image) == image.journal.durable(), 5 * SECOND));
        });
    }

    @Test
    void anEmptyImageIsFollowedToo() {
        TwoSites.play(100, SEEDS, sites -> {
            MemoryImage image = sites.following("disk");
            sites.write(image, 3, 512);
            sites.awaitEqual("disk", 5 * SECOND);
        });
    }

    /** Cuts, stalls, half-open links, played-back sessions and dead processes on both sides, under writes. */
    @Test
    void everythingArrivesOnceAndInOrderWhateverHappens() {
        TwoSites.play(200, 2 * SEEDS, sites -> {
            MemoryImage image = sites.newImage("disk");
            MemoryImage other = sites.newImage("other");
            sites.a.dials = sites.random.coin();
            sites.a.boot();
            sites.write(image, 20, 8192);
            sites.b.wish("disk");
            sites.b.wish("other");
            sites.b.boot();
            sites.network.faults(new NetworkFaults(1_000, 500, 300, 20_000, 500));
            for (int round = 0; round < 12; round++) {
                sites.write(image, 1 + sites.random.below(10), 16384);
                sites.write(other, sites.random.below(3), 2048);
                sites.machine.sleep(sites.random.below(SECOND));
                mishap(sites);
            }
            sites.network.faults(NetworkFaults.NONE);
            sites.network.heal("a", "b");
            sites.awaitEqual("disk", 60 * SECOND);
            sites.awaitEqual("other", 60 * SECOND);
            sites.write(image, 3, 512);
            sites.awaitEqual("disk", 10 * SECOND);
        });
    }

    private static void mishap(TwoSites sites) throws Exception {
        switch (sites.random.below(8)) {
            case 0 -> sites.network.cut("a", "b");
            case 1, 2 -> sites.network.heal("a", "b");
            case 3 -> sites.network.halfOpen(sites.random.coin() ? "a" : "b", sites.random.coin() ? "b" : "a");
            case 4 -> sites.network.stall("a", "b", sites.random.below(3 * SECOND));
            case 5 -> sites.a.restart();
            case 6 -> sites.b.restart();
            default -> sites.network.reset("a", "b");
        }
    }

    @Test
    void aCopyThatIsCutGoesOn() {
        TwoSites.play(300, SEEDS, sites -> {
            sites.settings =
                    new MirrorSettings(1 << 18, 64 << 20, 2, 1 << 20, 5 * SECOND, SECOND / 10, SECOND, SECOND / 5);
            MemoryImage image = sites.newImage("disk");
            sites.a.boot();
            sites.write(image, 40, 32768);
            sites.b.wish("disk");
            sites.b.boot();
            for (int round = 0; round < 3; round++) {
                sites.machine.sleep(sites.random.below(SECOND / 2));
                sites.write(image, 3, 4096);
                sites.network.reset("a", "b");
            }
            sites.b.restart();
            sites.awaitEqual("disk", 60 * SECOND);
        });
    }

    /** Slow enough that a note is due with each chunk. */
    static MemoryImage copiedSlowly(TwoSites sites, long bytesPerSecond, String... names) throws Exception {
        sites.settings =
                new MirrorSettings(1 << 19, 64 << 20, 1, bytesPerSecond, 5 * SECOND, SECOND / 10, SECOND, SECOND / 5);
        MemoryImage image = null;
        for (String name : names) {
            image = sites.newImage(name);
        }
        sites.a.boot();
        for (String name : names) {
            byte[] data = new byte[CHUNK_BYTES];
            Arrays.fill(data, (byte) name.length());
            for (int at = 0; at < MemoryImage.SIZE_BYTES; at += CHUNK_BYTES) {
                sites.a.image(name).write(at, data, sites.a.process.clock().wallNanos());
            }
            sites.b.wish(name);
        }
        sites.a.engine.wake();
        sites.b.boot();
        return image;
    }

    static long copied(TwoSites sites, String name) {
        MemoryImage image = sites.b.image(name);
        return image == null ? 0 : image.copiedBytes;
    }

    /** What was copied in the last second before a cut is copied again, and nothing else: of a small image, too. */
    @Test
    void aCutCostsNoMoreThanASecondOfACopy() {
        TwoSites.play(310, 2 * SEEDS, sites -> {
            long rate = CHUNK_BYTES / 2;
            copiedSlowly(sites, rate, "disk");
            assertTrue(sites.machine.awaitUntil(() -> copied(sites, "disk") >= 3 * CHUNK_BYTES, 20 * SECOND));
            sites.machine.sleep(sites.random.below(SECOND));
            switch (sites.random.below(3)) {
                case 0 -> sites.a.restart();
                case 1 -> sites.b.restart();
                default -> sites.network.reset("a", "b");
            }
            sites.awaitEqual("disk", 60 * SECOND);
            long again = copied(sites, "disk") - MemoryImage.SIZE_BYTES;
            assertTrue(again <= rate + CHUNK_BYTES, () -> again + " bytes were copied twice");
        });
    }

    @Test
    void theRateOfCopiesChangesWhileTheyRun() {
        TwoSites.play(320, SEEDS, sites -> {
            long rate = CHUNK_BYTES / 8;
            copiedSlowly(sites, rate, "disk");
            assertTrue(sites.machine.awaitUntil(() -> copied(sites, "disk") > 0, 20 * SECOND));
            sites.machine.sleep(8 * SECOND);
            long slow = copied(sites, "disk");
            assertTrue(slow <= 2 * CHUNK_BYTES, () -> slow + " bytes");
            sites.a.mirror.copies(1, 8 * rate);
            // A whole chunk may have gone just now, and is paid for first.
            sites.machine.sleep(SECOND + SECOND / 4);
            long faster = copied(sites, "disk") - slow;
            assertTrue(
                    faster >= CHUNK_BYTES / 2 && faster <= 2 * CHUNK_BYTES,
                    () -> faster + " bytes, " + slow + " before");
            sites.a.mirror.copies(1, 0);
            sites.awaitEqual("disk", SECOND);
        });
    }

    @Test
    void theNumberOfCopiesChangesWhileTheyRun() {
        TwoSites.play(330, SEEDS, sites -> {
            copiedSlowly(sites, CHUNK_BYTES, "one", "other");
            assertTrue(sites.machine.awaitUntil(
                    () -> copied(sites, "one") + copied(sites, "other") >= CHUNK_BYTES, 20 * SECOND));
            sites.machine.sleep(SECOND / 2);
            assertTrue(copied(sites, "one") == 0 || copied(sites, "other") == 0, "one at a time");
            sites.a.mirror.copies(2, CHUNK_BYTES);
            assertTrue(sites.machine.awaitUntil(
                    () -> copied(sites, "one") > 0 && copied(sites, "other") > 0, SECOND + SECOND / 2));
            sites.awaitEqual("one", 20 * SECOND);
            sites.awaitEqual("other", 20 * SECOND);
        });
    }

    @Test
    void aCopyDoesNotWaitForTheReplicaThatItMakes() {
        TwoSites.play(350, SEEDS, sites -> {
            sites.settings =
                    new MirrorSettings(1 << 18, 64 << 20, 2, 1 << 20, 5 * SECOND, SECOND / 10, SECOND, SECOND / 5);
            MemoryImage image = sites.newImage("disk");
            image.flushesWait = true;
            sites.a.boot();
            sites.write(image, 40, 32768);
            sites.b.wish("disk");
            sites.b.boot();
            for (int round = 1; round <= 200; round++) {
                // Nobody but the copy has it forced.
                sites.machine.sleep(SECOND / 100);
                image.write(
                        4096L * round,
                        new byte[] {(byte) round},
                        sites.a.process.clock().wallNanos());
            }
            sites.a.engine.wake();
            sites.awaitEqual("disk", 60 * SECOND);
        });
    }

    /** The source may get back what was there; whoever had noted that it is copied would keep the hole. */
    @Test
    void aHoleIsNotCopiedBeforeItIsDurable() {
        TwoSites.play(680, SEEDS, sites -> {
            MemoryImage image = sites.newImage("disk");
            sites.a.boot();
            byte[] written = new byte[64 << 10];
            Arrays.fill(written, (byte) 7);
            image.write(0, written, 0);
            sites.machine.sleep(SECOND);
            assertEquals(image.journal.appended(), image.journal.durable());
            image.stopped = true;
            image.flushesWait = true;
            image.write(0, new byte[written.length], 0);
            sites.b.boot();
            sites.b.wish("disk");
            sites.machine.sleep(3 * SECOND);
            assertEquals(0, sites.b.image("disk").zeroedBytes, "of what a crash takes back");
            if (sites.random.coin()) {
                sites.a.restart();
                assertEquals(7, image.bytes[0]);
            }
            image.stopped = false;
            image.flushesWait = false;
            sites.a.engine.wake();
            sites.awaitEqual("disk", 30 * SECOND);
            assertTrue(sites.b.image("disk").zeroedBytes > 0);
        });
    }

    /** Who waits for replicas would wait for ever for one that has everything and so has nothing to say. */
    @Test
    void aReplicaCountsAsSoonAsItIsLinkedAgain() {
        TwoSites.play(360, SEEDS, sites -> {
            MemoryImage image = sites.newImage("disk");
            sites.a.boot();
            sites.write(image, 10, 8192);
            sites.b.wish("disk");
            sites.b.boot();
            sites.awaitEqual("disk", 30 * SECOND);
            awaitCounts(sites, true);
            sites.network.cut("a", "b");
            awaitCounts(sites, false);
            sites.network.heal("a", "b");
            awaitCounts(sites, true);
            assertEquals(
                    image.journal.durable(), sites.a.engine.peers.get("disk<b").received());
            sites.a.restart();
            awaitCounts(sites, true);
        });
    }

    /** Its bytes are copied, and no position of the source before more has come: if that is lost, nothing can be made of them. */
    @Test
    void aReplicaThatIsNotConsistentDoesNotCountWhenItIsLinkedAgain() {
        TwoSites.play(700, SEEDS, sites -> {
            sites.settings =
                    new MirrorSettings(1 << 18, 64 << 20, 2, 1 << 20, 5 * SECOND, SECOND / 10, SECOND, SECOND / 5);
            MemoryImage image = sites.newImage("disk");
            sites.a.boot();
            sites.write(image, 10, 8192);
            sites.b.wish("disk");
            sites.b.boot();
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.b.image("disk") != null && sites.b.image("disk").copiedRanges > 0, 30 * SECOND));
            image.journal.withhold();
            sites.write(image, 5, 512);
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.b.image("disk").consistency == Consistency.REPLAYING, 30 * SECOND));
            long consistentAt = sites.b.image("disk").consistentAt;
            assertEquals(image.journal.durable(), consistentAt);
            sites.network.cut("a", "b");
            awaitCounts(sites, false);
            sites.network.heal("a", "b");
            if (sites.random.coin()) {
                sites.b.restart();
            }
            linked(sites);
            image.journal.give(consistentAt - 1);
            sites.machine.sleep(5 * SECOND);
            assertEquals(consistentAt - 1, sites.a.engine.peers.get("disk<b").received());
            assertFalse(sites.a.engine.peers.get("disk<b").reachable());
            image.journal.giveAll();
            awaitCounts(sites, true);
            sites.awaitEqual("disk", 30 * SECOND);
        });
    }

    private static void awaitCounts(TwoSites sites, boolean counts) {
        assertTrue(
                sites.machine.awaitUntil(
                        () -> {
                            PeerProgress known = sites.a.engine.peers.get("disk<b");
                            return (known != null && known.reachable()) == counts;
                        },
                        30 * SECOND),
                () -> "not " + counts + ": " + sites.a.engine.peers + ", " + sites.a.state("disk"));
    }

    /** The replica that takes nothing costs what its window allows, and the others do not feel it. */
    @Test
    void aSlowReplicaHoldsUpNeitherMemoryNorOthers() {
        TwoSites.play(400, SEEDS, sites -> {
            MemoryImage slow = sites.newImage("slow");
            MemoryImage fast = sites.newImage("fast");
            sites.a.boot();
            sites.b.boot();
            sites.b.wish("slow");
            sites.b.wish("fast");
            sites.awaitEqual("slow", 30 * SECOND);
            sites.awaitEqual("fast", 30 * SECOND);
            MemoryImage taken = sites.b.image("slow");
            taken.roomBytes = 100_000;
            taken.stopped = true;
            long before = slow.journal.readBytes - taken.offeredBytes;
            sites.write(slow, 300, 32768);
            sites.write(fast, 30, 32768);
            sites.awaitEqual("fast", 10 * SECOND);
            sites.machine.sleep(2 * SECOND);
            long ahead = slow.journal.readBytes - taken.offeredBytes - before;
            long bound = sites.settings.windowBytes() + SourceSide.QUANTUM_BYTES;
            assertTrue(ahead > sites.settings.windowBytes() / 2, "it sends ahead: " + ahead);
            assertTrue(ahead <= bound, ahead + " bytes ahead, " + bound + " allowed");
            assertTrue(sites.b.state("slow").startsWith("waits for room"), sites.b.state("slow"));
            taken.stopped = false;
            sites.awaitEqual("slow", 30 * SECOND);
        });
    }

    @Test
    void aLongBacklogLetsManyShortOnesThrough() {
        TwoSites.play(500, 3, sites -> {
            MemoryImage big = sites.newImage("big");
            for (int i = 0; i < 20; i++) {
                sites.newImage("small" + i);
            }
            sites.a.boot();
            sites.b.boot();
            sites.b.wish("big");
            for (int i = 0; i < 20; i++) {
                sites.b.wish("small" + i);
            }
            sites.awaitEqual("big", 60 * SECOND);
            for (int i = 0; i < 20; i++) {
                sites.awaitEqual("small" + i, 60 * SECOND);
            }
            sites.network.cut("a", "b");
            sites.machine.sleep(SECOND);
            sites.write(big, 1500, 32768);
            for (int i = 0; i < 20; i++) {
                sites.write(sites.a.image("small" + i), 20, 4096);
            }
            sites.machine.sleep(SECOND / 10);
            long read = big.journal.readBytes;
            sites.network.heal("a", "b");
            for (int i = 0; i < 20; i++) {
                sites.awaitEqual("small" + i, 60 * SECOND);
            }
            long early = big.journal.readBytes - read;
            long all = big.journal.kept(1, big.journal.durable()).stream()
                    .mapToLong(kept -> kept.body().length)
                    .sum();
            assertTrue(early < all * 3 / 4, early + " of " + all + " bytes of the big one went first");
            sites.awaitEqual("big", 60 * SECOND);
        });
    }

    /** Orders that are repeated, or come from two peers, wait for the same. */
    @Test
    void allWhoWaitForAReplicaAreToldWhenItIsMade() {
        TwoSites.play(4800, 3, sites -> {
            sites.newImage("disk");
            sites.b.boot();
            sites.b.wish("disk");
            AtomicInteger told = new AtomicInteger();
            for (int i = 0; i < 3; i++) {
                sites.b.process.workers().start("waits-" + i, () -> {
                    try {
                        sites.b.mirror.awaitMade("disk", 60 * SECOND);
                        told.incrementAndGet();
                    } catch (StorageException e) {
                        sites.broken.add(e.toString());
                    }
                });
            }
            sites.machine.sleep(SECOND);
            sites.a.boot();
            assertTrue(sites.machine.awaitUntil(() -> told.get() == 3, 20 * SECOND), told::toString);
        });
    }

    /** A store that is replaced under a replica: nothing is lost, sent again or asked for again. */
    @Test
    void aSuspendedReplicaGoesOnWhereItStopped() {
        TwoSites.play(550, SEEDS, sites -> {
            MemoryImage image = sites.newImage("disk");
            sites.a.boot();
            sites.write(image, 20, 8192);
            sites.b.wish("disk");
            sites.b.boot();
            assertTrue(sites.machine.awaitUntil(() -> sites.b.image("disk") != null, 10 * SECOND));
            for (int round = 0; round < 6; round++) {
                sites.b.image("disk").suspended = sites.random.coin();
                sites.write(image, 5, 8192);
                sites.machine.sleep(sites.random.below(SECOND));
            }
            sites.b.image("disk").suspended = false;
            sites.awaitEqual("disk", 30 * SECOND);
            assertEquals(1, sites.a.mirror.channels(any -> true).size());
            assertTrue(sites.a.engine.peers.get("disk<b").reachable());
        });
    }

    // ---- who is let in

    @Test
    void aWrongPeerIsRefusedOnBothSides() {
        TwoSites.play(600, 3, sites -> {
            sites.newImage("disk");
            sites.a.boot();
            sites.b.peerKey = NodeKey.generate().toString();
            sites.b.wish("disk");
            sites.b.boot();
            sites.machine.sleep(5 * SECOND);
            assertFalse(sites.b.mirror.peers().get(0).linked());
            assertEquals(0, sites.network.openLinks());
            assertTrue(
                    sites.b.mirror.peers().get(0).state().contains("key"),
                    () -> sites.b.mirror.peers().toString());
            assertTrue(sites.b.images.isEmpty());
        });
    }

    @Test
    void anUnknownPeerIsRefused() {
        TwoSites.play(610, 3, sites -> {
            sites.newImage("disk");
            sites.a.peerKey = NodeKey.generate().toString();
            sites.a.boot();
            sites.b.wish("disk");
            sites.b.boot();
            sites.machine.sleep(5 * SECOND);
            assertFalse(sites.a.mirror.peers().get(0).linked());
            assertEquals(0, sites.network.openLinks());
            assertTrue(sites.b.images.isEmpty());
        });
    }

    @Test
    void theFirstKeyIsPinnedWhereThatIsWanted() {
        TwoSites.play(620, 3, sites -> {
            sites.newImage("disk");
            sites.a.boot();
            sites.b.peerKey = "";
            sites.b.wish("disk");
            sites.b.boot();
            sites.awaitEqual("disk", 30 * SECOND);
            assertEquals(sites.a.key.toString(), sites.b.peerKey);
        });
    }

    @Test
    void anImageThatIsNotForThePeerIsRefused() {
        TwoSites.play(630, 3, sites -> {
            sites.newImage("secret");
            sites.a.boot();
            sites.b.wish("secret");
            sites.b.wish("none");
            sites.b.boot();
            linked(sites);
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.b.state("secret").contains("not for the peer")
                            && sites.b.state("none").contains("no image"),
                    10 * SECOND));
            assertTrue(sites.b.images.isEmpty());
            assertEquals(List.of(), sites.a.image("secret").journal.clients());
        });
    }

    // ---- what cannot go on

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anExpiredReplicaIsToldAndStaysExpired(boolean trimmed) {
        TwoSites.play(640, 3, sites -> {
            MemoryImage image = sites.following("disk");
            sites.network.cut("a", "b");
            sites.machine.sleep(SECOND);
            sites.write(image, 10, 512);
            sites.machine.sleep(SECOND);
            JournalClient client = image.journal.clients().get(0);
            JournalClient expired = new JournalClient(
                    client.id(), "b, expired because it is slow", client.commit(), JournalClient.State.EXPIRED, 0);
            image.journal.putClient(expired);
            if (trimmed) {
                image.journal.trim(image.journal.durable());
            }
            sites.network.heal("a", "b");
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.b.state("disk").contains("no longer waits for b, expired because it is slow"),
                    20 * SECOND));
            sites.a.restart();
            sites.b.restart();
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.b.state("disk").contains("no longer waits for b, expired because it is slow"),
                    20 * SECOND));
            assertEquals(List.of(expired), image.journal.clients());
        });
    }

    /** What was looked at before is not put there again: it would undo a decision. */
    @Test
    void progressThatIsKeptUndoesNoExpiry() {
        TwoSites.play(645, 3, sites -> {
            MemoryImage image = sites.following("disk");
            image.journal.beforeReplacing = seen -> image.journal.putClient(
                    new JournalClient(seen.id(), seen.description(), seen.commit(), JournalClient.State.EXPIRED, 0));
            sites.write(image, 10, 512);
            assertTrue(
                    sites.machine.awaitUntil(() -> sites.b.state("disk").contains("no longer waits for"), 20 * SECOND));
            assertEquals(
                    JournalClient.State.EXPIRED, image.journal.clients().get(0).state());
        });
    }

    @Test
    void anExpiryIsNoticedWhileLinked() {
        TwoSites.play(650, 3, sites -> {
            MemoryImage image = sites.following("disk");
            sites.b.image("disk").stopped = true;
            sites.write(image, 10, 512);
            sites.machine.sleep(SECOND);
            JournalClient client = image.journal.clients().get(0);
            image.journal.putClient(new JournalClient(
                    client.id(), client.description(), client.commit(), JournalClient.State.EXPIRED, 0));
            image.journal.trim(image.journal.durable());
            assertTrue(
                    sites.machine.awaitUntil(() -> sites.b.state("disk").contains("no longer waits"), 20 * SECOND),
                    () -> sites.b.state("disk"));
        });
    }

    @Test
    void aSplitBrainIsShownAndNothingIsTouched() {
        TwoSites.play(660, 3, sites -> {
            MemoryImage image = sites.following("disk");
            sites.network.cut("a", "b");
            MemoryImage replica = sites.b.image("disk");
            long fork = replica.journal.durable();
            sites.a.restart();
            sites.write(image, 5, 512);
            replica.newEpoch(new UUID(9, 9), "b");
            replica.write(0, new byte[512], Long.MAX_VALUE / 2);
            sites.b.engine.wake();
            sites.machine.sleep(SECOND);
            sites.network.heal("a", "b");
            assertTrue(sites.machine.awaitUntil(() -> sites.b.state("disk").contains("split brain"), 20 * SECOND));
            assertTrue(sites.b.state("disk").contains(":" + fork), sites.b.state("disk"));
            assertEquals(fork + 1, replica.journal.appended());
        });
    }
}
