package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.machine.DurableDirectories;
import io.tidemark.base.text.Names;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** What a pool of flash journals does: names, claims, and the order of steps that makes creating and deleting atomic. */
public final class FlashPool {
    private final List<Path> directories;
    private final FlashOptions options;
    private final FlashSteps steps;
    private final Object lock = new Object();
    private final List<FlashJournal> open = new ArrayList<>();
    private final List<FollowedJournal> followed = new ArrayList<>();
    private final BatchBuffers buffers;
    private final Windows windows = new Windows();
    private boolean stopped;

    /**
     * A pool.
     *
     * @param directories of the pool, each on its own device
     * @param options how it works
     * @param batches buffers of the node
     * @param steps {@link FlashSteps#NORMAL}, unless they are broken on purpose
     */
    public FlashPool(List<Path> directories, FlashOptions options, Batches batches, FlashSteps steps) {
        if (directories.isEmpty()) {
            throw new IllegalArgumentException("a pool of flash journals needs a directory");
        }
        this.directories = List.copyOf(directories);
        this.options = options;
        this.buffers = new BatchBuffers(batches, options.batchBytes());
        this.steps = steps;
    }

    /**
     * Names of the journals.
     *
     * @param files where the pool lies
     * @return sorted
     * @throws StorageException IO
     */
    public List<String> list(Files files) throws StorageException {
        List<String> names = new ArrayList<>();
        for (String name : files.list(directories.get(0))) {
            for (Path directory : directories) {
                if (files.exists(directory.resolve(name).resolve(JournalPlaces.STATE))) {
                    names.add(name);
                    break;
                }
            }
        }
        return names;
    }

    /**
     * Makes a journal and opens it.
     *
     * @param context as long as it is open
     * @param name of the journal
     * @param identity of the journal
     * @param settings limits
     * @return the journal
     * @throws StorageException EXISTS, INVALID, NO_SPACE or IO
     */
    public FlashJournal create(StorageContext context, String name, UUID identity, JournalSettings settings)
            throws StorageException {
        JournalPlaces places = places(name);
        Files files = context.files();
        for (Path directory : places.directories()) {
            if (files.exists(directory.resolve(JournalPlaces.STATE))) {
                throw new StorageException(
                        Reason.EXISTS, "there is a journal " + name + " already", "choose another name or delete it");
            }
            // With the pool's directory: were that lost, it would take its journals along.
            DurableDirectories.make(files, directory);
        }
        List<AutoCloseable> claims = claim(files, places);
        try {
            clearRemains(files, places);
            for (int i = 0; i < places.directories().size(); i++) {
                new Member(identity, i, places.directories().size())
                        .save(files, places.directories().get(i));
            }
            // With this file the journal exists.
            JournalState state = new JournalState(
                    identity,
                    1,
                    segmentBytes(settings),
                    places.directories().size(),
                    context.clock().wallNanos(),
                    0,
                    1,
                    0,
                    true,
                    List.of());
            state.save(files, places);
        } catch (StorageException | RuntimeException | VirtualMachineError | LinkageError e) {
            release(claims);
            throw e;
        }
        return openNew(context, places, settings, claims);
    }

    private FlashJournal openNew(
            StorageContext context, JournalPlaces places, JournalSettings settings, List<AutoCloseable> claims)
            throws StorageException {
        try {
            return open(context, places, settings, claims, true);
        } catch (StorageException | RuntimeException | VirtualMachineError | LinkageError e) {
            // It has no segment and is no journal yet; the reason is what counts.
            try {
                delete(context, places.journal());
            } catch (StorageException second) {
                e.addSuppressed(second);
            }
            throw e;
        }
    }

    /**
     * Opens a journal.
     *
     * @param context as long as it is open
     * @param name of the journal
     * @param settings limits
     * @return the journal
     * @throws StorageException NOT_FOUND, BUSY, CORRUPT, MISMATCH or IO
     */
    public FlashJournal open(StorageContext context, String name, JournalSettings settings) throws StorageException {
        JournalPlaces given = places(name);
        Files files = context.files();
        checkThere(files, given);
        JournalPlaces places = Member.order(files, given);
        return open(context, places, settings, claim(files, places), false);
    }

    /**
     * Opens a journal that another one may have open, to read it.
     *
     * @param context as long as it is open
     * @param name of the journal
     * @return the journal
     * @throws StorageException NOT_FOUND, CORRUPT, MISMATCH, UNAVAILABLE when it changes meanwhile, or IO
     */
    public FollowedJournal follow(StorageContext context, String name) throws StorageException {
        JournalPlaces given = places(name);
        checkThere(context.files(), given);
        JournalPlaces places = Member.order(context.files(), given);
        if (!context.files().exists(places.state())) {
            throw notThere(places);
        }
        FollowedJournal journal = new FollowedJournal(context, places, steps, windows, this::unfollowed);
        boolean late;
        synchronized (lock) {
            late = stopped;
            // Its worker may have ended already, and would not be there to say so again.
            if (!journal.isClosed()) {
                followed.add(journal);
            }
        }
        if (late) {
            journal.close(Reason.STALE_SERVICE);
        }
        return journal;
    }

    private void unfollowed(FollowedJournal journal) {
        synchronized (lock) {
            followed.remove(journal);
        }
    }

    private static StorageException notThere(JournalPlaces places) {
        return new StorageException(
                Reason.NOT_FOUND,
                "there is no journal " + places.journal() + " in "
                        + places.first().getParent(),
                "look at the pool's journals, or at its directories when it should be there");
    }

    private static void checkThere(Files files, JournalPlaces places) throws StorageException {
        for (Path directory : places.directories()) {
            if (files.exists(directory)) {
                return;
            }
        }
        throw notThere(places);
    }

    private FlashJournal open(
            StorageContext context,
            JournalPlaces places,
            JournalSettings settings,
            List<AutoCloseable> claims,
            boolean created)
            throws StorageException {
        FlashJournal journal = null;
        try {
            buffers.prepare();
            journal = new JournalOpening(context, options, places, steps)
                    .open(settings, created, buffers, windows, closed -> closed(closed, claims));
        } finally {
            if (journal == null) {
                // Whatever it was, lack of direct memory included: a claim that stays would keep the journal shut.
                release(claims);
            }
        }
        return register(journal);
    }

    private FlashJournal register(FlashJournal journal) throws StorageException {
        boolean late;
        synchronized (lock) {
            late = stopped;
            if (!late) {
                open.add(journal);
            }
        }
        if (late) {
            journal.close(Reason.STALE_SERVICE);
        }
        return journal;
    }

    private void closed(FlashJournal journal, List<AutoCloseable> claims) {
        synchronized (lock) {
            open.remove(journal);
        }
        release(claims);
    }

    /**
     * Deletes a journal.
     *
     * @param context for the call
     * @param name of the journal
     * @throws StorageException NOT_FOUND, BUSY or IO
     */
    public void delete(StorageContext context, String name) throws StorageException {
        JournalPlaces given = places(name);
        Files files = context.files();
        checkThere(files, given);
        JournalPlaces places = given;
        boolean begun = false;
        for (Path directory : given.directories()) {
            begun |= files.exists(directory.resolve(JournalPlaces.DELETED));
        }
        if (!begun) {
            places = Member.order(files, given);
        }
        List<AutoCloseable> claims = claim(files, places);
        try {
            if (files.exists(places.state())) {
                // From here on it does not exist, and whatever is left is cleared by whoever comes next. Clearing
                // forces the first directory before anything goes from another one.
                files.rename(places.state(), places.first().resolve(JournalPlaces.DELETED));
            }
            clearRemains(files, places);
        } finally {
            release(claims);
        }
        for (Path directory : places.directories()) {
            files.delete(directory.resolve(JournalPlaces.LOCK));
            files.delete(directory);
            files.forceDirectory(directory.getParent());
        }
    }

    /** Removes what a creation or a deletion left that did not come to its end; refuses what may be a journal's part. */
    private static void clearRemains(Files files, JournalPlaces places) throws StorageException {
        boolean deleted = false;
        boolean segments = false;
        for (Path directory : places.directories()) {
            for (String name : files.list(directory)) {
                deleted |= name.equals(JournalPlaces.DELETED);
                segments |= name.startsWith(JournalPlaces.SEGMENT_PREFIX);
            }
        }
        if (segments && !deleted) {
            throw new StorageException(
                    Reason.EXISTS,
                    "there are segments of a journal " + places.journal() + " whose state is missing",
                    "mount its first directory, or move the remains of journal " + places.journal() + " away");
        }
        for (int pass = 0; pass < 2; pass++) {
            for (Path directory : places.directories()) {
                for (String name : files.list(directory)) {
                    // The mark that a deletion is under way goes last.
                    boolean mark = name.equals(JournalPlaces.DELETED);
                    if (!name.equals(JournalPlaces.LOCK) && mark == (pass == 1)) {
                        if (name.equals(JournalPlaces.FOLLOWERS)) {
                            clearFollowers(files, directory);
                        }
                        files.delete(directory.resolve(name));
                    }
                }
                files.forceDirectory(directory);
            }
        }
    }

    private static void clearFollowers(Files files, Path journal) throws StorageException {
        // What is in a directory of its own may be gone for good while the mark is not there yet.
        files.forceDirectory(journal);
        Path followers = journal.resolve(JournalPlaces.FOLLOWERS);
        for (String name : files.list(followers)) {
            files.delete(followers.resolve(name));
        }
    }

    /** Closes all journals, with STALE_SERVICE for calls under way. */
    public void stop() {
        List<FlashJournal> all;
        List<FollowedJournal> read;
        synchronized (lock) {
            stopped = true;
            all = List.copyOf(open);
            read = List.copyOf(followed);
        }
        read.forEach(journal -> journal.close(Reason.STALE_SERVICE));
        for (FlashJournal journal : all) {
            try {
                journal.close(Reason.STALE_SERVICE);
            } catch (StorageException e) {
                // It is closed; what was not sealed is recovered when it is opened.
            }
        }
        buffers.stop();
    }

    private JournalPlaces places(String name) throws StorageException {
        synchronized (lock) {
            if (stopped) {
                throw new StorageException(Reason.STALE_SERVICE, "the store of journal " + name + " went away", "");
            }
        }
        try {
            return JournalPlaces.in(directories, Names.check("journal", name));
        } catch (IllegalArgumentException e) {
            throw new StorageException(Reason.INVALID, e.getMessage(), "", e);
        }
    }

    static List<AutoCloseable> claim(Files files, JournalPlaces places) throws StorageException {
        List<AutoCloseable> claims = new ArrayList<>();
        try {
            for (Path directory : places.directories()) {
                claims.add(files.claim(directory.resolve(JournalPlaces.LOCK)));
            }
            return claims;
        } catch (StorageException | RuntimeException | VirtualMachineError | LinkageError e) {
            release(claims);
            throw e;
        }
    }

    static void release(List<AutoCloseable> claims) {
        for (AutoCloseable claim : claims) {
            try {
                claim.close();
            } catch (Exception e) {
                // A claim ends with the process at the latest.
            }
        }
    }

    /** Segments of a journal: at least eight within its limit where that is possible, and not too many. */
    long segmentBytes(JournalSettings settings) {
        long bytes = Math.min(options.segmentBytes(), settings.limitBytes() / 8);
        bytes = Math.max(bytes, settings.limitBytes() / 512);
        bytes = Math.max(FlashOptions.MIN_SEGMENT_BYTES, Math.min(FlashOptions.MAX_SEGMENT_BYTES, bytes));
        return bytes & -(1L << 16);
    }
}
