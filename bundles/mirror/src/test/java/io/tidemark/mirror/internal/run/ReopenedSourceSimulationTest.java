package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.MirrorSimulationTest.copied;
import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.Consistency;
import io.tidemark.base.event.Event;
import io.tidemark.base.event.EventCodec;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * The source's image is closed and opened again below a channel that would not hear of it: its next event waits for the replica, so
 * nobody asks a reader, and a journal that is closed calls everything durable that it has.
 */
class ReopenedSourceSimulationTest {
    private static final int SEEDS =
            Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 4 : 8);
    private static final int CHUNK_BYTES = BlockImage.LONG_BYTES;
    private static final int LAST_CHUNK = MemoryImage.SIZE_BYTES - CHUNK_BYTES;
    private static final long LIMIT_BYTES = 400_000;

    /** Anywhere but in the last chunk. */
    private static void write(TwoSites sites, MemoryImage source, int bytes) throws StorageException {
        byte[] data = new byte[bytes];
        Arrays.fill(data, (byte) sites.random.bits());
        source.write(
                512L * sites.random.below((LAST_CHUNK - bytes) / 512),
                data,
                sites.a.process.clock().wallNanos());
        sites.a.engine.wake();
    }

    /** More than the replica's journal takes. */
    private static void writeMuch(TwoSites sites, MemoryImage source) throws StorageException {
        for (int i = 0; i < 200; i++) {
            write(sites, source, 512 * (1 + sites.random.below(16)));
            sites.machine.sleep(SECOND / 1000);
        }
    }

    /** What the image was at an event. */
    private static byte[] at(MemoryImage source, long sequence) throws StorageException {
        byte[] bytes = new byte[MemoryImage.SIZE_BYTES];
        for (MemoryJournal.Kept kept : source.journal.kept(1, sequence)) {
            Event event = EventCodec.decode(kept.header(), ByteBuffer.wrap(kept.body()));
            if (event.kind() == EventKind.WRITE) {
                event.payload().get(bytes, (int) event.offset(), (int) event.length());
            }
        }
        return bytes;
    }

    /**
     * The rest of the copy shows events that the journal of before never had. That this one was closed is seen behind the end of the
     * copy, and said too late.
     */
    @Test
    void aCopyOverASwapOfStoresIsConsistentAtWhatItShows() {
        TwoSites.play(4000, 2 * SEEDS, sites -> {
            sites.settings =
                    new MirrorSettings(1 << 19, 64 << 20, 1, CHUNK_BYTES, 5 * SECOND, SECOND / 10, SECOND, SECOND / 5);
            MemoryImage source = sites.newImage("disk");
            sites.a.boot();
            for (int i = 0; i < 10; i++) {
                write(sites, source, CHUNK_BYTES);
            }
            sites.b.wish("disk");
            sites.b.boot();
            assertTrue(sites.machine.awaitUntil(() -> copied(sites, "disk") > 0, 20 * SECOND));
            MemoryImage replica = sites.b.image("disk");
            replica.journalLimitBytes = LIMIT_BYTES;
            writeMuch(sites, source);
            sites.machine.sleep(sites.random.below(SECOND / 2));
            assertTrue(sites.b.state("disk").contains("no room"), sites.b.state("disk"));
            source.journal.beforeRefusing =
                    () -> sites.a.process.workers().newGate().await(SECOND);
            source.swapStores();
            writeMuch(sites, source);
            assertSame(Consistency.COPYING, replica.consistency);
            sites.a.mirror.copies(1, 16 * CHUNK_BYTES);
            assertTrue(sites.machine.awaitUntil(() -> replica.consistency == Consistency.CONSISTENT, 60 * SECOND));
            assertArrayEquals(at(source, replica.head), replica.bytes, "at " + replica.head);
            sites.awaitEqual("disk", 60 * SECOND);
        });
    }

    /** What the replica has of the image that was deleted says nothing of the one that has its name now. */
    @Test
    void nobodyCountsWhatWasReceivedOfAnotherImage() {
        TwoSites.play(4030, SEEDS, sites -> {
            MemoryImage source = sites.following("disk");
            sites.write(source, 50, 512);
            sites.awaitEqual("disk", 10 * SECOND);
            sites.b.image("disk").suspended = true;
            sites.write(source, 50, 1 << 16);
            sites.machine.sleep(3 * SECOND);
            assertTrue(sites.a.engine.peers.get("disk<b").reachable());
            MemoryImage next = new MemoryImage("disk", new UUID(9, 9), ImageHead.Role.PRIMARY, 0);
            next.newEpoch(new UUID(9, 10), "a");
            sites.a.images.put("disk", next);
            sites.a.engine.peers.clear();
            sites.machine.sleep(3 * SECOND);
            assertTrue(
                    sites.a.engine.peers.values().stream().noneMatch(peer -> peer.reachable()),
                    sites.a.engine.peers::toString);
            assertTrue(
                    sites.a.mirror.channels(any -> true).stream()
                            .allMatch(channel -> channel.marks().received() == 0),
                    () -> sites.a.mirror.channels(any -> true).toString());
        });
    }

    private static void forceAtLast(MemoryImage source) {
        try {
            source.force();
        } catch (StorageException e) {
            assertSame(StorageException.Reason.IO, e.reason());
        }
    }

    /** What was applied before the copy began is sent as bytes alone. */
    @Test
    void whatADeviceLostBeforeTheCopyIsMendedBeforeItIsRead() {
        TwoSites.play(4050, SEEDS, sites -> {
            MemoryImage source = sites.newImage("disk");
            sites.a.boot();
            sites.write(source, 50, 8192);
            assertTrue(sites.machine.awaitUntil(() -> source.head == source.journal.appended(), SECOND));
            source.lose(0, MemoryImage.SIZE_BYTES);
            sites.b.wish("disk");
            sites.b.boot();
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.b.image("disk") != null && sites.b.image("disk").consistency == Consistency.CONSISTENT,
                    20 * SECOND));
            forceAtLast(source);
            sites.awaitEqual("disk", 30 * SECOND);
        });
    }

    /** What is read behind the swap is not what the journal of before ends with. */
    @Test
    void aComparisonOverASwapOfStoresFindsNoDifference() {
        TwoNodes.play(4070, SEEDS, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            nodes.b.mirrors.hold("disk");
            nodes.a.engine.readsWait = true;
            Verification[] found = new Verification[1];
            nodes.a.process.workers().start("verify", () -> {
                try {
                    found[0] = nodes.a.mirrors.verify("disk", "b", WorkListener.QUIET);
                } catch (StorageException e) {
                    throw new AssertionError(e);
                }
            });
            nodes.machine.sleep(SECOND);
            nodes.a.image("disk").swapStores();
            nodes.write(nodes.a, 5);
            nodes.a.engine.readsWait = false;
            assertTrue(nodes.machine.awaitUntil(() -> found[0] != null, 60 * SECOND));
            assertEquals(0, found[0].differingBytes(), found[0].toString());
        });
    }
}
