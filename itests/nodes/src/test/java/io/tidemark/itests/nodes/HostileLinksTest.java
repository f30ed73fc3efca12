package io.tidemark.itests.nodes;

import static io.tidemark.itests.nodes.MirroredDisk.DISK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Memory;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.mirror.internal.identity.NodeKey;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Octets;
import io.tidemark.mirror.internal.wire.Wire;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TcpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Strangers at the port where a node takes links, while a replica is fed through it, and one that takes its calls: each is closed, the
 * log says why, nothing of what they say is applied, and the link with the real peer goes on.
 */
@ExtendWith(ScratchExtension.class)
class HostileLinksTest {
    private static final int ATTACKS = Seeds.rounds("tidemark.attacks", 500);
    /** Heap 192 MiB, payload 96 MiB, buffers of links, and the Java machine itself. */
    private static final long MOST_RESIDENT_BYTES = 512L << 20;

    /** Opens a link as a node does, and says something else; why the node closed it. */
    private static String said(InetSocketAddress node, Message... messages) throws Exception {
        CompletableFuture<String> end = new CompletableFuture<>();
        LinkInitiator initiator = new LinkInitiator() {
            @Override
            public LinkListener opened(Link link) {
                for (Message message : messages) {
                    link.trySend(Encoder.encode(Wire.LINK_CHANNEL, message));
                }
                return new LinkListener() {
                    @Override
                    public void readable() {
                        // Whatever it answers: it is not what was asked for.
                    }

                    @Override
                    public void writable() {
                        // All is said.
                    }

                    @Override
                    public void closed(StorageException why) {
                        end.complete(why.getMessage());
                    }
                };
            }

            @Override
            public void failed(StorageException why) {
                end.completeExceptionally(why);
            }
        };
        try (TcpTransport transport = new TcpTransport("stranger", TcpSettings.DEFAULTS.withTcp("", 0))) {
            transport.connect(PeerAddress.of(node.getHostString() + ":" + node.getPort()), initiator);
            return end.get(30, TimeUnit.SECONDS);
        }
    }

    private static Message hello(int version, byte[] key) {
        return new Message.Hello(version, version, Octets.of(key), Octets.of(new byte[Wire.NONCE_BYTES]), "a");
    }

    private static byte[] key(Site site) {
        String text = site.order("key");
        return HexFormat.of().parseHex(text.substring(text.indexOf(':') + 1));
    }

    private static void logged(Site site, String words) {
        Await.until(() -> "a line with " + words + ": " + site.node().log(), Duration.ofSeconds(30), () -> site.node()
                .log()
                .contains(words));
    }

    private static void closed(Site site, String words, Message... messages) throws Exception {
        String why = said(site.address(), messages);
        assertTrue(why.contains(words), why);
        logged(site, words);
    }

    /** Who is to be a peer is none, and the node calls there. */
    private static void dials(Site site) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> taken = CompletableFuture.runAsync(() -> {
                try {
                    HostileLinks.take(server);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            String where = "127.0.0.1:" + server.getLocalPort();
            site.order("peer", "x", where, NodeKey.generate().toString());
            Await.until(() -> "the reason: " + site.order("peers"), MirroredDisk.PATIENCE, () -> site.order("peers")
                    .contains("it does not greet like one"));
            taken.get(30, TimeUnit.SECONDS);
            logged(site, "the link with " + where + " is closed: a frame of");
            site.order("forget", "x");
        }
    }

    @Test
    void theRealLinkGoesOnBesideStrangers(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "HostileLinksTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        // A whole session of the real peer, for later.
        disk.sites.link.record();
        disk.sites.link.drop();
        a.awaitLinked();
        disk.write(a);
        disk.equal(a, b);
        byte[] session = disk.sites.link.recorded();
        int links = links(b);
        disk.load(a);

        HostileLinks hostile = new HostileLinks(b.address(), Seeds.choose("HostileLinksTest"));
        hostile.otherVersion(7, 9);
        logged(b, "it speaks versions 7 to 9 of the protocol");
        hostile.replay(session);
        logged(b, "of another session");
        hostile.hugeFrame();
        logged(b, "is longer than the");
        hostile.cutFrame();
        logged(b, "broke: it ended the connection");
        byte[] other = new byte[Wire.KEY_BYTES];
        closed(b, "speaks the mirror's protocol in versions 9 to 9", hello(9, key(a)));
        closed(b, "shows the key of this node itself", hello(Wire.VERSION, key(b)));
        closed(b, "is no message of the mirror", new Message.Credit(1));
        closed(b, "came where HELLO belongs", new Message.Clock(1, 2, 3, 4));
        closed(b, "came where PROVE belongs", hello(Wire.VERSION, key(a)), hello(Wire.VERSION, key(a)));
        closed(
                b,
                "does not prove that it has the key of 'a'",
                hello(Wire.VERSION, key(a)),
                new Message.Prove(Octets.of(new byte[Wire.SIGNATURE_BYTES])));
        closed(b, "belongs to no peer", hello(Wire.VERSION, other));

        // A real node that nobody has added.
        Site c = new Site(scratch, "c");
        c.settings().image(DISK, MirroredDisk.BYTES, "commit=journal");
        c.start();
        c.order("peer", "b", b.address().getHostString() + ":" + b.address().getPort(), b.order("key"));
        Await.until(() -> "c to be refused: " + c.order("peers"), MirroredDisk.PATIENCE, () -> c.order("peers")
                .contains(HexFormat.of().formatHex(key(c)).substring(0, 8)));
        logged(b, "shows the key ed25519:" + HexFormat.of().formatHex(key(c)));
        assertTrue(c.refused("enable", DISK, "b", "0s").length() > 0, "without a link");

        dials(b);
        for (int round = 0; round < 10; round++) {
            hostile.attack(ATTACKS / 10);
            disk.loads.run(Duration.ofMillis(20));
        }
        hostile.end();
        disk.loads.stop();
        assertEquals(0, disk.loads.errors());
        disk.equal(a, b);
        assertEquals(links, links(b), "the link with the real peer was disturbed");
        b.wasNeverCopiedAnew();
        long peak = Memory.peakResidentBytes(b.node().pid());
        assertTrue(peak < MOST_RESIDENT_BYTES, "the node took " + (peak >> 20) + " MiB");
        long lines =
                b.node().log().lines().filter(line -> line.contains("WARN")).count();
        assertTrue(lines < ATTACKS / 2, lines + " lines of strangers");
    }

    private static int links(Site site) {
        return site.node().log().split("linked with 'a'", -1).length - 1;
    }
}
