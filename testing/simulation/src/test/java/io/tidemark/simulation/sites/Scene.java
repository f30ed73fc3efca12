package io.tidemark.simulation.sites;

import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.commit.policies.CommitPolicies;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.NetworkSettings;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SeededSecureRandom;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.faults.SimulatedNetwork;
import io.tidemark.mirror.internal.identity.NodeKey;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/** What sites share: the machine that plays them, and what the driver decides. */
abstract class Scene {
    /** In rising order, and the same each time: a seed is one run. */
    static final List<NodeKey> KEYS = LongStream.range(0, 4)
            .mapToObj(seed -> NodeKey.generate(new SeededSecureRandom(seed)))
            .sorted((left, right) -> Arrays.compareUnsigned(left.publicKey(), right.publicKey()))
            .toList();

    final SimulatedMachine machine;
    final SimulatedNetwork network;
    final Chronicle chronicle;
    final Defect defect;

    /** What the driver decides by. */
    final SeededRandom random;

    /** Whether clients write. */
    boolean writing;

    /** Whether clients zero parts of the image, too, and it gets other sizes meanwhile. */
    boolean resizing;

    /** What the defect remembers of this run. */
    final Set<String> memory = Defect.memory();

    Scene(long seed, Defect defect) {
        this.machine = new SimulatedMachine(seed, new MachineSettings(512L << 20, 32L << 20, 8_000_000));
        this.network = new SimulatedNetwork(machine, NetworkSettings.DEFAULT);
        this.chronicle = new Chronicle(machine, () -> peers() > 0);
        this.defect = defect;
        this.random = machine.random("driver");
    }

    /** All of them; the first one has the image at first. */
    abstract List<Site> sites();

    /** Each site knows each other one; of two the later one dials. */
    final void introduce() throws StorageException {
        for (Site one : sites()) {
            for (Site other : sites()) {
                if (one != other) {
                    introduce(one, other);
                }
            }
        }
    }

    /** One knows the other one. */
    static void introduce(Site one, Site other) throws StorageException {
        boolean dials = one.name.compareTo(other.name) > 0;
        one.mirrors.addPeer(other.name, PeerSettings.of(dials ? "sim:" + other.name : "", other.key.toString()));
    }

    final void boot(Site site) throws StorageException {
        site.boot(new SeededRandom(random.bits()));
    }

    /** All run and are linked, and the first one has the image. */
    final void begin() throws StorageException {
        for (Site site : sites()) {
            boot(site);
        }
        introduce();
        sites().get(0).create();
        for (Site site : sites()) {
            boolean linked = machine.awaitUntil(
                    () -> site.mirrors.peers().stream().allMatch(PeerStatus::linked), 60 * Site.SECOND);
            chronicle.require(linked, () -> site + " is not linked");
        }
    }

    /** All run and are linked, and the image of the first one is mirrored to the others. */
    final void mirror() throws StorageException {
        begin();
        for (Site other : sites().subList(1, sites().size())) {
            sites().get(0).mirrors.enable(Site.IMAGE, other.name, ReplicaOptions.DEFAULTS);
        }
    }

    /** What clients write meanwhile is at every replica then. */
    final void writeForAWhile() {
        writing = true;
        machine.sleep(2 * Site.SECOND);
        writing = false;
        machine.sleep(2 * Site.SECOND);
    }

    /** As {@link #mirror}; the last thing that all have is that the first one was demoted. */
    final void demoted() throws StorageException {
        mirror();
        writeForAWhile();
        sites().get(0).mirrors.demote(Site.IMAGE);
        machine.sleep(Site.SECOND);
    }

    /** How many replicas have to have a write durably before it is acknowledged; 0 when its own journal is enough. */
    int peers() {
        return 0;
    }

    /** By what policy a write is acknowledged, where it waits for replicas. */
    String commit() {
        return CommitPolicies.REPLICA_DURABLE;
    }

    /** What a client is told while there are too few of them, as the image's configuration says it. */
    String missing() {
        return "hold";
    }

    /** By how much the wall clock of a site is ahead of true time. */
    long skewNanos(String site) {
        return 0;
    }

    /** Whether a wall clock has stepped between two instants of true time; else they are only wrong. */
    boolean stepped(long fromNanos, long toNanos) {
        return false;
    }
}
