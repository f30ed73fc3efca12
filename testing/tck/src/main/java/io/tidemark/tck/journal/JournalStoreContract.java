package io.tidemark.tck.journal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.base.machine.MachineContext;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of {@link JournalStore}, {@link Journal}, {@link JournalAppender} and {@link JournalReader}. A store's test
 * extends this and says how a store is made; a store that keeps nothing in the directory that it is given uses the
 * directory's name to tell one pool from another.
 */
public abstract class JournalStoreContract {
    private static final UUID IDENTITY = new UUID(0x1234, 0x5678);
    private static final JournalSettings SETTINGS = new JournalSettings(64L << 20, 1L << 20);
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    @TempDir
    Path directory;

    private final StorageContext context = newContext();
    private final List<JournalStore> stores = new ArrayList<>();
    private JournalStore store;

    /**
     * A new service for the pool that lies in a directory. Called again for the same directory, it is what a replacement of
     * the bundle or the next start of the process gets to see.
     *
     * @param directory of the pool; may not exist
     * @return the store
     */
    protected abstract JournalStore newStore(Path directory);

    /**
     * Takes a store away as its provider does when it is deactivated: it closes every journal that it has opened.
     *
     * @param gone the store
     * @throws Exception when that fails
     */
    protected abstract void takeAway(JournalStore gone) throws Exception;

    /**
     * Whether another process can follow what is written, see {@link JournalStore#follow}. A store need not be able to, and
     * then it has to say so.
     *
     * @return false, unless overridden
     */
    protected boolean follows() {
        return false;
    }

    /**
     * What stores are handed.
     *
     * @return the machine, unless overridden
     */
    protected StorageContext newContext() {
        return new MachineContext(8 << 20);
    }

    @AfterEach
    final void takeAllAway() throws Exception {
        for (JournalStore each : stores) {
            takeAway(each);
        }
    }

    private JournalStore store() {
        if (store == null) {
            store = newStore(directory.resolve("pool"));
            stores.add(store);
        }
        return store;
    }

    private Journal create(String name) throws StorageException {
        return store().create(context, name, IDENTITY, SETTINGS);
    }

    private Journal begun(String name) throws StorageException {
        Journal journal = create(name);
        Events.begin(journal, 1);
        return journal;
    }

    private Journal reopen(Journal journal) throws StorageException {
        journal.close();
        return store().open(context, journal.name(), SETTINGS);
    }

    private static void refused(Reason reason, Executable call) {
        StorageException e = assertThrows(StorageException.class, call);
        assertEquals(reason, e.reason(), e.getMessage());
        assertFalse(e.getMessage().isBlank());
    }

    // ---- the pool ----

    @Test
    void aNewJournalIsEmptyAndListed() throws Exception {
        assertEquals(List.of(), store().list());
        try (Journal journal = create("b.1")) {
            assertEquals("b.1", journal.name());
            assertEquals(IDENTITY, journal.identity());
            assertTrue(journal.recovery().created());
            assertEquals(0, journal.durable());
            assertEquals(0, journal.trimmed());
            assertEquals(0, journal.appender().appended());
            assertEquals(List.of(), journal.epochs());
            assertEquals(List.of(), journal.clients());
            assertEquals(0, journal.appender().force(), "a force that finds nothing does nothing");
        }
        create("a").close();
        assertEquals(List.of("a", "b.1"), store().list());
        assertNotNull(store().pool().kind());
    }

    @Test
    void namesAreCheckedAndTaken() throws Exception {
        create("a").close();
        refused(Reason.EXISTS, () -> create("a"));
        refused(Reason.INVALID, () -> create("../a"));
        refused(Reason.INVALID, () -> create(""));
        refused(Reason.INVALID, () -> create("x".repeat(129)));
        refused(Reason.NOT_FOUND, () -> store().open(context, "missing", SETTINGS));
        refused(Reason.NOT_FOUND, () -> store().delete(context, "missing"));
    }

    @Test
    void aJournalIsOpenOnce() throws Exception {
        try (Journal journal = create("a")) {
            refused(Reason.BUSY, () -> store().open(context, "a", SETTINGS));
            refused(Reason.BUSY, () -> store().delete(context, "a"));
            assertEquals("a", journal.name());
        }
        store().open(context, "a", SETTINGS).close();
    }

    @Test
    void aDeletedJournalIsGone() throws Exception {
        Journal journal = begun("a");
        Events.write(journal, 10, 4096);
        journal.close();
        store().delete(context, "a");
        assertEquals(List.of(), store().list());
        refused(Reason.NOT_FOUND, () -> store().open(context, "a", SETTINGS));
        try (Journal anew = begun("a")) {
            assertEquals(0, anew.durable());
        }
    }

    // ---- appending ----

    @Test
    void eventsAreReadAsTheyWereAppended() throws Exception {
        try (Journal journal = begun("a")) {
            int[] payloads = {0, 1, 511, 4096, 4097, 65536, 1 << 20};
            for (int payload : payloads) {
                assertTrue(Events.append(journal, payload) >= 0);
            }
            assertEquals(payloads.length, journal.appender().appended());
            assertEquals(payloads.length, journal.appender().force());
            assertEquals(payloads.length, Events.readAll(journal, 1));
            assertEquals(payloads.length, Events.readAll(journal, 5));
        }
    }

    @Test
    void everyKindKeepsItsHeader() throws Exception {
        try (Journal journal = begun("a")) {
            for (EventKind kind : EventKind.values()) {
                Events.append(journal, kind, kind.code());
            }
            journal.appender().force();
            try (JournalReader reader = journal.reader(1)) {
                for (EventKind kind : EventKind.values()) {
                    EventHeader header = reader.next();
                    assertEquals(kind, header.kind());
                    Events.check(header, reader.body(), kind.code());
                }
            }
        }
    }

    @Test
    void argumentsKeepTheirPositions() throws Exception {
        try (Journal journal = begun("a")) {
            ByteBuffer head = Events.bytes(1, 1, 40).position(3).limit(33);
            ByteBuffer payload = Events.bytes(1, 2, 70_000).position(5).limit(69_000);
            ByteBuffer tail = Events.bytes(1, 3, 20).position(1).limit(15);
            journal.appender().append(EventKind.WRITE, 0, 1, 0, 0, head, payload, tail);
            assertEquals(3, head.position());
            assertEquals(5, payload.position());
            assertEquals(1, tail.position());
            // Head and tail were copied; the payload may still be referred to, but not its position and limit.
            ByteBuffer expected = ByteBuffer.allocate(30 + 68_995 + 14)
                    .put(head.duplicate())
                    .put(payload.duplicate())
                    .put(tail.duplicate())
                    .flip();
            head.clear().put(new byte[40]);
            tail.clear().put(new byte[20]);
            payload.clear();
            journal.appender().force();
            try (JournalReader reader = journal.reader(1)) {
                assertEquals(expected.remaining(), reader.next().bodyLength());
                assertEquals(expected, reader.body());
            }
        }
    }

    @Test
    void nothingIsReadableBeforeItIsForced() throws Exception {
        try (Journal journal = begun("a");
                JournalReader reader = journal.reader(1)) {
            Events.append(journal, 100);
            assertEquals(0, journal.durable());
            assertTrue(journal.appender().unforcedBytes() > 0);
            assertNull(reader.next());
            journal.appender().force();
            assertEquals(0, journal.appender().unforcedBytes());
            assertEquals(1, reader.next().position().sequence());
            assertNull(reader.next());
        }
    }

    @Test
    void onlyWhatIsForcedSurvivesClosing() throws Exception {
        Journal journal = begun("a");
        Events.write(journal, 3, 1000);
        Events.append(journal, 1000);
        try (Journal again = reopen(journal)) {
            assertEquals(3, again.durable());
            assertEquals(3, again.appender().appended());
            assertTrue(again.recovery().clean());
            assertFalse(again.recovery().created());
            assertEquals(3, again.recovery().kept());
            assertEquals(0, again.recovery().cutBytes());
            Events.write(again, 2, 1000);
            assertEquals(5, Events.readAll(again, 1));
        }
    }

    @Test
    void aFullBatchIsForcedAndGoesOn() throws Exception {
        try (Journal journal = begun("a")) {
            boolean full = false;
            for (int i = 0; i < 20_000 && !full; i++) {
                long sequence = journal.appender().appended() + 1;
                ByteBuffer empty = NOTHING.duplicate();
                full = journal.appender().append(EventKind.FLUSH, 0, Events.timeOf(sequence), 0, 0, empty, null, empty)
                        == JournalAppender.BATCH_FULL;
            }
            assertTrue(full, "a batch has an end");
            long appended = journal.appender().appended();
            assertEquals(appended, journal.appender().force());
            assertTrue(Events.append(journal, 10) >= 0);
        }
    }

    @Test
    void nonsenseIsRefused() throws Exception {
        try (Journal journal = create("a")) {
            ByteBuffer empty = NOTHING.duplicate();
            refused(Reason.INVALID, () -> journal.appender().append(EventKind.FLUSH, 0, 1, 0, 0, empty, null, empty));
            Events.begin(journal, 1);
            ByteBuffer long1 = ByteBuffer.allocate((1 << 20) + 4097);
            refused(Reason.INVALID, () -> journal.appender().append(EventKind.WRITE, 0, 1, 0, 0, empty, long1, empty));
            Events.write(journal, 1, 10);
            refused(Reason.INVALID, () -> journal.appender().append(EventKind.FLUSH, 0, 1, 0, 0, empty, null, empty));
            assertEquals(1, journal.appender().appended());
            refused(Reason.INVALID, () -> journal.reader(3));
        }
    }

    @Test
    void appendsGatherWhileAForceIsUnderWay() throws Exception {
        try (Journal journal = begun("a")) {
            AtomicReference<Throwable> failed = new AtomicReference<>();
            AtomicInteger left = new AtomicInteger(1);
            CountDownLatch ended = new CountDownLatch(1);
            Thread forcer = new Thread(() -> {
                try {
                    while (left.get() > 0) {
                        long before = journal.appender().appended();
                        assertTrue(journal.appender().force() >= before, "all that was appended before is durable");
                    }
                } catch (Throwable e) {
                    failed.set(e);
                }
                ended.countDown();
            });
            forcer.start();
            for (long sequence = 1; sequence <= 5000 && failed.get() == null; ) {
                long place = journal.appender()
                        .append(
                                EventKind.WRITE,
                                (int) (sequence & 1),
                                Events.timeOf(sequence),
                                sequence * 4096,
                                600,
                                Events.bytes(sequence, 1, 30),
                                Events.bytes(sequence, 2, 600),
                                Events.bytes(sequence, 3, 14));
                sequence += place >= 0 ? 1 : 0;
            }
            left.set(0);
            assertTrue(ended.await(30, TimeUnit.SECONDS));
            assertNull(failed.get());
            journal.appender().force();
            assertEquals(5000, Events.readAll(journal, 1));
        }
    }

    @Test
    void whoeverCommitsLastBringsAllToTheDevice() throws Exception {
        try (Journal journal = begun("a")) {
            // Whether a journal reads back what it is given decides how it is written.
            for (boolean reads : new boolean[] {true, false}) {
                journal.appender().expectReading(reads);
                for (int round = 0; round < 100; round++) {
                    commitTwice(journal, 1 + round % 5);
                }
            }
            assertEquals(journal.durable(), Events.readAll(journal, 1));
            Journal again = reopen(journal);
            assertEquals(journal.durable(), Events.readAll(again, 1));
            again.close();
        }
    }

    private static void commitTwice(Journal journal, int events) throws Exception {
        append(journal, events);
        AtomicReference<Throwable> failed = new AtomicReference<>();
        AtomicReference<Long> said = new AtomicReference<>(0L);
        Thread other = new Thread(() -> {
            try {
                said.set(journal.appender().commit());
            } catch (StorageException | RuntimeException | Error e) {
                failed.set(e);
            }
        });
        other.start();
        append(journal, events);
        long appended = journal.appender().appended();
        long durable = journal.appender().commit();
        other.join();
        assertNull(failed.get());
        assertEquals(appended, Math.max(durable, said.get()), "whoever returns last says so");
        assertEquals(appended, journal.durable());
    }

    private static void append(Journal journal, int events) throws StorageException {
        for (int i = 0; i < events; i++) {
            assertTrue(Events.append(journal, 600) >= 0, "the journal is full");
        }
    }

    // ---- epochs ----

    @Test
    void epochsContinueEachOther() throws Exception {
        Journal journal = create("a");
        Epoch first = Events.begin(journal, 101);
        assertEquals(100, journal.durable());
        assertEquals(100, journal.trimmed());
        Events.write(journal, 5, 100);
        Epoch second = first.next(new UUID(2, 2), 106, 5, "other");
        Events.append(journal, 100);
        refused(Reason.INVALID, () -> journal.startEpoch(second));
        journal.appender().force();
        refused(Reason.MISMATCH, () -> journal.startEpoch(second));
        Epoch third = first.next(new UUID(3, 3), 107, 7, "Ünicode");
        refused(Reason.MISMATCH, () -> journal.startEpoch(third.next(new UUID(9, 9), 107, 8, "x")));
        journal.startEpoch(third);
        Events.write(journal, 2, 100);
        try (Journal again = reopen(journal)) {
            assertEquals(List.of(first, third), again.epochs());
            assertEquals(108, again.durable());
            try (JournalReader reader = again.reader(101)) {
                for (long sequence = 101; sequence <= 108; sequence++) {
                    assertEquals(
                            new Position(sequence < 107 ? 1 : 2, sequence),
                            reader.next().position());
                }
            }
        }
    }

    // ---- reading ----

    @Test
    void aReaderFollowsTheTail() throws Exception {
        Journal journal = begun("a");
        try (JournalReader reader = journal.reader(1)) {
            AtomicInteger woken = new AtomicInteger();
            reader.whenReadable(woken::incrementAndGet);
            assertEquals(0, woken.get());
            Events.write(journal, 1, 10);
            assertEquals(1, woken.get());
            Events.write(journal, 1, 10);
            assertEquals(1, woken.get(), "once for each time it was asked for");
            reader.whenReadable(woken::incrementAndGet);
            assertEquals(2, woken.get(), "at once, because there is something");
            Events.check(reader.next(), reader.body(), 1);
            Events.check(reader.next(), reader.body(), 2);
            reader.whenReadable(woken::incrementAndGet);
            journal.close();
            assertEquals(3, woken.get(), "closing wakes as well");
            refused(Reason.CLOSED, reader::next);
        }
    }

    @Test
    void bodiesAreReadByPlaceInThisOpeningAndTheNext() throws Exception {
        Journal journal = begun("a");
        long[] places = Events.write(journal, 50, 5000);
        checkPlaces(journal, places);
        try (Journal again = reopen(journal)) {
            checkPlaces(again, places);
            try (JournalReader reader = again.reader(1)) {
                for (long place : places) {
                    reader.next();
                    assertEquals(place, reader.place());
                }
            }
            refused(Reason.INVALID, () -> again.readBody(places[0], 5040, ByteBuffer.allocate(5)));
        }
    }

    private static void checkPlaces(Journal journal, long[] places) throws StorageException {
        for (int i = 0; i < places.length; i++) {
            ByteBuffer part = ByteBuffer.allocate(20).position(3).limit(19);
            journal.readBody(places[i], 1234, part);
            assertEquals(19, part.position());
            assertEquals(
                    Events.body(i + 1, 5000).slice(1234, 16), part.position(3).slice(), "event " + (i + 1));
        }
    }

    @Test
    void timesAreFound() throws Exception {
        Journal journal = begun("a");
        assertEquals(0, journal.sequenceAt(Long.MAX_VALUE));
        for (int i = 0; i < 30; i++) {
            Events.write(journal, 7, 200);
        }
        checkTimes(journal);
        try (Journal again = reopen(journal)) {
            checkTimes(again);
            assertEquals(Events.timeOf(1), again.status().oldestTimeNanos());
            assertEquals(Events.timeOf(210), again.status().newestTimeNanos());
        }
    }

    private static void checkTimes(Journal journal) throws StorageException {
        assertEquals(0, journal.sequenceAt(Events.timeOf(1) - 1));
        for (long sequence = 1; sequence <= 210; sequence++) {
            assertEquals(sequence, journal.sequenceAt(Events.timeOf(sequence)));
            assertEquals(sequence, journal.sequenceAt(Events.timeOf(sequence) + 999_999));
        }
        assertEquals(210, journal.sequenceAt(Long.MAX_VALUE));
    }

    @Test
    void theLastOfEqualTimesIsFound() throws Exception {
        try (Journal journal = begun("a")) {
            ByteBuffer empty = NOTHING.duplicate();
            for (int i = 0; i < 9; i++) {
                journal.appender().append(EventKind.FLUSH, 0, 1000 + i / 3, 0, 0, empty, null, empty);
                if (i % 2 == 0) {
                    journal.appender().force();
                }
            }
            assertEquals(3, journal.sequenceAt(1000));
            assertEquals(6, journal.sequenceAt(1001));
            assertEquals(9, journal.sequenceAt(1002));
        }
    }

    // ---- clients ----

    @Test
    void clientsAreKept() throws Exception {
        Journal journal = begun("a");
        JournalClient one =
                new JournalClient("peer:1", "Ein Gegenüber", new Position(1, 7), JournalClient.State.CONNECTED, 42);
        JournalClient two = new JournalClient("b", "", Position.NONE, JournalClient.State.EXPIRED, 0);
        journal.putClient(one);
        journal.putClient(two);
        JournalClient moved =
                new JournalClient("peer:1", "Ein Gegenüber", new Position(1, 9), JournalClient.State.CONNECTED, 43, 8);
        journal.putClient(moved);
        try (Journal again = reopen(journal)) {
            assertEquals(2, again.clients().size());
            assertTrue(again.clients().containsAll(List.of(moved, two)));
            again.removeClient("b");
            refused(Reason.NOT_FOUND, () -> again.removeClient("b"));
            assertEquals(List.of(moved), again.clients());
        }
    }

    /** Whoever expires a client and whoever reports its progress do not undo each other. */
    @Test
    void aClientIsReplacedAsItWasSeen() throws Exception {
        Journal journal = begun("a");
        JournalClient seen = new JournalClient("peer", "", new Position(1, 7), JournalClient.State.CONNECTED, 42);
        JournalClient expired = new JournalClient("peer", "", new Position(1, 7), JournalClient.State.EXPIRED, 42);
        JournalClient moved = new JournalClient("peer", "", new Position(1, 9), JournalClient.State.CONNECTED, 43);
        assertFalse(journal.replaceClient(seen, moved), "it is not registered");
        assertEquals(List.of(), journal.clients());
        journal.putClient(seen);
        assertTrue(journal.replaceClient(seen, expired));
        assertFalse(journal.replaceClient(seen, moved));
        assertEquals(List.of(expired), journal.clients());
        try (Journal again = reopen(journal)) {
            assertEquals(List.of(expired), again.clients());
        }
    }

    // ---- limits and trimming ----

    /** Writes until the journal says that it is full. */
    private static void fill(Journal journal, int payload) throws StorageException {
        for (int i = 0; i < 10_000; i++) {
            if (Events.append(journal, payload) == JournalAppender.FULL) {
                journal.appender().force();
                return;
            }
        }
        throw new AssertionError("the journal is never full");
    }

    @Test
    void aFullJournalKeepsItsReserveAndGoesOnWhenItIsTrimmed() throws Exception {
        try (Journal journal = begun("a")) {
            fill(journal, 1 << 20);
            long last = journal.durable();
            assertTrue(journal.status().usedBytes() <= SETTINGS.limitBytes());
            assertEquals(JournalAppender.FULL, Events.append(journal, 1 << 20));
            assertEquals(last, journal.appender().appended(), "nothing was appended");
            assertTrue(Events.append(journal, EventKind.CHECKPOINT, 100) >= 0, "control events may use the reserve");
            assertTrue(Events.append(journal, EventKind.MARK, 100) >= 0);
            journal.appender().force();
            long trimmed = journal.trim(last - 5);
            assertTrue(trimmed > 0 && trimmed <= last - 5, "it forgets some, and never too much: " + trimmed);
            assertEquals(trimmed, journal.trimmed());
            assertTrue(Events.append(journal, 1 << 20) >= 0, "there is room again");
            journal.appender().force();
            assertEquals(journal.durable(), Events.readAll(journal, trimmed + 1));
            refused(Reason.NOT_FOUND, () -> journal.reader(trimmed));
        }
    }

    @Test
    void trimmedEventsStayGone() throws Exception {
        Journal journal = begun("a");
        long[] places = Events.write(journal, 40, 1 << 20);
        long trimmed = journal.trim(30);
        assertTrue(trimmed > 0 && trimmed <= 30);
        refused(Reason.NOT_FOUND, () -> journal.readBody(places[0], 0, ByteBuffer.allocate(1)));
        assertEquals(trimmed, journal.trim(0), "trimming never goes back");
        assertEquals(trimmed, journal.sequenceAt(0));
        try (Journal again = reopen(journal)) {
            assertEquals(trimmed, again.trimmed());
            assertEquals(40, Events.readAll(again, trimmed + 1));
            Events.write(again, 40, 1 << 20);
            again.trim(75);
            assertEquals(80, Events.readAll(again, again.trimmed() + 1));
            assertTrue(again.sequenceAtBytesBack(20L << 20) > again.trimmed());
            assertTrue(again.sequenceAtBytesBack(1L << 40) == again.trimmed() + 1);
        }
    }

    @Test
    void aReaderKeepsWhatItHasNotRead() throws Exception {
        try (Journal journal = begun("a")) {
            Events.write(journal, 40, 1 << 20);
            try (JournalReader reader = journal.reader(3)) {
                assertTrue(journal.trim(40) < 3);
                for (long sequence = 3; sequence <= 40; sequence++) {
                    Events.check(reader.next(), reader.body(), sequence);
                }
            }
            assertTrue(journal.trim(40) > 3);
        }
    }

    /** It may have come when whoever trims had looked at the clients already. */
    @Test
    void aConnectedClientKeepsWhatItNeeds() throws Exception {
        try (Journal journal = begun("a")) {
            Events.write(journal, 40, 1 << 20);
            journal.putClient(new JournalClient("a", "", new Position(1, 2), JournalClient.State.CONNECTED, 1));
            assertTrue(journal.trim(40) < 3);
            assertEquals(40, Events.readAll(journal, 3));
            journal.putClient(new JournalClient("a", "", new Position(1, 2), JournalClient.State.EXPIRED, 1));
            assertTrue(journal.trim(40) > 3);
        }
    }

    // ---- following what somebody else writes ----

    /** The same pool as another process has it; empty when the store cannot be followed, which it has said then. */
    private Optional<Journal> follow(String name) throws StorageException {
        JournalStore other = newStore(directory.resolve("pool"));
        stores.add(other);
        if (follows()) {
            return Optional.of(other.follow(context, name));
        }
        refused(Reason.UNSUPPORTED, () -> other.follow(context, name));
        return Optional.empty();
    }

    /** Returns when a follower knows that an event is durable. */
    private static void awaitDurable(Journal followed, long sequence) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (followed.durable() < sequence) {
            assertTrue(System.nanoTime() < deadline, () -> "durable " + followed.durable() + " of " + sequence);
            CountDownLatch woken = new CountDownLatch(1);
            try (JournalReader reader = followed.reader(followed.durable() + 1)) {
                reader.whenReadable(woken::countDown);
                woken.await(1, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void aJournalIsFollowedWhileItIsWritten() throws Exception {
        Journal journal = begun("a");
        Events.write(journal, 30, 5000);
        Journal followed = follow("a").orElse(null);
        if (followed == null) {
            return;
        }
        assertEquals(journal.identity(), followed.identity());
        awaitDurable(followed, 30);
        assertEquals(30, Events.readAll(followed, 1));
        assertEquals(30, followed.durable(), "nothing that is not durable");
        Events.append(journal, 10);
        Events.append(journal, 10);
        assertEquals(30, followed.durable(), "nothing that is not durable");
        journal.appender().force();
        awaitDurable(followed, 32);
        assertEquals(32, Events.readAll(followed, 31));
        assertEquals(journal.sequenceAt(Events.timeOf(17)), followed.sequenceAt(Events.timeOf(17)));
        Epoch next = journal.epochs().get(0).next(new UUID(2, 2), 33, 1, "test");
        journal.startEpoch(next);
        Events.write(journal, 1, 10);
        awaitDurable(followed, 33);
        try (JournalReader reader = followed.reader(33)) {
            assertEquals(new Position(2, 33), reader.next().position());
        }
        assertEquals(List.of(next), followed.epochs().subList(1, 2));
        journal.close();
        assertEquals(33, Events.readAll(followed, 1));
        followed.close();
        refused(Reason.CLOSED, () -> followed.reader(1));
    }

    @Test
    void aFollowerIsAClientAndNothingElse() throws Exception {
        try (Journal journal = begun("a")) {
            for (int i = 0; i < 20; i++) {
                Events.write(journal, 10, 100_000);
            }
            Journal followed = follow("a").orElse(null);
            if (followed == null) {
                return;
            }
            JournalClient client =
                    new JournalClient("mirror:1:a", "", new Position(1, 55), JournalClient.State.CONNECTED, 7);
            awaitDurable(followed, 200);
            followed.putClient(client);
            assertEquals(List.of(client), followed.clients());
            assertTrue(journal.trim(200) <= 55, "what a follower needs stays");
            assertEquals(List.of(client), journal.clients());
            assertEquals(200, Events.readAll(followed, 56));
            refused(Reason.READ_ONLY, () -> followed.trim(1));
            refused(Reason.READ_ONLY, () -> Events.append(followed, 1));
            refused(
                    Reason.READ_ONLY,
                    () -> followed.startEpoch(followed.epochs().get(0)));
            refused(Reason.INVALID, () -> followed.reader(202));
            followed.removeClient(client.id());
            assertEquals(List.of(), journal.refreshClients());
            assertTrue(journal.trim(200) > 55);
            JournalStore other = stores.get(stores.size() - 1);
            refused(Reason.NOT_FOUND, () -> other.follow(context, "none"));
            takeAway(other);
            refused(Reason.STALE_SERVICE, () -> followed.reader(200));
        }
    }

    // ---- the end ----

    @Test
    void afterClosingNothingWorks() throws Exception {
        Journal journal = begun("a");
        Events.write(journal, 1, 10);
        JournalAppender appender = journal.appender();
        assertSame(appender, journal.appender());
        journal.close();
        journal.close();
        refused(Reason.CLOSED, appender::force);
        refused(Reason.CLOSED, () -> Events.append(journal, 10));
        refused(Reason.CLOSED, () -> journal.reader(1));
        refused(Reason.CLOSED, () -> journal.readBody(0, 0, ByteBuffer.allocate(1)));
        refused(Reason.CLOSED, () -> journal.trim(1));
        refused(
                Reason.CLOSED,
                () -> journal.putClient(new JournalClient("a", "", Position.NONE, JournalClient.State.CONNECTED, 0)));
    }

    @Test
    void aStoreThatGoesAwaySaysSo() throws Exception {
        Journal journal = begun("a");
        Events.write(journal, 3, 10);
        JournalReader reader = journal.reader(1);
        takeAway(store());
        refused(Reason.STALE_SERVICE, () -> Events.append(journal, 10));
        refused(Reason.STALE_SERVICE, () -> journal.appender().force());
        refused(Reason.STALE_SERVICE, reader::next);
        reader.close();
        journal.close();
        store = null;
        try (Journal again = store().open(context, "a", SETTINGS)) {
            assertEquals(3, Events.readAll(again, 1));
            assertNotEquals(journal, again);
            assertArrayEquals(new long[] {3, 0}, new long[] {again.durable(), again.trimmed()});
        }
    }
}
