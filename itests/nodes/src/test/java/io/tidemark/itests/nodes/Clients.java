package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Command;
import io.tidemark.itests.nodes.harness.Outcome;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.harness.Tool;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * What real clients do with an image: each method is one client's story with one export. The image must be at least 256
 * MiB large; its content does not matter and is lost.
 */
final class Clients {
    private final Scratch scratch;
    private final String server;
    private final String export;
    private final String uri;

    /** A client's view: the server without an export, and the export. */
    Clients(Scratch scratch, String serverUri, String export, String exportUri) {
        this.scratch = scratch;
        this.server = serverUri;
        this.export = export;
        this.uri = exportUri;
    }

    void nbdinfoSeesWhatTheServerCan(long sizeBytes) {
        Command.of(scratch, Tool.NBDINFO, "--list", server).run().ok().says("export=\"" + export + "\"");
        Command.of(scratch, Tool.NBDINFO, "--list", "--json", server).run().ok().says("\"base:allocation\"");
        assertEquals(
                Long.toString(sizeBytes),
                Command.of(scratch, Tool.NBDINFO, "--size", uri)
                        .run()
                        .ok()
                        .out()
                        .strip());
        for (String ability : new String[] {
            "connect", "structured-reply", "read", "write", "flush", "fua", "trim", "zero", "df", "multi-conn", "cache"
        }) {
            Command.of(scratch, Tool.NBDINFO, "--can", ability, uri).run().ok();
        }
        Command.of(scratch, Tool.NBDINFO, "--is", "read-only", uri).run().exits(2);
        Command.of(scratch, Tool.NBDINFO, "--is", "rotational", uri).run().exits(2);
        Command.of(scratch, Tool.NBDINFO, "--is", "tls", uri).run().exits(2);
        Command.of(scratch, Tool.NBDINFO, "--map", "--totals", uri).run().ok();
    }

    void nbdinfoMapsWhatWasWritten() {
        qemuIo("discard 0 64M", "write -P 1 8M 1M", "write -P 2 16M 64k");
        String map = Command.of(scratch, Tool.NBDINFO, "--map", "--json", uri)
                .run()
                .ok()
                .out();
        assertTrue(map.contains("\"offset\": 8388608") && map.contains("\"length\": 1048576"), map);
        assertTrue(map.contains("\"offset\": 16777216"), map);
        Command.of(scratch, Tool.NBDINFO, "--map", "--totals", uri)
                .run()
                .ok()
                .says("data")
                .says("hole");
    }

    void nbdcopyGoesBothWaysWithEightConnections(long sizeBytes) throws IOException {
        Path there = randomFile(sizeBytes, 64, Seeds.choose("nbdcopy"));
        Path back = scratch.newFile("back.img");
        nbdcopyWithEightConnections("--flush", there.toString(), uri);
        nbdcopyWithEightConnections(uri, back.toString());
        assertEquals(-1, Files.mismatch(there, back), "the copy differs from its origin");
        Files.delete(back);
        Files.delete(there);
    }

    /** It opens no more connections than it has threads, and has no more threads than processors unless told. */
    private void nbdcopyWithEightConnections(String... arguments) {
        Command.of(scratch, Tool.NBDCOPY, "--connections=8", "--threads=8", "--verbose")
                .with(arguments)
                .limit(Duration.ofMinutes(5))
                .run()
                .ok()
                .says("connections=8 ");
    }

    void nbdshIsRefusedWhatItMust() throws IOException {
        Command.of(scratch, Tool.NBDSH, "-u", uri, "-c", script("errors.py"))
                .run()
                .ok()
                .says("all refused as they should be");
    }

    /** Needs an image of at least 5 GiB. */
    void nbdshZeroesAndTrimsBeyondTwoGibibytes() throws IOException {
        Command.of(scratch, Tool.NBDSH, "--base-allocation", "-u", uri, "-c", script("thin.py"))
                .run()
                .ok()
                .says("large ranges done");
    }

    void nbdshTriesEveryOption() throws IOException {
        Command.of(scratch, Tool.NBDSH, "-c", script("options.py"))
                .environment("URI", server)
                .environment("EXPORT", export)
                .environment("EXPORT_URI", uri)
                .run()
                .ok()
                .says("all options answered");
    }

    void qemuImgConvertsComparesAndMaps(long sizeBytes) throws IOException {
        Path there = randomFile(sizeBytes, 48, Seeds.choose("qemu-img"));
        Path back = scratch.newFile("back.qcow2");
        qemuImg("convert", "-n", "-f", "raw", "-O", "raw", "-m", "8", "-W", there.toString(), uri);
        qemuImg("compare", "-f", "raw", "-F", "raw", there.toString(), uri).says("Images are identical");
        qemuImg("convert", "-f", "raw", "-O", "qcow2", uri, back.toString());
        qemuImg("compare", "-f", "raw", "-F", "qcow2", there.toString(), back.toString());
        qemuImg("map", "--output=json", "-f", "raw", uri).says("\"data\": true");
        qemuIo("write -P 99 1M 4k");
        Command.of(scratch, Tool.QEMU_IMG, "compare", "-f", "raw", "-F", "raw", there.toString(), uri)
                .run()
                .exits(1)
                .says("Content mismatch");
        Files.delete(there);
        Files.delete(back);
    }

    void qemuIoWritesForcesZeroesAndDiscards() {
        qemuIo(
                "write -P 17 0 1M",
                "read -P 17 0 1M",
                "write -f -P 18 4k 4k",
                "read -P 17 0 4k",
                "read -P 18 4k 4k",
                "read -P 17 8k 4k",
                "write -z 64k 64k",
                "read -P 0 64k 64k",
                "read -P 17 128k 64k",
                "write -z -u 256k 128k",
                "read -P 0 256k 128k",
                "write -z -f 512k 4k",
                "read -P 0 512k 4k",
                "discard 640k 64k",
                "read -P 0 640k 64k",
                "aio_write -P 21 1M 512k",
                "aio_write -P 22 2M 512k",
                "aio_flush",
                "flush",
                "read -P 21 1M 512k",
                "read -P 22 2M 512k",
                "write -P 23 513 777",
                "read -P 23 513 777",
                "read -P 17 0 513");
    }

    void fioVerifiesAtDepth64OverFourConnections() {
        Command.of(
                        scratch,
                        Tool.FIO,
                        "--name=verify",
                        "--ioengine=nbd",
                        "--uri=" + uri,
                        "--rw=randwrite",
                        "--bssplit=4k/50:16k/30:64k/20",
                        "--numjobs=4",
                        "--size=48m",
                        "--offset_increment=48m",
                        "--iodepth=64",
                        "--fsync=64",
                        "--verify=crc32c",
                        "--verify_fatal=1",
                        "--group_reporting",
                        "--output=" + scratch.newFile("fio.log"))
                .limit(Duration.ofMinutes(5))
                .run()
                .ok();
    }

    private Outcome qemuImg(String... arguments) {
        return Command.of(scratch, Tool.QEMU_IMG, arguments).run().ok();
    }

    private void qemuIo(String... commands) {
        Command command = Command.of(scratch, Tool.QEMU_IO, "-f", "raw");
        for (String one : commands) {
            command.with("-c", one);
        }
        Outcome outcome = command.with(uri).run().ok();
        // qemu-io tells of a wrong pattern and still succeeds.
        assertTrue(!outcome.out().contains("failed") && !outcome.err().contains("failed"), outcome::toString);
    }

    /** A sparse file with so many runs of random bytes. */
    private Path randomFile(long sizeBytes, int runs, long seed) throws IOException {
        RandomGenerator random = Seeds.random(seed, 0);
        Path path = scratch.newFile("random.img");
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            file.write(ByteBuffer.allocate(1), sizeBytes - 1);
            for (int run = 0; run < runs; run++) {
                byte[] bytes = new byte[4096 * (1 + random.nextInt(256))];
                random.nextBytes(bytes);
                file.write(ByteBuffer.wrap(bytes), random.nextLong((sizeBytes - bytes.length) / 512) * 512);
            }
        }
        return path;
    }

    private static String script(String name) throws IOException {
        try (InputStream in = Clients.class.getResourceAsStream("/clients/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
