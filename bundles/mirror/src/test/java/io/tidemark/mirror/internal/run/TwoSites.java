package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.faults.NetworkSettings;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SeededSecureRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.faults.SimulatedNetwork;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.identity.NodeKey;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** Site a has images, site b replicas of them, on one simulated machine with a network between them. */
final class TwoSites {
    static final long SECOND = 1_000_000_000L;
    static final MirrorSettings SETTINGS =
            new MirrorSettings(1 << 19, 64 << 20, 2, 0, 5 * SECOND, SECOND / 10, 2 * SECOND, SECOND / 5);
    private static final NodeKey KEY_A = NodeKey.generate(new SeededSecureRandom(1));
    private static final NodeKey KEY_B = NodeKey.generate(new SeededSecureRandom(2));

    /** One process of a site. */
    final class Site {
        final String name;
        final String other;
        final NodeKey key;
        final Map<String, MemoryImage> images = new TreeMap<>();
        final List<ReplicaWish> wishes = new ArrayList<>();
        boolean dials;
        String peerKey;
        SimulatedContext process;
        MemoryEngine engine;
        MirrorNode mirror;

        Site(String name, String other, NodeKey key, NodeKey peerKey) {
            this.name = name;
            this.other = other;
            this.key = key;
            this.peerKey = peerKey.toString();
        }

        Handshake.Self self() {
            return new Handshake.Self(key, name, Wire.LEAST_VERSION, Wire.VERSION);
        }

        void boot() throws StorageException {
            process = machine.boot(name);
            engine = new MemoryEngine(process, name, images, broken);
            engine.shortage = shortage;
            mirror = new MirrorNode(
                    shortage.around(process), engine.services(), settings, self(), this::nonce, master());
            mirror.transport("sim", network.transport(process, name));
            mirror.start();
            Optional<PeerAddress> address = dials ? Optional.of(PeerAddress.of("sim:" + other)) : Optional.empty();
            mirror.addPeer(new PeerWish(other, "sim", address, peerKey));
            wishes.forEach(mirror::addReplica);
        }

        private Master master() {
            return new Nobody() {
                @Override
                public Set<String> replicas(String peer, String image) {
                    return image.startsWith("secret") ? Set.of() : Set.of(image);
                }

                @Override
                public void pinned(String peer, String shown) {
                    peerKey = shown;
                }

                @Override
                public void linked(String peer) {
                    shortage.meet();
                }

                @Override
                public Answer obey(GivenOrder given) throws StorageException {
                    shortage.meet();
                    return super.obey(given);
                }
            };
        }

        private byte[] nonce() {
            shortage.meet();
            ByteBuffer nonce = ByteBuffer.allocate(32);
            while (nonce.hasRemaining()) {
                nonce.putLong(process.randomBits());
            }
            return nonce.array();
        }

        void restart() throws StorageException {
            process.kill();
            boot();
        }

        MemoryImage image(String imageName) {
            return images.get(imageName);
        }

        void wish(String imageName) {
            ReplicaWish wish = new ReplicaWish(imageName, other, imageName, 0, Map.of());
            wishes.add(wish);
            if (mirror != null) {
                mirror.addReplica(wish);
            }
        }

        String state(String imageName) {
            return mirror.channels(any -> true).stream()
                    .filter(channel -> channel.image().equals(imageName))
                    .map(channel -> channel.words() + " | " + channel.trouble())
                    .findFirst()
                    .orElse("none");
        }
    }

    /** Nobody may have anything, and no order is obeyed. */
    private static class Nobody implements Master {
        @Override
        public Set<String> replicas(String peer, String image) {
            return Set.of();
        }

        @Override
        public boolean mayFetch(String peer, String image) {
            return false;
        }

        @Override
        public void pinned(String peer, String shown) {
            // Whoever wants to know overrides it.
        }

        @Override
        public void moved() {
            // Roles are not this test's.
        }

        @Override
        public Answer obey(GivenOrder given) throws StorageException {
            throw new StorageException(StorageException.Reason.INVALID, "no orders here", "");
        }
    }

    static Master nobody() {
        return new Nobody();
    }

    final SimulatedMachine machine;
    final SimulatedNetwork network;
    final SeededRandom random;
    final Shortage shortage;
    final List<String> broken = new ArrayList<>();
    MirrorSettings settings = SETTINGS;
    final Site a;
    final Site b;

    private TwoSites(SimulatedMachine machine, NetworkSettings way) {
        this.machine = machine;
        this.network = new SimulatedNetwork(machine, way);
        this.random = machine.random("scene");
        this.shortage = new Shortage(machine.random("shortage"));
        this.a = new Site("a", "b", KEY_A, KEY_B);
        this.b = new Site("b", "a", KEY_B, KEY_A);
        b.dials = true;
    }

    interface Scene {
        void play(TwoSites sites) throws Exception;
    }

    static void play(long firstSeed, int seeds, Scene scene) {
        play(firstSeed, seeds, NetworkSettings.DEFAULT, scene);
    }

    static void play(long firstSeed, int seeds, NetworkSettings way, Scene scene) {
        for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.run(() -> {
                TwoSites sites = new TwoSites(machine, way);
                scene.play(sites);
                assertEquals(List.of(), sites.broken);
            });
        }
    }

    /** An image at the source; before it is booted. */
    MemoryImage newImage(String name) {
        MemoryImage image = new MemoryImage(name, new UUID(name.hashCode(), machine.seed()), ImageHead.Role.PRIMARY, 0);
        a.images.put(name, image);
        return image;
    }

    /** Both run, and b follows an image of a that nobody has written. */
    MemoryImage following(String name) throws StorageException {
        MemoryImage image = newImage(name);
        a.boot();
        b.boot();
        b.wish(name);
        awaitEqual(name, 30 * SECOND);
        return image;
    }

    void write(MemoryImage image, int events, int mostBytes) throws StorageException {
        for (int i = 0; i < events; i++) {
            byte[] data = new byte[512 * (1 + random.below(Math.max(1, mostBytes / 512)))];
            for (int at = 0; at < data.length; at += 64) {
                data[at] = (byte) random.bits();
            }
            long offset = 512L * random.below((MemoryImage.SIZE_BYTES - data.length) / 512);
            image.write(offset, data, a.process.clock().wallNanos());
        }
        a.engine.wake();
    }

    boolean equal(String name) {
        MemoryImage source = a.image(name);
        MemoryImage replica = b.image(name);
        return replica != null
                && replica.consistency == Consistency.CONSISTENT
                && replica.head == source.journal.appended()
                && source.journal.durable() == source.journal.appended();
    }

    void awaitEqual(String name, long nanos) {
        boolean arrived = machine.awaitUntil(() -> equal(name), nanos);
        assertTrue(
                arrived,
                () -> name + ": " + b.state(name) + " / at the source " + a.state(name) + " / " + broken + " / "
                        + b.mirror.peers());
        MemoryImage source = a.image(name);
        MemoryImage replica = b.image(name);
        long from = Math.max(replica.journal.trimmed(), source.journal.trimmed()) + 1;
        List<MemoryJournal.Kept> there = source.journal.kept(from, source.journal.durable());
        List<MemoryJournal.Kept> here = replica.journal.kept(from, replica.journal.durable());
        assertEquals(there.size(), here.size());
        for (int i = 0; i < there.size(); i++) {
            assertEquals(there.get(i).header(), here.get(i).header());
            assertArrayEquals(there.get(i).body(), here.get(i).body());
        }
        assertArrayEquals(source.bytes, replica.bytes, name);
    }
}
