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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * {@link RestartTest} on the distribution as it is shipped, whose own start is most of it: with 1 GiB of journal to replay it has
 * to be there within what an empty one has. What it prints compares with 5 s.
 */
@ExtendWith(ScratchExtension.class)
class RestartOnKarafTest {
    private static final long JOURNAL_BYTES = 1L << 30;
    private static final int BLOCK_BYTES = 4096;
    private static final long BAR_MILLIS = 10_000;

    private final long seed = Seeds.choose("RestartOnKarafTest");

    @Test
    @Tag("alone")
    void aGigabyteIsReplayedInTime(Scratch scratch) throws Exception {
        KarafNode node = KarafNode.create(scratch).asShipped().start();
        // No checkpoint: everything is there to be replayed.
        node.tm(
                        "image:create",
                        "disk",
                        "4G",
                        "--journal-limit",
                        "16G",
                        "--backlog-limit",
                        "3G",
                        "--set",
                        "checkpoint.bytes=2GiB",
                        "--set",
                        "checkpoint.interval=1h")
                .ok();
        Command.of(
                        scratch,
                        Tool.FIO,
                        "--name=fill",
                        "--ioengine=nbd",
                        "--uri=" + node.uri("disk"),
                        "--rw=randwrite",
                        "--bs=" + BLOCK_BYTES,
                        "--iodepth=64",
                        "--size=4g",
                        "--io_size=" + JOURNAL_BYTES,
                        "--randseed=" + (seed & 0x7fffffff),
                        "--output=" + scratch.newFile("fio.log"))
                .limit(Duration.ofMinutes(4))
                .run()
                .ok();
        String info = node.tm("image:info", "disk", "--json").ok().out();
        long events = watermark(info, "durable") - watermark(info, "checkpointed");
        node.kill();
        Thread starter = new Thread(node::start, "start");
        starter.start();
        Await.until("the image is served", Duration.ofMinutes(2), () -> serves(node));
        Instant served = Instant.now();
        starter.join();
        Instant began =
                ProcessHandle.of(node.pid()).orElseThrow().info().startInstant().orElseThrow();
        long millis = Duration.between(began, served).toMillis();
        System.out.println("RestartOnKarafTest: " + events + " events of " + BLOCK_BYTES + " bytes to replay, served "
                + millis + " ms after the Java machine began to start");
        assertTrue(events >= JOURNAL_BYTES / BLOCK_BYTES, "only " + events + " events were left to replay");
        assertTrue(millis <= Seeds.bar(BAR_MILLIS), "it took " + millis + " ms");
    }

    private static boolean serves(KarafNode node) {
        try (NbdConnection connection = node.dial("disk")) {
            connection.call(NbdConnection.READ, 0, 0, BLOCK_BYTES, ByteBuffer.allocate(BLOCK_BYTES));
            connection.call(NbdConnection.WRITE, 0, 0, BLOCK_BYTES, ByteBuffer.allocate(BLOCK_BYTES));
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
}
