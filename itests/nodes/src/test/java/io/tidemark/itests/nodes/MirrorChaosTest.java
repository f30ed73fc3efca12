package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Ballast;
import io.tidemark.itests.nodes.harness.MountedFs;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.load.VerifiedLoad;
import io.tidemark.itests.nodes.node.Contents;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.itests.nodes.node.TwoSites;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Verified writes on the primary, while one of both nodes is killed with -9, the link between them is cut, stalled, slowed, or
 * spoilt, or the file system of the replica's journal is full. Each round names a moment among the writes with a mark, and another
 * one between them, when the primary can be read. The replica is held before both and stepped to them after what befell them: at
 * the first one it has what the clients know of the primary then, at the second one the primary's bytes. After
 * healing it has everything, and was never copied a second time; and whatever happens at the replica or the link, no request
 * waits longer than {@code peer.timeout} says. {@code -Dtidemark.mirror.seconds=N} makes it longer; the README of these tests has
 * the command.
 */
@ExtendWith(ScratchExtension.class)
class MirrorChaosTest {
    private static final String DISK = "disk";
    private static final long BYTES = 24L << 20;
    private static final int SECONDS = Seeds.rounds("tidemark.mirror.seconds", 120);
    private static final long DISK_BYTES = 384L << 20;
    private static final Duration PEER_TIMEOUT = Duration.ofSeconds(1);

    /** What requests may wait for other reasons, on two processors with two nodes, a client, and one disk for all. */
    private static final Duration SLACK = Duration.ofSeconds(4);

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final long seed = Seeds.choose("MirrorChaosTest");
    private final RandomGenerator random = Seeds.random(seed, 1);
    private final Ledger ledger = new Ledger(BYTES, seed, false);
    private final Loads loads = new Loads().add(DISK, ledger, Mix.MIRRORED);
    private final Map<Harm, Integer> came = new EnumMap<>(Harm.class);
    private Duration longest = Duration.ZERO;
    private TwoSites sites;
    private Ballast ballast;

    private enum Harm {
        REPLICA_KILLED,
        PRIMARY_KILLED,
        LINK_CUT,
        LINK_STALLED,
        LINK_SLOW,
        PIECE_TWICE,
        PIECES_SWAPPED,
        REPLICA_FULL,
        /** So long that a request that waits for it is seen. */
        LINK_CUT_FOR_LONG,
        /** As long, and neither side is told. */
        LINK_STALLED_FOR_LONG
    }

    @BeforeEach
    void mirrored(Scratch scratch) throws Exception {
        MountedFs small = MountedFs.ofSize(scratch, DISK_BYTES);
        ballast = new Ballast(small.directory());
        Path journals = Files.createDirectory(small.directory().resolve("j"));
        sites = TwoSites.create(scratch, journals);
        sites.a
                .settings()
                .set("journal.limit", "2GiB")
                .set("segment", "4MiB")
                .set("checkpoint.interval", "200ms")
                .image(
                        DISK,
                        BYTES,
                        "commit=replica-durable",
                        "peer.timeout=" + PEER_TIMEOUT.toMillis() + "ms",
                        "peer.missing=journal",
                        "peer.ask.timeout=500ms");
        sites.b.settings().set("segment", "4MiB");
        sites.start();
        sites.a.order("enable", DISK, "b", "0s");
        TwoSites.awaitEqual(sites.a, sites.b, DISK);
    }

    @Test
    void theReplicaIsItsPrimaryAtEveryMarkAndWheneverAllIsWellAgain() throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
        int rounds = 0;
        for (; System.nanoTime() < end || came.size() < Harm.values().length; rounds++) {
            // Every other round does not wait for the replica at all.
            sites.a.node().tell("configure", DISK, "commit=" + (rounds % 2 == 0 ? "replica-durable" : "journal"));
            sites.b.order("hold", DISK);
            loads.start(sites.a.node(), seed + rounds);
            loads.run(Duration.ofMillis(random.nextInt(200)));
            String[] at = new String[1];
            int round = rounds;
            Ledger.Moment moment = ledger.moment(() -> at[0] = sites.a.node().tell("mark", DISK, "round-" + round));
            stopped();
            String quiet = sites.a.node().tell("mark", DISK, "quiet-" + round);
            ByteBuffer there = content(sites.a);
            loads.start(sites.a.node(), seed - 1 - rounds);
            for (int harms = 1 + random.nextInt(3); harms > 0; harms--) {
                Harm harm = nextHarm();
                harm(harm, seed + 1000 + rounds * 10L + harms);
                came.merge(harm, 1, Integer::sum);
                loads.run(Duration.ofMillis(random.nextInt(300)));
            }
            sites.link.heal();
            stepTo(at[0]);
            NodeProcess replica = sites.b.node();
            VerifiedLoad.verify(moment, BYTES, () -> replica.dial(DISK));
            stepTo(quiet);
            assertEquals(there, content(sites.b), "the primary's bytes at the second mark");
            sites.b.order("release", DISK);
            stopped();
            TwoSites.awaitEqual(sites.a, sites.b, DISK);
            loads.verify(sites.b.node());
            assertEquals(content(sites.a), content(sites.b), "the primary's bytes when all is well again");
        }
        loads.verify(sites.a.node());
        sites.b.wasNeverCopiedAnew();
        System.out.println("MirrorChaosTest: " + rounds + " rounds, " + loads.acknowledged()
                + " writes acknowledged, the longest wait " + longest.toMillis() + " ms, " + came);
    }

    /** Each once, and then any; seldom one that takes long. */
    private Harm nextHarm() {
        Harm[] all = Harm.values();
        if (came.size() < all.length) {
            return all[came.size()];
        }
        return all[random.nextInt(random.nextInt(8) == 0 ? all.length : Harm.LINK_CUT_FOR_LONG.ordinal())];
    }

    private static ByteBuffer content(Site site) throws IOException {
        return Contents.of(site.node(), DISK, BYTES);
    }

    private void stepTo(String mark) {
        long sequence = Position.parse(mark).sequence();
        Await.until(
                () -> "the mark at " + mark + " to be received: " + sites.b.mirrored(DISK) + "\n"
                        + sites.b.node().log(),
                PATIENCE,
                () -> Long.parseLong(sites.b.mirrored(DISK).get("received")) >= sequence);
        sites.b.order("step", DISK, mark);
        assertEquals(Long.toString(sequence), sites.b.mirrored(DISK).get("head"), "it is held at the mark");
    }

    private void stopped() {
        loads.stop();
        assertEquals(0, loads.errors(), "the primary failed requests");
        waitedNoLongerThanConfigured();
    }

    private void waitedNoLongerThanConfigured() {
        longest = loads.longest().compareTo(longest) > 0 ? loads.longest() : longest;
        assertTrue(longest.compareTo(PEER_TIMEOUT.plus(SLACK)) < 0, () -> "a request waited for " + longest);
    }

    private void harm(Harm harm, long loadSeed) throws Exception {
        Duration aWhile = Duration.ofMillis(random.nextInt(500));
        switch (harm) {
            case REPLICA_KILLED -> {
                sites.b.node().kill();
                loads.endure(aWhile);
                sites.restartB();
            }
            case PRIMARY_KILLED -> {
                sites.a.node().kill();
                loads.ended();
                assertEquals(0, loads.errors(), "the primary failed requests");
                waitedNoLongerThanConfigured();
                sites.a.start();
                loads.verify(sites.a.node());
                loads.start(sites.a.node(), loadSeed);
            }
            case LINK_CUT -> {
                sites.link.cut();
                loads.endure(aWhile);
            }
            case LINK_CUT_FOR_LONG -> forLong(sites.link::cut);
            case LINK_STALLED_FOR_LONG -> forLong(sites.link::stall);
            case LINK_STALLED -> {
                sites.link.stall();
                loads.endure(aWhile);
            }
            case LINK_SLOW -> {
                sites.link.slow(1 << 20);
                loads.endure(aWhile);
            }
            case PIECE_TWICE -> spoil(sites.link::repeatOne);
            case PIECES_SWAPPED -> spoil(sites.link::swapTwo);
            case REPLICA_FULL -> fillUp();
        }
        sites.link.heal();
    }

    /** Longer than requests may wait: they are answered before the link is well again, and new ones, too. */
    private void forLong(Runnable harm) {
        sites.a.node().tell("configure", DISK, "commit=replica-durable");
        harm.run();
        loads.endure(PEER_TIMEOUT.plus(SLACK));
        long before = loads.acknowledged();
        loads.endure(Duration.ofSeconds(2));
        assertTrue(loads.acknowledged() > before, "no write is acknowledged without the replica");
    }

    private void spoil(Runnable next) {
        int before = sites.link.spoilt();
        next.run();
        Await.until("something to be spoilt on the way", PATIENCE, () -> {
            loads.endure(Duration.ofMillis(10));
            return sites.link.spoilt() > before;
        });
    }

    /** The replica is held, so that its journal keeps all, and cannot take any more when there is no space left. */
    private void fillUp() {
        ballast.fill(0);
        Await.until(
                () -> "the replica's journal to be full: " + sites.b.mirrored(DISK) + "\n"
                        + sites.b.node().log(),
                PATIENCE,
                () -> {
                    loads.endure(Duration.ofMillis(50));
                    return sites.b.node().status(DISK).get("detail").startsWith("journal_full");
                });
        loads.endure(Duration.ofMillis(random.nextInt(300)));
        ballast.drop();
    }
}
