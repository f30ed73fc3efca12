package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
    private static final long IMAGE_BYTES = 4L << 20;

    /** In journals of one node at a time, one in each. */
    private static final int VICTIMS = 5;

    private static final int FLIPS = Seeds.rounds("tidemark.flips", 25);
    private static final int MOST_FLIPS = 8 * FLIPS;

    /** Little more than the least, so that a journal has several. */
    private static final long SEGMENT_BYTES = 5 << 18;

    /** More than a seal and the index of a segment take. */
    private static final long SEAL_ROOM_BYTES = 64 << 10;

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final long seed = Seeds.choose("DamagedJournalTest");
    private final RandomGenerator random = Seeds.random(seed, 1);

    /** An image with a journal of its own, and what is known about it. */
    private record Disk(String name, Path journal, Ledger ledger) {
        /** Seals and indexes too: they are part of the chain. */
        List<SegmentScan.Batch> upTo(long durable) {
            return SegmentScan.batches(journal).stream()
                    .filter(batch -> batch.lastSequence() <= durable)
                    .toList();
        }

        List<SegmentScan.Batch> eventsAbove(long attested) {
            return SegmentScan.batches(journal).stream()
                    .filter(batch -> batch.events() && batch.firstSequence() > attested)
                    .toList();
        }

        void verify(NodeProcess node) throws IOException {
            VerifiedLoad.verify(ledger, () -> node.dial(name));
        }

        long durable(NodeProcess node) {
            return Long.parseLong(node.status(name).get("durable"));
        }

        /** Whether all was applied that had been written: damage that nobody has found by then harms nothing. */
        boolean isApplied(NodeProcess node, long durable) {
            return Long.parseLong(node.status(name).getOrDefault("applied", "-1")) >= durable;
        }
    }

    /** A flipped bit; {@code names} are of the segments one of which a refusal has to name. */
    private record Flip(Disk disk, SegmentScan.Batch victim, int at, List<String> names) {
        static Flip of(Disk disk, List<SegmentScan.Batch> batches, RandomGenerator random) {
            int index = random.nextInt(batches.size());
            SegmentScan.Batch victim = batches.get(index);
            // Of a segment whose first batch is gone nobody knows that it is the next one: the chain ends in the one
            // before.
            SegmentScan.Batch before = batches.get(Math.max(0, index - 1));
            Flip flip = new Flip(
                    disk,
                    victim,
                    random.nextInt(victim.bytes()),
                    Stream.of(victim, before)
                            .map(batch -> batch.file().getFileName().toString())
                            .toList());
            flip.flip();
            return flip;
        }

        void flip() {
            victim.flip(at);
        }

        @Override
        public String toString() {
            return "byte " + at + " of " + victim;
        }
    }

    /** The last one is not damaged, and has to be served beside the others. */
    @Test
    void belowTheLastSealItIsRefusedAndNothingIsTouched(Scratch scratch) throws Exception {
        Path journals = scratch.newDirectory("journals");
        List<Disk> disks = disks(journals, VICTIMS + 1);
        Disk sound = disks.get(VICTIMS);
        NodeSettings settings = settings(scratch, journals, disks);
        NodeProcess node = NodeProcess.start(scratch, settings);
        atOnce(disks, disk -> write(node, disk, 200));
        Map<Disk, Long> durable = new HashMap<>();
        for (Disk disk : disks) {
            awaitSeal(node, disk);
            durable.put(disk, disk.durable(node));
        }
        node.kill();
        Map<Disk, List<SegmentScan.Batch>> sealed = new HashMap<>();
        for (Disk disk : disks) {
            sealed.put(disk, disk.upTo(durable.get(disk)));
        }
        int noticed = 0;
        int flipped = 0;
        while (flipped < FLIPS || noticed == 0) {
            assertTrue(flipped < MOST_FLIPS, "no damage was ever noticed");
            List<Flip> flips = disks.subList(0, VICTIMS).stream()
                    .map(disk -> Flip.of(disk, sealed.get(disk), random))
                    .toList();
            flipped += flips.size();
            NodeProcess damaged = NodeProcess.start(scratch, settings);
            Map<Disk, Future<Boolean>> readings = new HashMap<>();
            flips.forEach(flip -> readings.put(flip.disk(), reading(damaged, flip.disk())));
            sound.verify(damaged);
            for (Flip flip : flips) {
                noticed += isNoticed(damaged, flip, durable.get(flip.disk()), readings.get(flip.disk())) ? 1 : 0;
            }
            assertNull(damaged.refused(sound.name()), "refused, but not damaged");
            damaged.kill();
            // Nothing was deleted, cut or applied: with the bits put right, everything is there.
            flips.forEach(Flip::flip);
            NodeProcess again = NodeProcess.start(scratch, settings);
            atOnce(disks, disk -> disk.verify(again));
            again.kill();
        }
        System.out.println("DamagedJournalTest: " + noticed + " of " + flipped + " flips below the last seal noticed");
    }

    private static Future<Boolean> reading(NodeProcess node, Disk disk) {
        return CompletableFuture.supplyAsync(
                () -> VerifiedLoad.undamaged(disk.ledger(), () -> node.dial(disk.name())), DamagedJournalTest::run);
    }

    /** Whether the image is refused, which it has to be by name of the segment; where it is not, everything has to be right. */
    private static boolean isNoticed(NodeProcess node, Flip flip, long durable, Future<Boolean> reading)
            throws Exception {
        Disk disk = flip.disk();
        Await.until(
                "the damage to be noticed, or everything to be applied: " + flip,
                PATIENCE,
                () -> node.refused(disk.name()) != null || disk.isApplied(node, durable));
        assertTrue(reading.get(PATIENCE.toSeconds(), TimeUnit.SECONDS), "damage was served: " + flip);
        String refused = node.refused(disk.name());
        if (refused == null) {
            disk.verify(node);
            return false;
        }
        assertTrue(
                flip.names().stream().anyMatch(refused::contains),
                "the refusal does not name the segment: " + refused + " (" + flip + ")");
        assertNotNull(node.refused(disk.name()), "served although damaged: " + flip);
        return true;
    }

    @Test
    void aboveTheLastSealItIsCutAndSaid(Scratch scratch) throws Exception {
        Path journals = scratch.newDirectory("journals");
        List<Disk> disks = disks(journals, VICTIMS);
        NodeSettings settings = settings(scratch, journals, disks);
        int cuts = 0;
        int rounds = 0;
        while (cuts < FLIPS) {
            assertTrue(rounds * VICTIMS < MOST_FLIPS, "only " + cuts + " tails above the last seal");
            NodeProcess node = NodeProcess.start(scratch, settings);
            // What was found after a loss stays as it was found.
            atOnce(disks, disk -> {
                disk.verify(node);
                write(node, disk, 50);
            });
            List<VerifiedLoad> loads = new ArrayList<>();
            for (Disk disk : disks) {
                awaitSeal(node, disk);
                disk.ledger().attest();
            }
            for (Disk disk : disks) {
                loads.add(VerifiedLoad.start(disk.ledger(), Mix.SMALL, seed + rounds, () -> node.dial(disk.name())));
            }
            for (VerifiedLoad load : loads) {
                load.awaitWrites(20 + random.nextInt(80), PATIENCE);
            }
            node.kill();
            loads.forEach(VerifiedLoad::ended);
            List<Flip> flips = new ArrayList<>();
            for (Disk disk : disks) {
                List<SegmentScan.Batch> tail = disk.eventsAbove(attested(disk.journal()));
                if (!tail.isEmpty()) {
                    flips.add(Flip.of(disk, tail, random));
                }
            }
            cuts += flips.size();
            NodeProcess damaged = NodeProcess.start(scratch, settings);
            assertNull(damaged.refused());
            // Where there was no tail nothing is damaged, and nothing may be lost.
            List<Disk> cut = flips.stream().map(Flip::disk).toList();
            atOnce(disks, disk -> {
                if (cut.contains(disk)) {
                    VerifiedLoad.verifyAfterLoss(disk.ledger(), () -> damaged.dial(disk.name()));
                } else {
                    disk.verify(damaged);
                }
            });
            for (Flip flip : flips) {
                if (flip.victim().isKnownByRest(flip.at())) {
                    assertTrue(
                            torn(flip.disk()).matcher(damaged.log()).find(),
                            () -> "the cut of " + flip + " is not in the log: " + damaged.log());
                }
            }
            damaged.kill();
            rounds++;
        }
    }

    private static Pattern torn(Disk disk) {
        return Pattern.compile("Image " + disk.name() + ": .*torn end dropped: [1-9]");
    }

    private List<Disk> disks(Path journals, int count) {
        return IntStream.range(0, count)
                .mapToObj(index -> new Disk(
                        "disk" + index, journals.resolve("disk" + index), new Ledger(IMAGE_BYTES, seed + index, false)))
                .toList();
    }

    private static NodeSettings settings(Scratch scratch, Path journals, List<Disk> disks) {
        NodeSettings settings = new NodeSettings(scratch.newDirectory("images"), journals)
                .set("journal.limit", "2GiB")
                .set("segment", SEGMENT_BYTES + "")
                // No checkpoint: recovery has to read all of it.
                .set("checkpoint.bytes", "256MiB")
                .set("checkpoint.interval", "1h")
                // So long clients wait for an image that cannot go on.
                .set("suspend.timeout", "1s");
        disks.forEach(disk -> settings.image(disk.name(), IMAGE_BYTES));
        return settings;
    }

    /** Something to do with an image. */
    @FunctionalInterface
    private interface Step {
        void take(Disk disk) throws IOException;
    }

    /** With all images side by side, none of it with commands to the node, which takes one at a time. */
    private static void atOnce(List<Disk> disks, Step step) throws Exception {
        List<Future<?>> all = new ArrayList<>();
        for (Disk disk : disks) {
            all.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            step.take(disk);
                        } catch (IOException e) {
                            throw new UncheckedIOException(disk.name(), e);
                        }
                    },
                    DamagedJournalTest::run));
        }
        for (Future<?> one : all) {
            one.get(2 * PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static void run(Runnable step) {
        Thread thread = new Thread(step, "damaged-journal");
        thread.setDaemon(true);
        thread.start();
    }

    private void write(NodeProcess node, Disk disk, int writes) throws IOException {
        VerifiedLoad load = VerifiedLoad.start(disk.ledger(), Mix.SMALL, seed, () -> node.dial(disk.name()));
        load.awaitWrites(writes, PATIENCE);
        load.stop();
    }

    /** At the end of a segment there may be no room for a seal: then the next batch attests, so something more is written. */
    private void awaitSeal(NodeProcess node, Disk disk) {
        Await.until(
                () -> "a seal that attests all, behind " + last(disk.journal()), PATIENCE, () -> isSealed(node, disk));
    }

    private boolean isSealed(NodeProcess node, Disk disk) throws IOException {
        if (attested(disk.journal()) >= disk.durable(node)) {
            return true;
        }
        SegmentScan.Batch last = last(disk.journal());
        if (SEGMENT_BYTES - last.offset() - last.bytes() < SEAL_ROOM_BYTES) {
            write(node, disk, 1);
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

    private static long attested(Path journal) {
        return SegmentScan.batches(journal).stream()
                .mapToLong(SegmentScan.Batch::durable)
                .max()
                .orElse(0);
    }
}
