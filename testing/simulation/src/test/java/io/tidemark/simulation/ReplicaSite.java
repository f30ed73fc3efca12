package io.tidemark.simulation;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.replica.ReplicaOrigin;
import io.tidemark.engine.image.ImageLabels;
import io.tidemark.engine.image.ImageListener;
import io.tidemark.engine.image.ImageSettings;
import io.tidemark.engine.image.JournaledImage;
import io.tidemark.engine.image.Steps;
import io.tidemark.image.file.FileImageStore;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;

/** One of two sites: an image with its stores below a directory of its own, opened again when a store fails. */
final class ReplicaSite implements ImageListener {
    private static final long RETRY_NANOS = 20_000_000;
    private static final JournalSettings JOURNAL = new JournalSettings(16L << 20, 256 << 10);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18)
            .withPreparation(FlashOptions.Preparation.ALLOCATED);

    private final String name;
    private final StorageContext context;
    private final ImageSettings settings;
    private final CommitRule rule;
    private final Steps steps;
    private final FlashJournalStore journals;
    private final FileImageStore images;
    private final Gate work;

    /** The last event that nobody else needs. */
    private final LongSupplier keptBehind;

    private volatile boolean reopenWanted;
    volatile JournaledImage image;
    volatile Journal journal;
    private BlockImage bytes;

    ReplicaSite(
            String name,
            StorageContext context,
            ImageSettings settings,
            CommitRule rule,
            Steps steps,
            LongSupplier keptBehind) {
        this.keptBehind = keptBehind;
        this.name = name;
        this.context = context;
        this.settings = settings;
        this.rule = rule;
        this.steps = steps;
        Path root = Path.of("/" + name);
        this.journals = new FlashJournalStore("pool", List.of(root.resolve("journals")), OPTIONS, context.files());
        this.images = new FileImageStore("pool", root.resolve("images"), 0, context.files());
        this.work = context.workers().newGate();
    }

    boolean exists() throws StorageException {
        return images.list().contains("disk");
    }

    /** Makes an image: a primary of a size, or a replica that comes from somewhere. */
    void create(long sizeBytes, ReplicaOrigin origin) throws StorageException {
        if (journals.list().contains("disk")) {
            journals.delete(context, "disk");
        }
        UUID identity = new UUID(context.randomBits(), context.randomBits());
        try (Journal made = journals.create(context, "disk", identity, JOURNAL)) {
            if (origin != null) {
                JournaledImage.beginRelay(origin, made);
            }
        }
        ImageHead head = origin != null
                ? JournaledImage.replicaHead(origin, "pool", identity)
                : new ImageHead(
                        new UUID(context.randomBits(), context.randomBits()),
                        sizeBytes,
                        4096,
                        "pool",
                        identity,
                        io.tidemark.api.Epoch.NO_PREDECESSOR,
                        io.tidemark.api.Position.NONE,
                        ImageHead.Role.PRIMARY,
                        Map.of());
        images.create(context, "disk", head).close();
    }

    /** Opens it, and again as long as faults get in the way. */
    void open() throws StorageException {
        while (image == null) {
            try {
                openStores();
                image = JournaledImage.open(
                        context, new ImageLabels("disk", "", name), settings, rule, journal, bytes, this, steps);
            } catch (StorageException e) {
                retry(e);
            }
        }
        context.workers().start("manager-" + name, this::manage);
    }

    private void openStores() throws StorageException {
        bytes = images.open(context, "disk");
        journal = journals.open(context, "disk", JOURNAL);
    }

    private void retry(StorageException e) throws StorageException {
        closeStores();
        boolean passing = e.reason() == Reason.IO || e.reason() == Reason.NO_SPACE || e.reason() == Reason.BUSY;
        if (!passing) {
            throw e;
        }
        context.workers().newGate().await(RETRY_NANOS);
    }

    private void closeStores() {
        for (AutoCloseable each : new AutoCloseable[] {journal, bytes}) {
            try {
                if (each != null) {
                    each.close();
                }
            } catch (Exception e) {
                // It has failed already.
            }
        }
        journal = null;
        bytes = null;
    }

    /** Takes the stores away and brings them back. */
    void swap() {
        reopenWanted = true;
        work.open();
    }

    private void manage() {
        while (true) {
            work.await(RETRY_NANOS * 5);
            try {
                if (reopenWanted) {
                    reopenWanted = false;
                    reopen();
                }
                image.trim(Math.min(keptBehind.getAsLong(), image.trimFloor()));
            } catch (StorageException e) {
                if (e.reason() == Reason.MISMATCH || e.reason() == Reason.CORRUPT) {
                    throw new AssertionError("site " + name + " lost something: " + e.getMessage(), e);
                }
            }
        }
    }

    private void reopen() throws StorageException {
        boolean resumed = false;
        while (!resumed) {
            image.suspend("stores are opened again");
            closeStores();
            try {
                openStores();
                image.resume(journal, bytes);
                resumed = true;
            } catch (StorageException e) {
                retry(e);
            }
        }
    }

    @Override
    public void stateChanged(ImageStatus.State state, String detail) {
        // What matters is what is read.
    }

    @Override
    public void failed(Part part, StorageException failure) {
        swap();
    }

    @Override
    public void trimWanted(boolean journalFull) {
        work.open();
    }

    @Override
    public void warning(String line) {
        // For people.
    }
}
