package io.tidemark.journal.flash.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalSettings;
import java.util.List;
import java.util.regex.Pattern;

/** An open flash journal. Made by {@link JournalOpening}. */
public final class FlashJournal extends SegmentedJournal {
    private static final Pattern CLIENT_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

    private final StorageContext context;
    private final WriteEnd writeEnd;
    private final Housekeeper housekeeper;
    private final Followers followers;
    private final RecoveryReport recovery;
    private final CloseAction closeAction;

    /** Held by whoever writes the state or the clients. */
    private final Turn metaTurn;

    private final Turn closeTurn;

    private volatile JournalState state;
    private volatile List<JournalClient> clients;
    private volatile JournalSettings settings;

    /** What the store does when a journal was closed. */
    @FunctionalInterface
    public interface CloseAction {
        /**
         * Gives up the claim.
         *
         * @param journal that was closed
         */
        void closed(FlashJournal journal);
    }

    FlashJournal(Parts parts, CloseAction closeAction) {
        super(parts.places(), parts.state().journal(), parts.table(), parts.failures(), parts.steps());
        this.context = parts.context();
        this.writeEnd = parts.writeEnd();
        this.housekeeper = parts.housekeeper();
        this.recovery = parts.recovery();
        this.state = parts.state();
        this.clients = parts.clients();
        this.settings = parts.settings();
        this.closeAction = closeAction;
        this.followers = parts.followers();
        this.metaTurn = new Turn(context.workers());
        this.closeTurn = new Turn(context.workers());
    }

    /** What opening put together. */
    record Parts(
            StorageContext context,
            JournalPlaces places,
            FlashSteps steps,
            SegmentTable table,
            WriteEnd writeEnd,
            Housekeeper housekeeper,
            Failures failures,
            RecoveryReport recovery,
            JournalState state,
            Followers followers,
            List<JournalClient> clients,
            JournalSettings settings) {}

    @Override
    public RecoveryReport recovery() {
        return recovery;
    }

    @Override
    JournalState state() {
        return state;
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        writeEnd.startEpoch(epoch, first -> saveEpoch(epoch, first));
    }

    private void saveEpoch(Epoch epoch, boolean first) throws StorageException {
        metaTurn.take();
        try {
            JournalState now = state;
            long durable = first ? epoch.firstSequence() - 1 : table.durable();
            JournalState next = now.withEpoch(epoch, first ? durable : now.trimmed(), durable);
            next.save(context.files(), places);
            state = next;
            if (first) {
                table.firstSequence(epoch.firstSequence());
            }
        } finally {
            metaTurn.give();
        }
    }

    @Override
    public JournalAppender appender() {
        return writeEnd;
    }

    @Override
    public List<JournalClient> clients() {
        return clients;
    }

    @Override
    public List<JournalClient> refreshClients() throws StorageException {
        metaTurn.take();
        try {
            failures.checkOpen();
            takeFollowers();
            return clients;
        } finally {
            metaTurn.give();
        }
    }

    /** With the turn. Kept in memory only, where a follower's own file says the same. */
    private void takeFollowers() throws StorageException {
        Followers.Merged merged = followers.merge(clients);
        if (!merged.gone().isEmpty()) {
            ClientTable.save(context.files(), places.clients(), identity, merged.clients());
            for (String id : merged.gone()) {
                followers.remove(id);
            }
        }
        clients = merged.clients();
    }

    static void checkId(String id) throws StorageException {
        if (!CLIENT_ID.matcher(id).matches()) {
            throw new StorageException(
                    Reason.INVALID,
                    "'" + id + "' is no name for a journal client",
                    "use 1 to 128 letters, digits, dots, dashes, underscores and colons");
        }
    }

    static StorageException noClient(String journal, String id) {
        return new StorageException(
                Reason.NOT_FOUND, "journal " + journal + " has no client '" + id + "'", "list its clients");
    }

    @Override
    public void putClient(JournalClient client) throws StorageException {
        checkId(client.id());
        changeClients(client.id(), client, null);
    }

    @Override
    public boolean replaceClient(JournalClient before, JournalClient after) throws StorageException {
        checkId(after.id());
        return changeClients(before.id(), after, before);
    }

    @Override
    public void removeClient(String id) throws StorageException {
        changeClients(id, null, null);
    }

    /** False when it was to be as before, and is not. */
    private boolean changeClients(String id, JournalClient replacement, JournalClient before) throws StorageException {
        metaTurn.take();
        try {
            failures.checkOpen();
            takeFollowers();
            if (before != null && !clients.contains(before)) {
                return false;
            }
            List<JournalClient> next = ClientTable.with(clients, id, replacement);
            if (replacement == null && next.size() == clients.size()) {
                throw noClient(name(), id);
            }
            if (replacement == null || replacement.state() == JournalClient.State.EXPIRED) {
                // First: what is left after a crash in between counts as it did before.
                followers.remove(id);
            }
            ClientTable.save(context.files(), places.clients(), identity, next);
            clients = next;
            return true;
        } finally {
            metaTurn.give();
        }
    }

    @Override
    public long trim(long sequence) throws StorageException {
        metaTurn.take();
        try {
            failures.checkOpen();
            takeFollowers();
            SegmentTable.Droppable droppable = table.droppable(notWanted(sequence));
            if (droppable.count() > 0) {
                // First the promise that these are gone, then their files: after a crash they are leftovers, never a
                // gap.
                JournalState next =
                        state.withTrimmed(droppable.trimmed(), droppable.firstSegment(), table.durable(), clients);
                saveTrimmed(next);
                table.drop(droppable);
            }
            return table.trimmed();
        } finally {
            metaTurn.give();
        }
    }

    /** With the turn: no client comes or goes meanwhile. */
    private long notWanted(long sequence) {
        long bound = sequence;
        for (JournalClient client : clients) {
            if (client.state() == JournalClient.State.CONNECTED) {
                bound = Math.min(bound, client.commit().sequence());
            }
        }
        return bound;
    }

    private void saveTrimmed(JournalState next) throws StorageException {
        boolean saved = false;
        try {
            next.save(context.files(), places);
            state = next;
            saved = true;
        } finally {
            if (!saved) {
                table.keep();
            }
        }
    }

    @Override
    public void configure(JournalSettings next) {
        settings = next;
        table.configure(next);
    }

    @Override
    public JournalStatus status() {
        SegmentTable.Figures figures = table.figures();
        return new JournalStatus(
                figures.usedBytes(),
                settings.limitBytes(),
                figures.liveBytes(),
                figures.segments(),
                writeEnd.written().forces(),
                writeEnd.written().bytes(),
                writeEnd.written().events(),
                figures.oldestTimeNanos(),
                figures.newestTimeNanos());
    }

    @Override
    public long roomBytes() {
        return Math.min(super.roomBytes(), housekeeper.roomBytes());
    }

    @Override
    public void close() throws StorageException {
        close(Reason.CLOSED);
    }

    /**
     * Closes for a reason, which later calls give.
     *
     * @param reason CLOSED, or STALE_SERVICE when the store goes away
     * @throws StorageException when it could not be closed in order; it is closed nevertheless
     */
    public void close(Reason reason) throws StorageException {
        closeTurn.take();
        try {
            if (!failures.isClosed()) {
                failures.close(reason);
                closeAll();
            }
        } finally {
            closeTurn.give();
        }
    }

    private void closeAll() throws StorageException {
        table.wakeReaders();
        writeEnd.segmentIsReady();
        housekeeper.stop();
        try {
            writeEnd.finish();
            if (!failures.poisoned()) {
                saveClean();
            }
        } finally {
            release();
        }
    }

    private void saveClean() throws StorageException {
        metaTurn.take();
        try {
            JournalState next = state.withClean(true, table.durable());
            next.save(context.files(), places);
            state = next;
        } finally {
            metaTurn.give();
        }
    }

    private void release() throws StorageException {
        StorageException failed = null;
        for (Segment segment : table.all()) {
            try {
                segment.file.close();
            } catch (StorageException e) {
                failed = e;
            }
        }
        writeEnd.giveBuffers();
        closeAction.closed(this);
        if (failed != null) {
            throw failed;
        }
    }
}
