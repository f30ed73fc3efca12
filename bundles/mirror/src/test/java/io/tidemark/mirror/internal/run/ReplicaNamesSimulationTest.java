package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.base.wish.EtcWishStore;
import io.tidemark.base.wish.Wish;
import io.tidemark.mirror.internal.manage.Mirrors;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A peer has an image under the name that it was mirrored to, and under no other: nobody could end that one. */
class ReplicaNamesSimulationTest {
    /** Who mistyped it needs no mirror:enable. */
    @Test
    void anImageThatThereIsNotIsNotCalledOneThatIsNotMirrored() {
        TwoNodes.play(1990, 1, nodes -> {
            StorageException none = assertThrows(StorageException.class, () -> nodes.a.mirrors.status("dsik"));
            assertEquals(Reason.NOT_FOUND, none.reason());
            assertTrue(none.getMessage().contains("no image dsik"), none.getMessage());
            StorageException alone = assertThrows(StorageException.class, () -> nodes.a.mirrors.status("disk"));
            assertTrue(alone.getMessage().contains("disk is not mirrored"), alone.getMessage());
        });
    }

    @Test
    void aReplicaThatSomebodyWroteByHandIsNotServed() {
        TwoNodes.play(1980, 3, nodes -> {
            nodes.a.mirrors.enable("disk", "b", new ReplicaOptions("one", 0, Map.of()));
            nodes.awaitSame(nodes.a, "disk", nodes.b, "one");
            EtcWishStore etc = new EtcWishStore(Mirrors.REPLICAS, nodes.b.process.files(), nodes.b.etc);
            nodes.b.mirrors.replicaWished(etc.add(new Wish("", "two", Map.of("peer", "a", "image", "disk"))));
            nodes.machine.sleep(5 * SECOND);
            assertEquals(State.REFUSED, nodes.b.status("two").state());
            String trouble = nodes.b.status("two").trouble();
            assertTrue(trouble.contains("is mirrored to the peer 'b' as 'one', not as 'two'"), trouble);
            assertEquals(1, nodes.a.image("disk").journal.clients().size());

            nodes.b.mirrors.disable("two", "a");
            assertEquals(
                    "disk:one", nodes.a.keys("io.tidemark.mirror.peer-b.cfg").get("images"));
            nodes.b.restart();
            nodes.write(nodes.a, 3);
            nodes.awaitSame(nodes.a, "disk", nodes.b, "one");
            assertEquals(1, nodes.b.mirrors.status().size());
        });
    }
}
