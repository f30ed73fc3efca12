package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Command;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.harness.Tool;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.node.KarafNode;
import io.tidemark.itests.nodes.node.Node;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The bar: after kill -9 with 1 GiB of journal to replay, a node serves within 5 s of its Java machine being up. */
@ExtendWith(ScratchExtension.class)
class RestartTest {
    private static final long IMAGE_BYTES = 4L << 30;
    private static final long JOURNAL_BYTES = 1L << 30;
    private static final long BAR_MILLIS = 5_000;
    private static final long DISTRIBUTION_BAR_MILLIS = 10_000;

    private final long seed = Seeds.choose("RestartTest");

    /**
     * Small writes are the hard case: the longest index. First the product's parts alone, then the distribution, whose own start is
     * most of it: it has to be there within what an empty one has.
     */
    @Test
    @Tag("alone")
    void aGigabyteIsReplayedInTime(Scratch scratch) throws Exception {
        String blockSize = System.getProperty("tidemark.restart.block", "4k");
        KarafNode node = KarafNode.create(scratch).asShipped().start();
        List<String> create = List.of("image:create", "disk", "4G", "--journal-limit", "16G", "--backlog-limit", "3G");
        // No checkpoint: everything is there to be replayed.
        List<String> noCheckpoint = List.of("--set", "checkpoint.bytes=2GiB", "--set", "checkpoint.interval=1h");
        node.tm(Stream.of(create, noCheckpoint).flatMap(List::stream).toArray(String[]::new))
                .ok();
        fill(scratch, node, blockSize);
        node.kill();
        withoutKaraf(scratch, node.data(), blockSize);
        CompletableFuture<KarafNode> start = CompletableFuture.supplyAsync(node::start);
        Await.until(
                "the image is served", Duration.ofMinutes(2), () -> start.isCompletedExceptionally() || serves(node));
        Instant served = Instant.now();
        start.get();
        Instant began =
                ProcessHandle.of(node.pid()).orElseThrow().info().startInstant().orElseThrow();
        String info = node.tm("image:info", "disk", "--json").ok().out();
        long events = watermark(info, "durable") - watermark(info, "checkpointed");
        inTime("the distribution", events, blockSize, Duration.between(began, served), DISTRIBUTION_BAR_MILLIS);
    }

    private static void withoutKaraf(Scratch scratch, Path data, String blockSize) throws IOException {
        NodeSettings settings = new NodeSettings(data.resolve("images"), data.resolve("journals"))
                .set("segment", "64MiB")
                .set("journal.limit", "16GiB")
                .set("backlog.limit", "3GiB")
                .set("checkpoint.bytes", "2GiB")
                .set("checkpoint.interval", "1h")
                .image("disk", IMAGE_BYTES);
        long began = System.nanoTime();
        NodeProcess node = NodeProcess.start(scratch, settings);
        use(node);
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        Map<String, String> status = node.status("disk");
        long events = Long.parseLong(status.get("durable")) - Long.parseLong(status.get("checkpointed"));
        inTime("a node without Karaf", events, blockSize, took, BAR_MILLIS);
        node.kill();
    }

    private static void inTime(String node, long events, String blockSize, Duration took, long barMillis) {
        System.out.println("RestartTest: " + events + " events of " + blockSize + " to replay, " + node + " served "
                + took.toMillis() + " ms after its Java machine began to start");
        assertTrue(events >= JOURNAL_BYTES / bytes(blockSize), "only " + events + " events were left to replay");
        assertTrue(took.toMillis() <= Seeds.bar(barMillis), node + " took " + took.toMillis() + " ms");
    }

    private void fill(Scratch scratch, Node node, String blockSize) {
        Command.of(
                        scratch,
                        Tool.FIO,
                        "--name=fill",
                        "--ioengine=nbd",
                        "--uri=" + node.uri("disk"),
                        "--rw=randwrite",
                        "--bs=" + blockSize,
                        "--iodepth=64",
                        "--size=" + IMAGE_BYTES,
                        "--io_size=" + JOURNAL_BYTES,
                        "--randseed=" + (seed & 0x7fffffff),
                        "--output=" + scratch.newFile("fio.log"))
                .limit(Duration.ofMinutes(4))
                .run()
                .ok();
    }

    private static void use(Node node) throws IOException {
        try (NbdConnection connection = node.dial("disk")) {
            connection.call(NbdConnection.READ, 0, 0, 4096, ByteBuffer.allocate(4096));
            connection.call(NbdConnection.WRITE, 0, 0, 4096, ByteBuffer.allocate(4096));
        }
    }

    private static boolean serves(Node node) {
        try {
            use(node);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static long watermark(String info, String name) {
        Matcher number = Pattern.compile("\"" + name + "\"\\s*:\\s*(\\d+)").matcher(info);
        assertTrue(number.find(), info);
        return Long.parseLong(number.group(1));
    }

    private static long bytes(String blockSize) {
        return Long.parseLong(blockSize.replace("k", "")) << 10;
    }
}
