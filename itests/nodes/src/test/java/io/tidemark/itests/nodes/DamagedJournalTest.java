package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.disk.SegmentScan;
import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.load.VerifiedLoad;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * One flipped bit in a segment, while the node is down. Below what the journal attests as durable it is damage: noticed at
 * the start or when the record is to be applied or read, named, and nothing touched. A payload that was overwritten later is
 * read by nobody: its damage harms nothing, and everything is right all the same. Above it, it cannot be told from a torn
 * tail: cut, and the cut is reported. Never applied.
 */
@ExtendWith(ScratchExtension.class)
class DamagedJournalTest {
    private static final long IMAGE_BYTES = 16L << 20;
    private static final int FLIPS = Seeds.rounds("tidemark.flips", 5);
    private static final int MOST_FLIPS = 40;
    private static final long SEGMENT_BYTES = 4 << 20;

    /** More than a seal and the index of a segment take. */
    private static final long SEAL_ROOM_BYTES = 64 << 10;

    private static final Pattern TORN = Pattern.compile("torn end dropped: [1-9]");
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final long seed = Seeds.choose("DamagedJournalTest");
    private final RandomGenerator random = Seeds.random(seed, 1);

    @Test
    void belowTheLastSealItIsRefusedAndNothingIsTouched(Scratch scratch) throws Exception {
        Path journals = scratch.newDirectory("journals");
        NodeSettings settings = settings(scratch, journals);
        Ledger ledger = new Ledger(IMAGE_BYTES, seed, false);
        NodeProcess node = NodeProcess.start(scratch, settings);
        write(node, ledger, 400);
        Path journal = journals.resolve("disk");
        awaitSeal(node, ledger, journal);
        long durable = durable(node);
        node.kill();
        List<SegmentScan.Batch> sealed = SegmentScan.batches(journal).stream()
                .filter(batch -> batch.events() && batch.lastSequence() <= durable)
                .toList();
        int noticed = 0;
        for (int flip = 0; flip < FLIPS || noticed == 0; flip++) {
            assertTrue(flip < MOST_FLIPS, "no damage was ever noticed");
            int index = random.nextInt(sealed.size());
            SegmentScan.Batch victim = sealed.get(index);
            // Of a segment whose first batch is gone nobody knows that it is the next one: the chain ends in the one
            // before.
            SegmentScan.Batch before = sealed.get(Math.max(0, index - 1));
            int at = random.nextInt(victim.bytes());
            victim.flip(at);
            NodeProcess damaged = NodeProcess.start(scratch, settings);
            String where = "byte " + at + " of " + victim;
            CompletableFuture<Boolean> reading =
                    CompletableFuture.supplyAsync(() -> VerifiedLoad.undamaged(ledger, () -> damaged.dial("disk")));
            Await.until(
                    "the damage to be noticed, or everything to be applied: " + where,
                    PATIENCE,
                    () -> damaged.refused() != null || applied(damaged) >= durable);
            assertTrue(reading.get(PATIENCE.toSeconds(), TimeUnit.SECONDS), "damage was served: " + where);
            String refused = damaged.refused();
            if (refused == null) {
                VerifiedLoad.verify(ledger, () -> damaged.dial("disk"));
            } else {
                noticed++;
                assertTrue(
                        refused.contains(victim.file().getFileName().toString())
                                || refused.contains(before.file().getFileName().toString()),
                        "the refusal does not name the segment: " + refused + " (" + where + ")");
                assertNotNull(damaged.refused(), "served although damaged: " + where);
            }
            damaged.kill();
            // Nothing was deleted, cut or applied: with the bit put right, everything is there.
            victim.flip(at);
            NodeProcess again = NodeProcess.start(scratch, settings);
            VerifiedLoad.verify(ledger, () -> again.dial("disk"));
            again.kill();
        }
    }

    private static long applied(NodeProcess node) {
        return Long.parseLong(node.status("disk").getOrDefault("applied", "-1"));
    }

    @Test
    void aboveTheLastSealItIsCutAndSaid(Scratch scratch) throws Exception {
        Path journals = scratch.newDirectory("journals");
        Path journal = journals.resolve("disk");
        NodeSettings settings = settings(scratch, journals);
        Ledger ledger = new Ledger(IMAGE_BYTES, seed, false);
        int cuts = 0;
        for (int flip = 0; flip < FLIPS; flip++) {
            NodeProcess node = NodeProcess.start(scratch, settings);
            // What was found after a loss stays as it was found.
            VerifiedLoad.verify(ledger, () -> node.dial("disk"));
            write(node, ledger, 100);
            awaitSeal(node, ledger, journal);
            ledger.attest();
            VerifiedLoad load = VerifiedLoad.start(ledger, Mix.SMALL, seed + flip, () -> node.dial("disk"));
            load.awaitWrites(200 + random.nextInt(200), PATIENCE);
            node.kill();
            load.ended();
            long attested = attested(journal);
            List<SegmentScan.Batch> tail = SegmentScan.batches(journal).stream()
                    .filter(batch -> batch.events() && batch.firstSequence() > attested)
                    .toList();
            if (!tail.isEmpty()) {
                SegmentScan.Batch victim = tail.get(random.nextInt(tail.size()));
                int at = random.nextInt(victim.bytes());
                victim.flip(at);
                cuts++;
                NodeProcess damaged = NodeProcess.start(scratch, settings);
                assertTrue(damaged.refused() == null, () -> "refused: " + damaged.refused());
                VerifiedLoad.verifyAfterLoss(ledger, () -> damaged.dial("disk"));
                if (victim.isKnownByRest(at)) {
                    assertTrue(TORN.matcher(damaged.log()).find(), () -> "the cut is not in the log: " + damaged.log());
                }
                damaged.kill();
            }
        }
        assertTrue(cuts > 0, "there never was a tail above the last seal: this tests nothing");
    }

    private static NodeSettings settings(Scratch scratch, Path journals) {
        return new NodeSettings(scratch.newDirectory("images"), journals)
                .set("journal.limit", "2GiB")
                .set("segment", "4MiB")
                // No checkpoint: recovery has to read all of it.
                .set("checkpoint.bytes", "256MiB")
                .set("checkpoint.interval", "1h")
                // So long clients wait for an image that cannot go on.
                .set("suspend.timeout", "2s")
                .image("disk", IMAGE_BYTES);
    }

    private void write(NodeProcess node, Ledger ledger, int writes) throws IOException {
        VerifiedLoad load = VerifiedLoad.start(ledger, Mix.SMALL, seed, () -> node.dial("disk"));
        load.awaitWrites(writes, PATIENCE);
        load.stop();
    }

    /** At the end of a segment there may be no room for a seal: then the next batch attests, so something more is written. */
    private void awaitSeal(NodeProcess node, Ledger ledger, Path journal) {
        Await.until(
                () -> "a seal that attests all, behind " + last(journal),
                PATIENCE,
                () -> isSealed(node, ledger, journal));
    }

    private boolean isSealed(NodeProcess node, Ledger ledger, Path journal) throws IOException {
        if (attested(journal) >= durable(node)) {
            return true;
        }
        SegmentScan.Batch last = last(journal);
        if (SEGMENT_BYTES - last.offset() - last.bytes() < SEAL_ROOM_BYTES) {
            write(node, ledger, 1);
        }
        return false;
    }

    private static SegmentScan.Batch last(Path journal) {
        return SegmentScan.batches(journal).stream()
                .max(Comparator.comparing(
                                (SegmentScan.Batch batch) -> batch.file().getFileName())
                        .thenComparing(SegmentScan.Batch::offset))
                .orElseThrow();
    }

    private static long durable(NodeProcess node) {
        return Long.parseLong(node.status("disk").get("durable"));
    }

    private static long attested(Path journal) {
        return SegmentScan.batches(journal).stream()
                .mapToLong(SegmentScan.Batch::durable)
                .max()
                .orElse(0);
    }
}
