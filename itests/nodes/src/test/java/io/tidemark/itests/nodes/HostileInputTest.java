package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Memory;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Hostile clients harm neither the others nor the node. */
@ExtendWith(ScratchExtension.class)
class HostileInputTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long IMAGE_BYTES = 16L << 20;
    private static final int ATTACKS = Seeds.rounds("tidemark.attacks", 1_000);

    private final long seed = Seeds.choose("HostileInputTest");

    @Test
    void othersWorkOnUnharmed(Scratch scratch) throws Exception {
        NodeProcess node = NodeProcess.start(
                scratch,
                new NodeSettings(scratch.newDirectory("images"), scratch.newDirectory("journals"))
                        .set("journal.limit", "64MiB")
                        .set("memory", Long.toString(64L << 20))
                        .image("disk", IMAGE_BYTES));
        Loads loads = new Loads().add("disk", new Ledger(IMAGE_BYTES, seed, false), Mix.ALL);
        loads.start(node, seed);
        HostileInput hostile = new HostileInput(node.address(), "disk", seed);
        for (int round = 0; round < 10; round++) {
            hostile.attack(ATTACKS / 10);
            loads.run(Duration.ofMillis(50));
        }
        // More than there are places: those who only say that they are there give theirs away.
        hostile.crowd(70);
        awaitRoom(node);
        loads.stop();
        assertEquals(0, loads.errors());
        hostile.end();
        // The strangers are gone; the server may not have heard of all of their ends yet.
        awaitRoom(node);
        loads.verify(node);
        // Heap 192 MiB, payload 64 MiB, buffers of connections, and the Java machine itself.
        long peak = Memory.peakResidentBytes(node.pid());
        assertTrue(peak < 512L << 20, "the node took " + (peak >> 20) + " MiB");
    }

    private static void awaitRoom(NodeProcess node) {
        Await.until("room for a client", PATIENCE, () -> {
            try (NbdConnection client = NbdConnection.connect(node.address(), "disk")) {
                return client != null;
            } catch (IOException e) {
                return false;
            }
        });
    }
}
