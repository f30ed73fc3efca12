package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Command;
import io.tidemark.itests.nodes.harness.Memory;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.harness.Tool;
import io.tidemark.itests.nodes.load.FioVerify;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.node.Contents;
import io.tidemark.itests.nodes.node.KarafNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The distribution, by {@code ./run} and {@code ./tm}, with real clients and kill -9. */
@Tag("karaf")
@ExtendWith(ScratchExtension.class)
class DistributionTest {
    private static final int ROUNDS = Seeds.rounds("tidemark.karaf.rounds", 2);
    private static final long IMAGE_BYTES = 24L << 20;
    private static final long FIO_BYTES = 256L << 20;

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern WRITES = Pattern.compile("\"writes\": *[1-9]");

    private final long seed = Seeds.choose("DistributionTest");

    @Test
    void nothingAcknowledgedIsLostByAKill(Scratch scratch) throws Exception {
        KarafNode node = KarafNode.create(scratch).start();
        node.tm("image:create", "plain", "24MiB").ok();
        node.tm("image:create", "cached", "24MiB", "--commit", "volatile").ok();
        node.tm("image:create", "fio", "256MiB").ok();
        Loads loads = new Loads()
                .add("plain", new Ledger(IMAGE_BYTES, seed, false), Mix.ALL)
                .add("cached", new Ledger(IMAGE_BYTES, seed + 1, true), Mix.CACHED);
        RandomGenerator random = Seeds.random(seed, 1);
        long verified = 0;
        for (int round = 0; round < ROUNDS; round++) {
            FioVerify fio = new FioVerify(scratch, seed + round, FIO_BYTES, 2);
            loads.start(node, seed + round);
            fio.start(node.uri("fio"), node.pid());
            Await.until("fio to write", PATIENCE, () -> WRITES.matcher(
                            node.tm("--json", "image:info", "fio").ok().out())
                    .find());
            loads.run(Duration.ofMillis(random.nextInt(700)));
            fio.pull();
            boolean noted = fio.await();
            node.kill();
            loads.ended();
            assertEquals(0, loads.errors());
            node.start();
            loads.verify(node);
            if (noted) {
                verified += fio.verify(node.uri("fio"));
            }
        }
        assertTrue(verified > 0, "fio verified nothing");
        node.tm("image:list").ok().says("plain").says("cached");
        node.tm("journal:info", "plain").ok();
        node.stop();
        loads.verify(node.start());
    }

    @Test
    void realClientsWork(Scratch scratch) throws Exception {
        long bytes = 256L << 20;
        KarafNode node = KarafNode.create(scratch).start();
        node.tm("image:create", "disk", "256MiB").ok();
        Clients clients = new Clients(scratch, node.uri(""), "disk", node.uri("disk"));
        clients.nbdinfoSeesWhatTheServerCan(bytes);
        clients.nbdshTriesEveryOption();
        clients.nbdshIsRefusedWhatItMust();
        clients.qemuIoWritesForcesZeroesAndDiscards();
        clients.nbdcopyGoesBothWaysWithEightConnections(bytes);
        clients.fioVerifiesAtDepth64OverFourConnections();
    }

    @Test
    void anExportedJournalMakesAnEqualImage(Scratch scratch) throws Exception {
        KarafNode node = KarafNode.create(scratch).start();
        node.tm("image:create", "disk", "24MiB", "--set", "trim=age", "--set", "trim.age=1h")
                .ok();
        Loads loads = new Loads().add("disk", new Ledger(IMAGE_BYTES, seed, false), Mix.ALL);
        loads.start(node, seed);
        loads.run(Duration.ofMillis(500));
        loads.stop();
        assertEquals(0, loads.errors());
        // In the image and out of memory: what is exported comes from the journal's files alone.
        node.kill();
        node.start();
        String file = scratch.newFile("disk.journal").toString();
        node.tm("journal:export", "disk", file).ok().says("exported to " + file);
        node.tm("image:create", "copy", "24MiB").ok();
        node.tm("journal:import", "copy", file).ok().says("replayed");
        loads.verify(node);
        assertEquals(-1, Contents.of(node, "disk", IMAGE_BYTES).mismatch(Contents.of(node, "copy", IMAGE_BYTES)));
    }

    @Test
    void hostileInputHarmsNobody(Scratch scratch) throws Exception {
        KarafNode node = KarafNode.create(scratch).start();
        node.tm("image:create", "plain", "24MiB").ok();
        Loads loads = new Loads().add("plain", new Ledger(IMAGE_BYTES, seed, false), Mix.ALL);
        loads.start(node, seed);
        HostileInput hostile = new HostileInput(node.address(), "plain", seed);
        hostile.attack(500);
        loads.run(Duration.ofMillis(200));
        hostile.end();
        loads.stop();
        assertEquals(0, loads.errors());
        loads.verify(node);
        node.tm("image:list").ok().says("plain");
    }

    /** The bar: a default node within 512 MiB resident while fio writes 1 MiB at depth 128. */
    @Test
    void memoryStaysWithinItsBound(Scratch scratch) {
        KarafNode node = KarafNode.create(scratch).asShipped().start();
        node.tm("image:create", "disk", "2GiB").ok();
        Command.of(
                        scratch,
                        Tool.FIO,
                        "--name=large",
                        "--ioengine=nbd",
                        "--uri=" + node.uri("disk"),
                        "--rw=randwrite",
                        "--bs=1m",
                        "--iodepth=128",
                        "--size=2g",
                        "--time_based",
                        "--runtime=15",
                        "--output=" + scratch.newFile("fio.log"))
                .run()
                .ok();
        long peak = Memory.peakResidentBytes(node.pid());
        System.out.println("DistributionTest: peak resident " + (peak >> 20) + " MiB under 1 MiB writes at depth 128");
        assertTrue(peak <= 512L << 20, "the node took " + (peak >> 20) + " MiB");
    }

    /** The bar: an empty node serves within 10 s. */
    @Test
    @Tag("alone")
    void anEmptyNodeStartsWithinTenSeconds(Scratch scratch) throws Exception {
        // A start builds, where that is needed, before it finds that the directory is none of a node.
        KarafNode builder = KarafNode.create(scratch);
        Files.createFile(Files.createDirectory(builder.data()).resolve("letter.txt"));
        builder.run("--background").exits(1);
        KarafNode node = KarafNode.create(scratch);
        long began = System.nanoTime();
        node.start();
        long millis = (System.nanoTime() - began) / 1_000_000;
        System.out.println("DistributionTest: an empty node serves after " + millis + " ms");
        node.tm("image:create", "disk", "16MiB").ok();
        try (NbdConnection connection = node.dial("disk")) {
            connection.call(NbdConnection.READ, 0, 0, 4096, ByteBuffer.allocate(4096));
        }
        theSystemsErrorsAreInEnglish(node);
        assertTrue(millis <= Seeds.bar(10_000), "it took " + millis + " ms");
    }

    /** Whatever the language of who starts it; the encoding stays, names of files are in it. */
    private static void theSystemsErrorsAreInEnglish(KarafNode node) throws Exception {
        byte[] bytes = Files.readAllBytes(Path.of("/proc", Long.toString(node.pid()), "environ"));
        List<String> environment = List.of(new String(bytes, StandardCharsets.UTF_8).split("\0"));
        assertTrue(environment.contains("LC_MESSAGES=C"), "Java tells errors in another language");
        assertTrue(environment.contains("LC_CTYPE=C.UTF-8"), "Java has not the encoding that ./run was started with");
        assertTrue(environment.stream().noneMatch(entry -> entry.startsWith("LC_ALL=")), "LC_ALL overrides the others");
    }
}
