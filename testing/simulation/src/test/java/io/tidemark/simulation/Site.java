package io.tidemark.simulation;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.engine.image.ImageLabels;
import io.tidemark.engine.image.ImageListener;
import io.tidemark.engine.image.JournaledImage;
import io.tidemark.faults.SeededRandom;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * One image with its stores in one process, and what a node's manager does for it: opens them again when they failed, trims,
 * and on request swaps them under load. Its calls are made by workers of the process.
 */
final class Site implements ImageListener {
    static final String NAME = "disk";

    private static final long RETRY_NANOS = 20_000_000;
    private static final int ATTEMPTS = 100;
    private static final long TRIM_AGAIN_NANOS = 100_000_000;

    private final StorageContext context;
    private final Scenario scenario;
    private final Oracle oracle;
    private final Breakage breakage;
    private final SeededRandom random;
    private final Supplier<JournalStore> journalBundle;
    private final Supplier<ImageStore> imageBundle;
    private JournalStore journals;
    private ImageStore images;
    private final Gate work;
    private final Runnable heal;
    private JournaledImage image;
    private Journal journal;
    private BlockImage bytes;
    private boolean reopenWanted;
    private boolean trimWanted;
    private boolean journalFull;
    private boolean working;
    private boolean stopping;
    private StorageException lastFailure;

    Site(
            StorageContext context,
            Scenario scenario,
            Oracle oracle,
            Breakage breakage,
            SeededRandom random,
            Supplier<JournalStore> journalBundle,
            Supplier<ImageStore> imageBundle,
            Runnable heal) {
        this.journalBundle = journalBundle;
        this.imageBundle = imageBundle;
        this.heal = heal;
        this.context = context;
        this.scenario = scenario;
        this.oracle = oracle;
        this.breakage = breakage;
        this.random = random;
        this.journals = journalBundle.get();
        this.images = imageBundle.get();
        this.work = context.workers().newGate();
    }

    JournaledImage image() {
        return image;
    }

    /** The image's device is slower than the journal's. */
    private void slow() {
        if (scenario.slowNanos() > 0) {
            context.workers().newGate().await(1 + random.below(scenario.slowNanos()));
        }
    }

    Journal journal() {
        return journal;
    }

    BlockImage bytes() {
        return bytes;
    }

    StorageException lastFailure() {
        return lastFailure;
    }

    // ---- opening

    /** Opens what is there, or makes it; tries again as long as faults get in the way. */
    void open(CommitRule rule) throws StorageException {
        for (int attempt = 0; ; attempt++) {
            try {
                openStores();
                image = JournaledImage.open(
                        context,
                        new ImageLabels(NAME, "", "simulation"),
                        scenario.settings(),
                        rule,
                        journal,
                        bytes,
                        this,
                        breakage.steps());
                break;
            } catch (StorageException e) {
                closeStores();
                refused(e, attempt);
            }
        }
        context.workers().start("manager", this::manage);
    }

    private void refused(StorageException e, int attempt) throws StorageException {
        oracle.note("refused", e.getMessage(), attempt, 0);
        lastFailure = e;
        if (!passing(e) || attempt > 2 * ATTEMPTS) {
            throw e;
        }
        if (attempt == ATTEMPTS) {
            heal.run();
        }
        context.workers().newGate().await(RETRY_NANOS);
    }

    /** Whether it may work the next time. A store that was taken away lets go when its last call has ended. */
    private static boolean passing(StorageException e) {
        return switch (e.reason()) {
            case IO, NO_SPACE, BUSY, STALE_SERVICE, CLOSED -> true;
            default -> false;
        };
    }

    private void openStores() throws StorageException {
        if (!images.list().contains(NAME)) {
            create();
            return;
        }
        bytes = new WatchedImage(breakage.image(images.open(context, NAME)), oracle, this::slow);
        oracle.headOpened(bytes.head());
        journal = watched().open(context, NAME, scenario.journal());
    }

    private JournalStore watched() {
        return breakage.journals(new WatchedJournalStore(journals, oracle, scenario.reads()));
    }

    /** The journal first: an image whose journal is missing would be refused. */
    private void create() throws StorageException {
        UUID identity = identity();
        if (journals.list().contains(NAME)) {
            journals.delete(context, NAME);
        }
        journal = watched().create(context, NAME, identity, scenario.journal());
        ImageHead head = new ImageHead(
                identity(),
                scenario.imageBytes(),
                4096,
                "journals",
                identity,
                Epoch.NO_PREDECESSOR,
                Position.NONE,
                ImageHead.Role.PRIMARY,
                Map.of());
        bytes = new WatchedImage(breakage.image(images.create(context, NAME, head)), oracle, this::slow);
        oracle.headOpened(head);
    }

    private UUID identity() {
        return new UUID(context.randomBits(), context.randomBits());
    }

    private void closeStores() {
        close(journal);
        journal = null;
        close(bytes);
        bytes = null;
    }

    private void close(AutoCloseable store) {
        if (store != null) {
            try {
                store.close();
            } catch (Exception e) {
                oracle.note("close", e.getMessage(), 0, 0);
            }
        }
    }

    /** Ends in order; false when that did not work, so that the next opening is a recovery. */
    boolean close() {
        stopping = true;
        work.open();
        boolean clean = true;
        try {
            image.close();
            journal.close();
            bytes.close();
        } catch (StorageException e) {
            oracle.note("close", e.getMessage(), 0, 0);
            clean = false;
            closeStores();
        }
        return clean;
    }

    // ---- what a manager does

    /** Takes the stores away under load and brings them back. */
    void swap() {
        reopenWanted = true;
        work.open();
    }

    /** A bundle goes away under load, and a new one comes: nobody asks the image before. */
    void pull(boolean journal) {
        Object gone = journal ? journals : images;
        if (journal) {
            journals = journalBundle.get();
        } else {
            images = imageBundle.get();
        }
        oracle.note("pulled", journal ? "journals" : "images", 0, 0);
        close(gone instanceof AutoCloseable closeable ? closeable : null);
        swap();
    }

    boolean idle() {
        return !reopenWanted && !trimWanted && !working;
    }

    private void manage() {
        while (!stopping) {
            // What kept the journal from being trimmed (a reader that lagged) tells nobody when it has moved on.
            boolean again = journalFull && image.state() == ImageStatus.State.HOLDING;
            trimWanted |= !work.await(again ? TRIM_AGAIN_NANOS : Long.MAX_VALUE);
            working = true;
            while (reopenWanted && !stopping) {
                reopenWanted = false;
                reopen();
            }
            if (trimWanted && !stopping) {
                trimWanted = false;
                trim();
            }
            working = false;
        }
    }

    private void reopen() {
        for (int attempt = 0; !stopping; attempt++) {
            image.suspend("stores are opened again");
            closeStores();
            try {
                openStores();
                image.resume(journal, bytes);
                return;
            } catch (StorageException e) {
                closeStores();
                oracle.note("refused", e.getMessage(), attempt, 1);
                lastFailure = e;
                if (!passing(e)) {
                    oracle.refused(e);
                    return;
                }
                context.workers().newGate().await(RETRY_NANOS);
            }
        }
    }

    private void trim() {
        long floor = image.trimFloor();
        // A strategy may want to keep more; one that insists on it while the journal is full holds writes by its own
        // choice.
        long vote = journalFull || random.coin() ? floor : Math.max(0, floor - random.magnitude(200));
        try {
            image.trim(vote);
        } catch (StorageException e) {
            lastFailure = e;
            oracle.note("no-trim", e.getMessage(), vote, 0);
        }
    }

    @Override
    public void stateChanged(ImageStatus.State state, String detail) {
        oracle.note("state", state, 0, 0);
    }

    @Override
    public void failed(Part part, StorageException failure) {
        oracle.note("failed", part + ": " + failure.getMessage(), 0, 0);
        oracle.storeFailed(failure);
        lastFailure = failure;
        reopenWanted = true;
        work.open();
    }

    @Override
    public void trimWanted(boolean full) {
        trimWanted = true;
        journalFull = full;
        work.open();
    }

    @Override
    public void warning(String line) {
        oracle.note("warning", line, 0, 0);
    }
}
