package io.tidemark.simulation.sites;

import io.tidemark.faults.SimulatedMachine;
import io.tidemark.faults.SimulatedNetwork;
import java.util.Collection;
import java.util.Set;

/** What sites share: the machine that plays them, and what the driver decides. */
interface Scene {
    SimulatedMachine machine();

    SimulatedNetwork network();

    Chronicle chronicle();

    Defect defect();

    /** What the defect remembers of this run. */
    Set<String> memory();

    Collection<Site> sites();

    /** By how much the wall clock of a site is ahead of true time. */
    long skewNanos(String site);

    /** Whether clocks step; else they are only wrong. */
    boolean clocksStep();

    /** Whether clients write. */
    boolean writing();
}
