package io.tidemark.simulation;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.journal.JournalStore;
import java.util.List;
import java.util.UUID;

/** A journal store whose journals are compared with the tape, call by call. */
final class WatchedJournalStore implements JournalStore {
    private final JournalStore store;
    private final Oracle oracle;
    private final boolean reads;

    WatchedJournalStore(JournalStore store, Oracle oracle, boolean reads) {
        this.store = store;
        this.oracle = oracle;
        this.reads = reads;
    }

    @Override
    public PoolInfo pool() throws StorageException {
        return store.pool();
    }

    @Override
    public List<String> list() throws StorageException {
        return store.list();
    }

    @Override
    public Journal create(StorageContext context, String name, UUID identity, JournalSettings settings)
            throws StorageException {
        return new WatchedJournal(store.create(context, name, identity, settings), oracle, reads);
    }

    @Override
    public Journal open(StorageContext context, String name, JournalSettings settings) throws StorageException {
        WatchedJournal journal = new WatchedJournal(store.open(context, name, settings), oracle, reads);
        journal.opened();
        return journal;
    }

    @Override
    public void delete(StorageContext context, String name) throws StorageException {
        store.delete(context, name);
    }
}
