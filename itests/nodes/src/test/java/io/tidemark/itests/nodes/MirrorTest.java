package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.load.NbdException;
import io.tidemark.itests.nodes.node.Contents;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.itests.nodes.node.TwoSites;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two node processes that mirror an image, as their operators use them. Contents are compared byte by byte on both sides. */
@ExtendWith(ScratchExtension.class)
class MirrorTest {
    private static final String DISK = "disk";
    private static final long BYTES = 16L << 20;
    private static final String SECOND = "second";
    private static final long SECOND_BYTES = 4L << 20;

    private final long seed = Seeds.choose("MirrorTest");
    private final Loads loads = new Loads().add(DISK, new Ledger(BYTES, seed, false), Mix.MIRRORED);
    private int runs;

    /** Both run, and a has an image that b follows. */
    private TwoSites mirrored(Scratch scratch, String delay, String... keys) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        List<String> all = new ArrayList<>(List.of("commit=journal"));
        all.addAll(List.of(keys));
        // Once it is mirrored, the node keeps its keys itself.
        sites.a.settings().image(DISK, BYTES, all.toArray(new String[0]));
        sites.start();
        write(sites.a);
        sites.a.order("enable", DISK, "b", delay);
        return sites;
    }

    private void write(Site primary) throws Exception {
        loads.start(primary.node(), seed + runs++);
        loads.run(Duration.ofMillis(300));
        loads.stop();
        assertEquals(0, loads.errors());
    }

    private static void writeOnce(Site primary) throws IOException {
        writeOnce(primary, DISK, 0, 77);
    }

    private static void writeOnce(Site primary, String image, long offset, int first) throws IOException {
        ByteBuffer data = ByteBuffer.allocate(4096).put(0, (byte) first);
        try (NbdConnection client = primary.node().dial(image)) {
            client.call(NbdConnection.WRITE, NbdConnection.FUA, offset, 4096, data);
        }
    }

    private void equal(Site source, Site replica) throws IOException {
        TwoSites.awaitEqual(source, replica, DISK);
        loads.verify(replica.node());
        assertEquals(content(source), content(replica));
    }

    /** A further, small image of the first site. */
    private static void createSecond(TwoSites sites) throws IOException {
        sites.a.node().tell("create", SECOND, Long.toString(SECOND_BYTES), "commit=journal");
        writeOnce(sites.a, SECOND, 8192, 1);
    }

    private static void equalSecond(TwoSites sites) throws IOException {
        TwoSites.awaitEqual(sites.a, sites.b, SECOND);
        assertEquals(
                Contents.of(sites.a.node(), SECOND, SECOND_BYTES), Contents.of(sites.b.node(), SECOND, SECOND_BYTES));
    }

    private static ByteBuffer content(Site site) throws IOException {
        return Contents.of(site.node(), DISK, BYTES);
    }

    @Test
    void aReplicaFollowsThroughRestartsOfBothSides(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "0s");
        loads.start(sites.a.node(), seed + 100);
        loads.run(Duration.ofMillis(500));
        loads.stop();
        equal(sites.a, sites.b);
        createSecond(sites);
        sites.a.order("enable", SECOND, "b", "0s");
        equalSecond(sites);

        // Nobody writes to a replica.
        try (NbdConnection client = sites.b.node().dial(DISK)) {
            ByteBuffer data = ByteBuffer.allocate(4096);
            NbdException e = assertThrows(NbdException.class, () -> client.call(NbdConnection.WRITE, 0, 0, 4096, data));
            assertEquals(1, e.error(), "EPERM");
        }

        // Written while it is away.
        sites.b.node().kill();
        write(sites.a);
        writeOnce(sites.a, SECOND, 0, 2);
        sites.restartB();
        equal(sites.a, sites.b);
        equalSecond(sites);

        // The source is killed under load, and starts again.
        loads.start(sites.a.node(), seed + 101);
        loads.run(Duration.ofMillis(300));
        sites.a.node().kill();
        loads.ended();
        sites.a.start();
        loads.verify(sites.a.node());
        write(sites.a);
        writeOnce(sites.a, SECOND, 16384, 3);
        equal(sites.a, sites.b);
        equalSecond(sites);
        sites.a.node().stop();
        sites.b.node().stop();
        sites.restartB();
        sites.a.start();
        writeOnce(sites.a, SECOND, 4096, 4);
        equal(sites.a, sites.b);
        equalSecond(sites);
    }

    @Test
    void aCopyUnderLoadGoesOnAfterCuts(Scratch scratch) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        sites.a.settings().image(DISK, BYTES, "commit=journal");
        sites.start();
        write(sites.a);
        sites.link.slow(4 << 20);
        loads.start(sites.a.node(), seed + 200);
        sites.a.order("enable", DISK, "b", "0s");
        cutsAndAKill(sites, 3, 400);
    }

    /** While the load runs; it ends then. */
    private void cutsAndAKill(TwoSites sites, int cuts, int millis) throws Exception {
        for (int cut = 0; cut < cuts; cut++) {
            loads.run(Duration.ofMillis(millis));
            sites.link.drop();
        }
        sites.b.node().kill();
        loads.run(Duration.ofMillis(200));
        sites.restartB();
        sites.link.heal();
        loads.stop();
        assertEquals(0, loads.errors());
        equal(sites.a, sites.b);
    }

    /** What the peer has already is compared, and what differs is sent, under load, over cuts and a kill. */
    @Test
    void aSeedBecomesEqualUnderLoadWhateverIsCut(Scratch scratch) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        sites.a.settings().image(DISK, BYTES, "commit=journal");
        sites.start();
        write(sites.a);
        sites.b.node().tell("create", DISK, Long.toString(BYTES));
        ByteBuffer older = content(sites.a);
        try (NbdConnection client = sites.b.node().dial(DISK)) {
            for (int at = 0; at < BYTES; at += 1 << 20) {
                client.call(NbdConnection.WRITE, 0, at, 1 << 20, older.slice(at, 1 << 20));
            }
        }
        writeOnce(sites.b);
        sites.link.slow(4 << 20);
        loads.start(sites.a.node(), seed + 300);
        sites.a.order("seed", DISK, "b");
        cutsAndAKill(sites, 2, 300);
    }

    @Test
    void aHeldReplicaStaysAndStepsAndFollowsAgain(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "0s");
        equal(sites.a, sites.b);
        sites.b.order("hold", DISK);
        String held = sites.b.mirrored(DISK).get("head");
        ByteBuffer before = content(sites.b);
        write(sites.a);
        sites.b.awaitState(DISK, "HELD");
        assertEquals(held, sites.b.mirrored(DISK).get("head"));
        assertEquals(before, content(sites.b));
        sites.b.order("step", DISK, "3");
        assertEquals(
                Long.parseLong(held) + 3, Long.parseLong(sites.b.mirrored(DISK).get("head")));
        sites.b.node().kill();
        sites.restartB();
        sites.b.awaitState(DISK, "HELD");
        assertEquals(
                Long.parseLong(held) + 3, Long.parseLong(sites.b.mirrored(DISK).get("head")), "after a restart");
        sites.b.order("release", DISK);
        equal(sites.a, sites.b);
    }

    @Test
    void failOverAndBackWithWritesOnBothSides(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "0s");
        equal(sites.a, sites.b);
        // Without writes on either side: who is promoted has what was there before, and so has who gets it back.
        ByteBuffer before = content(sites.a);
        sites.a.order("switch", DISK, "b");
        assertEquals(before, content(sites.b));
        equal(sites.b, sites.a);
        sites.b.order("switch", DISK, "a");
        assertEquals(before, content(sites.a));
        equal(sites.a, sites.b);
        // With writes.
        write(sites.a);
        sites.a.order("switch", DISK, "b");
        write(sites.b);
        equal(sites.b, sites.a);
        sites.b.order("switch", DISK, "a");
        write(sites.a);
        equal(sites.a, sites.b);
        assertTrue(sites.b.refused("promote", DISK).startsWith("MISMATCH"), "the source is primary");
    }

    @Test
    void aLostPrimaryIsReplacedByForceAndTheLosingBranchIsDiscardedByOrder(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "0s", "peer.ask.timeout=0s");
        equal(sites.a, sites.b);
        sites.a.node().kill();
        assertTrue(sites.b.refused("promote", DISK).startsWith("UNAVAILABLE"), "nobody knows what is missing");
        sites.b.order("promote!", DISK);
        write(sites.b);
        // The old primary comes back and is written too, because it is told to ask nobody.
        sites.link.cut();
        sites.a.start();
        writeOnce(sites.a);
        sites.link.heal();
        fenced(sites.a);
        // Where nobody tells it again, too: once it is stored, which comes after it is in force.
        Await.until("the fence to be stored", Duration.ofSeconds(30), () -> Files.readString(
                        sites.a.settings().images().resolve(DISK).resolve("head"), StandardCharsets.ISO_8859_1)
                .contains("fence"));
        sites.link.cut();
        sites.a.node().kill();
        sites.a.start();
        fenced(sites.a);
        sites.link.heal();
        sites.a.awaitLinked();
        write(sites.b);
        String split = sites.a.order("splits", DISK);
        assertTrue(
                split.matches(".*here=Optional\\[Branch\\[.*extents=1, bytes=4096,.*there=Optional\\[Branch.*"), split);
        assertTrue(split.endsWith("trouble=]]"), split);
        String fork = split.replaceAll(".*fork=([0-9:]+),.*", "$1");
        Await.until(() -> "b to see the same: " + sites.b.order("splits", DISK), Duration.ofSeconds(30), () -> sites.b
                .order("splits", DISK)
                .contains("fork=" + fork));
        assertTrue(sites.a.refused("resync", DISK, "b").length() > 0, "nothing is lost without an order");
        assertEquals("", sites.a.order("branches"));
        sites.a.order("resync!", DISK, "b");
        equal(sites.b, sites.a);
        String kept = sites.a.order("branches");
        assertTrue(kept.startsWith("disk." + fork.replace(':', '-') + "-"), kept);
        sites.a.node().kill();
        sites.a.start();
        assertEquals(kept, sites.a.order("branches"));
        sites.a.order("discard", kept);
        assertEquals("", sites.a.order("branches"));
        equal(sites.b, sites.a);
        sites.b.order("switch", DISK, "a");
        equal(sites.a, sites.b);
    }

    @Test
    void anOldPrimaryThatStartsAgainNeverAcknowledgesAWrite(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "0s", "peer.ask=wait");
        equal(sites.a, sites.b);
        sites.a.node().kill();
        sites.b.order("promote!", DISK);
        write(sites.b);
        // Its client comes before its link does.
        sites.link.cut();
        sites.a.start();
        CompletableFuture<NbdException> write = CompletableFuture.supplyAsync(() -> refusedWrite(sites.a));
        for (int i = 0; i < 20; i++) {
            content(sites.a);
        }
        assertFalse(write.isDone(), "it has not asked yet");
        sites.link.heal();
        assertEquals(1, write.get(60, TimeUnit.SECONDS).error(), "EPERM");
        sites.a.awaitState(DISK, "REFUSED");
        // So there is no branch, and nothing to decide but who follows.
        sites.a.order("demote", DISK);
        equal(sites.b, sites.a);
    }

    private static NbdException refusedWrite(Site site) {
        ByteBuffer data = ByteBuffer.allocate(4096);
        try (NbdConnection client = site.node().dial(DISK)) {
            return assertThrows(
                    NbdException.class, () -> client.call(NbdConnection.WRITE, NbdConnection.FUA, 0, 4096, data));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Its clients read, and cannot write. */
    private static void fenced(Site replaced) throws IOException {
        replaced.awaitState(DISK, "REFUSED");
        assertEquals(1, refusedWrite(replaced).error(), "EPERM");
        ByteBuffer read = ByteBuffer.allocate(4096);
        try (NbdConnection client = replaced.node().dial(DISK)) {
            client.call(NbdConnection.READ, 0, 0, 4096, read);
        }
        assertEquals(77, read.get(0), "what only it has is still there");
    }

    @Test
    void comparingFindsAFlippedByteAndNoFalseOneWhileClientsWrite(Scratch scratch) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        // Behind what loads write nothing changes, so that is not skipped.
        long quiet = 2L << 20;
        sites.a.settings().image(DISK, BYTES + quiet, "commit=journal");
        sites.start();
        write(sites.a);
        sites.a.order("enable", DISK, "b", "0s");
        TwoSites.awaitEqual(sites.a, sites.b, DISK);
        // Not so many writes that hardly anything can be compared; what they read is not looked at.
        Loads few = new Loads().add(DISK, new Ledger(BYTES, seed, false), new Mix(1, 2, 4, 4, 0, 10, 64 << 10));
        few.start(sites.a.node(), seed + 300);
        few.run(Duration.ofMillis(200));
        String same = sites.a.order("verify", DISK, "b");
        assertTrue(same.contains("differingBytes=0,"), same);
        assertTrue(Long.parseLong(same.replaceAll(".*equalBytes=(\\d+).*", "$1")) >= quiet, same);
        few.stop();
        TwoSites.awaitEqual(sites.a, sites.b, DISK);
        sites.b.node().stop();
        long flipped = BYTES + quiet / 2 + 1234;
        flip(sites.b.settings().images().resolve(DISK).resolve("data"), flipped);
        sites.restartB();
        sites.b.awaitState(DISK, "UP_TO_DATE");
        few.start(sites.a.node(), seed + 301);
        few.run(Duration.ofMillis(200));
        String found = sites.a.order("verify", DISK, "b");
        assertFalse(found.contains("differingBytes=0,"), found);
        long offset = Long.parseLong(found.replaceAll(".*Difference\\[offset=(\\d+).*", "$1"));
        long length = Long.parseLong(found.replaceAll(".*lengthBytes=(\\d+).*", "$1"));
        assertTrue(offset <= flipped && flipped < offset + length, found);
        assertTrue(offset >= BYTES, () -> "what clients write is taken for different: " + found);
        few.stop();
        assertEquals(0, few.errors());
    }

    private static void flip(Path file, long offset) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            one.put(0, (byte) ~one.get(0)).flip();
            channel.write(one, offset);
        }
    }

    @Test
    void aDelayedReplicaHasWhatItsPrimaryHadAndLosesNothingWithIt(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "0s");
        equal(sites.a, sites.b);
        sites.b.order("delay", DISK, "1h");
        ByteBuffer before = content(sites.b);
        write(sites.a);
        String durable = sites.a.node().status(DISK).get("durable");
        Await.until(
                () -> "b to receive all: " + sites.b.mirrored(DISK),
                Duration.ofSeconds(30),
                () -> sites.b.mirrored(DISK).get("received").equals(durable));
        assertEquals(before, content(sites.b), "an hour behind");
        sites.a.node().kill();
        sites.b.order("promote!", DISK);
        loads.verify(sites.b.node());
    }

    @Test
    void whatWaitsForTheReplicaOutlivesThePrimary(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "0s");
        equal(sites.a, sites.b);
        sites.a.node().tell("configure", DISK, "commit=replica-durable", "peer.timeout=300ms");
        loads.start(sites.a.node(), seed + 400);
        loads.run(Duration.ofMillis(300));
        sites.link.cut();
        awaitState(sites.a, "HOLDING");
        sites.link.heal();
        awaitState(sites.a, "SERVING");
        long before = loads.acknowledged();
        Await.until(
                () -> "writes to be acknowledged again: " + sites.a.node().status(DISK),
                Duration.ofSeconds(30),
                () -> loads.acknowledged() > before + 100);
        sites.a.node().kill();
        loads.ended();
        sites.b.order("promote!", DISK);
        loads.verify(sites.b.node());
    }

    /** The newest mark of the image, and where it stands. */
    private static String last(Site site) {
        String marks = site.node().tell("marks", DISK);
        return marks.substring(marks.lastIndexOf(' ') + 1);
    }

    private static void awaitState(Site site, String state) {
        Await.until(
                () -> "the image to be " + state + ": " + site.node().status(DISK),
                Duration.ofSeconds(30),
                () -> site.node().status(DISK).get("state").equals(state));
    }

    @Test
    void aHeldReplicaTakesOverAsItWasBeforeAMistakeAndStaysThatOverAKill(Scratch scratch) throws Exception {
        // The replica receives all, so a checkpoint would let go what is to be kept as a branch.
        TwoSites sites = mirrored(scratch, "0s", "checkpoint.interval=1h");
        equal(sites.a, sites.b);
        sites.b.order("hold", DISK);
        write(sites.a);
        String mark = sites.a.node().tell("mark", DISK, "before-the-mistake");
        ByteBuffer marked = content(sites.a);
        write(sites.a);
        assertEquals("mistaken=" + sites.a.node().tell("mark", DISK, "mistaken"), last(sites.a));
        String durable = sites.a.node().status(DISK).get("durable");
        Await.until(
                () -> "b to receive all: " + sites.b.mirrored(DISK),
                Duration.ofSeconds(30),
                () -> sites.b.mirrored(DISK).get("received").equals(durable));
        assertEquals(sites.a.node().tell("marks", DISK), sites.b.node().tell("marks", DISK), "the same, in order");
        sites.b.order("step", DISK, "10");
        sites.b.order("step", DISK, mark);
        ByteBuffer then = content(sites.b);
        assertEquals(marked, then, "as the primary was when the moment was named");
        String held = sites.b.mirrored(DISK).get("held");
        sites.b.order("promote@", DISK, held);
        String kept = "disk." + held.replace(':', '-') + "-" + durable + ".";
        assertTrue(sites.b.order("branches").startsWith(kept), sites.b.order("branches"));
        assertEquals(then, content(sites.b));
        sites.b.node().kill();
        sites.restartB();
        assertEquals(then, content(sites.b), "what was given up does not come back");
        // The one that was spoilt was not demoted: it has a branch of its own, and nobody throws that away by himself.
        sites.a.awaitLinked();
        assertTrue(sites.a.refused("resync", DISK, "b").length() > 0, "nothing is lost without an order");
        sites.a.order("resync!", DISK, "b");
        assertTrue(
                sites.a.order("branches").startsWith("disk." + held.replace(':', '-') + "-"),
                sites.a.order("branches"));
        TwoSites.awaitEqual(sites.b, sites.a, DISK);
        assertEquals(then, content(sites.a));
        writeOnce(sites.b);
        TwoSites.awaitEqual(sites.b, sites.a, DISK);
        assertEquals(content(sites.b), content(sites.a));
    }

    /** Nothing was kept for it, and nothing was trimmed: the journal has what it lacks. */
    @Test
    void endedWhileTheReplicaIsAwayAndBegunAgainWithoutACopy(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "0s", "checkpoint.interval=1h");
        equal(sites.a, sites.b);
        endWhileAway(sites);
        writeOnce(sites.a);
        createSecond(sites);
        for (String image : List.of(DISK, SECOND)) {
            String refused = sites.a.refused("enable", image, "b", "0s");
            assertTrue(refused.startsWith("UNAVAILABLE") || refused.startsWith("STALE_SERVICE"), refused);
        }
        sites.restartB();
        sites.a.awaitLinked();
        sites.a.order("enable", DISK, "b", "0s");
        TwoSites.awaitEqual(sites.a, sites.b, DISK);
        assertEquals(content(sites.a), content(sites.b));
        // Made while the peer was away, and copied for the first time.
        writeOnce(sites.a, SECOND, 0, 2);
        sites.a.order("enable", SECOND, "b", "0s");
        equalSecond(sites);
        sites.a.wasNeverCopiedAnew();
        sites.b.wasNeverCopiedAnew();
    }

    @Test
    void endedWhileTheReplicaIsAwayAndCopiedAnewByOrderWhenTheJournalWasTrimmed(Scratch scratch) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        // What is trimmed is whole segments.
        sites.a.settings().set("segment", "4MiB").image(DISK, BYTES, "commit=journal", "checkpoint.interval=100ms");
        sites.start();
        write(sites.a);
        sites.a.order("enable", DISK, "b", "0s");
        equal(sites.a, sites.b);
        ByteBuffer before = content(sites.b);
        long had = Long.parseLong(sites.a.node().status(DISK).get("durable"));
        endWhileAway(sites);
        loads.start(sites.a.node(), seed + 200);
        Await.until(
                () -> "events behind " + had + " to be trimmed: "
                        + sites.a.node().status(DISK),
                Duration.ofSeconds(30),
                () -> Long.parseLong(sites.a.node().status(DISK).get("trimmed")) > had);
        loads.stop();
        sites.restartB();
        sites.a.awaitLinked();
        sites.a.order("enable", DISK, "b", "0s");
        Await.until(
                () -> "b to say what it lacks: " + sites.b.mirrored(DISK),
                Duration.ofSeconds(30),
                () -> sites.b.mirrored(DISK).get("trouble").contains("mirror:resync"));
        assertEquals("REFUSED", sites.b.mirrored(DISK).get("state"));
        assertEquals(before, content(sites.b), "nothing is copied without an order");
        sites.b.wasNeverCopiedAnew();
        sites.b.order("resync", DISK, "a");
        equal(sites.a, sites.b);
    }

    private static void endWhileAway(TwoSites sites) {
        sites.b.node().kill();
        assertEquals("false", sites.a.order("disable", DISK, "b"), "b was not told");
    }

    @Test
    void aReplicaThatLacksTooMuchExpiresAndIsCopiedAnewByOrder(Scratch scratch) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        sites.a
                .settings()
                .image(DISK, BYTES, "commit=journal", "journal.limit=32MiB", "peer.slow=expire", "peer.slow.size=8MiB");
        sites.start();
        write(sites.a);
        sites.a.order("enable", DISK, "b", "0s");
        equal(sites.a, sites.b);
        ByteBuffer before = content(sites.b);
        sites.b.node().kill();

        // The primary goes on, and more than its journal can hold comes in.
        loads.start(sites.a.node(), seed + 500);
        sites.a.awaitState(DISK, "REFUSED");
        long expired = loads.acknowledged();
        Await.until(
                () -> "the journal to be trimmed and filled again: "
                        + sites.a.node().status(DISK),
                Duration.ofSeconds(60),
                () -> loads.acknowledged() > expired + 1000);
        loads.stop();
        assertEquals(0, loads.errors());
        isExpired(sites.a);
        sites.a.node().stop();
        sites.a.start();
        isExpired(sites.a);

        // It comes back: an old position of its source, which it keeps until somebody orders otherwise.
        sites.restartB();
        sites.b.awaitState(DISK, "REFUSED");
        String trouble = sites.b.mirrored(DISK).get("trouble");
        assertTrue(trouble.contains("lacks_more_than_8_MiB") && trouble.contains("mirror:resync"), trouble);
        assertEquals(before, content(sites.b));
        sites.b.node().stop();
        sites.restartB();
        sites.b.awaitState(DISK, "REFUSED");
        sites.b.order("resync", DISK, "a");
        equal(sites.a, sites.b);
        sites.a.awaitState(DISK, "UP_TO_DATE");
        // A burst on a slow machine may put it too far behind once more.
        sites.a.node().tell("configure", DISK, "peer.slow=hold", "peer.slow.size=");
        write(sites.a);
        equal(sites.a, sites.b);
        // They are looked at anew with the journal's next round.
        Await.until(
                () -> "no warning: " + sites.a.node().status(DISK),
                Duration.ofSeconds(60),
                () -> sites.a.node().status(DISK).get("warnings").isEmpty());
    }

    private static void isExpired(Site source) {
        source.awaitState(DISK, "REFUSED");
        String words = source.mirrored(DISK).get("words");
        assertTrue(words.contains("because_it_lacks_more_than_8_MiB") && words.contains("mirror:resync"), words);
        Await.until(
                () -> "a warning: " + source.node().status(DISK),
                Duration.ofSeconds(30),
                () -> source.node().status(DISK).get("warnings").contains("copy_it_anew_(mirror:resync_there)"));
    }
}
