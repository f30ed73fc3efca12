package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.faults.SeededSecureRandom;
import io.tidemark.mirror.internal.identity.NodeKey;
import io.tidemark.mirror.internal.manage.Mirrors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A peer that has lost its key is another node to journals, and what they keep for the one before has to end somehow. */
class OldKeySimulationTest {
    private static final NodeKey NEW_KEY = NodeKey.generate(new SeededSecureRandom(5));
    /** Longer than anybody takes to look again, and than configurations take to be told. */
    private static final long LOOKED_NANOS = 10 * SECOND;

    private static String client(NodeKey key) {
        return "mirror:" + key.toString().substring("ed25519:".length()).substring(0, 16) + ":disk";
    }

    private static List<String> clients(TwoNodes nodes) {
        return nodes.a.image("disk").journal.clients().stream()
                .map(JournalClient::id)
                .sorted()
                .toList();
    }

    /** The other node has a new disk, and the key that its peer has of it is corrected; the client of the key before. */
    private static String another(TwoNodes nodes) throws StorageException {
        mirrored(nodes);
        String old = client(nodes.b.key);
        assertEquals(List.of(old), clients(nodes));
        nodes.b.process.kill();
        nodes.b.key = NEW_KEY;
        nodes.b.boot();
        // Until then it is not known who the peers are.
        nodes.machine.sleep(LOOKED_NANOS);
        nodes.a.edit(Mirrors.PEERS, "b", Map.of("key", NEW_KEY.toString()));
        nodes.awaitLinked();
        nodes.write(nodes.a, 3);
        nodes.awaitEqual(nodes.a, nodes.b);
        assertEquals(
                List.of(old, client(NEW_KEY)).stream().sorted().toList(), clients(nodes), "as the journal knows them");
        return old;
    }

    private static void asked(TwoNodes nodes, boolean answered) {
        nodes.a.engine.ask(nodes.a.image("disk"));
        nodes.machine.sleep(LOOKED_NANOS);
        assertEquals(
                answered,
                nodes.a.image("disk").question == 0,
                () -> nodes.a.mirrors.status().toString());
    }

    @Test
    void whatIsKeptForTheKeyBeforeIsShownAndLetGoByAnOrder() {
        TwoNodes.play(4600, 3, nodes -> {
            String old = another(nodes);
            nodes.machine.sleep(LOOKED_NANOS);
            List<MirrorStatus> shown = nodes.a.mirrors.status("disk");
            assertEquals(
                    List.of("b", old), shown.stream().map(MirrorStatus::peer).toList());
            assertEquals(State.REFUSED, shown.get(1).state());
            assertTrue(
                    shown.get(1).words().contains("run mirror:disable disk --with " + old),
                    shown.get(1).words());
            assertTrue(shown.get(1).lag().unreceivedEvents() >= 3, shown.get(1).toString());
            // It may have been promoted, for all that is known.
            asked(nodes, false);

            refused(Reason.MISMATCH, () -> nodes.a.mirrors.disable("disk", client(NEW_KEY)));
            refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.disable("disk", "mirror:0000000000000000:disk"));
            assertTrue(nodes.a.mirrors.disable("disk", old));
            assertEquals(List.of(client(NEW_KEY)), clients(nodes));
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.a.image("disk").question == 0, LOOKED_NANOS),
                    () -> nodes.a.mirrors.status().toString());
            assertEquals(1, nodes.a.mirrors.status("disk").size());
            nodes.a.restart();
            nodes.awaitLinked();
            asked(nodes, true);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
            assertEquals(List.of(client(NEW_KEY)), clients(nodes));
        });
    }

    /** The node was taken away as a peer, to come back under another name, and nobody has the image now. */
    @Test
    void whatIsKeptForAPeerThatIsGoneIsShownToo() {
        TwoNodes.play(4610, 3, nodes -> {
            mirrored(nodes);
            String old = client(nodes.b.key);
            nodes.b.process.kill();
            nodes.a.mirrors.peerUnwished(
                    nodes.a.etc.resolve(Mirrors.PEERS.pid() + "-b.cfg").toString());
            nodes.machine.sleep(LOOKED_NANOS);
            assertEquals(
                    List.of(old),
                    nodes.a.mirrors.status().stream().map(MirrorStatus::peer).toList());
            assertEquals(
                    List.of(old),
                    nodes.a.mirrors.status("disk").stream()
                            .map(MirrorStatus::peer)
                            .toList());
            assertTrue(nodes.a.mirrors.disable("disk", old));
            assertEquals(List.of(), nodes.a.mirrors.status());
            refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.status("disk"));
        });
    }

    /** The node has come back under another name, with its key, and its peer may have nothing: its old name leads nowhere. */
    @Test
    void whatIsKeptForAPeerUnderAnotherNameIsShownAndLetGoByAnOrder() {
        TwoNodes.play(4660, 3, nodes -> {
            mirrored(nodes);
            String id = client(nodes.b.key);
            nodes.a.mirrors.peerUnwished(
                    nodes.a.etc.resolve(Mirrors.PEERS.pid() + "-b.cfg").toString());
            nodes.machine.sleep(LOOKED_NANOS);
            nodes.a.mirrors.addPeer("again", PeerSettings.of("sim:b", nodes.b.key.toString()));
            nodes.machine.sleep(LOOKED_NANOS);
            assertTrue(nodes.a.mirrors.peers().stream()
                    .anyMatch(peer -> peer.name().equals("again") && peer.linked()));
            List<MirrorStatus> shown = nodes.a.mirrors.status("disk");
            assertEquals(List.of(id), shown.stream().map(MirrorStatus::peer).toList());
            assertTrue(
                    shown.get(0).words().contains("mirror:disable disk --with " + id),
                    shown.get(0).words());
            if (nodes.random.coin()) {
                assertTrue(nodes.a.mirrors.disable("disk", id));
                assertEquals(List.of(), clients(nodes));
                return;
            }
            nodes.a.mirrors.enable("disk", "again", ReplicaOptions.DEFAULTS);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
            assertEquals(List.of(id), clients(nodes));
            shown = nodes.a.mirrors.status("disk");
            assertEquals(
                    List.of("again"), shown.stream().map(MirrorStatus::peer).toList());
            refused(Reason.MISMATCH, () -> nodes.a.mirrors.disable("disk", id));
        });
    }

    @Test
    void whoHasExpiredUnderTheKeyBeforeIsNotWaitedFor() {
        TwoNodes.play(4620, 3, nodes -> {
            String old = another(nodes);
            expire(nodes, old);
            nodes.a.restart();
            nodes.awaitLinked();
            asked(nodes, true);
        });
    }

    /** A peer that is not told yet may be the one whose key it is. */
    @Test
    void beforeThePeersAreKnownWhoHasExpiredIsWaitedFor() {
        TwoNodes.play(4640, 3, nodes -> {
            mirrored(nodes);
            expire(nodes, client(nodes.b.key));
            nodes.b.process.kill();
            nodes.a.process.kill();
            nodes.a.bootUntold();
            nodes.a.engine.ask(nodes.a.image("disk"));
            nodes.machine.sleep(3 * SECOND);
            assertTrue(nodes.a.image("disk").question != 0);
            refused(Reason.MISMATCH, () -> nodes.a.mirrors.disable("disk", client(nodes.b.key)));
            nodes.a.tell();
            nodes.machine.sleep(LOOKED_NANOS);
            assertTrue(nodes.a.image("disk").question != 0);
        });
    }

    private static void expire(TwoNodes nodes, String id) throws StorageException {
        MemoryJournal journal = nodes.a.image("disk").journal;
        JournalClient client = journal.clients().stream()
                .filter(one -> one.id().equals(id))
                .findFirst()
                .orElseThrow();
        assertTrue(journal.replaceClient(
                client,
                new JournalClient(
                        id,
                        client.description(),
                        client.commit(),
                        JournalClient.State.EXPIRED,
                        client.seenNanos(),
                        client.applied())));
    }
}
