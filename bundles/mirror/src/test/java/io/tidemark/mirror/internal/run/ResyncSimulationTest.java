package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.MirrorStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What begins anew, or does not. */
class ResyncSimulationTest {
    private static final int SEEDS = Boolean.getBoolean("tidemark.fast") ? 4 : 8;

    private static List<String> files(TwoNodes.Node node) throws StorageException {
        return node.process.files().list(node.etc);
    }

    /** Else the wish would stay, and the image would be a primary that is to follow, until somebody ended that. */
    @Test
    void aPrimaryWithClientsIsRefusedBeforeAnythingIsWritten() {
        TwoNodes.play(2800, SEEDS, nodes -> {
            OrdersSimulationTest.parted(nodes, 7, 5);
            MemoryImage image = nodes.a.image("disk");
            List<String> before = files(nodes.a);
            image.clients = List.of("192.0.2.1:4711");
            boolean whole = nodes.random.coin();
            // It cannot be asked what it has then, so that all of it is copied, too.
            image.suspended = !whole;
            GivenUp given = whole && nodes.random.coin() ? GivenUp.KEPT : GivenUp.LOST;
            String said = refused(Reason.BUSY, () -> nodes.a.mirrors.resync("disk", "b", given, whole))
                    .getMessage();
            image.suspended = false;
            assertEquals(before, files(nodes.a));
            assertTrue(said.contains("192.0.2.1:4711") && said.contains("nothing was changed"), said);
            assertTrue(nodes.a.mirrors.status().stream().noneMatch(one -> one.state() == MirrorStatus.State.PRIMARY));
            assertTrue(nodes.a.isPrimary("disk"));

            image.clients = List.of();
            nodes.a.mirrors.resync("disk", "b", GivenUp.LOST, whole);
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.a.image("disk") != null && !nodes.a.isPrimary("disk"), 60 * SECOND));
        });
    }

    /** It stays what it is and follows. */
    @Test
    void aReplicaWithReadersIsNotCopiedAsAWhole() {
        TwoNodes.play(2820, SEEDS, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            MemoryImage replica = nodes.b.image("disk");
            replica.clients = List.of("192.0.2.1:4711");
            String said = refused(Reason.BUSY, () -> nodes.b.mirrors.resync("disk", "a", GivenUp.REFUSED, true))
                    .getMessage();
            assertTrue(said.contains("nothing was changed"), said);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
            assertSame(replica, nodes.b.image("disk"));

            replica.clients = List.of();
            nodes.b.mirrors.resync("disk", "a", GivenUp.REFUSED, true);
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.b.status("disk").state() == MirrorStatus.State.UP_TO_DATE, 60 * SECOND));
            assertNotSame(replica, nodes.b.image("disk"));
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    /** The last look was before it: what was written then is taken back. */
    @Test
    void aClientThatComesInBetweenLeavesAllAsItWas() {
        TwoNodes.play(2860, SEEDS, nodes -> {
            boolean primary = nodes.random.coin();
            TwoNodes.Node here = primary ? nodes.a : nodes.b;
            TwoNodes.Node there = primary ? nodes.b : nodes.a;
            if (primary) {
                OrdersSimulationTest.parted(nodes, 7, 5);
            } else {
                OrdersSimulationTest.mirrored(nodes);
            }
            List<String> before = files(here);
            MemoryImage image = here.image("disk");
            image.lateClients = List.of("192.0.2.1:4711");
            refused(Reason.BUSY, () -> here.mirrors.resync("disk", there.name, GivenUp.LOST, true));
            assertEquals(before, files(here));
            assertSame(image, here.image("disk"));
            if (primary) {
                assertTrue(here.isPrimary("disk"));
            } else {
                nodes.write(nodes.a, 3);
                nodes.awaitEqual(nodes.a, nodes.b);
            }
        });
    }

    /** What is to be compared is what it was, and follows as before, whatever kept it from beginning anew. */
    @Test
    void whatHasNotBegunIsOver() {
        TwoNodes.play(2880, 2 * SEEDS, nodes -> {
            boolean primary = nodes.random.coin();
            TwoNodes.Node here = primary ? nodes.a : nodes.b;
            TwoNodes.Node there = primary ? nodes.b : nodes.a;
            if (primary) {
                OrdersSimulationTest.parted(nodes, 7, 5);
            } else {
                OrdersSimulationTest.mirrored(nodes);
            }
            List<String> before = files(here);
            MemoryImage image = here.image("disk");
            byte[] bytes = image.bytes.clone();
            boolean silent = nodes.random.coin();
            there.image("disk").suspended = silent;
            image.lateClients = silent ? List.of() : List.of("192.0.2.1:4711");
            String said = refused(
                            silent ? Reason.UNAVAILABLE : Reason.BUSY,
                            () -> here.mirrors.resync("disk", there.name, GivenUp.LOST))
                    .getMessage();
            assertTrue(said.contains("nothing of it was given up"), said);
            assertEquals(primary, said.contains("the image disk is a replica here now"), said);
            assertTrue(!silent || said.contains("is suspended"), said);
            assertEquals(before, files(here));
            there.image("disk").suspended = false;
            image.lateClients = List.of();
            image.clients = List.of();
            nodes.machine.sleep(60 * SECOND);
            assertSame(image, here.image("disk"));
            if (primary) {
                assertArrayEquals(bytes, image.bytes);
                here.mirrors.promote("disk", true);
            } else {
                nodes.write(nodes.a, 3);
                nodes.awaitEqual(nodes.a, nodes.b);
                assertSame(image, here.image("disk"));
            }
        });
    }

    /** It was deleted here, and is wished all the same: an order may come before it is made again. */
    @Test
    void whatIsNotThereAnyMoreIsCopied() {
        TwoNodes.play(2840, SEEDS, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            nodes.b.engine.delete("disk");
            nodes.b.mirrors.resync("disk", "a", GivenUp.REFUSED, nodes.random.coin());
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }
}
