package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.disk.DiskServer;
import io.tidemark.itests.nodes.disk.LossyDisk;
import io.tidemark.itests.nodes.harness.Command;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.harness.Tool;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.load.VerifiedLoad;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The tests' own tools: what they are to find they do find, and nothing else. */
@ExtendWith(ScratchExtension.class)
class HarnessTest {
    private static final int DISK_BYTES = 32 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private record Served(LossyDisk disk, DiskServer server, Path socket) {
        NbdConnection dial() throws java.io.IOException {
            return NbdConnection.connect(socket, "");
        }
    }

    private static Served serve(Scratch scratch) throws Exception {
        LossyDisk disk = LossyDisk.create(scratch.newFile("disk.img"), DISK_BYTES);
        scratch.defer("disk", disk::close);
        Path socket = scratch.newSocket("disk.sock");
        DiskServer server = DiskServer.start(disk, socket);
        scratch.defer("disk server", server::close);
        return new Served(disk, server, socket);
    }

    @Test
    void libnbdUnderstandsTheDisk(Scratch scratch) throws Exception {
        Served served = serve(scratch);
        Command.of(scratch, Tool.NBDINFO, "--size", served.server().uri())
                .run()
                .ok()
                .says("" + DISK_BYTES);
        Command.of(scratch, Tool.NBDINFO, "--can", "flush", served.server().uri())
                .run()
                .ok();
    }

    @Test
    void aLoadOnAWorkingDiskIsVerified(Scratch scratch) throws Exception {
        long seed = Seeds.choose("HarnessTest");
        Served served = serve(scratch);
        Ledger ledger = new Ledger(DISK_BYTES, seed, false);
        VerifiedLoad load = VerifiedLoad.start(ledger, Mix.ALL, seed, served::dial);
        load.awaitWrites(2_000, PATIENCE);
        load.stop();
        VerifiedLoad.verify(ledger, served::dial);
        assertTrue(load.errors().isEmpty(), "errors: " + load.errors());
    }

    @Test
    void aClientThatFlushesLosesNothingOnALossyDisk(Scratch scratch) throws Exception {
        long seed = Seeds.choose("HarnessTest");
        Served served = serve(scratch);
        Ledger ledger = new Ledger(DISK_BYTES, seed, true);
        for (int round = 0; round < 5; round++) {
            loseParts(served, ledger, seed + round);
            VerifiedLoad.verify(ledger, served::dial);
        }
    }

    @Test
    void aClientThatTrustsALossyDiskLosesSomething(Scratch scratch) throws Exception {
        long seed = Seeds.choose("HarnessTest");
        Served served = serve(scratch);
        Ledger ledger = new Ledger(DISK_BYTES, seed, false);
        String wrong = null;
        for (int round = 0; round < 20 && wrong == null; round++) {
            loseParts(served, ledger, seed + round);
            wrong = VerifiedLoad.compare(ledger, served::dial);
        }
        assertNotNull(wrong, "the disk lost what was not flushed, and nobody noticed");
    }

    private static void loseParts(Served served, Ledger ledger, long seed) throws Exception {
        VerifiedLoad load = VerifiedLoad.start(ledger, Mix.ALL, seed, served::dial);
        load.awaitWrites(300, PATIENCE);
        ledger.freeze();
        served.disk().powerOff(Seeds.random(seed, 99));
        load.abort();
        served.disk().powerOn();
    }

    @Test
    void aChangedByteIsNoticed(Scratch scratch) throws Exception {
        long seed = Seeds.choose("HarnessTest");
        Served served = serve(scratch);
        Ledger ledger = new Ledger(DISK_BYTES, seed, false);
        VerifiedLoad load = VerifiedLoad.start(ledger, Mix.SMALL, seed, served::dial);
        load.awaitWrites(500, PATIENCE);
        load.stop();
        try (NbdConnection connection = served.dial()) {
            ByteBuffer sector = ByteBuffer.allocate(512);
            connection.call(NbdConnection.READ, 0, 4096, 512, sector);
            sector.put(300, (byte) (sector.get(300) ^ 1)).flip();
            connection.call(NbdConnection.WRITE, 0, 4096, 512, sector);
        }
        String wrong = VerifiedLoad.compare(ledger, served::dial);
        assertNotNull(wrong);
        assertEquals("sector 8 holds damage", wrong.substring(0, 21));
    }

    /** Where the output of a run is all that is left of it, this is all that anybody has. */
    @Test
    void aFailureShowsSeedProgramsAndTheEndOfTheNodesLog(Scratch scratch) throws Exception {
        Files.writeString(scratch.newFile("node.log"), "first node\n");
        Files.writeString(scratch.newFile("node.log"), "node line\n".repeat(5_000) + "last words\n");
        Files.writeString(scratch.newFile("fio.log"), "verify: bad header\n");
        Command.of(scratch, Tool.BASH, "-c", "echo to err >&2; echo " + "x".repeat(10_000))
                .run();
        AssertionError failure = new AssertionError("lost\n" + "more\n".repeat(500), new IOException("the cause"));
        AssertionError shown = scratch.explain(failure);
        List<String> lines = shown.getMessage().lines().toList();
        String text = shown.getMessage();
        assertEquals("java.lang.AssertionError: lost", lines.get(0));
        for (String part : List.of("-Dtidemark.seed=", "verify: bad header", "to err", "first node", "xxx ...")) {
            assertTrue(text.contains(part), part + " is missing in\n" + text);
        }
        assertEquals("last words", lines.get(lines.size() - 1));
        assertEquals(99, lines.stream().filter("node line"::equals).count());
        assertTrue(lines.size() < 300, lines.size() + " lines");
        assertSame(failure.getCause(), shown.getCause());
        assertArrayEquals(failure.getStackTrace(), shown.getStackTrace());
    }
}
