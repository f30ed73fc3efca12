package io.tidemark.engine.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.engine.image.HandClock;
import io.tidemark.engine.image.MemoryPools;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is behind by more than is allowed, with clocks that step, nodes that were down, and processes that stood still. */
class PeerLagTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long HOUR = 3600 * SECOND;
    private static final SlowPeers FIVE_MEGABYTES = new SlowPeers(SlowPeers.Choice.EXPIRE, 5 << 20, 0);
    private static final SlowPeers ONE_HOUR = new SlowPeers(SlowPeers.Choice.EXPIRE, 0, HOUR);

    private final HandClock clock = new HandClock();
    private final MachineContext context = new MachineContext(4 << 20);
    private final MemoryPools pools = new MemoryPools();
    private PeerLag lag = new PeerLag(clock);
    private Journal journal;

    @BeforeEach
    void begin() throws StorageException {
        journal = pools.journals().create(context, "disk", new UUID(1, 1), new JournalSettings(64 << 20, 1 << 20));
        journal.startEpoch(new Epoch(1, new UUID(1, 2), 1, Epoch.NO_PREDECESSOR, 0, "node"));
    }

    private void write(int events) throws StorageException {
        ByteBuffer none = ByteBuffer.allocate(0);
        for (int i = 0; i < events; i++) {
            journal.appender().append(EventKind.WRITE, 0, clock.wall, 0, 0, none, none, none);
        }
        journal.appender().force();
    }

    private void received(long sequence) throws StorageException {
        journal.putClient(
                new JournalClient("b", "", new Position(1, sequence), JournalClient.State.CONNECTED, clock.wall));
    }

    private List<String> slow(SlowPeers allowed) throws StorageException {
        return lag.look(allowed, journal).stream().map(PeerLag.Slow::words).toList();
    }

    /** Looks every ten seconds for some time. */
    private List<String> lookFor(long nanos, SlowPeers allowed) throws StorageException {
        List<String> found = List.of();
        for (long passed = 0; passed < nanos; passed += 10 * SECOND) {
            found = slow(allowed);
            clock.pass(10 * SECOND);
        }
        return found;
    }

    @Test
    void bySizeItIsSlowWhenItLacksMoreForSure() throws Exception {
        write(20);
        received(20);
        assertEquals(List.of(), slow(FIVE_MEGABYTES));
        received(15);
        assertEquals(List.of(), slow(FIVE_MEGABYTES));
        received(14);
        assertEquals(List.of("lacks more than 5 MiB of the journal (peer.slow.size)"), slow(FIVE_MEGABYTES));
        assertEquals(List.of(), slow(SlowPeers.HOLD));
        assertEquals(List.of(), slow(new SlowPeers(SlowPeers.Choice.EXPIRE, 1 << 30, 0)));
    }

    @Test
    void anExpiredClientIsNotLookedAtAgain() throws Exception {
        write(20);
        journal.putClient(new JournalClient("b", "", new Position(1, 1), JournalClient.State.EXPIRED, 0));
        assertEquals(List.of(), slow(FIVE_MEGABYTES));
    }

    @Test
    void byTimeItIsSlowWhenItHasLackedSomethingForSoLong() throws Exception {
        write(20);
        received(19);
        assertEquals(List.of(), lookFor(HOUR, ONE_HOUR));
        assertEquals(List.of("lacks events since more than 1h (peer.slow.age)"), lookFor(2 * SECOND, ONE_HOUR));
    }

    @Test
    void whoLacksNothingMayBeAwayForEver() throws Exception {
        write(20);
        received(20);
        assertEquals(List.of(), lookFor(100 * HOUR, ONE_HOUR));
    }

    @Test
    void whoComesOnIsNotSlow() throws Exception {
        for (int i = 1; i < 1000; i++) {
            write(2);
            received(2L * i - 1);
            assertEquals(List.of(), slow(ONE_HOUR));
            clock.pass(10 * SECOND);
        }
    }

    @Test
    void whoComesOnTooSlowlyIsSlow() throws Exception {
        List<String> found = List.of();
        for (int i = 1; i < 2000 && found.isEmpty(); i++) {
            write(2);
            received(i);
            found = slow(ONE_HOUR);
            clock.pass(10 * SECOND);
        }
        assertEquals(1, found.size());
    }

    @Test
    void aNodeThatWasDownGivesItsPeersTimeToLink() throws Exception {
        write(20);
        received(19);
        clock.pass(2 * HOUR);
        assertEquals(List.of(), lookFor(60 * SECOND, ONE_HOUR));
        assertEquals(1, lookFor(2 * SECOND, ONE_HOUR).size());
    }

    @Test
    void aJournalThatIsOpenedAgainIsLookedAtAnew() throws Exception {
        write(20);
        received(19);
        clock.pass(2 * HOUR);
        assertEquals(List.of(), lookFor(60 * SECOND, ONE_HOUR));
        journal.close();
        journal = pools.journals().open(context, "disk", new JournalSettings(64 << 20, 1 << 20));
        assertEquals(List.of(), lookFor(60 * SECOND, ONE_HOUR));
        assertEquals(1, lookFor(2 * SECOND, ONE_HOUR).size());
    }

    @Test
    void aClockThatStepsMakesNobodySlow() throws Exception {
        write(20);
        received(20);
        assertEquals(List.of(), slow(ONE_HOUR));
        write(1);
        clock.wall += 5 * HOUR;
        assertEquals(List.of(), lookFor(HOUR, ONE_HOUR));
        received(21);
        clock.wall -= 9 * HOUR;
        write(1);
        assertEquals(List.of(), lookFor(HOUR, ONE_HOUR));
        assertEquals(1, lookFor(2 * SECOND, ONE_HOUR).size(), "an hour has passed");
    }

    @Test
    void aProcessThatStoodStillHasSeenNothing() throws Exception {
        write(20);
        received(20);
        assertEquals(List.of(), slow(ONE_HOUR));
        write(1);
        assertEquals(List.of(), slow(ONE_HOUR));
        clock.monotonic += 3 * HOUR;
        assertEquals(List.of(), slow(ONE_HOUR));
    }
}
