package io.tidemark.journal.flash;

import static io.tidemark.journal.flash.CrashSeeds.SECOND;
import static io.tidemark.journal.flash.CrashSeeds.SETTINGS;
import static io.tidemark.journal.flash.CrashSeeds.SMALL;
import static io.tidemark.journal.flash.CrashSeeds.TWO;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.faults.FaultyFiles;
import io.tidemark.faults.ForwardingContext;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.tck.journal.Events;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One process writes a journal, is killed and recovers it, while another one follows it and is killed, too: what is followed was
 * durable before it was seen, and is there for good.
 */
class FollowedJournalTest {
    private static final String CLIENT = "mirror:0123:disk";

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void whatIsFollowedWasDurableAndStays(int flavour) {
        int seeds = Boolean.getBoolean("tidemark.fast") ? 6 : 25;
        CrashSeeds.play(5000, seeds, flavour, machine -> new Run(machine, flavour).lives());
    }

    /** One seed. */
    private static final class Run {
        private final SimulatedMachine machine;
        private final SeededRandom random;
        private final FlashOptions options;
        private final List<Path> directories;
        private final Map<Long, Long> seen = new HashMap<>();
        private SimulatedContext writer;
        private SimulatedContext follower;
        private Journal written;
        private boolean stopped;
        private long seenUpTo;
        private long registrations;
        private String broken = "";
        /** The writer says how far it is, in some seeds. */
        private final boolean talks;

        Run(SimulatedMachine machine, int flavour) {
            this.machine = machine;
            this.random = machine.random("followed");
            this.options = CrashSeeds.options(flavour);
            this.directories = CrashSeeds.directories(flavour);
            this.talks = machine.random("talks").coin();
        }

        void lives() throws Exception {
            boot();
            follow();
            for (int life = 0; life < 6 && broken.isEmpty(); life++) {
                machine.awaitSteps(1 + random.below(1500), 30 * SECOND);
                if (random.below(3) == 0) {
                    follower.kill();
                    follow();
                } else if (random.below(3) == 0) {
                    // In order: everything is proven then.
                    stopped = true;
                    machine.awaitUntil(() -> written == null, 30 * SECOND);
                    boot();
                } else {
                    writer.kill();
                    written = null;
                    boot();
                }
            }
            assertEquals("", broken);
            stopped = true;
            assertTrue(machine.awaitUntil(() -> written == null, 60 * SECOND), "the writer ends");
            Journal last = store(writer).open(writer, "disk", SETTINGS);
            boolean all = machine.awaitUntil(() -> seenUpTo == last.durable() || !broken.isEmpty(), 60 * SECOND);
            assertEquals("", broken);
            assertTrue(all, () -> "seen up to " + seenUpTo + " of " + last.durable() + ", trimmed " + last.trimmed());
            checkSeen(last);
            assertTrue(registrations > 0 && last.trimmed() <= seenUpTo);
            last.close();
        }

        private void checkSeen(Journal last) throws StorageException {
            try (JournalReader reader = last.reader(last.trimmed() + 1)) {
                for (EventHeader header = reader.next(); header != null; header = reader.next()) {
                    long sequence = header.position().sequence();
                    assertEquals(header.length(), seen.get(sequence).longValue(), "event " + sequence);
                }
            }
        }

        private FlashJournalStore store(SimulatedContext process) {
            return new FlashJournalStore("pool", directories, options, process.files());
        }

        // ---- the writer

        private void boot() throws StorageException {
            boolean made = writer != null;
            writer = machine.boot("writer");
            FlashJournalStore store = store(writer);
            Journal journal;
            if (made) {
                journal = store.open(writer, "disk", SETTINGS);
                long durable = journal.durable();
                assertTrue(durable >= seenUpTo, () -> "event " + seenUpTo + " was seen, and " + durable + " is there");
                Epoch last = journal.epochs().get(journal.epochs().size() - 1);
                journal.startEpoch(last.next(new UUID(durable, random.bits()), durable + 1, 1, "test"));
            } else {
                journal = store.create(writer, "disk", new UUID(7, 7), SETTINGS);
                Events.begin(journal, 1);
            }
            stopped = false;
            written = journal;
            writer.workers().start("writer", () -> write(journal));
        }

        private void write(Journal journal) {
            Gate gate = writer.workers().newGate();
            try {
                JournalAppender appender = journal.appender();
                while (!stopped) {
                    for (int i = random.below(5); i >= 0; i--) {
                        int payload = random.below(10) == 0 ? random.below(300_000) : random.below(9000);
                        if (Events.append(journal, payload) < 0) {
                            trim(journal);
                        }
                    }
                    appender.force();
                    if (random.below(6) == 0) {
                        gate.await(random.below(100) * 1_000_000L);
                    }
                    if (random.below(4) == 0) {
                        trim(journal);
                    }
                }
                journal.close();
                written = null;
            } catch (StorageException e) {
                broken = "the writer: " + e;
            }
        }

        /** All that nobody needs, as far as the journal knows. */
        private void trim(Journal journal) throws StorageException {
            journal.trim(registrations > 0 ? journal.durable() : 0);
            assertTrue(journal.trimmed() <= seenUpTo, () -> "trimmed " + journal.trimmed() + ", seen " + seenUpTo);
        }

        // ---- the follower

        private void follow() {
            follower = machine.boot("follower");
            SimulatedContext own = follower;
            own.workers().start("follower", () -> read(own));
        }

        private void read(SimulatedContext own) {
            FlashJournalStore store = store(own);
            Gate gate = own.workers().newGate();
            while (broken.isEmpty()) {
                try (Journal journal = store.follow(own, "disk")) {
                    read(journal, gate);
                } catch (StorageException e) {
                    if (e.reason() != Reason.UNAVAILABLE) {
                        broken = "the follower: " + e;
                    }
                }
                gate.await(SECOND / 10);
            }
        }

        private void read(Journal journal, Gate gate) throws StorageException {
            register(journal);
            while (journal.durable() < seenUpTo) {
                // What was seen because the writer said so shows in the files a little later.
                gate.await(SECOND / 100);
            }
            try (JournalReader reader = journal.reader(seenUpTo + 1)) {
                while (true) {
                    EventHeader header = reader.next();
                    if (header == null) {
                        register(journal);
                        reader.whenReadable(gate::open);
                        listen(journal);
                        gate.await(talks ? SECOND / 100 : 10 * SECOND);
                        continue;
                    }
                    long sequence = header.position().sequence();
                    Events.check(header, reader.body(), sequence);
                    Journal now = written;
                    if (now != null && now.durable() < sequence) {
                        broken = "event " + sequence + " is seen, and only " + now.durable() + " is durable";
                    }
                    seen.put(sequence, header.length());
                    seenUpTo = sequence;
                }
            }
        }

        private void listen(Journal journal) {
            Journal now = written;
            if (talks) {
                journal.told(now == null ? 0 : now.durable(), now != null);
            }
        }

        private void register(Journal journal) throws StorageException {
            journal.putClient(new JournalClient(
                    CLIENT, "", new Position(1, seenUpTo), JournalClient.State.CONNECTED, registrations + 1));
            registrations++;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoeverHasTheJournalDecidesAboutItsClients(boolean restart) {
        SimulatedMachine machine = SimulatedMachine.ofSeed(restart ? 1 : 2);
        TWO.forEach(machine.disk()::makeDirectories);
        machine.run(() -> {
            SimulatedContext one = machine.boot("one");
            SimulatedContext two = machine.boot("two");
            FlashJournalStore store = new FlashJournalStore("pool", TWO, SMALL, one.files());
            FlashJournalStore other = new FlashJournalStore("pool", TWO, SMALL, two.files());
            assertEquals(
                    Reason.NOT_FOUND,
                    assertThrows(StorageException.class, () -> other.follow(two, "disk"))
                            .reason());
            Journal journal = store.create(one, "disk", new UUID(7, 7), SETTINGS);
            Events.begin(journal, 1);
            Events.write(journal, 40, 50_000);
            Journal followed = other.follow(two, "disk");
            assertEquals(
                    Reason.READ_ONLY,
                    assertThrows(StorageException.class, () -> followed.trim(1)).reason());
            assertEquals(
                    Reason.READ_ONLY,
                    assertThrows(StorageException.class, () -> Events.append(followed, 1))
                            .reason());
            followed.putClient(client(5));
            assertEquals(List.of(client(5)), journal.refreshClients());
            followed.putClient(client(17));
            assertTrue(journal.trim(40) <= 17);
            assertEquals(List.of(client(17)), journal.clients());
            Journal now = journal;
            if (restart) {
                journal.close();
                now = store.open(one, "disk", SETTINGS);
                assertEquals(List.of(client(17)), now.clients(), "known as soon as it is open");
                assertEquals(List.of(client(17)), now.refreshClients());
            }

            // Expired by its owner: the follower hears of it, and does not come back by going on.
            JournalClient expired = new JournalClient(CLIENT, "", new Position(1, 17), JournalClient.State.EXPIRED, 17);
            now.putClient(expired);
            assertEquals(
                    Reason.MISMATCH,
                    assertThrows(StorageException.class, () -> followed.putClient(client(18)))
                            .reason());
            assertTrue(machine.awaitUntil(() -> followed.clients().equals(List.of(expired)), 5 * SECOND));
            assertEquals(List.of(expired), now.refreshClients());
            followed.putClient(client(18));
            assertEquals(List.of(client(18)), now.refreshClients(), "it registered anew");

            // It needs nothing any more.
            followed.removeClient(CLIENT);
            assertEquals(List.of(), now.refreshClients());
            followed.putClient(client(20));
            assertEquals(List.of(client(20)), now.refreshClients());
            now.removeClient(CLIENT);
            assertEquals(List.of(), now.refreshClients());
            JournalClient odd = new JournalClient("other.new", "", Position.NONE, JournalClient.State.CONNECTED, 1);
            followed.putClient(odd);
            assertEquals(List.of(odd), now.refreshClients());
            followed.close();
            now.close();
            store.delete(one, "disk");
            for (Path directory : TWO) {
                assertEquals(List.of(), one.files().list(directory), "all of it is gone");
            }
        });
    }

    private static JournalClient client(long sequence) {
        return new JournalClient(CLIENT, "", new Position(1, sequence), JournalClient.State.CONNECTED, sequence);
    }

    /** A process whose clock fails while a test says so. */
    private static class Odd extends ForwardingContext {
        private final AtomicBoolean clockless;

        Odd(StorageContext machine, AtomicBoolean clockless) {
            super(machine);
            this.clockless = clockless;
        }

        @Override
        public Clock clock() {
            if (clockless.get()) {
                throw new IllegalStateException("on purpose");
            }
            return super.clock();
        }
    }

    @Test
    void whoeverFollowsNoMoreSaysSoAndWhy() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(4);
        TWO.forEach(machine.disk()::makeDirectories);
        machine.run(() -> {
            SimulatedContext process = machine.boot("one");
            FlashJournalStore store = new FlashJournalStore("pool", TWO, SMALL, process.files());
            Journal journal = store.create(process, "disk", new UUID(7, 7), SETTINGS);
            Events.begin(journal, 1);
            journal.close();
            AtomicBoolean clockless = new AtomicBoolean();
            Journal followed = store.follow(new Odd(process, clockless), "disk");
            Gate woken = process.workers().newGate();
            JournalReader reader = followed.reader(1);
            assertNull(reader.next());
            reader.whenReadable(woken::open);
            clockless.set(true);
            woken.await(10 * SECOND);
            StorageException failure = assertThrows(StorageException.class, reader::next);
            assertEquals(Reason.UNAVAILABLE, failure.reason());
            assertTrue(failure.getMessage().contains("on purpose"), failure.getMessage());
            assertEquals(
                    Reason.UNAVAILABLE,
                    assertThrows(StorageException.class, () -> followed.putClient(client(1)))
                            .reason());
            clockless.set(false);
            reader.close();
            followed.close();
        });
    }

    /** The worker has read the file of a client, and not yet that of the next one, when the first one goes on. */
    @Test
    void whatIsPutWhileTheWorkerReadsIsNotForgotten() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(5);
        TWO.forEach(machine.disk()::makeDirectories);
        machine.run(() -> {
            SimulatedContext process = machine.boot("one");
            FlashJournalStore store = new FlashJournalStore("pool", TWO, SMALL, process.files());
            store.create(process, "disk", new UUID(7, 7), SETTINGS).close();
            String last = CLIENT + "-last";
            AtomicBoolean armed = new AtomicBoolean();
            Gate goOn = process.workers().newGate();
            Files slow = new FaultyFiles(process.files()) {
                @Override
                public StorageFile open(Path path, Mode mode) throws StorageException {
                    if (path.toString().endsWith(last + ".client") && armed.getAndSet(false)) {
                        goOn.await(60 * SECOND);
                    }
                    return super.open(path, mode);
                }
            };
            StorageContext slowly = new ForwardingContext(process) {
                @Override
                public Files files() {
                    return slow;
                }
            };
            Journal followed = store.follow(slowly, "disk");
            JournalClient other = new JournalClient(last, "", new Position(1, 3), JournalClient.State.CONNECTED, 3);
            followed.putClient(client(5));
            followed.putClient(other);
            armed.set(true);
            assertTrue(machine.awaitUntil(() -> !armed.get(), 5 * SECOND), "the worker reads");
            AtomicBoolean put = new AtomicBoolean();
            process.workers().start("puts", () -> {
                try {
                    followed.putClient(client(17));
                    put.set(true);
                } catch (StorageException e) {
                    throw new IllegalStateException(e);
                }
            });
            machine.awaitUntil(put::get, SECOND);
            goOn.open();
            assertTrue(machine.awaitUntil(put::get, 5 * SECOND), "it was put");
            List<JournalClient> both = List.of(client(17), other);
            assertFalse(machine.awaitUntil(() -> !followed.clients().equals(both), SECOND), "it is forgotten");
            followed.close();
        });
    }

    /** The writer never proves what it wrote last, and says it: then that is seen at once, and nobody looks for more. */
    @Test
    void whatTheWriterSaysIsSeenAtOnceAndNobodyLooksInBetween() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(7);
        TWO.forEach(machine.disk()::makeDirectories);
        machine.run(() -> {
            SimulatedContext process = machine.boot("one");
            FlashOptions unsealed = SMALL.withSealNanos(3600 * SECOND);
            FlashJournalStore store = new FlashJournalStore("pool", TWO, unsealed, process.files());
            Journal journal = store.create(process, "disk", new UUID(7, 7), SETTINGS);
            Events.begin(journal, 1);
            Events.write(journal, 3, 900);
            AtomicInteger looks = new AtomicInteger();
            Files counted = new FaultyFiles(process.files()) {
                @Override
                public boolean exists(Path path) {
                    looks.addAndGet(path.toString().endsWith(".client") ? 0 : 1);
                    return super.exists(path);
                }
            };
            StorageContext counting = new ForwardingContext(process) {
                @Override
                public Files files() {
                    return counted;
                }
            };
            Journal followed = store.follow(counting, "disk");
            assertEquals(0, followed.durable(), "nothing proves it");
            AtomicInteger woken = new AtomicInteger();
            JournalReader reader = followed.reader(1);
            for (long each = 1; each <= 20; each++) {
                long durable = journal.durable();
                reader.whenReadable(woken::incrementAndGet);
                followed.told(durable, true);
                // At its turn to look for what was trimmed it takes a little longer.
                boolean seen = machine.awaitUntil(() -> followed.durable() == durable, SECOND / 50);
                assertTrue(seen, () -> "durable " + followed.durable() + ", and told " + durable);
                assertEquals(each, woken.get(), "readers are woken");
                while (reader.next() != null) {
                    reader.body();
                }
                Events.write(journal, 1, 900);
            }
            int before = looks.get();
            machine.sleep(10 * SECOND);
            // Each 500 ms at two files, and not each 100 ms.
            assertTrue(looks.get() - before <= 45, () -> "looked " + (looks.get() - before) + " times");
            assertEquals(journal.durable() - 1, followed.durable(), "it was not told of the last one");

            // Nobody tells anything any more: what was proven meanwhile is found by looking.
            followed.told(0, false);
            Events.write(journal, 1, 900);
            machine.sleep(SECOND / 2);
            assertEquals(journal.durable() - 1, followed.durable(), "the last one proves what is before it");
            reader.close();
            followed.close();
            journal.close();
        });
    }

    /** One whose workers are done before whoever starts them goes on, and of whose gates it is known how often they were opened. */
    private static final class AtOnce extends Odd {
        private final AtomicInteger opened = new AtomicInteger();

        AtOnce(StorageContext machine, AtomicBoolean clockless) {
            super(machine, clockless);
        }

        @Override
        public Worker start(String name, Runnable body) {
            body.run();
            return super.start(name, () -> {});
        }

        @Override
        public Gate newGate() {
            Gate gate = super.newGate();
            return new Gate() {
                @Override
                public boolean await(long nanos) {
                    return gate.await(nanos);
                }

                @Override
                public void open() {
                    opened.incrementAndGet();
                    gate.open();
                }
            };
        }
    }

    @Test
    void aPoolKeepsNoJournalThatIsNoLongerFollowed() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(6);
        TWO.forEach(machine.disk()::makeDirectories);
        machine.run(() -> {
            SimulatedContext process = machine.boot("one");
            FlashJournalStore store = new FlashJournalStore("pool", TWO, SMALL, process.files());
            store.create(process, "disk", new UUID(7, 7), SETTINGS).close();
            AtOnce atOnce = new AtOnce(process, new AtomicBoolean(true));
            Journal followed = store.follow(atOnce, "disk");
            assertEquals(
                    Reason.UNAVAILABLE,
                    assertThrows(StorageException.class, () -> followed.reader(1)
                                    .next())
                            .reason());
            int before = atOnce.opened.get();
            store.close();
            assertEquals(before, atOnce.opened.get(), "it is closed again, and so it was kept");
        });
    }
}
