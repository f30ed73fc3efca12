package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Command;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.harness.Tool;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The bar: after kill -9 with 1 GiB of journal to replay, a node serves within 5 s of its Java machine being up. */
@ExtendWith(ScratchExtension.class)
class RestartTest {
    private static final long JOURNAL_BYTES = 1L << 30;
    private static final long BAR_MILLIS = 5_000;

    private final long seed = Seeds.choose("RestartTest");

    /** Small writes are the hard case: the longest index. */
    @Test
    @Tag("alone")
    void aGigabyteIsReplayedInTime(Scratch scratch) throws Exception {
        long imageBytes = 4L << 30;
        String blockSize = System.getProperty("tidemark.restart.block", "4k");
        NodeSettings settings = new NodeSettings(scratch.newDirectory("images"), scratch.newDirectory("journals"))
                .set("segment", "64MiB")
                .set("journal.limit", "16GiB")
                .set("backlog.limit", "3GiB")
                // No checkpoint: everything is there to be replayed.
                .set("checkpoint.bytes", "2GiB")
                .set("checkpoint.interval", "1h")
                .image("disk", imageBytes);
        NodeProcess node = NodeProcess.start(scratch, settings);
        Command.of(
                        scratch,
                        Tool.FIO,
                        "--name=fill",
                        "--ioengine=nbd",
                        "--uri=" + node.uri("disk"),
                        "--rw=randwrite",
                        "--bs=" + blockSize,
                        "--iodepth=64",
                        "--size=" + imageBytes,
                        "--io_size=" + JOURNAL_BYTES,
                        "--randseed=" + (seed & 0x7fffffff),
                        "--output=" + scratch.newFile("fio.log"))
                .limit(Duration.ofMinutes(4))
                .run()
                .ok();
        Map<String, String> status = node.status("disk");
        long events = Long.parseLong(status.get("durable")) - Long.parseLong(status.get("checkpointed"));
        node.kill();
        long began = System.nanoTime();
        NodeProcess again = NodeProcess.start(scratch, settings);
        try (NbdConnection connection = again.dial("disk")) {
            connection.call(NbdConnection.READ, 0, 0, 4096, ByteBuffer.allocate(4096));
            ByteBuffer block = ByteBuffer.allocate(4096);
            connection.call(NbdConnection.WRITE, 0, 0, 4096, block);
        }
        long millis = (System.nanoTime() - began) / 1_000_000;
        System.out.println("RestartTest: " + events + " events of " + blockSize + " to replay, served after " + millis
                + " ms, the start of the Java machine included");
        assertTrue(events >= JOURNAL_BYTES / bytes(blockSize), "only " + events + " events were left to replay");
        assertTrue(millis <= Seeds.bar(BAR_MILLIS), "it took " + millis + " ms");
    }

    private static long bytes(String blockSize) {
        return Long.parseLong(blockSize.replace("k", "")) << 10;
    }
}
