package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.disk.SegmentScan;
import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Outcome;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.node.KarafNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What an operator goes through when a bit of a journal flips while the node is down, by the commands that messages name:
 * below what the journal attests the image is refused, or reads of the damage fail and say why; the repair says what is lost, and
 * exactly that is lost. Above it the end is cut by itself.
 */
@Tag("karaf")
@ExtendWith(ScratchExtension.class)
class RepairTest {
    private static final int BLOCK_BYTES = 4096;
    private static final int BLOCKS = 120;
    private static final int HEADER_BYTES = 128;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern OFFERED = Pattern.compile("tm (--offline journal:repair [a-z]+)");
    private static final Pattern LOST =
            Pattern.compile("Cut behind event (\\d+). Lost: events (\\d+) to at least (\\d+)");

    private final long seed = Seeds.choose("RepairTest");
    private final RandomGenerator random = Seeds.random(seed, 1);

    @Test
    void theCommandsThatMessagesNameRepairAndSayWhatIsLost(Scratch scratch) throws Exception {
        KarafNode node = KarafNode.create(scratch).start();
        // Without seals, what is attested ends in front of the last batch, whenever the node is killed.
        Files.writeString(
                node.data().resolve("etc/io.tidemark.journal.flash-quiet.cfg"),
                "pool = quiet\ndirectories = quiet-one, quiet-two\nsealAfter = 0ms\n");
        Await.until("the pool", PATIENCE, () -> node.tm("pool:list").ok().out().contains("quiet"));
        for (String image : List.of("header", "body", "tail")) {
            // Nothing is applied by itself, so that an image shows exactly what was replayed.
            node.tm("image:create", image, "1MiB", "--journal-pool", "quiet").ok();
            node.tm("image:set", image, "apply.idle=1h", "checkpoint.interval=1h", "suspend.timeout=2s")
                    .ok();
            write(node, image);
        }
        node.tm("--offline", "journal:repair", "header").exits(3).says("A node has the journal open");
        node.kill();
        SegmentScan.Batch header = flip(node, "header", true, random.nextInt(HEADER_BYTES));
        SegmentScan.Batch body = flip(node, "body", true, HEADER_BYTES + random.nextInt(BLOCK_BYTES));
        SegmentScan.Batch tail = flip(node, "tail", false, HEADER_BYTES + random.nextInt(BLOCK_BYTES));
        node.tm("--offline", "journal:verify", "header").exits(1).says("Damage: " + header.file());
        node.tm("--offline", "journal:verify", "body").exits(1).says("Damage: " + body.file());
        node.tm("--offline", "journal:repair", "tail").exits(0).says("nothing was done");

        node.start();
        assertEquals(tail.firstSequence() - 1, prefix(node, "tail"), "the torn end, and no more, is cut");
        node.tm("journal:info", "tail").ok().says("dropped");
        assertThrows(IOException.class, () -> prefix(node, "header"));
        assertThrows(IOException.class, () -> prefix(node, "body"));

        // A refused image has no journal open: it is repaired beside the running node.
        Outcome refused = node.tm("image:info", "header")
                .ok()
                .says("refused")
                .says(header.file().toString());
        assertEquals(header.firstSequence() - 1, repair(node, refused.out()));
        node.tm("image:set", "header", "description=repaired").ok();
        awaitPrefix(node, "header", header.firstSequence() - 1);

        // The other one opens, because starting reads no contents; the read that met the damage left a warning.
        Outcome warned = node.tm("image:info", "body").ok().says(body.file().toString());
        node.stop();
        assertEquals(body.firstSequence() - 1, repair(node, warned.out()));
        node.start();
        awaitPrefix(node, "body", body.firstSequence() - 1);
        awaitPrefix(node, "header", header.firstSequence() - 1);
    }

    /** Each write is one event, made durable before the next one. */
    private static void write(KarafNode node, String image) throws IOException {
        try (NbdConnection connection = node.dial(image)) {
            for (int block = 0; block < BLOCKS; block++) {
                connection.call(NbdConnection.WRITE, 0, (long) block * BLOCK_BYTES, BLOCK_BYTES, content(block + 1));
            }
        }
    }

    private static ByteBuffer content(long event) {
        ByteBuffer content = ByteBuffer.allocate(BLOCK_BYTES);
        while (content.hasRemaining()) {
            content.putLong(event);
        }
        return content.flip();
    }

    /** Flips a bit in a batch with events that the journal attests, or in one behind that; returns it. */
    private SegmentScan.Batch flip(KarafNode node, String image, boolean attested, int at) {
        Path[] directories = {
            node.data().resolve("quiet-one").resolve(image),
            node.data().resolve("quiet-two").resolve(image)
        };
        List<SegmentScan.Batch> all = SegmentScan.batches(directories);
        long durable = all.stream().mapToLong(SegmentScan.Batch::durable).max().orElseThrow();
        List<SegmentScan.Batch> candidates = all.stream()
                .filter(batch -> batch.events() && (batch.lastSequence() <= durable) == attested)
                .toList();
        assertFalse(candidates.isEmpty(), "no batch to damage: " + all);
        SegmentScan.Batch victim = candidates.get(random.nextInt(candidates.size()));
        victim.flip(at);
        return victim;
    }

    /** How many writes the image has: all up to some event, and nothing of any later one. */
    private static long prefix(KarafNode node, String image) throws IOException {
        long events = 0;
        try (NbdConnection connection = node.dial(image)) {
            for (int block = 0; block < BLOCKS; block++) {
                ByteBuffer found = ByteBuffer.allocate(BLOCK_BYTES);
                connection.call(NbdConnection.READ, 0, (long) block * BLOCK_BYTES, BLOCK_BYTES, found);
                boolean there = found.flip().equals(content(block + 1));
                assertTrue(
                        there || found.equals(ByteBuffer.allocate(BLOCK_BYTES)),
                        "block " + block + " of " + image + " is neither old nor new");
                assertTrue(
                        !there || events == block, "event " + (block + 1) + " of " + image + " without those before");
                events += there ? 1 : 0;
            }
        }
        return events;
    }

    private static void awaitPrefix(KarafNode node, String image, long events) throws IOException {
        Await.until(
                image + " to serve",
                PATIENCE,
                () -> node.tm("--json", "image:info", image).ok().out().contains("\"serving\""));
        assertEquals(events, prefix(node, image), "what was reported as lost, and no more, is missing from " + image);
    }

    /** Runs the command that a message offers; returns the last event that it says is kept. */
    private static long repair(KarafNode node, String message) {
        Matcher offered = OFFERED.matcher(message);
        assertTrue(offered.find(), "no command is offered: " + message);
        Outcome repaired = node.tm(offered.group(1).split(" ")).exits(1);
        Matcher lost = LOST.matcher(repaired.out());
        assertTrue(lost.find(), "it is not said what is lost: " + repaired);
        assertEquals(Long.parseLong(lost.group(1)) + 1, Long.parseLong(lost.group(2)));
        // The last one is attested by nothing, and where its header cannot be followed to, it is not known of.
        assertTrue(Long.parseLong(lost.group(3)) >= BLOCKS - 1, repaired.toString());
        node.tm(offered.group(1).replace("repair", "verify").split(" ")).exits(0);
        return Long.parseLong(lost.group(1));
    }
}
