package io.tidemark.simulation;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files.Mode;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.journal.JournalStore;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * The plainest journal that keeps its promises: one file, one chain of records. The engine is simulated on it too, so that a
 * failure can be told to be the engine's or the real journal's.
 */
final class PlainJournalStore implements JournalStore {
    private final Path directory;
    private final StorageContext own;

    PlainJournalStore(StorageContext own, Path directory) {
        this.own = own;
        this.directory = directory;
    }

    @Override
    public PoolInfo pool() throws StorageException {
        return new PoolInfo("plain", directory.toString(), -1, own.files().usableBytes(directory));
    }

    @Override
    public List<String> list() throws StorageException {
        return own.files().list(directory);
    }

    @Override
    public Journal create(StorageContext context, String name, UUID identity, JournalSettings settings)
            throws StorageException {
        Path temporary = directory.resolve(name + ".new");
        context.files().delete(temporary);
        try (StorageFile file = context.files().open(temporary, Mode.CREATE)) {
            file.write(
                    ByteBuffer.allocate(PlainJournal.HEADER_BYTES)
                            .putLong(0, identity.getMostSignificantBits())
                            .putLong(8, identity.getLeastSignificantBits()),
                    0);
            file.force();
        }
        context.files().rename(temporary, directory.resolve(name));
        context.files().forceDirectory(directory);
        return open(context, name, settings);
    }

    @Override
    public Journal open(StorageContext context, String name, JournalSettings settings) throws StorageException {
        context.files().forceDirectory(directory);
        StorageFile file = context.files().open(directory.resolve(name), Mode.WRITE);
        PlainJournal journal = null;
        try {
            journal = new PlainJournal(name, file, settings);
            journal.recover();
            return journal;
        } finally {
            if (journal == null || !journal.recovered()) {
                file.close();
            }
        }
    }

    @Override
    public void delete(StorageContext context, String name) throws StorageException {
        if (!context.files().exists(directory.resolve(name))) {
            throw new StorageException(Reason.NOT_FOUND, "no journal " + name, "");
        }
        context.files().delete(directory.resolve(name));
        context.files().forceDirectory(directory);
    }
}
