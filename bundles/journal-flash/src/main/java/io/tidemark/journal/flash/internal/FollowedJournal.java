package io.tidemark.journal.flash.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalSettings;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A journal that somebody else writes, or nobody: it can be read, and clients of it can be registered. A worker looks for what is
 * new: when somebody says so ({@link #told}); and where nobody does, again and again, seldom while nothing is.
 */
public final class FollowedJournal extends SegmentedJournal {
    private static final Logger LOG = LoggerFactory.getLogger(FollowedJournal.class);
    private static final long MILLI = 1_000_000L;
    private static final long LEAST_PAUSE_NANOS = 2 * MILLI;
    private static final long MOST_PAUSE_NANOS = 100 * MILLI;
    private static final long RELOAD_NANOS = 500 * MILLI;

    /** What was said last: up to where, and whether more will be. */
    private record Told(long durable, boolean goesOn) {
        static final Told NOTHING = new Told(0, false);
    }

    private final StorageContext context;
    private final Gate gate;
    private final FollowedTail tail;
    private final Followers followers;
    /** Held by whoever writes the file of a client. */
    private final Turn clientTurn;

    /** Whose files were written in this opening; with the turn. */
    private final Set<String> registered = new HashSet<>();

    private final Consumer<FollowedJournal> closeAction;
    private final JournalAppender appender = new NoAppender();
    private volatile List<JournalClient> clients;
    private volatile Told told = Told.NOTHING;

    /**
     * Opens it.
     *
     * @param context as long as it is open
     * @param places of the journal, in order
     * @param steps how it works
     * @param closeAction called when it was closed
     * @throws StorageException NOT_FOUND, CORRUPT, UNAVAILABLE when it changes too fast, or IO
     */
    FollowedJournal(
            StorageContext context,
            JournalPlaces places,
            FlashSteps steps,
            Windows windows,
            Consumer<FollowedJournal> closeAction)
            throws StorageException {
        this(
                context,
                places,
                steps,
                windows,
                closeAction,
                JournalState.load(context.files(), places),
                context.workers().newGate());
    }

    private FollowedJournal(
            StorageContext context,
            JournalPlaces places,
            FlashSteps steps,
            Windows windows,
            Consumer<FollowedJournal> closeAction,
            JournalState state,
            Gate gate)
            throws StorageException {
        super(
                places,
                state.journal(),
                new SegmentTable(places.journal(), state.segmentBytes(), gate, windows),
                new Failures(places.journal()),
                steps);
        this.context = context;
        this.closeAction = closeAction;
        this.gate = gate;
        table.startAt(List.of(), null, state.firstSegment(), state.trimmed(), state.trimmed());
        this.tail = new FollowedTail(context, places, table, state, steps);
        this.followers = new Followers(context.files(), places, identity);
        this.clientTurn = new Turn(context.workers());
        boolean open = false;
        try {
            tail.step(0);
            clients = loadClients();
            context.workers().start("journal-follow-" + places.journal(), this::run);
            open = true;
        } finally {
            if (!open) {
                release();
            }
        }
    }

    // ---- the worker

    private void run() {
        try {
            follow();
        } catch (StorageException e) {
            LOG.info("Journal {} is no longer followed: {}", places.journal(), e.getMessage());
            failures.close(Reason.UNAVAILABLE, e);
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            // Without this worker nothing would ever be news, and whoever reads would wait for ever.
            LOG.error("Journal {}: the worker that follows it failed", places.journal(), e);
            failures.close(Reason.UNAVAILABLE, e);
        }
        closeDropped();
        table.wakeReaders();
        release();
        closeAction.accept(this);
    }

    private void follow() throws StorageException {
        long pause = LEAST_PAUSE_NANOS;
        long reloadAt = context.clock().monotonicNanos() + RELOAD_NANOS;
        while (!failures.isClosed()) {
            gate.await(pause);
            long now = context.clock().monotonicNanos();
            if (now >= reloadAt) {
                tail.reload();
                reloadClients();
                reloadAt = now + RELOAD_NANOS;
            }
            Told said = told;
            boolean any = tail.step(said.durable());
            boolean waits = said.goesOn() && durable() >= said.durable();
            boolean soon = any || pause > MOST_PAUSE_NANOS;
            pause = waits ? RELOAD_NANOS : soon ? LEAST_PAUSE_NANOS : Math.min(2 * pause, MOST_PAUSE_NANOS);
            closeDropped();
        }
    }

    private void closeDropped() {
        for (Segment segment = table.nextDropped(); segment != null; segment = table.nextDropped()) {
            close(segment);
        }
    }

    private void release() {
        try {
            tail.close();
        } catch (StorageException e) {
            LOG.debug("Journal {}: {}", places.journal(), e.getMessage());
        }
        table.all().forEach(this::close);
    }

    private void close(Segment segment) {
        try {
            segment.file.close();
        } catch (StorageException e) {
            LOG.debug("Journal {}: {}", places.journal(), e.getMessage());
        }
    }

    @Override
    public void told(long durable, boolean goesOn) {
        synchronized (tail) {
            told = goesOn ? new Told(Math.max(durable, told.durable()), true) : Told.NOTHING;
        }
        gate.open();
    }

    // ---- reading

    @Override
    public RecoveryReport recovery() {
        return new RecoveryReport(false, true, durable(), durable(), 0, 0, "followed, and left as it is");
    }

    @Override
    JournalState state() {
        return tail.state();
    }

    // ---- clients

    @Override
    public List<JournalClient> clients() {
        return clients;
    }

    /** With the turn: what was put meanwhile would be forgotten by what was read before. */
    private void reloadClients() throws StorageException {
        clientTurn.take();
        try {
            clients = loadClients();
        } finally {
            clientTurn.give();
        }
    }

    /** As whoever has the journal open keeps them, and what has been said here since. */
    private List<JournalClient> loadClients() throws StorageException {
        return followers
                .merge(ClientTable.load(context.files(), places.clients(), identity))
                .clients();
    }

    @Override
    public void putClient(JournalClient client) throws StorageException {
        FlashJournal.checkId(client.id());
        clientTurn.take();
        try {
            failures.checkOpen();
            JournalClient before = known(client.id());
            boolean counts = before != null && before.state() == JournalClient.State.CONNECTED;
            if (counts && registered.contains(client.id())) {
                followers.move(client);
            } else {
                followers.register(client);
                registered.add(client.id());
            }
            clients = ClientTable.with(clients, client.id(), client);
        } finally {
            clientTurn.give();
        }
    }

    @Override
    public void removeClient(String id) throws StorageException {
        clientTurn.take();
        try {
            failures.checkOpen();
            JournalClient before = known(id);
            if (before == null) {
                throw FlashJournal.noClient(name(), id);
            }
            registered.remove(id);
            followers.register(new JournalClient(
                    id,
                    before.description(),
                    before.commit(),
                    JournalClient.State.EXPIRED,
                    context.clock().wallNanos()));
            clients = ClientTable.with(clients, id, null);
        } finally {
            clientTurn.give();
        }
    }

    private JournalClient known(String id) {
        return clients.stream()
                .filter(client -> client.id().equals(id))
                .findFirst()
                .orElse(null);
    }

    // ---- what only its owner may

    private StorageException readOnly(String what) {
        return new StorageException(
                Reason.READ_ONLY,
                "journal " + name() + " is only followed here, and cannot be " + what,
                "do that where its image is");
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        throw readOnly("written");
    }

    @Override
    public JournalAppender appender() {
        return appender;
    }

    private final class NoAppender implements JournalAppender {
        @Override
        public long append(
                EventKind kind,
                int flags,
                long timeNanos,
                long offset,
                long length,
                ByteBuffer head,
                ByteBuffer payload,
                ByteBuffer tailPart)
                throws StorageException {
            throw readOnly("written");
        }

        @Override
        public long force() {
            return durable();
        }

        @Override
        public long appended() {
            return durable();
        }

        @Override
        public long unforcedBytes() {
            return 0;
        }
    }

    @Override
    public long trim(long sequence) throws StorageException {
        throw readOnly("trimmed");
    }

    @Override
    public void configure(JournalSettings settings) {
        // Its limits are its owner's.
    }

    @Override
    public JournalStatus status() {
        SegmentTable.Figures figures = table.figures();
        return new JournalStatus(
                figures.usedBytes(),
                figures.usedBytes(),
                figures.liveBytes(),
                figures.segments(),
                0,
                0,
                0,
                figures.oldestTimeNanos(),
                figures.newestTimeNanos());
    }

    boolean isClosed() {
        return failures.isClosed();
    }

    @Override
    public void close() {
        close(Reason.CLOSED);
    }

    /**
     * Closes for a reason, which later calls give. The worker ends by itself.
     *
     * @param reason CLOSED, or STALE_SERVICE when the store goes away
     */
    public void close(Reason reason) {
        failures.close(reason);
        gate.open();
    }
}
