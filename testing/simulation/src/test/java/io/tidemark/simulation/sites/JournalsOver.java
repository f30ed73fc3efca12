package io.tidemark.simulation.sites;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.journal.JournalStore;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * A store whose journals are wrapped.
 *
 * @param store the real one
 * @param wrap of each journal
 * @param deleted told when one is gone
 */
record JournalsOver(JournalStore store, UnaryOperator<Journal> wrap, Runnable deleted) implements JournalStore {
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
        return wrap.apply(store.create(context, name, identity, settings));
    }

    @Override
    public Journal open(StorageContext context, String name, JournalSettings settings) throws StorageException {
        return wrap.apply(store.open(context, name, settings));
    }

    @Override
    public void delete(StorageContext context, String name) throws StorageException {
        store.delete(context, name);
        deleted.run();
    }
}
