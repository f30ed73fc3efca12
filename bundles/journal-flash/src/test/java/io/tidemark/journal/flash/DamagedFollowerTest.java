package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.tck.journal.Events;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The file of one follower is damaged: the journal goes on, and keeps what that client may need. */
class DamagedFollowerTest {
    private static final Path POOL = Path.of("/flash");
    private static final JournalSettings SETTINGS = new JournalSettings(32L << 20, 3L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18);
    private static final String CLIENT = "mirror:0123:disk";
    private static final Path FILE = POOL.resolve("disk/followers/" + CLIENT + ".client");
    private static final int EVENTS = 200;

    private interface Scenario {
        void run(SimulatedContext process, FlashJournalStore store, Journal journal) throws Exception;
    }

    private static void on(Scenario scenario) {
        SimulatedMachine machine = SimulatedMachine.ofSeed(3);
        machine.disk().makeDirectories(POOL);
        machine.run(() -> {
            SimulatedContext process = machine.boot("node");
            FlashJournalStore store = new FlashJournalStore("pool", List.of(POOL), OPTIONS, process.files());
            Journal journal = store.create(process, "disk", new UUID(7, 7), SETTINGS);
            Events.begin(journal, 1);
            Events.write(journal, EVENTS, 50_000);
            scenario.run(process, store, journal);
        });
    }

    /** Whatever was there. */
    private static void damage(SimulatedContext process, int bytes) throws StorageException {
        process.files().createDirectories(FILE.getParent());
        process.files().delete(FILE);
        try (StorageFile file = process.files().open(FILE, Files.Mode.CREATE)) {
            ByteBuffer garbage = ByteBuffer.allocate(bytes);
            while (garbage.hasRemaining()) {
                garbage.put((byte) 0x5a);
            }
            file.write(garbage.flip(), 0);
        }
    }

    private static JournalClient client(long sequence) {
        return new JournalClient(CLIENT, "", new Position(1, sequence), JournalClient.State.CONNECTED, sequence);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 20_001, 32_768})
    void aClientThatIsKnownCountsAsItDid(int bytes) {
        on((process, store, journal) -> {
            Journal followed = store.follow(process, "disk");
            followed.putClient(client(150));
            assertEquals(List.of(client(150)), journal.refreshClients());
            damage(process, bytes);
            long trimmed = journal.trim(EVENTS);
            assertTrue(trimmed > 0 && trimmed <= 150, () -> "trimmed " + trimmed);
            assertEquals(List.of(client(150)), journal.clients());

            followed.putClient(client(160));
            assertEquals(List.of(client(160)), journal.refreshClients(), "it has written its file anew");
            followed.close();
        });
    }

    @Test
    void ofOneThatIsNotKnownNobodyKnowsWhatItNeeds() {
        on((process, store, journal) -> {
            damage(process, 100);
            assertEquals(0, journal.trim(EVENTS));
            assertEquals(
                    List.of(CLIENT),
                    journal.clients().stream().map(JournalClient::id).toList(),
                    "it is seen");
            // Other clients are managed as ever.
            JournalClient other =
                    new JournalClient("other", "", new Position(1, 170), JournalClient.State.CONNECTED, 1);
            journal.putClient(other);
            journal.removeClient(CLIENT);
            assertFalse(process.files().exists(FILE));
            assertEquals(List.of(other), journal.refreshClients());
            long trimmed = journal.trim(EVENTS);
            assertTrue(trimmed > 0 && trimmed <= 170, () -> "trimmed " + trimmed);
        });
    }

    @Test
    void oneThatHadExpiredHasRegisteredAnewAndIsNotTrimmedAway() {
        on((process, store, journal) -> {
            journal.putClient(new JournalClient(CLIENT, "", new Position(1, 150), JournalClient.State.EXPIRED, 1));
            damage(process, 100);
            assertEquals(0, journal.trim(EVENTS));
            assertSame(JournalClient.State.CONNECTED, journal.clients().get(0).state());
        });
    }

    @Test
    void theJournalIsOpenedAndFollowedAllTheSame() {
        on((process, store, journal) -> {
            damage(process, 100);
            journal.close();
            Journal again = store.open(process, "disk", SETTINGS);
            assertEquals(1, again.clients().size());
            assertEquals(0, again.trim(EVENTS));
            Journal followed = store.follow(process, "disk");
            followed.putClient(client(160));
            assertEquals(List.of(client(160)), again.refreshClients());
            followed.close();
            assertEquals(
                    Reason.CLOSED,
                    assertThrows(StorageException.class, () -> followed.putClient(client(161)))
                            .reason());
            again.close();
        });
    }
}
