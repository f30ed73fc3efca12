package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
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
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An image that one of two nodes has and the other one follows, and what its clients know of it. */
final class MirroredDisk {
    /** Its name on both nodes. */
    static final String DISK = "disk";

    /** Its size. */
    static final long BYTES = 16L << 20;

    /** What waits for something to become so. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    /** The first one is primary to begin with. */
    final TwoSites sites;

    /** What clients write, verified. */
    final Loads loads;

    /** The same, for tests that look at it in another way. */
    final Ledger ledger;

    private final long seed;
    private int runs;

    private MirroredDisk(Scratch scratch, String test) {
        seed = Seeds.choose(test);
        sites = TwoSites.create(scratch);
        ledger = new Ledger(BYTES, seed, false);
        loads = new Loads().add(DISK, ledger, Mix.MIRRORED);
    }

    /**
     * Starts two nodes and has the second one follow what the first one has written.
     *
     * @param scratch of the test
     * @param test its name
     * @param keys of the image
     */
    static MirroredDisk start(Scratch scratch, String test, String... keys) throws Exception {
        MirroredDisk disk = new MirroredDisk(scratch, test);
        String[] all = new String[keys.length + 1];
        all[0] = "commit=journal";
        System.arraycopy(keys, 0, all, 1, keys.length);
        disk.sites.a.settings().set("segment", "4MiB").image(DISK, BYTES, all);
        disk.sites.b.settings().set("segment", "4MiB");
        disk.sites.start();
        disk.write(disk.sites.a);
        disk.sites.a.order("enable", DISK, "b", "0s");
        disk.equal(disk.sites.a, disk.sites.b);
        return disk;
    }

    /** A load that goes on until it is ended. */
    void load(Site primary) throws IOException {
        loads.start(primary.node(), seed + runs++);
    }

    /** Some verified writes. */
    void write(Site primary) throws IOException {
        load(primary);
        loads.run(Duration.ofMillis(200));
        loads.stop();
        assertEquals(0, loads.errors());
    }

    /** Waits until both sides are the same, and compares them byte by byte, with each other and with what clients wrote. */
    void equal(Site source, Site replica) throws IOException {
        TwoSites.awaitEqual(source, replica, DISK);
        loads.verify(replica.node());
        assertEquals(content(source), content(replica));
    }

    static ByteBuffer content(Site site) throws IOException {
        return Contents.of(site.node(), DISK, BYTES);
    }

    /** One write of 4 KiB, durable when it returns. */
    static void writeOne(Site primary, long offset, int fill) throws IOException {
        ByteBuffer data = ByteBuffer.allocate(4096);
        Arrays.fill(data.array(), (byte) fill);
        try (NbdConnection client = primary.node().dial(DISK)) {
            client.call(NbdConnection.WRITE, NbdConnection.FUA, offset, data.remaining(), data);
        }
    }

    /** A write that is answered with an error; the protocol's number of it. */
    static int refusedWrite(Site site) throws IOException {
        ByteBuffer data = ByteBuffer.allocate(4096);
        try (NbdConnection client = site.node().dial(DISK)) {
            return assertThrows(
                            NbdException.class,
                            () -> client.call(NbdConnection.WRITE, NbdConnection.FUA, 0, data.remaining(), data))
                    .error();
        }
    }

    /** What matters of an image's status, for people. */
    static String told(Site site) {
        Map<String, String> status = site.node().status(DISK);
        return Stream.of(
                        "state",
                        "detail",
                        "warnings",
                        "appended",
                        "durable",
                        "applied",
                        "checkpointed",
                        "trimmed",
                        "journalUsedBytes")
                .map(key -> key + "=" + status.get(key))
                .collect(Collectors.joining(", "));
    }

    /** Waits until the image is in a state, as {@code image:list} shows it. */
    static void awaitImage(Site site, String state) {
        Await.until(
                () -> "the image to be " + state + ": " + told(site) + "\n"
                        + site.node().log(),
                PATIENCE,
                () -> site.node().status(DISK).get("state").equals(state));
    }

    /** Waits until something is said in a field of the mirror's status. */
    static void awaitSaid(Site site, String field, String words) {
        Await.until(
                () -> "to hear " + words + ": " + site.mirrored(DISK) + "\n"
                        + site.node().log(),
                PATIENCE,
                () -> site.mirrored(DISK).get(field).contains(words));
    }
}
