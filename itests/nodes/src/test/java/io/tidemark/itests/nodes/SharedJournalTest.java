package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.node.Contents;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.itests.nodes.node.TwoSites;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two node processes with one directory of journals: the replica's node reads the journal that the other one writes. */
@ExtendWith(ScratchExtension.class)
class SharedJournalTest {
    private static final String DISK = "disk";
    private static final long BYTES = 16L << 20;
    /** Behind what loads write. */
    private static final int EXTRA_BYTES = 1 << 20;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final long seed = Seeds.choose("SharedJournalTest");
    private final Loads loads = new Loads().add(DISK, new Ledger(BYTES, seed, false), Mix.MIRRORED);
    private int runs;

    private TwoSites mirrored(Scratch scratch, String... keys) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        List<String> all = new ArrayList<>(List.of("commit=journal"));
        all.addAll(List.of(keys));
        sites.a
                .settings()
                .set("segment", "4MiB")
                .set("checkpoint.interval", "200ms")
                .image(DISK, BYTES + EXTRA_BYTES, all.toArray(new String[0]));
        sites.b
                .settings()
                .set("segment", "4MiB")
                .set("shared", sites.a.settings().journals().get(0).toString());
        sites.start();
        write(sites.a, 300);
        loads.start(sites.a.node(), seed + runs++);
        sites.a.order("enable", DISK, "b", "0s", "shared=shared");
        loads.run(Duration.ofMillis(300));
        loads.stop();
        assertEquals(0, loads.errors());
        awaitWords(sites.b, "reads_the_source's_journal_itself");
        return sites;
    }

    private void write(Site primary, int millis) throws Exception {
        loads.start(primary.node(), seed + runs++);
        loads.run(Duration.ofMillis(millis));
        loads.stop();
        assertEquals(0, loads.errors());
    }

    private static void awaitWords(Site site, String words) {
        Await.until(
                () -> "to hear " + words + ": " + site.mirrored(DISK) + "\n"
                        + site.node().log(),
                PATIENCE,
                () -> site.mirrored(DISK).get("words").contains(words));
    }

    private void equal(TwoSites sites) throws Exception {
        TwoSites.awaitEqual(sites.a, sites.b, DISK);
        assertEquals(Contents.of(sites.a.node(), DISK, BYTES), Contents.of(sites.b.node(), DISK, BYTES));
        loads.verify(sites.b.node());
    }

    @Test
    void theReplicaReadsTheJournalWhateverBecomesOfLinkAndNodes(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "journal.limit=1GiB", "peer.ask.timeout=2s");
        equal(sites);
        awaitWords(sites.a, "reads_the_journal_itself");

        // Without a link.
        sites.link.cut();
        write(sites.a, 300);
        equal(sites);
        awaitWords(sites.b, "not_linked");

        // The follower is killed, and begins without a link. Its source waits for it meanwhile and trims when it has
        // read.
        sites.b.node().kill();
        write(sites.a, 500);
        sites.restartB();
        equal(sites);
        String seen = sites.a.node().status(DISK).get("trimmed");
        for (int i = 0; i < 10; i++) {
            write(sites.a, 300);
        }
        Await.until(
                () -> "the source to trim: " + sites.a.node().status(DISK),
                PATIENCE,
                () -> Long.parseLong(sites.a.node().status(DISK).get("trimmed")) > Long.parseLong(seen));
        equal(sites);

        // The source is killed under load, and what it left is read before it is back.
        loads.start(sites.a.node(), seed + 900);
        loads.run(Duration.ofMillis(300));
        sites.a.node().kill();
        loads.ended();
        sites.a.start();
        loads.verify(sites.a.node());
        write(sites.a, 300);
        equal(sites);
        sites.link.heal();
        sites.a.node().stop();
        sites.b.node().stop();
        sites.restartB();
        sites.a.start();
        equal(sites);
        sites.b.wasNeverCopiedAnew();
    }

    /** Holds and orders are the replica's, expiry is the source's, and the roles change over the link. */
    @Test
    void theRulesAreThoseOfALink(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "journal.limit=256MiB");
        equal(sites);
        sites.b.order("hold", DISK);
        String held = sites.b.mirrored(DISK).get("head");
        write(sites.a, 200);
        sites.b.awaitState(DISK, "HELD");
        assertEquals(held, sites.b.mirrored(DISK).get("head"));
        sites.b.order("release", DISK);
        equal(sites);
        sites.a.order("switch", DISK, "b");
        write(sites.b, 200);
        TwoSites.awaitEqual(sites.b, sites.a, DISK);
        sites.b.order("switch", DISK, "a");
        write(sites.a, 200);
        equal(sites);

        sites.a.node().tell("configure", DISK, "peer.slow=expire", "peer.slow.size=32MiB");
        sites.b.node().kill();
        loads.start(sites.a.node(), seed + runs++);
        Await.until(
                () -> "the replica to expire: " + sites.a.node().status(DISK),
                PATIENCE,
                () -> sites.a.node().status(DISK).get("warnings").contains("nothing_is_kept_for_it"));
        long expired = loads.acknowledged();
        Await.until(
                () -> "the source to go on: " + sites.a.node().status(DISK),
                PATIENCE,
                () -> loads.acknowledged() > expired + 500);
        loads.stop();
        assertEquals(0, loads.errors());
        sites.restartB();
        sites.b.awaitState(DISK, "REFUSED");
        String trouble = sites.b.mirrored(DISK).get("trouble");
        assertTrue(trouble.contains("mirror:resync"), trouble);
        sites.b.awaitLinked();
        sites.b.order("resync", DISK, "a");
        awaitWords(sites.b, "reads_the_source's_journal_itself");
        equal(sites);
    }

    /** Its journal is its own: what was acknowledged because it has it outlives the source's node and the pool that both had. */
    @Test
    void itIsWaitedForAsLongAsTheNodesAreLinked(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "journal.limit=1GiB");
        equal(sites);
        sites.a.node().tell("configure", DISK, "commit=replica-durable", "peer.timeout=300ms");
        write(sites.a, 500);
        sites.link.cut();
        MirroredDisk.awaitImage(sites.a, "HOLDING");
        sites.link.heal();
        MirroredDisk.awaitImage(sites.a, "SERVING");
        loads.start(sites.a.node(), seed + runs++);
        loads.run(Duration.ofMillis(500));
        sites.a.node().kill();
        Path journal = sites.a.settings().journals().get(0).resolve(DISK);
        Files.move(journal, journal.resolveSibling("lost"));
        loads.ended();
        sites.b.order("promote!", DISK);
        loads.verify(sites.b.node());
    }

    @Test
    void aPrimaryThatIsGoneLeavesAllThatIsProven(Scratch scratch) throws Exception {
        TwoSites sites = mirrored(scratch, "journal.limit=1GiB", "peer.ask.timeout=2s");
        sites.b.node().kill();
        write(sites.a, 500);
        String durable = sites.a.node().status(DISK).get("durable");
        // The next batch proves that what was before it is durable.
        try (NbdConnection client = sites.a.node().dial(DISK)) {
            client.call(NbdConnection.WRITE, NbdConnection.FUA, BYTES, 4096, ByteBuffer.allocate(4096));
        }
        sites.a.node().kill();
        sites.restartB();
        Await.until(
                () -> "b to have all of a dead node: " + sites.b.mirrored(DISK) + "\n"
                        + sites.b.node().log(),
                PATIENCE,
                () -> Long.parseLong(sites.b.mirrored(DISK).get("head")) >= Long.parseLong(durable));
        sites.b.order("promote!", DISK);
        loads.verify(sites.b.node());
        Path journal = sites.a.settings().journals().get(0).resolve(DISK);
        try (Stream<Path> files = Files.list(journal.resolve("followers"))) {
            List<String> names =
                    files.map(file -> file.getFileName().toString()).toList();
            assertTrue(names.stream().anyMatch(name -> name.endsWith(".client")), names.toString());
        }
    }
}
