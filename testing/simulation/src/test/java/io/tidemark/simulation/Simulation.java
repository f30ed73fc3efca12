package io.tidemark.simulation;

import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.image.file.FileImageStore;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/** One seed: a site that is started, loaded, disturbed and ended several times, with an oracle that looks on. */
final class Simulation {
    private static final long SECOND = 1_000_000_000L;
    private static final int MOST_STEPS_UNTIL_OVERTAKEN = 2_000;
    private static final Path ROOT = Path.of("/");

    private final Breakage breakage;
    private final Scenario scenario;
    private final SimulatedMachine machine;
    private final SeededRandom random;
    private final Oracle oracle;
    private CommitRule rule;
    private boolean faultsOn;
    private long faults;

    /**
     * A simulation.
     *
     * @param seed which one
     * @param breakage a defect, or {@link Breakage#NONE}
     */
    Simulation(long seed, Breakage breakage) {
        this.breakage = breakage;
        this.scenario = Scenario.draw(seed);
        this.machine = new SimulatedMachine(seed, scenario.machine());
        this.random = machine.random("driver");
        this.oracle = new Oracle(machine, scenario.imageBytes());
        this.rule = scenario.rule();
    }

    /**
     * What a run did.
     *
     * @param hash over all of its steps
     * @param steps how many
     * @param acknowledged requests
     * @param overlaps commits of the journal that began beside another one
     * @param besides sets of image writes that were under way while the next was filled
     * @param waits of clients for the image to take what is in memory, in lives that came to their end
     * @param inImage writes that the image file was found to have when they were answered, as the rule says
     * @param faults calls to the disk that failed because they were made to
     * @param full calls to the disk that found no room
     * @param simulatedNanos how long it was for those inside
     */
    record Result(
            long hash,
            long steps,
            long acknowledged,
            long overlaps,
            long besides,
            long waits,
            long inImage,
            long faults,
            long full,
            long simulatedNanos) {}

    /**
     * Prints every step as it happens.
     *
     * @param sink where to
     */
    void printTrace(PrintStream sink) {
        machine.printTrace(sink);
    }

    /**
     * What the seed is about.
     *
     * @return a line for people
     */
    String describe() {
        return scenario.toString();
    }

    /**
     * Runs it.
     *
     * @return what happened
     * @throws io.tidemark.faults.SimulationFailure when something happened that never must
     */
    Result run() {
        machine.run(this::lives);
        return new Result(
                machine.trace().hash(),
                machine.steps(),
                oracle.ledger().acknowledgedCount(),
                oracle.overlaps(),
                oracle.filledBesides(),
                oracle.waits(),
                oracle.foundInImage(),
                faults,
                machine.disk().refusals(),
                machine.nowNanos());
    }

    private void lives() {
        machine.disk().makeDirectories(Path.of("/journals/0"));
        machine.disk().makeDirectories(Path.of("/journals/1"));
        machine.disk().makeDirectories(Path.of("/images"));
        machine.disk().plan(this::decide);
        machine.disk().writeThroughLate(scenario.latePerMillion());
        for (int life = 1; life <= scenario.lives(); life++) {
            live(life == scenario.lives());
            if (scenario.damaged() && breakage.caresForDamage()) {
                // One thing at a time: a call that fails, or a full disk, is no answer to the damage.
                long capacity = machine.disk().capacityBytes(ROOT);
                heal();
                new Damage(machine, scenario, oracle, breakage, new SeededRandom(random.bits())).tryOut();
                machine.disk().resize(ROOT, capacity);
            }
        }
    }

    private void live(boolean last) {
        SimulatedContext process = machine.boot("site");
        oracle.booted();
        oracle.expect(scenario.faultPerMillion() > 0, scenario.tight());
        faultsOn = !last;
        if (last) {
            machine.disk().resize(ROOT, scenario.machine().diskBytes());
        }
        Life life = life(process);
        machine.eachStep(life::look);
        Worker main = process.workers().start("main", life::run);
        boolean crash = !last && random.below(8) != 0;
        long steps = crash ? random.below(3) == 0 ? random.magnitude(300) : random.between(200, 8_000) : Long.MAX_VALUE;
        boolean overtake = crash && scenario.latePerMillion() > 0;
        steps = overtake ? steps % 2000 : steps;
        while (!life.ended() && steps > 0) {
            long more = Math.min(steps, random.magnitude(2000));
            machine.awaitSteps(more, SECOND);
            steps -= more;
            if (!last && !life.ended()) {
                happen(life);
            }
        }
        if (overtake) {
            awaitOvertaking(life);
        }
        machine.eachStep(null);
        rule = life.rule();
        if (!life.ended() || !life.closedInOrder()) {
            oracle.ledger().crashed();
        }
        if (life.ended()) {
            main.join(0);
        }
        if (random.below(10) < 7) {
            machine.losePower();
        } else {
            machine.killAll();
        }
    }

    /** Goes on for a while, to crash when a batch is on its way to the device and the one behind it is there. */
    private void awaitOvertaking(Life life) {
        for (int step = 0;
                step < MOST_STEPS_UNTIL_OVERTAKEN
                        && !life.ended()
                        && !machine.disk().overtaken();
                step++) {
            machine.awaitSteps(1, SECOND);
        }
        if (!life.ended()) {
            machine.awaitSteps(random.magnitude(16), SECOND);
        }
    }

    private Life life(SimulatedContext process) {
        StorageContext context = process;
        List<Path> directories = scenario.journalDirectories();
        Supplier<JournalStore> journals = () -> Stores.journals(context, directories, scenario, breakage.flashSteps());
        Supplier<ImageStore> images = () -> new FileImageStore("images", Path.of("/images"), 0, context.files());
        SeededRandom dice = new SeededRandom(random.bits());
        Site site = new Site(context, scenario, oracle, breakage, dice, journals, images, this::heal);
        SeededRandom own = new SeededRandom(random.bits());
        return new Life(machine, process, scenario, oracle, own, site, rule, this::heal);
    }

    /** Things that happen to a machine. */
    private void happen(Life life) {
        switch (random.below(8)) {
            case 0 -> machine.stepWallClock(random.between(-5, 5) * SECOND / 2);
            case 1 -> {
                if (scenario.tight()) {
                    long used = scenario.machine().diskBytes() - machine.disk().freeBytes(ROOT);
                    machine.disk().resize(ROOT, used + random.magnitude(1 << 20));
                    machine.note("disk", "shrinks", machine.disk().freeBytes(ROOT), 0);
                }
            }
            case 2 -> {
                machine.disk().resize(ROOT, scenario.machine().diskBytes());
            }
            default -> {}
        }
    }

    private void heal() {
        faultsOn = false;
        machine.disk().resize(ROOT, scenario.machine().diskBytes());
        machine.note("healed", "disk", machine.disk().freeBytes(ROOT), 0);
    }

    private Verdict decide(Operation operation, Path path) {
        if (operation == Operation.WRITE_THROUGH && !scenario.direct()
                || (operation == Operation.PUNCH || operation == Operation.ALLOCATE) && !scenario.sparse()) {
            return Verdict.SKIP;
        }
        Verdict broken = breakage.verdict(operation, path);
        if (broken != Verdict.PROCEED) {
            return broken;
        }
        if (!faultsOn || scenario.faultPerMillion() == 0 || !random.chance(scenario.faultPerMillion())) {
            return Verdict.PROCEED;
        }
        faults++;
        machine.note("FAULT", operation, 0, 0);
        return Verdict.FAIL_IO;
    }
}
