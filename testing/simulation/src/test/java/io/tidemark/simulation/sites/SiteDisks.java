package io.tidemark.simulation.sites;

import io.tidemark.api.StorageException;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedMachine;
import java.nio.file.Path;
import java.util.List;

/**
 * What sites' disks do: in every other seed one is full for a while, or calls to it fail. A process that starts meanwhile is spared
 * until it is there: what it does then is not of the mirror.
 */
final class SiteDisks {
    private static final int FAILING_PER_MILLION = 30_000;

    private final SimulatedMachine machine;
    private final List<Site> sites;
    private final SeededRandom random;
    private final boolean ever;

    private Site failing;
    private Site full;
    private List<Site> forceless = List.of();
    private boolean spared;
    private int failed;
    private int filled;

    SiteDisks(SimulatedMachine machine, List<Site> sites) {
        this.machine = machine;
        this.sites = sites;
        this.random = machine.random("disks");
        this.ever = random.coin();
        machine.disk().plan(this::decide);
    }

    /**
     * What came of it.
     *
     * @param failed calls that were made to fail
     * @param filled times that a disk was full
     */
    record Harm(int failed, int filled) {}

    Harm harm() {
        return new Harm(failed, filled);
    }

    private Verdict decide(Operation operation, Path path) {
        if (operation == Operation.FORCE && forceless.stream().anyMatch(site -> site.owns(path))) {
            return Verdict.FAIL_IO;
        }
        boolean fails = failing != null
                && !spared
                && operation != Operation.READ
                && failing.owns(path)
                && random.chance(FAILING_PER_MILLION);
        failed += fails ? 1 : 0;
        return fails ? Verdict.FAIL_IO : Verdict.PROCEED;
    }

    /** Another one is full, or none; another one fails, or none. */
    void mishap() {
        if (!ever) {
            return;
        }
        makeRoom();
        failing = null;
        switch (random.below(3)) {
            case 0 -> failing = random.oneOf(sites);
            case 1 -> fill(random.oneOf(sites));
            default -> machine.note("disks-work", "", 0, 0);
        }
    }

    private void fill(Site site) {
        full = site;
        site.fill(random.magnitude(1 << 20));
        filled++;
    }

    private void makeRoom() {
        if (full != null) {
            full.makeRoom();
            full = null;
        }
    }

    /** Nothing becomes durable at these any more. */
    void failForces(List<Site> which) {
        forceless = which;
    }

    /** All work from now on. */
    void mend() {
        forceless = List.of();
        makeRoom();
        failing = null;
    }

    interface Body {
        void run() throws StorageException;
    }

    /** While something is done that has to work. */
    void work(Body body) throws StorageException {
        spared = true;
        makeRoom();
        body.run();
        spared = false;
    }
}
