package io.tidemark.simulation.sites;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.commit.policies.CommitPolicies;
import io.tidemark.faults.NetworkFaults;
import io.tidemark.faults.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * One seed: two or three sites that mirror one image, in every other one with a site that reads the journal of another, clients
 * that write wherever they may, people that hold, delay and turn roles, links that break, nodes that are killed, power that fails,
 * and clocks that are hours apart and step. In every other one nobody is promoted by force while the roles are turned, and in every
 * other one the image is zeroed and gets other sizes; in some, disks fail and fill up; in some, replicas keep nothing that their image
 * has; in some, writes are acknowledged when replicas have them, durably or in memory, and a primary is lost. In the end all is
 * healed and every site has to come to the same bytes.
 */
final class SitesSimulation extends Scene {
    private static final long SECOND = Site.SECOND;
    private static final long LOOK_NANOS = SECOND / 50;
    private static final long HOUR = 3600 * SECOND;

    private final List<Site> sites = new ArrayList<>();
    private final Map<String, Long> skews = new HashMap<>();
    private final boolean clocksStep;
    private final List<Long> stepsNanos = new ArrayList<>();
    /** Whether the second site reads the journals of the first one whenever it follows that one. */
    private final boolean shared;
    /** How many replicas have to have a write before it is acknowledged. */
    private final int peers;

    private final String commit;
    private final String missing;
    /** Whether people promote by force while primaries are there, so that what is acknowledged may part. */
    private final boolean forces;

    /** Whether a replica that lacks something for two seconds is given up. */
    private final boolean expires;

    private final SiteDisks disks;

    private boolean ordering;
    private int turns;
    private int resyncs;
    private int losses;

    SitesSimulation(long seed, Defect defect) {
        super(seed, defect);
        this.clocksStep = random.coin();
        int count = 2 + random.below(2);
        for (int i = 0; i < count; i++) {
            String name = String.valueOf((char) ('a' + i));
            sites.add(new Site(name, KEYS.get(i), this));
            skews.put(name, random.between(-10, 10) * HOUR + random.below(HOUR));
        }
        this.shared = machine.random("shared").coin();
        if (shared) {
            sites.get(1).shares(sites.get(0));
        }
        SeededRandom promise = machine.random("promise");
        // What reads the source's own journal is lost with it, and no commit policy counts it.
        this.peers = shared || promise.below(4) == 0 ? 0 : 1 + promise.below(count - 1);
        this.writing = peers == 0;
        this.resizing = machine.random("size").coin();
        this.missing = promise.coin() ? "hold" : "fail";
        this.commit = peers > 0 && machine.random("commit").coin()
                ? CommitPolicies.REPLICA_ARRIVED
                : CommitPolicies.REPLICA_DURABLE;
        // What is in memory only may go with a replica's power, and one that others force then lacks it.
        this.forces = machine.random("forces").coin() && !isArrivedEnough();
        // One that has to be copied anew would keep writes waiting.
        this.expires = peers == 0 && machine.random("slow").below(4) > 0;
        SeededRandom relay = machine.random("relay");
        for (Site site : sites) {
            site.expires = expires;
            // What reads the source's own journal has no relay, whatever is said.
            site.relayOff = relay.below(3) == 0 && !(shared && site == sites.get(1));
        }
        chronicle.succession().watch();
        this.disks = new SiteDisks(machine, sites);
    }

    /** What a run was good for. */
    record Result(
            boolean shared,
            boolean arrived,
            boolean relayOff,
            long compared,
            int turns,
            int resyncs,
            int expiries,
            int resizes,
            long survived,
            int losses,
            int sure,
            SiteDisks.Harm harm,
            long steps,
            long simulatedNanos,
            long hash) {}

    Result run() {
        machine.run(this::play);
        return new Result(
                shared,
                isArrivedEnough(),
                sites.stream().anyMatch(site -> site.relayOff),
                chronicle.compared(),
                turns,
                resyncs,
                chronicle.expiries(),
                chronicle.resizes(),
                chronicle.survived(),
                losses,
                chronicle.succession().sure(),
                disks.harm(),
                machine.steps(),
                machine.nowNanos(),
                machine.trace().hash());
    }

    private void play() throws Exception {
        for (Site site : sites) {
            boot(site);
        }
        prepare();
        network.faults(new NetworkFaults(300, 200, 100, 5_000, 200));
        ordering = true;
        sites.forEach(this::startOperator);
        int rounds = 6 + random.below(8);
        for (int round = 0; round < rounds; round++) {
            machine.sleep(random.below(2 * SECOND));
            mishap();
            disks.mishap();
        }
        if (peers > 0) {
            loseThePrimary();
        }
        if (expires) {
            keepOneAway();
        }
        settle();
    }

    private void prepare() throws StorageException {
        introduce();
        Site first = sites.get(0);
        first.create();
        for (Site other : sites.subList(1, sites.size())) {
            machine.sleep(random.below(SECOND));
            require(linked(first, other), first + " and " + other + " do not link");
            first.mirrors.enable(Site.IMAGE, other.name, other.options(first));
        }
        if (peers > 0) {
            // What was written before would not be promised.
            require(await(first::promises, 60 * SECOND), first + " does not wait for replicas");
            writing = true;
        }
    }

    private boolean linked(Site one, Site other) {
        return await(
                () -> one.mirrors.peers().stream().anyMatch(peer -> peer.name().equals(other.name) && peer.linked()),
                60 * SECOND);
    }

    // ---- what happens

    private void mishap() throws StorageException {
        Site one = random.oneOf(sites);
        Site other = random.oneOf(sites);
        switch (random.below(10)) {
            case 0 -> network.cut(one.name, other.name);
            case 1, 2 -> network.heal(one.name, other.name);
            case 3 -> network.halfOpen(one.name, other.name);
            case 4 -> network.stall(one.name, other.name, random.below(3 * SECOND));
            case 5 -> network.reset(one.name, other.name);
            case 6 -> restart(List.of(one), false);
            case 7 -> restart(sites, random.coin());
            default -> {
                if (clocksStep) {
                    skews.put(one.name, skews.get(one.name) + random.between(-5, 5) * HOUR);
                    stepsNanos.add(machine.nowNanos());
                }
            }
        }
    }

    private void restart(List<Site> gone, boolean powerFails) throws StorageException {
        if (powerFails) {
            machine.losePower();
        } else {
            gone.forEach(Site::kill);
        }
        machine.sleep(random.below(SECOND));
        disks.work(() -> {
            for (Site site : gone) {
                boot(site);
                startOperator(site);
            }
        });
    }

    private void startOperator(Site site) {
        site.spawn("operator", () -> {
            while (ordering) {
                site.pause(site.dice().below(SECOND));
                try {
                    order(site);
                } catch (StorageException e) {
                    machine.note("no-order", e.getMessage(), 0, 0);
                }
            }
        });
    }

    private void order(Site site) throws StorageException {
        ImageFacts facts = site.facts();
        if (facts == null || !ordering) {
            return;
        }
        SeededRandom dice = site.dice();
        Site other = dice.oneOf(sites);
        if (facts.role() == ImageHead.Role.PRIMARY) {
            switch (dice.below(3)) {
                case 0 -> switchOver(site, other);
                case 1 -> site.mirrors.demote(Site.IMAGE);
                default -> site.pause(SECOND / 10);
            }
            return;
        }
        switch (dice.below(8)) {
            case 0, 1 -> site.hold();
            case 2 -> site.step(1 + dice.below(5));
            case 3, 4 -> site.follow(dice.magnitude(4 * SECOND));
            case 5 -> site.follow(0);
            case 6 -> promote(site, false);
            // Where not everybody has what is acknowledged, two that write may part with it, and nobody is to blame.
            default -> promote(site, dice.below(3) == 0 && (peers == 0 || peers == sites.size() - 1) && forces);
        }
    }

    private void promote(Site site, boolean force) throws StorageException {
        if (force) {
            chronicle.succession().forced();
        }
        site.mirrors.promote(Site.IMAGE, force);
        turns++;
    }

    /** Done in one command: what the primary before acknowledged is there. */
    private void switchOver(Site site, Site other) throws StorageException {
        List<Chronicle.Place> promised = chronicle.acknowledged(site.name);
        Promotion done = site.mirrors.switchOver(Site.IMAGE, other.name, WorkListener.QUIET);
        turns++;
        chronicle.contains(end(done), promised);
    }

    private static Chronicle.Place end(Promotion done) {
        return done.at().sequence() == 0
                ? Chronicle.Place.START
                : new Chronicle.Place(
                        done.epoch().predecessorIdentity(), done.at().sequence());
    }

    // ---- the loss of a replica

    /** For longer than its source waits, if it has one that is written to all the time. */
    private void keepOneAway() {
        SeededRandom which = machine.random("away");
        List<Site> primaries = sites.stream().filter(Site::isPrimary).toList();
        if (primaries.isEmpty()) {
            return;
        }
        Site primary = which.oneOf(primaries);
        List<Site> others = new ArrayList<>(sites);
        others.remove(primary);
        network.cut(primary.name, which.oneOf(others).name);
        int before = chronicle.expiries();
        await(() -> chronicle.expiries() > before, 20 * SECOND);
    }

    // ---- the loss of a primary

    /** All follow one that is written to, and it is gone: whoever is promoted has what it had acknowledged. */
    private void loseThePrimary() throws StorageException {
        Site primary = gather();
        network.faults(new NetworkFaults(300, 200, 100, 5_000, 200));
        List<Site> left = new ArrayList<>(sites);
        left.remove(primary);
        Site promoted = random.oneOf(left);
        require(await(() -> left.stream().allMatch(Site::isConsistent), 60 * SECOND), "a replica is not copied");
        machine.sleep(random.below(2 * SECOND));
        if (left.size() > peers) {
            // The other one has more, then, and is asked for it.
            network.stall(primary.name, promoted.name, 2 * SECOND);
        }
        machine.sleep(random.below(SECOND));
        if (random.below(4) > 0 && !isArrivedEnough()) {
            // What arrives at them in their last moments is there in memory only.
            disks.failForces(left);
            await(() -> left.stream().anyMatch(Site::hasUnforced), 3 * SECOND);
            machine.sleep(random.below(SECOND / 20));
            machine.losePower();
            disks.mend();
            for (Site site : left) {
                boot(site);
            }
        } else {
            // What is acknowledged now without them is lost.
            left.forEach(site -> network.stall(primary.name, site.name, 2 * SECOND));
            machine.sleep(random.below(SECOND));
            primary.kill();
        }
        for (Site other : left) {
            require(other == promoted || linked(other, promoted), other + " and " + promoted + " do not link");
        }
        require(await(() -> left.stream().allMatch(site -> site.facts() != null), 60 * SECOND), "an image is away");
        force(promoted);
        losses++;
        machine.sleep(random.below(SECOND));
        boot(primary);
    }

    /** It has what was acknowledged anywhere, unless it names who could not be asked or has more. */
    private void force(Site site) throws StorageException {
        chronicle.promotes(site.name);
        chronicle.succession().forced();
        Promotion done = site.mirrors.promote(Site.IMAGE, true);
        boolean named = !done.notAsked().isEmpty() || !done.ahead().isEmpty();
        chronicle.promoted(site.name, end(done), peers < sites.size() - 1 && named);
    }

    // ---- how it ends

    /** All is healed, and everybody follows one. */
    private Site gather() throws StorageException {
        ordering = false;
        disks.mend();
        network.faults(NetworkFaults.NONE);
        for (Site one : sites) {
            for (Site other : sites) {
                network.heal(one.name, other.name);
            }
        }
        restart(sites, random.coin());
        for (Site one : sites) {
            require(await(() -> one.facts() != null, 60 * SECOND), one + " has no image");
            for (Site other : sites) {
                require(one == other || linked(one, other), one + " and " + other + " do not link");
            }
        }
        Site primary = primary();
        for (Site site : sites) {
            if (site != primary) {
                follow(site, primary);
            }
        }
        return primary;
    }

    private void settle() throws StorageException {
        Site primary = gather();
        machine.sleep(SECOND);
        writing = false;
        machine.sleep(2 * SECOND);
        for (Site site : sites) {
            if (site != primary) {
                require(await(() -> equal(site, primary), 60 * SECOND), differ(site, primary));
                require(
                        Arrays.equals(site.bytes(), primary.bytes()),
                        site + " and " + primary + " differ at their end");
            }
        }
        ImageFacts facts = primary.facts();
        chronicle.survives(chronicle.place(facts.epochs(), facts.watermarks().durable()));
    }

    /**
     * The one with the newest epoch; where there is none, whoever is furthest becomes it. Two that could not see each other may both
     * have been promoted behind one demotion, and one or both demoted again: of such branches people keep the one with what was
     * promised.
     */
    private Site primary() throws StorageException {
        Site newest = null;
        for (Site site : sites) {
            newest = newest == null || rank(site) > rank(newest) ? site : newest;
        }
        if (!newest.isPrimary()) {
            force(newest);
        }
        return newest;
    }

    private long rank(Site site) {
        ImageFacts facts = site.facts();
        long epoch = facts.epochs().isEmpty()
                ? 0
                : facts.epochs().get(facts.epochs().size() - 1).number();
        long kept = chronicle.keeps(end(site)) ? 1L << 59 : 0;
        long role = facts.role() == ImageHead.Role.PRIMARY && !isGivenUp(site) ? 1L << 60 : kept;
        return isUsable(facts) ? role + (epoch << 32) + facts.watermarks().durable() : -1;
    }

    private static boolean isUsable(ImageFacts facts) {
        return facts.role() == ImageHead.Role.PRIMARY || facts.replica().consistency() == Consistency.CONSISTENT;
    }

    /** A primary that lacks what was promised on a branch beside its own: people do not keep that for its role. */
    private boolean isGivenUp(Site site) {
        UUID newest = newest(site.facts());
        return !chronicle.keeps(end(site))
                && sites.stream()
                        .anyMatch(other -> isUsable(other.facts())
                                && chronicle.keeps(end(other))
                                && !chronicle.leadsTo(newest(other.facts()), newest));
    }

    private void follow(Site site, Site primary) throws StorageException {
        demote(site);
        for (MirrorStatus one : site.mirrors.status()) {
            if (one.role() == ImageHead.Role.REPLICA && !one.peer().equals(primary.name)) {
                site.mirrors.disable(Site.IMAGE, one.peer());
            }
        }
        primary.mirrors.enable(Site.IMAGE, site.name, site.options(primary));
        site.follow(0);
        if (!await(() -> equal(site, primary), 20 * SECOND)) {
            // One that could go on is only late: it needs no order, and no copy.
            boolean goesOn = !site.expired
                    && chronicle.isBegunBy(end(primary), end(site))
                    // An epoch without an event has parted, too: that of a promotion which was cut, or was fenced at
                    // once.
                    && chronicle.leadsTo(newest(primary.facts()), newest(site.facts()))
                    && primary.facts().watermarks().trimmed()
                            <= site.facts().watermarks().durable();
            chronicle.require(
                    !goesOn || await(() -> equal(site, primary), 100 * SECOND),
                    () -> site + " does not go on: " + site.facts() + " " + site.mirrors.status() + " "
                            + primary.facts() + primary.mirrors.status());
            if (goesOn) {
                return;
            }
            machine.note("resync", site.mirrors.status(), 0, 0);
            resyncs++;
            chronicle.discarded(site.name);
            site.givesUp();
            resync(site, primary);
        }
    }

    private void demote(Site site) throws StorageException {
        long deadline = machine.nowNanos() + 60 * SECOND;
        while (site.isPrimary()) {
            try {
                site.mirrors.demote(Site.IMAGE);
            } catch (StorageException e) {
                // A client is giving it another size.
                if (e.reason() != StorageException.Reason.BUSY || machine.nowNanos() > deadline) {
                    throw e;
                }
                machine.sleep(LOOK_NANOS);
            }
        }
    }

    private Chronicle.Place end(Site site) {
        ImageFacts facts = site.facts();
        return chronicle.place(facts.epochs(), facts.watermarks().durable());
    }

    /** What only this site has is kept, unless that cannot be: the order says so, and has changed nothing. */
    private static void resync(Site site, Site primary) throws StorageException {
        try {
            site.mirrors.resync(Site.IMAGE, primary.name, GivenUp.KEPT);
        } catch (StorageException e) {
            if (!e.getMessage().contains("--no-keep")) {
                throw e;
            }
            site.mirrors.resync(Site.IMAGE, primary.name, GivenUp.LOST);
        }
    }

    private static boolean equal(Site site, Site primary) {
        ImageFacts its = site.facts();
        ImageFacts all = primary.facts();
        return its != null
                && all != null
                && its.role() == ImageHead.Role.REPLICA
                && its.replica().order().equals(HeadOrder.LIVE)
                && its.replica().consistency() == Consistency.CONSISTENT
                && newest(its).equals(newest(all))
                && its.replica().head() == all.watermarks().appended();
    }

    /** A relay that began in the middle of an epoch names another beginning. */
    private static UUID newest(ImageFacts facts) {
        return facts.epochs().get(facts.epochs().size() - 1).identity();
    }

    private static String differ(Site site, Site primary) {
        return site + " does not come to where " + primary + " is: " + site.facts() + ", " + primary.facts() + ", "
                + site.mirrors.status();
    }

    private boolean await(BooleanSupplier condition, long timeoutNanos) {
        long deadline = machine.nowNanos() + timeoutNanos;
        while (!condition.getAsBoolean()) {
            if (machine.nowNanos() > deadline) {
                return false;
            }
            machine.sleep(LOOK_NANOS);
        }
        return true;
    }

    private void require(boolean holds, String what) {
        chronicle.require(holds, () -> what);
    }

    // ---- what sites see of it

    @Override
    List<Site> sites() {
        return sites;
    }

    @Override
    int peers() {
        return peers;
    }

    @Override
    String commit() {
        return commit;
    }

    /** What is acknowledged has arrived at replicas, and may be in their memory only. */
    private boolean isArrivedEnough() {
        return commit.equals(CommitPolicies.REPLICA_ARRIVED);
    }

    @Override
    String missing() {
        return missing;
    }

    @Override
    long skewNanos(String site) {
        return skews.get(site);
    }

    @Override
    boolean stepped(long fromNanos, long toNanos) {
        return stepsNanos.stream().anyMatch(at -> at >= fromNanos && at <= toNanos);
    }
}
