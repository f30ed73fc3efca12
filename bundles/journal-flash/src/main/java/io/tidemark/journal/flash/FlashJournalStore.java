package io.tidemark.journal.flash;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.journal.flash.internal.FlashPool;
import io.tidemark.journal.flash.internal.FlashSteps;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * A pool of journals in one or more directories, each of which should be on a device of its own: the segments of a journal
 * are dealt out to them in turn. Safe for all threads.
 */
public final class FlashJournalStore implements JournalStore, AutoCloseable {
    private final String pool;
    private final List<Path> directories;
    private final Files files;
    private final FlashPool journals;

    /**
     * A pool on the machine's file systems.
     *
     * @param poolName for people
     * @param directories where its journals lie; made when the first journal is
     * @param options how it works
     */
    public FlashJournalStore(String poolName, List<Path> directories, FlashOptions options) {
        this(poolName, directories, options, new BatchMemory());
    }

    /**
     * A pool on the machine's file systems, beside others.
     *
     * @param poolName for people
     * @param directories where its journals lie; made when the first journal is
     * @param options how it works
     * @param memory that all pools of the node share
     */
    public FlashJournalStore(String poolName, List<Path> directories, FlashOptions options, BatchMemory memory) {
        this(poolName, directories, options, new MachineFiles(), memory, FlashSteps.NORMAL);
    }

    /**
     * A pool on other file systems.
     *
     * @param poolName for people
     * @param directories where its journals lie
     * @param options how it works
     * @param files what {@link #pool()} and {@link #list()} use, which are handed no context
     */
    public FlashJournalStore(String poolName, List<Path> directories, FlashOptions options, Files files) {
        this(poolName, directories, options, files, new BatchMemory(), FlashSteps.NORMAL);
    }

    /** For the simulation, which breaks steps. */
    FlashJournalStore(
            String poolName,
            List<Path> directories,
            FlashOptions options,
            Files files,
            BatchMemory memory,
            FlashSteps steps) {
        this.pool = poolName;
        this.directories = List.copyOf(directories);
        this.files = files;
        this.journals = new FlashPool(directories, options, memory.batches, steps);
    }

    /**
     * The pool's name.
     *
     * @return as given
     */
    public String poolName() {
        return pool;
    }

    @Override
    public PoolInfo pool() throws StorageException {
        long total = 0;
        long usable = Long.MAX_VALUE;
        for (Path directory : directories) {
            if (!files.exists(directory)) {
                return new PoolInfo("flash", description(), -1, -1);
            }
            total += files.totalBytes(directory);
            // Segments are dealt out in turn, so the fullest directory counts.
            usable = Math.min(usable, files.usableBytes(directory));
        }
        return new PoolInfo("flash", description(), total, usable * directories.size());
    }

    private String description() {
        return directories.stream().map(Path::toString).collect(Collectors.joining(", "));
    }

    @Override
    public List<String> list() throws StorageException {
        return journals.list(files);
    }

    @Override
    public Journal create(StorageContext context, String name, UUID identity, JournalSettings settings)
            throws StorageException {
        return journals.create(context, name, identity, settings);
    }

    @Override
    public Journal open(StorageContext context, String name, JournalSettings settings) throws StorageException {
        return journals.open(context, name, settings);
    }

    @Override
    public Journal follow(StorageContext context, String name) throws StorageException {
        return journals.follow(context, name);
    }

    @Override
    public void delete(StorageContext context, String name) throws StorageException {
        journals.delete(context, name);
    }

    /** Ends the pool: closes every journal; calls under way and later ones end with STALE_SERVICE. */
    @Override
    public void close() {
        journals.stop();
    }

    @Override
    public String toString() {
        return "flash journals " + pool + " in " + description();
    }
}
