package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.base.wish.EtcWishStore;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishKind;
import io.tidemark.faults.NetworkSettings;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SeededSecureRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.faults.SimulatedNetwork;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.identity.NodeKey;
import io.tidemark.mirror.internal.manage.Mirrors;
import io.tidemark.mirror.internal.wire.Wire;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Two nodes with all that people can order, on one simulated machine: their configurations lie on its disk. */
final class TwoNodes {
    static final long SECOND = 1_000_000_000L;
    private static final NodeKey KEY_A = NodeKey.generate(new SeededSecureRandom(1));
    private static final NodeKey KEY_B = NodeKey.generate(new SeededSecureRandom(2));
    private static final NodeKey KEY_C = NodeKey.generate(new SeededSecureRandom(3));
    private static final NodeKey KEY_D = NodeKey.generate(new SeededSecureRandom(4));

    /** An acknowledged write. */
    record Written(long offset, byte[] data) {}

    /** One process of a node. */
    final class Node {
        final String name;
        /** Who it is when it starts next. */
        NodeKey key;

        final Path etc;
        final Map<String, MemoryImage> images = new TreeMap<>();
        /** What it calls itself to others, from its next boot on. */
        String calls;

        SimulatedContext process;
        MemoryEngine engine;
        Mirrors mirrors;

        Node(String name, NodeKey key) {
            this.name = name;
            this.calls = name;
            this.key = key;
            this.etc = Path.of("/etc-" + name);
            machine.disk().makeDirectories(etc);
        }

        void boot() throws StorageException {
            bootUntold();
            tell();
        }

        /** The container has told nothing yet. */
        void bootUntold() throws StorageException {
            process = machine.boot(name);
            engine = new MemoryEngine(process, name, images, broken);
            mirrors = new Mirrors(
                    process,
                    engine.services(),
                    TwoSites.SETTINGS,
                    new Handshake.Self(key, calls, Wire.LEAST_VERSION, Wire.VERSION),
                    this::nonce,
                    new Mirrors.Stores(
                            new EtcWishStore(Mirrors.PEERS, process.files(), etc),
                            new EtcWishStore(Mirrors.REPLICAS, process.files(), etc),
                            new Mirrors.Branches(etc.resolve("branches"), KEPT_BYTES)));
            mirrors.transport("tcp", network.transport(process, name));
            mirrors.start();
        }

        void tell() throws StorageException {
            tell(Mirrors.PEERS, mirrors::peerWished);
            tell(Mirrors.REPLICAS, mirrors::replicaWished);
        }

        /** So far the container has told of one peer only. */
        void tellPeer(String peer) throws StorageException {
            tell(Mirrors.PEERS, wish -> {
                if (wish.name().equals(peer)) {
                    mirrors.peerWished(wish);
                }
            });
        }

        /** As the container does when a node starts. */
        private void tell(WishKind kind, Consumer<Wish> told) throws StorageException {
            String prefix = kind.pid() + "-";
            for (String file : process.files().list(etc)) {
                if (file.startsWith(prefix)) {
                    String wished = file.substring(prefix.length(), file.length() - ".cfg".length());
                    told.accept(new Wish(etc.resolve(file).toString(), wished, keys(etc.resolve(file))));
                }
            }
        }

        Map<String, String> keys(String file) throws StorageException {
            return keys(etc.resolve(file));
        }

        private Map<String, String> keys(Path path) throws StorageException {
            try (StorageFile file = process.files().open(path, Files.Mode.READ)) {
                ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
                file.read(bytes, 0);
                Properties properties = new Properties();
                properties.load(new StringReader(new String(bytes.array(), StandardCharsets.ISO_8859_1)));
                Map<String, String> keys = new TreeMap<>();
                properties.stringPropertyNames().forEach(one -> keys.put(one, properties.getProperty(one)));
                return keys;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        /** As somebody does with an editor. */
        void edit(WishKind kind, String wished, Map<String, String> changes) throws StorageException {
            String file = kind.pid() + "-" + wished + ".cfg";
            Wish before = new Wish(etc.resolve(file).toString(), wished, keys(file));
            new EtcWishStore(kind, process.files(), etc).change(before, changes);
            Consumer<Wish> told = kind == Mirrors.PEERS ? mirrors::peerWished : mirrors::replicaWished;
            told.accept(before.with(changes));
        }

        private byte[] nonce() {
            return TwoNodes.nonce(process);
        }

        void restart() throws StorageException {
            process.kill();
            boot();
        }

        MemoryImage image(String imageName) {
            return images.get(imageName);
        }

        boolean isPrimary(String imageName) {
            return images.containsKey(imageName) && image(imageName).role == ImageHead.Role.PRIMARY;
        }

        MirrorStatus status(String imageName) {
            return mirrors.status().stream()
                    .filter(one -> one.image().equals(imageName))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(imageName + " is not mirrored at " + name));
        }

        /** One write of a client; false when the image is a replica. It is acknowledged when it is durable. */
        boolean write(String imageName) throws StorageException {
            MemoryImage image = image(imageName);
            if (image == null || image.role != ImageHead.Role.PRIMARY || image.fence != null || image.question != 0) {
                return false;
            }
            byte[] data = new byte[512 * (1 + random.below(8))];
            for (int at = 0; at < data.length; at += 8) {
                data[at] = (byte) random.bits();
            }
            long offset = 512L * random.below((MemoryImage.SIZE_BYTES - data.length) / 512);
            image.write(offset, data, process.clock().wallNanos());
            long sequence = image.journal.appended();
            engine.wake();
            for (int i = 0; i < 1000 && image.journal.durable() < sequence; i++) {
                process.workers().newGate().await(SECOND / 1000);
            }
            if (image.journal.durable() < sequence) {
                return false;
            }
            // At most one site acknowledges writes in an epoch.
            UUID epoch = image.newestEpoch().identity();
            String writer = writers.putIfAbsent(epoch, name);
            if (writer != null && !writer.equals(name)) {
                broken.add(writer + " and " + name + " both wrote in the epoch " + epoch);
            }
            acknowledged.add(new Written(offset, data));
            return true;
        }
    }

    private static byte[] nonce(SimulatedContext process) {
        ByteBuffer nonce = ByteBuffer.allocate(32);
        while (nonce.hasRemaining()) {
            nonce.putLong(process.randomBits());
        }
        return nonce.array();
    }

    /** So much of branches that were given up is kept on each node. */
    static final long KEPT_BYTES = 64 << 10;

    final SimulatedMachine machine;
    final SimulatedNetwork network;
    final SeededRandom random;
    final List<String> broken = new ArrayList<>();
    private final Map<UUID, String> writers = new TreeMap<>();
    final List<Written> acknowledged = new ArrayList<>();
    final Node a;
    final Node b;

    /** A third one, which the other two know. */
    Node third() throws StorageException {
        return another("c", KEY_C, List.of(a, b));
    }

    /** One more, which all know. */
    Node fourth(Node c) throws StorageException {
        return another("d", KEY_D, List.of(a, b, c));
    }

    private Node another(String name, NodeKey key, List<Node> others) throws StorageException {
        Node added = new Node(name, key);
        added.boot();
        for (Node node : others) {
            added.mirrors.addPeer(node.name, PeerSettings.of("", node.key.toString()));
            node.mirrors.addPeer(name, PeerSettings.of("sim:" + name, key.toString()));
        }
        assertTrue(
                machine.awaitUntil(
                        () -> Stream.concat(others.stream(), Stream.of(added))
                                .allMatch(node -> node.mirrors.peers().stream().allMatch(PeerStatus::linked)),
                        20 * SECOND),
                () -> added.mirrors.peers().toString());
        return added;
    }

    /** A peer of both, with which nothing is mirrored, and which asks for what it likes. */
    MirrorNode stranger() throws StorageException {
        SimulatedContext process = machine.boot("c");
        MemoryEngine engine = new MemoryEngine(process, "c", new TreeMap<>(), broken);
        MirrorNode stranger = new MirrorNode(
                process,
                engine.services(),
                TwoSites.SETTINGS,
                new Handshake.Self(KEY_C, "c", Wire.LEAST_VERSION, Wire.VERSION),
                () -> nonce(process),
                TwoSites.nobody());
        stranger.transport("tcp", network.transport(process, "c"));
        stranger.start();
        for (Node node : List.of(a, b)) {
            node.mirrors.addPeer("c", PeerSettings.of("", KEY_C.toString()));
            stranger.addPeer(new PeerWish(
                    node.name, "tcp", Optional.of(PeerAddress.of("sim:" + node.name)), node.key.toString()));
        }
        return stranger;
    }

    private TwoNodes(SimulatedMachine machine) {
        this.machine = machine;
        this.network = new SimulatedNetwork(machine, NetworkSettings.DEFAULT);
        this.random = machine.random("scene");
        this.a = new Node("a", KEY_A);
        this.b = new Node("b", KEY_B);
    }

    interface Scene {
        void play(TwoNodes nodes) throws Exception;
    }

    /** Both nodes know each other, and a has the image {@code disk} with some writes. */
    static void play(long firstSeed, int seeds, Scene scene) {
        for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.run(() -> {
                TwoNodes nodes = new TwoNodes(machine);
                nodes.a.images.put(
                        "disk", new MemoryImage("disk", new UUID(9, machine.seed()), ImageHead.Role.PRIMARY, 0));
                nodes.a.boot();
                nodes.b.boot();
                nodes.a.mirrors.addPeer("b", PeerSettings.of("sim:b", KEY_B.toString()));
                nodes.b.mirrors.addPeer("a", PeerSettings.of("", KEY_A.toString()));
                nodes.awaitLinked();
                nodes.write(nodes.a, 10);
                scene.play(nodes);
                assertEquals(List.of(), nodes.broken);
            });
        }
    }

    void awaitLinked() {
        assertTrue(
                machine.awaitUntil(
                        () -> a.mirrors.peers().get(0).linked()
                                && b.mirrors.peers().get(0).linked(),
                        20 * SECOND),
                () -> a.mirrors.peers() + " / " + b.mirrors.peers());
    }

    void write(Node node, int writes) throws StorageException {
        for (int i = 0; i < writes; i++) {
            assertTrue(node.write("disk"));
        }
    }

    /** The follower shows what the primary does, byte by byte, and nothing acknowledged is missing. */
    void awaitEqual(Node primary, Node follower) {
        boolean equal = machine.awaitUntil(
                () -> primary.isPrimary("disk")
                        && follower.image("disk") != null
                        && !follower.isPrimary("disk")
                        && follower.image("disk").consistency == Consistency.CONSISTENT
                        && follower.image("disk").head
                                == primary.image("disk").journal.appended(),
                60 * SECOND);
        assertTrue(
                equal,
                () -> primary.name + " " + primary.mirrors.status() + " / " + follower.name + " "
                        + follower.mirrors.status() + " / " + broken);
        assertArrayEquals(primary.image("disk").bytes, follower.image("disk").bytes);
        checkAcknowledged(primary);
    }

    /** As {@link #awaitEqual}, of images with different names. */
    void awaitSame(Node primary, String source, Node follower, String replica) {
        boolean same = machine.awaitUntil(
                () -> primary.isPrimary(source)
                        && follower.image(replica) != null
                        && !follower.isPrimary(replica)
                        && follower.image(replica).consistency == Consistency.CONSISTENT
                        && follower.image(replica).head
                                == primary.image(source).journal.appended(),
                60 * SECOND);
        assertTrue(
                same,
                () -> primary.name + " " + primary.mirrors.status() + " / " + follower.name + " "
                        + follower.mirrors.status() + " / " + broken);
        assertArrayEquals(primary.image(source).bytes, follower.image(replica).bytes);
    }

    void checkAcknowledged(Node node) {
        byte[] expected = new byte[MemoryImage.SIZE_BYTES];
        for (Written one : acknowledged) {
            System.arraycopy(one.data(), 0, expected, (int) one.offset(), one.data().length);
        }
        assertArrayEquals(expected, node.image("disk").bytes, "acknowledged writes at " + node.name);
    }
}
