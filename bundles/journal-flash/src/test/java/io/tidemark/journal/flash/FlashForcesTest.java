package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.machine.DurableDirectories;
import io.tidemark.faults.FaultPlan;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.ForceAudit;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.journal.flash.tool.ClosedJournal;
import io.tidemark.journal.flash.tool.RepairReport;
import io.tidemark.tck.journal.Events;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Each force of the journal is left out in turn, and some story has to lose what the journal promised by it: what a call that
 * returned has done, and what an opening has found, is there after a power loss; a creation or deletion that did not come to
 * its end leaves the journal whole, or so that it can be made.
 */
class FlashForcesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final String NAME = "disk";
    private static final Path ROOT = Path.of("/flash");
    private static final List<Path> ONE = List.of(ROOT);
    private static final List<Path> TWO = List.of(ROOT.resolve("a"), ROOT.resolve("b"));
    private static final List<Path> THREE = List.of(ROOT.resolve("a/x"), ROOT.resolve("a/y"), ROOT.resolve("z"));
    private static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 256 << 10);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18)
            .withPreparation(FlashOptions.Preparation.ALLOCATED)
            .withSealNanos(0)
            .withDirectBytes(0);

    private static final List<JournalClient> FOLLOWERS = Stream.of("a", "b", "c", "d")
            .map(id -> new JournalClient(id, "", Position.NONE, JournalClient.State.CONNECTED, 1))
            .toList();

    /** More than a creation or deletion takes: it is broken off at each of them. */
    private static final int STEPS = 150;

    @TestFactory
    Stream<DynamicTest> eachForceIsMissed() {
        ForceAudit audit = new ForceAudit()
                .sources(Path.of("src/main/java"))
                .sources(Path.of("../base/src/main/java"), DurableDirectories.class.getName())
                .story("what was created is there", 30, FlashForcesTest::created)
                .story("what a call has done is there", 40, FlashForcesTest::done)
                .story("what an opening has found is there", 20, FlashForcesTest::found)
                .story("events that an opening kept are there", 80, FlashForcesTest::kept)
                .story("of two batches that an opening kept neither is lost", 60, FlashForcesTest::bothKept)
                .story("events that went past the cache are there", 20, FlashForcesTest::through)
                .story("what follows a seal is there", 20, FlashForcesTest::sealed)
                .story("what follows a seal that an opening found is there", 20, FlashForcesTest::sealFound)
                .story("what is in a segment that is used again is there", 20, FlashForcesTest::reused)
                .story("a spare segment that was given up leaves no gap", 40, FlashForcesTest::givenUp)
                .story("an opening need not walk segments that were ended", 20, FlashForcesTest::ended)
                .story("a force of a batch waits for few zeros of new segments", 1, FlashForcesTest::filled)
                .story("what was deleted is gone", 20, FlashForcesTest::deleted)
                .story("a creation that was broken off can be repeated", 2 * STEPS, FlashForcesTest::repeated)
                .story("a deletion that was broken off leaves all or nothing", 2 * STEPS, FlashForcesTest::brokenOff)
                .story("a repair loses nothing that it keeps or puts aside", 30, FlashForcesTest::repaired);
        return audit.checks().entrySet().stream()
                .map(check -> DynamicTest.dynamicTest(check.getKey(), check.getValue()::run));
    }

    // ---- scenes

    private static FlashJournalStore store(SimulatedContext process, List<Path> directories) {
        return store(process, directories, OPTIONS);
    }

    private static FlashJournalStore store(SimulatedContext process, List<Path> directories, FlashOptions options) {
        return new FlashJournalStore("pool", directories, options, process.files());
    }

    private static Journal create(SimulatedContext process, List<Path> directories) throws StorageException {
        return create(process, directories, OPTIONS);
    }

    private static Journal create(SimulatedContext process, List<Path> directories, FlashOptions options)
            throws StorageException {
        Journal journal = store(process, directories, options).create(process, NAME, new UUID(7, 7), SETTINGS);
        Events.begin(journal, 1);
        return journal;
    }

    private static Journal open(SimulatedMachine machine, List<Path> directories) throws StorageException {
        SimulatedContext process = machine.boot("next");
        return store(process, directories).open(process, NAME, SETTINGS);
    }

    private static JournalClient client(long sequence, int descriptionLength) {
        return new JournalClient(
                "peer", "d".repeat(descriptionLength), new Position(1, sequence), JournalClient.State.CONNECTED, 1);
    }

    /** Clients of another process were there. */
    private static void follow(SimulatedContext process, List<Path> directories) throws StorageException {
        Journal followed = store(process, directories).follow(process, NAME);
        for (JournalClient client : FOLLOWERS) {
            followed.putClient(client);
        }
        followed.close();
    }

    private static void startEpoch(Journal journal, int ownerLength) throws StorageException {
        List<Epoch> epochs = journal.epochs();
        journal.startEpoch(epochs.get(epochs.size() - 1)
                .next(new UUID(2, epochs.size()), journal.durable() + 1, 1, "o".repeat(ownerLength)));
    }

    /** As if the process were killed between writing and forcing. */
    private static void withoutForces(SimulatedMachine machine) {
        machine.disk()
                .plan((operation, path) -> operation == Operation.FORCE || operation == Operation.FORCE_DIRECTORY
                        ? Verdict.SKIP
                        : Verdict.PROCEED);
    }

    // ---- stories

    private static void created(SimulatedMachine machine) throws Exception {
        List<Path> directories = List.of(ONE, TWO, THREE).get((int) machine.seed() % 3);
        machine.disk().makeDirectories(ROOT);
        SimulatedContext process = machine.boot("first");
        store(process, directories).create(process, NAME, new UUID(7, 7), SETTINGS);
        machine.losePower();
        open(machine, directories).close();
    }

    /** The long texts do not fit into slots of the first size. */
    private static void done(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        Journal journal = create(machine.boot("first"), ONE);
        switch ((int) machine.seed() % 5) {
            case 0 -> {
                journal.putClient(client(7, 10));
                machine.losePower();
                assertEquals(7, open(machine, ONE).clients().get(0).commit().sequence());
            }
            case 1 -> {
                journal.putClient(client(7, 10));
                journal.putClient(client(8, 40_000));
                machine.losePower();
                assertEquals(8, open(machine, ONE).clients().get(0).commit().sequence());
            }
            case 2 -> {
                startEpoch(journal, 20_000);
                machine.losePower();
                assertEquals(2, open(machine, ONE).epochs().size());
            }
            case 3 -> {
                SimulatedContext other = machine.boot("follower");
                // Another client's, so that the table of clients is there already.
                JournalClient first = new JournalClient("a", "", Position.NONE, JournalClient.State.CONNECTED, 1);
                journal.putClient(first);
                store(other, ONE).follow(other, NAME).putClient(client(0, 10));
                boolean removed = machine.seed() % 2 == 0;
                if (removed) {
                    journal.removeClient("peer");
                }
                machine.losePower();
                assertEquals(
                        removed ? List.of(first) : List.of(first, client(0, 10)),
                        open(machine, ONE).clients());
            }
            default -> {
                Events.write(journal, 5, 10_000);
                startEpoch(journal, 4);
                machine.losePower();
                Journal again = open(machine, ONE);
                assertEquals(2, again.epochs().size());
                assertEquals(5, Events.readAll(again, 1));
            }
        }
    }

    /** The segment that an opening makes ready lies in the second directory, so that nothing else forces the first one. */
    private static void found(SimulatedMachine machine) throws Exception {
        TWO.forEach(machine.disk()::makeDirectories);
        Journal journal = create(machine.boot("first"), TWO);
        Events.write(journal, 25, 60_000);
        journal.putClient(client(1, 10));
        withoutForces(machine);
        journal.putClient(client(7, machine.seed() % 2 == 0 ? 10 : 40_000));
        startEpoch(journal, machine.seed() % 4 < 2 ? 4 : 20_000);
        machine.killAll();
        machine.disk().plan(FaultPlan.NONE);
        Journal second = open(machine, TWO);
        assertEquals(7, second.clients().get(0).commit().sequence());
        assertEquals(2, second.epochs().size());
        machine.losePower();
        Journal third = open(machine, TWO);
        assertEquals(7, third.clients().get(0).commit().sequence(), "the client that was found before");
        assertEquals(2, third.epochs().size(), "the epochs that were found before");
    }

    /** They were written and not forced when the process was killed. With room for another segment, and without. */
    private static void kept(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        boolean room = machine.seed() % 2 == 0;
        machine.disk().resize(ROOT, room ? 64 << 20 : OPTIONS.segmentBytes() + (256 << 10));
        Journal journal = create(machine.boot("first"), ONE);
        Events.write(journal, 3, 20_000);
        withoutForces(machine);
        Events.write(journal, 3, 20_000);
        machine.killAll();
        machine.disk().plan(FaultPlan.NONE);
        Journal second = open(machine, ONE);
        long durable = second.durable();
        assertEquals(6, Events.readAll(second, 1));
        machine.losePower();
        Journal third = open(machine, ONE);
        assertEquals(durable, third.durable(), "what was found durable before");
        assertEquals(durable, Events.readAll(third, 1));
    }

    /** Two batches were under way at once, and the opening fails when it has written both of them again. */
    private static void bothKept(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        SimulatedContext process = machine.boot("first");
        Journal journal = create(process, ONE, OPTIONS.withDirectBytes(4096));
        Events.write(journal, 1, 50_000);
        machine.sleep(SECOND);
        Events.append(journal, 50_000);
        Worker other = process.workers().start("other", () -> quietly(journal.appender()::commit));
        machine.awaitUntil(() -> false, 1_000);
        Events.append(journal, 50_000);
        journal.appender().commit();
        assertTrue(other.join(SECOND));
        machine.killAll();
        int[] writes = {0};
        machine.disk().plan((operation, path) -> {
            boolean target = path.endsWith("segment-000000000002");
            writes[0] += target && operation == Operation.WRITE ? 1 : 0;
            // The header, and two batches.
            return target && operation == Operation.FORCE && writes[0] == 3 ? Verdict.FAIL_IO : Verdict.PROCEED;
        });
        try {
            open(machine, ONE);
        } catch (StorageException e) {
            assertEquals(Reason.IO, e.reason());
        }
        machine.losePower();
        machine.disk().plan(FaultPlan.NONE);
        assertEquals(3, Events.readAll(open(machine, ONE), 1));
    }

    /** A batch that goes past the cache says nothing about the seal in front of it, which is in the chain. */
    private static void sealed(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        FlashOptions options = OPTIONS.withSealNanos(1_000_000).withDirectBytes(4096);
        Journal journal = create(machine.boot("first"), ONE, options);
        Events.write(journal, 1, 50_000);
        machine.sleep(SECOND);
        Events.write(journal, 1, 50_000);
        machine.losePower();
        Journal again = open(machine, ONE);
        assertEquals(2, again.durable());
        assertEquals(2, Events.readAll(again, 1));
    }

    /** The process was killed before it could force the seal. */
    private static void sealFound(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        FlashOptions options = OPTIONS.withSealNanos(1_000_000).withDirectBytes(4096);
        Journal journal = create(machine.boot("first"), ONE, options);
        Events.write(journal, 1, 50_000);
        withoutForces(machine);
        machine.sleep(SECOND);
        machine.killAll();
        machine.disk().plan(FaultPlan.NONE);
        SimulatedContext second = machine.boot("second");
        Journal again = store(second, ONE, options).open(second, NAME, SETTINGS);
        Events.write(again, 1, 50_000);
        machine.losePower();
        assertEquals(2, Events.readAll(open(machine, ONE), 1));
    }

    /** Past the cache and durable at once, as the batches of a busy journal are. */
    private static void through(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        Journal journal = create(machine.boot("first"), ONE, OPTIONS.withDirectBytes(4096));
        Events.write(journal, 3, 50_000);
        machine.losePower();
        Journal again = open(machine, ONE);
        assertEquals(3, again.durable());
        assertEquals(3, Events.readAll(again, 1));
    }

    private static void reused(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        Journal journal = create(machine.boot("first"), ONE);
        for (int i = 0; i < 12; i++) {
            Events.write(journal, 5, 60_000);
            journal.trim(journal.durable() - 5);
        }
        long trimmed = journal.trimmed();
        machine.losePower();
        Journal again = open(machine, ONE);
        assertEquals(60, again.durable());
        assertTrue(again.trimmed() >= trimmed, "trimmed " + again.trimmed());
        assertEquals(60, Events.readAll(again, again.trimmed() + 1));
    }

    /** After a crash at the boundary of a segment there are two spares, in two directories; an image lacks space then. */
    private static void givenUp(SimulatedMachine machine) throws Exception {
        TWO.forEach(machine.disk()::makeDirectories);
        Journal journal = create(machine.boot("first"), TWO, OPTIONS.withSealNanos(1_000_000));
        long place = 0;
        while (place < (2L << 32 | 600_000)) {
            place = Events.write(journal, 1, 60_000)[0];
        }
        machine.sleep(SECOND);
        assertEquals(3, Events.append(journal, 700_000) >>> 32);
        assertTrue(machine.awaitUntil(() -> isThere(machine, 4), SECOND));
        machine.killAll();
        SimulatedContext second = machine.boot("second");
        Journal again = store(second, TWO).open(second, NAME, SETTINGS);
        assertTrue(isThere(machine, 3) && !isThere(machine, 4));
        Path home = TWO.get(1);
        second.files().space(home).open(home, () -> {}).lacks(1L << 40);
        assertTrue(machine.awaitUntil(() -> !isThere(machine, 3), 10 * SECOND));
        long durable = again.durable();
        machine.losePower();
        assertEquals(durable, Events.readAll(open(machine, TWO), 1));
    }

    private static boolean isThere(SimulatedMachine machine, int number) {
        return machine.disk().files().contains(segment(number));
    }

    /** Without its end each batch of a segment is looked at. */
    private static void ended(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        Journal journal = create(machine.boot("first"), ONE);
        for (int i = 0; i < 200; i++) {
            Events.write(journal, 1, 7_000);
        }
        machine.sleep(SECOND);
        machine.losePower();
        int[] reads = new int[1];
        machine.disk().plan((operation, path) -> {
            reads[0] += operation == Operation.READ && path.endsWith("segment-000000000001") ? 1 : 0;
            return Verdict.PROCEED;
        });
        open(machine, ONE);
        assertTrue(reads[0] < 10, "the first segment was read " + reads[0] + " times");
    }

    /** At the end there is one force anyway. */
    private static void filled(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ROOT);
        int[] forces = new int[1];
        machine.disk().plan((operation, path) -> {
            forces[0] += operation == Operation.FORCE && path.endsWith("prepare-000000000001") ? 1 : 0;
            return Verdict.PROCEED;
        });
        FlashOptions options = OPTIONS.withSegmentBytes(64 << 20).withPreparation(FlashOptions.Preparation.WRITTEN);
        SimulatedContext process = machine.boot("first");
        store(process, ONE, options).create(process, NAME, new UUID(7, 7), new JournalSettings(1L << 30, 1 << 20));
        assertTrue(forces[0] > 1, "a segment of 64 MiB was forced only at its end");
    }

    private static void deleted(SimulatedMachine machine) throws Exception {
        List<Path> directories = machine.seed() % 2 == 0 ? ONE : TWO;
        directories.forEach(machine.disk()::makeDirectories);
        SimulatedContext process = machine.boot("first");
        create(process, directories).close();
        follow(process, directories);
        store(process, directories).delete(process, NAME);
        machine.losePower();
        SimulatedContext next = machine.boot("second");
        StorageException e = assertThrows(
                StorageException.class, () -> store(next, directories).open(next, NAME, SETTINGS));
        assertEquals(Reason.NOT_FOUND, e.reason(), e.getMessage());
        for (Path directory : directories) {
            assertEquals(List.of(), next.files().list(directory), "left in " + directory);
        }
    }

    /** One process dies somewhere in a creation, the next one goes on with what it finds. */
    private static void repeated(SimulatedMachine machine) throws Exception {
        List<Path> directories = machine.seed() % 2 == 0 ? TWO : THREE;
        machine.disk().makeDirectories(ROOT);
        SimulatedContext first = machine.boot("first");
        breakOff(machine, first, () -> create(first, directories));
        if (machine.random("how").coin()) {
            machine.losePower();
        } else {
            machine.killAll();
        }
        SimulatedContext second = machine.boot("second");
        FlashJournalStore store = store(second, directories);
        if (store.list().isEmpty()) {
            store.create(second, NAME, new UUID(8, 8), SETTINGS);
        } else {
            store.open(second, NAME, SETTINGS);
        }
        machine.losePower();
        open(machine, directories).close();
    }

    private static void brokenOff(SimulatedMachine machine) throws Exception {
        List<Path> directories = machine.seed() % 2 == 0 ? TWO : THREE;
        machine.disk().makeDirectories(ROOT);
        SimulatedContext first = machine.boot("first");
        Journal journal = create(first, directories);
        Events.write(journal, 3, 100);
        journal.close();
        follow(first, directories);
        boolean ended = breakOff(machine, first, () -> store(first, directories).delete(first, NAME));
        machine.losePower();
        SimulatedContext second = machine.boot("second");
        FlashJournalStore store = store(second, directories);
        if (store.list().isEmpty()) {
            store.create(second, NAME, new UUID(8, 8), SETTINGS).close();
            machine.losePower();
            Journal made = open(machine, directories);
            assertEquals(new UUID(8, 8), made.identity());
            assertEquals(List.of(), made.clients());
        } else {
            Journal left = store.open(second, NAME, SETTINGS);
            assertEquals(3, Events.readAll(left, 1));
            assertEquals(FOLLOWERS, left.clients());
            assertTrue(!ended, "it was said to be deleted");
        }
    }

    private interface Call {
        void make() throws StorageException;
    }

    /** Whether a call came to its end before its process is to die, which is a step later for each two seeds. */
    private static boolean breakOff(SimulatedMachine machine, SimulatedContext process, Call call) {
        boolean[] ended = new boolean[1];
        process.workers().start("caller", () -> {
            quietly(call);
            ended[0] = true;
        });
        long steps = 1 + machine.seed() / 2;
        machine.awaitSteps(steps, SECOND);
        assertTrue(ended[0] || steps < STEPS, "it takes more than " + STEPS + " steps");
        return ended[0];
    }

    private static void quietly(Call call) {
        try {
            call.make();
        } catch (StorageException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Damage in the second segment. The power goes somewhere in its repair, or behind its end. */
    private static void repaired(SimulatedMachine machine) throws Exception {
        TWO.forEach(machine.disk()::makeDirectories);
        Journal journal = create(machine.boot("writer"), TWO);
        for (int i = 0; i < 20; i++) {
            Events.write(journal, 2, 60_000);
        }
        journal.close();
        machine.losePower();
        boolean last = machine.random("which").coin();
        Path damaged = segment(last ? 3 : 2);
        machine.disk().flipBit(damaged, machine.random("where").coin() ? 300_000 : 5000, 1);
        byte[] before = machine.disk().bytes(damaged);
        byte[] behind = machine.disk().bytes(segment(3));
        SimulatedContext first = machine.boot("first");
        List<Path> homes = TWO.stream().map(pool -> pool.resolve(NAME)).toList();
        RepairReport[] report = new RepairReport[1];
        first.workers()
                .start("repairer", () -> quietly(() -> report[0] = new ClosedJournal(homes, first.files()).repair()));
        machine.awaitSteps(
                machine.random("whether").coin()
                        ? Long.MAX_VALUE / 2
                        : machine.random("when").below(400),
                10 * SECOND);
        machine.losePower();
        SimulatedContext second = machine.boot("second");
        ClosedJournal again = new ClosedJournal(homes, second.files());
        RepairReport repeated = again.repair();
        assertTrue(report[0] == null || repeated.aside().isEmpty(), "a repair that was said to be done was not");
        long intact = (report[0] == null ? repeated : report[0]).kept();
        assertEquals(intact, Events.readAll(open(machine, TWO), 1));
        assertArrayEquals(before, machine.disk().bytes(aside(damaged)), "put aside");
        assertArrayEquals(behind, machine.disk().bytes(aside(segment(3))), "put aside");
    }

    private static Path segment(int number) {
        return TWO.get(number % 2).resolve(NAME).resolve("segment-00000000000" + number);
    }

    private static Path aside(Path segment) {
        return segment.resolveSibling("aside-" + segment.getFileName());
    }
}
