package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.node.Contents;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.itests.nodes.node.TwoSites;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** First copies that may take their time: bounded in rate and number, changed while they run, and cut by whatever happens. */
@ExtendWith(ScratchExtension.class)
class MirrorCopyTest {
    private static final int MIB = 1 << 20;
    /** More than a replica may have been sent that it has not taken yet. */
    private static final int MARGIN_BYTES = 8 * MIB;

    private static final int PIECE_BYTES = 8 * MIB;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern BEGIN = Pattern.compile("a copy of 'disk' goes on at (\\d+), \\d+ bytes to send");

    private final long seed = Seeds.choose("MirrorCopyTest");

    /** Bytes that no compression makes fewer. */
    private static void write(Site site, String image, long offset, int bytes, long seed) throws IOException {
        byte[] noise = new byte[bytes];
        Seeds.random(seed, offset).nextBytes(noise);
        try (NbdConnection client = site.node().dial(image)) {
            client.call(NbdConnection.WRITE, NbdConnection.FUA, offset, bytes, ByteBuffer.wrap(noise));
        }
    }

    private static void awaitPassed(TwoSites sites, long bytes) {
        Await.until(
                () -> bytes + " bytes to pass: " + sites.link.passedBytes() + "\n"
                        + sites.a.node().log(),
                PATIENCE,
                () -> sites.link.passedBytes() >= bytes);
    }

    /** Where the source began to copy, each time, in the lives of its node so far. */
    private static List<Long> beginnings(String logs) {
        return BEGIN.matcher(logs)
                .results()
                .map(found -> Long.parseLong(found.group(1)))
                .toList();
    }

    private static void equal(Site source, Site replica, String image, long bytes) throws IOException {
        TwoSites.awaitEqual(source, replica, image);
        for (long at = 0; at < bytes; at += PIECE_BYTES) {
            assertEquals(
                    Contents.of(source.node(), image, at, PIECE_BYTES),
                    Contents.of(replica.node(), image, at, PIECE_BYTES));
        }
    }

    /** The replica notes how far it is each second: what came in one is copied a second time at worst. */
    @Test
    void aCopyGoesOnWhereItWasWhicheverSideEndsIt(Scratch scratch) throws Exception {
        long bytes = 1024L * MIB;
        int step = 16 * MIB;
        TwoSites sites = TwoSites.create(scratch);
        sites.a.settings().image("disk", bytes, "commit=journal");
        sites.start();
        for (long at = 0; at < bytes; at += step) {
            write(sites.a, "disk", at, MIB, seed);
        }
        long data = bytes / step * MIB;
        long second = 6L * MIB;
        long phase = second + MARGIN_BYTES + 4 * MIB;
        sites.a.order("bandwidth", Long.toString(second));
        sites.a.order("enable", "disk", "b", "0s");
        // Clients go on writing, behind and before where the copy is.
        awaitPassed(sites, phase);
        write(sites.a, "disk", 2 * MIB, 4096, seed + 1);
        write(sites.a, "disk", bytes - 2 * MIB, 4096, seed + 1);
        sites.link.drop();
        Await.until(
                "a second beginning",
                PATIENCE,
                () -> beginnings(sites.a.node().log()).size() == 2);
        long passed = sites.link.passedBytes();
        awaitPassed(sites, passed + phase);
        sites.b.node().kill();
        sites.restartB();
        Await.until(
                "a third beginning",
                PATIENCE,
                () -> beginnings(sites.a.node().log()).size() == 3);
        List<Long> begun = beginnings(sites.a.node().log());
        assertTrue(begun.get(1) >= 4L * step && begun.get(2) >= 8L * step, begun::toString);
        passed = sites.link.passedBytes();
        awaitPassed(sites, passed + phase);
        sites.a.node().kill();
        sites.a.start();
        equal(sites.a, sites.b, "disk", bytes);
        begun = beginnings(sites.a.node().log());
        assertTrue(begun.size() == 1 && begun.get(0) >= 12L * step, begun::toString);
        long most = data + 3 * (second + MARGIN_BYTES) + 8 * MIB;
        assertTrue(sites.link.passedBytes() < most, () -> sites.link.passedBytes() + " bytes for " + data);
        sites.b.wasNeverCopiedAnew();
    }

    @Test
    void copiesGoAtTheRateAndInTheNumberThatIsAllowed(Scratch scratch) throws Exception {
        List<String> images = List.of("one", "two", "three", "four");
        int bytes = 24 * MIB;
        TwoSites sites = TwoSites.create(scratch);
        images.forEach(image -> sites.a.settings().image(image, bytes, "commit=journal"));
        sites.start();
        for (String image : images) {
            write(sites.a, image, 0, bytes, seed + image.hashCode());
        }
        sites.a.order("bandwidth", Integer.toString(4 * MIB));
        for (String image : images) {
            sites.a.order("enable", image, "b", "0s");
        }
        long rate = MIB;
        sites.a.order("bandwidth", Long.toString(rate));
        long began = System.nanoTime();
        long before = sites.link.passedBytes();
        // Two at a time, and the others wait.
        int most = 0;
        while (sites.link.passedBytes() - before < 2 * MIB) {
            List<String> words = images.stream()
                    .map(image -> sites.a.mirrored(image).get("words"))
                    .toList();
            int copying = (int)
                    words.stream().filter(one -> one.startsWith("copies_at")).count();
            assertTrue(copying <= 2, words::toString);
            most = Math.max(most, copying);
        }
        assertEquals(2, most);
        double seconds = (System.nanoTime() - began) / 1e9;
        long passed = sites.link.passedBytes() - before;
        // What goes the other way is not bound here, and short pauses are made up for.
        assertTrue(passed <= rate * (seconds + 0.1) * 1.1 + MIB / 4, () -> passed + " bytes in " + seconds + " s");
        String waiting = images.stream()
                .map(image -> sites.a.mirrored(image).get("words"))
                .toList()
                .toString();
        assertTrue(waiting.contains("waits_until_another_copy_is_done"), waiting);

        sites.a.order("bandwidth", "0");
        for (String image : images) {
            equal(sites.a, sites.b, image, bytes);
        }
        double all = (System.nanoTime() - began) / 1e9;
        long left = sites.link.passedBytes() - before - passed;
        assertTrue(all - seconds < left / (double) rate / 2, "the bound was still in force: " + all + " s");
    }

    /** Four MiB of a copy would wait to be sent, for four seconds; what is ordered meanwhile does not wait behind them. */
    @Test
    void ordersAndOtherImagesDoNotWaitBehindACopy(Scratch scratch) throws Exception {
        int bytes = 24 * MIB;
        TwoSites sites = TwoSites.create(scratch);
        for (String image : List.of("disk", "other")) {
            sites.a.settings().image(image, bytes, "commit=journal");
        }
        sites.start();
        write(sites.a, "disk", 0, bytes, seed);
        sites.a.order("enable", "other", "b", "0s");
        TwoSites.awaitEqual(sites.a, sites.b, "other");
        sites.a.order("bandwidth", Integer.toString(MIB));
        sites.a.order("enable", "disk", "b", "0s");
        awaitPassed(sites, sites.link.passedBytes() + 6L * MIB);
        long before = sites.link.passedBytes();
        sites.a.order("disable", "other", "b");
        sites.a.order("enable", "other", "b", "0s");
        long passed = sites.link.passedBytes() - before;
        assertTrue(passed < 4L * MIB, () -> passed + " bytes went before the answers to two orders");
        long written = sites.link.passedBytes();
        write(sites.a, "other", 0, 4096, seed);
        TwoSites.awaitEqual(sites.a, sites.b, "other");
        long beside = sites.link.passedBytes() - written;
        assertTrue(beside < 3L * MIB, () -> beside + " bytes went before one write");
        sites.a.order("bandwidth", "0");
        equal(sites.a, sites.b, "disk", bytes);
    }

    /** Both were written, a little: whoever begins anew is sent a little. */
    @Test
    void aResyncSendsWhatDiffersAndNoMore(Scratch scratch) throws Exception {
        int bytes = 24 * MIB;
        TwoSites sites = written(scratch, bytes);
        sites.a.order("enable", "disk", "b", "0s");
        equal(sites.a, sites.b, "disk", bytes);
        sites.link.cut();
        write(sites.a, "disk", 4 * MIB, MIB, seed + 1);
        sites.b.order("promote!", "disk");
        write(sites.b, "disk", 20 * MIB, MIB, seed + 2);
        sites.a.node().kill();
        sites.link.heal();
        sites.a.start();
        sites.a.awaitLinked();
        assertTrue(sites.a.refused("resync", "disk", "b").startsWith("BUSY"), "nothing is lost without an order");
        long before = sites.link.passedBytes();
        sites.a.order("resync!", "disk", "b");
        equal(sites.b, sites.a, "disk", bytes);
        long passed = sites.link.passedBytes() - before;
        assertTrue(passed >= 2L * MIB && passed < 6L * MIB, () -> passed + " bytes for two MiB that differ");
        // And goes on as any other replica.
        write(sites.b, "disk", 8 * MIB, MIB, seed + 3);
        equal(sites.b, sites.a, "disk", bytes);
    }

    @Test
    void theBoundOnEachCopyChangesWhileItRuns(Scratch scratch) throws Exception {
        int bytes = 24 * MIB;
        TwoSites sites = written(scratch, bytes);
        long rate = MIB;
        sites.a.order("copies", "2", Long.toString(rate));
        long before = sites.link.passedBytes();
        long began = System.nanoTime();
        sites.a.order("enable", "disk", "b", "0s");
        awaitPassed(sites, before + 3 * MIB);
        double seconds = (System.nanoTime() - began) / 1e9;
        assertTrue(seconds > 1.5, () -> "3 MiB in " + seconds + " s");
        sites.a.order("copies", "2", Long.toString(16 * rate));
        equal(sites.a, sites.b, "disk", bytes);
        double all = (System.nanoTime() - began) / 1e9;
        assertTrue(all - seconds > 0.8, () -> "the new bound was not in force: " + all + " s");
        assertTrue(all - seconds < 15, () -> "the old bound was still in force: " + all + " s");
    }

    /** How long a copy was said to take still, and when. */
    private record Said(long atNanos, long leftNanos) {}

    @Test
    void theTimeThatIsLeftIsWhatItTakesOnBothSides(Scratch scratch) throws Exception {
        int bytes = 12 * MIB;
        TwoSites sites = written(scratch, bytes);
        sites.a.order("copies", "2", Long.toString(3 * MIB));
        sites.a.order("enable", "disk", "b", "0s");
        Map<Site, List<Said>> said = Map.of(sites.a, new ArrayList<>(), sites.b, new ArrayList<>());
        Await.until("the copy to be whole", PATIENCE, () -> {
            for (Map.Entry<Site, List<Said>> each : said.entrySet()) {
                long left = Long.parseLong(each.getKey().mirrored("disk").get("copyLeftNanos"));
                if (left > 0) {
                    each.getValue().add(new Said(System.nanoTime(), left));
                }
            }
            return sites.b.mirrored("disk").get("consistency").equals("CONSISTENT");
        });
        long end = System.nanoTime();
        said.forEach((site, all) -> isWhatItTakes((site == sites.a ? "source: " : "replica: ") + all, all, end));
    }

    private static void isWhatItTakes(String what, List<Said> all, long end) {
        long second = 1_000_000_000L;
        long first = all.get(0).atNanos();
        // The first bytes go at once, and the last moments are short.
        List<Said> known = all.stream()
                .filter(one -> one.atNanos() > first + second && one.atNanos() < end - second / 2)
                .toList();
        assertTrue(known.size() > 10, what);
        // A machine that stands still for a moment makes some of them wrong.
        double[] factors = known.stream()
                .mapToDouble(one -> one.leftNanos() / (double) (end - one.atNanos()))
                .sorted()
                .toArray();
        double median = factors[factors.length / 2];
        assertTrue(median > 0.5 && median < 2, () -> "wrong by " + median + ": " + what);
        Said early = known.get(0);
        Said late = known.get(known.size() - 1);
        assertTrue(late.leftNanos() < early.leftNanos(), () -> late + " is no less than " + early + ": " + what);
    }

    /** The image is on one side only, and has no zeros that would not have to be sent. */
    private TwoSites written(Scratch scratch, int bytes) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        sites.a.settings().image("disk", bytes, "commit=journal");
        sites.start();
        write(sites.a, "disk", 0, bytes, seed);
        return sites;
    }
}
