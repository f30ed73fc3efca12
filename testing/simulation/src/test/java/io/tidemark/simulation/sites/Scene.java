package io.tidemark.simulation.sites;

import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.NetworkSettings;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.faults.SimulatedNetwork;
import java.util.Collection;
import java.util.Set;

/** What sites share: the machine that plays them, and what the driver decides. */
abstract class Scene {
    final SimulatedMachine machine;
    final SimulatedNetwork network;
    final Chronicle chronicle;
    final Defect defect;

    /** What the defect remembers of this run. */
    final Set<String> memory = Defect.memory();

    Scene(long seed, Defect defect) {
        this.machine = new SimulatedMachine(seed, new MachineSettings(512L << 20, 32L << 20, 8_000_000));
        this.network = new SimulatedNetwork(machine, NetworkSettings.DEFAULT);
        this.chronicle = new Chronicle(machine, () -> peers() > 0);
        this.defect = defect;
    }

    abstract Collection<Site> sites();

    /** How many replicas have to have a write durably before it is acknowledged; 0 when its own journal is enough. */
    int peers() {
        return 0;
    }

    /** What a client is told while there are too few of them, as the image's configuration says it. */
    String missing() {
        return "hold";
    }

    /** By how much the wall clock of a site is ahead of true time. */
    long skewNanos(String site) {
        return 0;
    }

    /** Whether clocks step; else they are only wrong. */
    boolean clocksStep() {
        return false;
    }

    /** Whether clients write. */
    abstract boolean writing();
}
