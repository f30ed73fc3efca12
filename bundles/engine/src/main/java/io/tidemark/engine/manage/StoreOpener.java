package io.tidemark.engine.manage;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.replica.ReplicaOrigin;
import io.tidemark.base.text.Sizes;
import io.tidemark.engine.image.JournaledImage;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens, makes and deletes journal and image together. The journal is made first and the image deleted first: so a journal
 * without an image that has no epoch yet is the rest of an interrupted creation, and an image without a journal is one that
 * lost it.
 */
final class StoreOpener {
    private static final Logger LOG = LoggerFactory.getLogger(StoreOpener.class);

    private final StorageContext context;
    private final String owner;

    StoreOpener(StorageContext context, String owner) {
        this.context = context;
        this.owner = owner;
    }

    /**
     * Opens both.
     *
     * @throws StorageException NOT_FOUND when there is no image, MISMATCH when what is stored contradicts the
     *     configuration or the journal is lost, otherwise as the stores say
     */
    OpenStores open(JournalStore journals, ImageStore images, ImageConfig config) throws StorageException {
        String name = config.name();
        BlockImage image = images.open(context, name);
        OpenStores opened = null;
        try {
            checkHead(config, image.head());
            if (JournaledImage.isCut(image.head())) {
                replaceCutJournal(journals, config, image);
            }
            if (JournaledImage.beginsRelay(image.head()) != null) {
                beginRelay(journals, config, image);
            }
            opened = new OpenStores(journals, images, openJournal(journals, config, image), image, false);
            return opened;
        } finally {
            if (opened == null) {
                OpenStores.closeQuietly(name, "image", image);
            }
        }
    }

    /** The image says that it is to go on without what its journal has more; a crash on the way changes nothing about that. */
    private void replaceCutJournal(JournalStore journals, ImageConfig config, BlockImage image)
            throws StorageException {
        String name = config.name();
        if (journals.list().contains(name)) {
            checkOwn(journals, config, image);
            journals.delete(context, name);
        }
        try (Journal journal = journals.create(context, name, newIdentity(), limits(config, image))) {
            JournaledImage.adoptNewJournal(context, owner, journal, config.journalPool(), image);
        }
        LOG.info(
                "Image {}: goes on at {} with a new journal; what the one before had behind that is given up, by order",
                name,
                image.head().checkpointed());
    }

    /** The bytes have become a replica's: the journal that they had gives way to the replica's own, however often that is cut. */
    private void beginRelay(JournalStore journals, ImageConfig config, BlockImage image) throws StorageException {
        String name = config.name();
        UUID identity = image.head().journalIdentity();
        UUID found = journals.list().contains(name) ? identityOf(journals, config, image) : null;
        if (found != null && !found.equals(identity)) {
            if (!found.equals(JournaledImage.beginsRelay(image.head()))) {
                throw new StorageException(
                        Reason.MISMATCH,
                        "the journal " + name + " in pool " + config.journalPool() + " is of another image",
                        "move it away; the replica " + name + " needs none, it begins with a new one");
            }
            journals.delete(context, name);
            found = null;
        }
        try (Journal journal = found == null
                ? journals.create(context, name, identity, limits(config, image))
                : journals.open(context, name, limits(config, image))) {
            JournaledImage.beginRelay(image, journal);
        }
        LOG.info("Image {}: its bytes are the seed of a replica; what it was itself is given up, by order", name);
    }

    private static JournalSettings limits(ImageConfig config, BlockImage image) {
        return config.journalAs(image.head().role());
    }

    private UUID identityOf(JournalStore journals, ImageConfig config, BlockImage image) throws StorageException {
        try (Journal journal = journals.open(context, config.name(), limits(config, image))) {
            return journal.identity();
        }
    }

    private void checkOwn(JournalStore journals, ImageConfig config, BlockImage image) throws StorageException {
        try (Journal journal = journals.open(context, config.name(), limits(config, image))) {
            if (!isUnused(journal) && !journal.identity().equals(image.head().journalIdentity())) {
                throw new StorageException(
                        Reason.MISMATCH,
                        "the journal " + config.name() + " in pool " + config.journalPool() + " is of another image",
                        "move it away; image " + config.name() + " needs none, it begins with a new one");
            }
        }
    }

    /** It never had an event. */
    private static boolean isUnused(Journal journal) {
        List<Epoch> epochs = journal.epochs();
        return epochs.isEmpty() || journal.durable() < epochs.get(0).firstSequence();
    }

    private Journal openJournal(JournalStore journals, ImageConfig config, BlockImage image) throws StorageException {
        try {
            return journals.open(context, config.name(), limits(config, image));
        } catch (StorageException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                throw e;
            }
            throw new StorageException(
                    Reason.MISMATCH,
                    "the journal of image " + config.name() + " is missing in pool " + config.journalPool(),
                    "bring its directories back; if it is lost, run image:open --journal-lost " + config.name()
                            + ", which serves the image as it was at its last checkpoint",
                    e);
        }
    }

    /**
     * Compares what is stored with what is wished.
     *
     * @throws StorageException MISMATCH, beginning with the key
     */
    static void checkHead(ImageConfig config, ImageHead head) throws StorageException {
        if (!head.journalPool().equals(config.journalPool())) {
            throw new StorageException(
                    Reason.MISMATCH,
                    ImageKeys.JOURNAL_POOL + ": the journal lies in pool " + head.journalPool() + ", not "
                            + config.journalPool(),
                    "write " + ImageKeys.JOURNAL_POOL + " = " + head.journalPool());
        }
        if (config.sizeBytes() != ImageConfig.UNSET && config.sizeBytes() != head.sizeBytes()) {
            throw differentSize(config, head.sizeBytes());
        }
        if (config.blockSizeBytes() != ImageConfig.UNSET && config.blockSizeBytes() != head.blockSizeBytes()) {
            throw new StorageException(
                    Reason.MISMATCH,
                    ImageKeys.BLOCK_SIZE + ": the image was made with " + head.blockSizeBytes() + ", not "
                            + config.blockSizeBytes(),
                    "remove the key; it counts only when an image is made");
        }
    }

    static StorageException differentSize(ImageConfig config, long sizeBytes) {
        return new StorageException(
                Reason.MISMATCH,
                ImageKeys.SIZE + ": the image has " + Sizes.format(sizeBytes) + ", not "
                        + Sizes.format(config.sizeBytes()) + "; the key counts only when an image is made",
                "remove the key, and use image:resize " + config.name() + " to change the size");
    }

    /**
     * Makes both, or nothing.
     *
     * @param origin of a replica; null for a primary
     * @throws StorageException EXISTS, INVALID, NO_SPACE or IO
     */
    OpenStores create(JournalStore journals, ImageStore images, ImageConfig config, ReplicaOrigin origin)
            throws StorageException {
        String name = config.name();
        if (images.list().contains(name)) {
            throw new StorageException(
                    Reason.EXISTS,
                    "image " + name + " exists already in pool " + config.pool(),
                    "choose another name; to serve it as it is, put its file etc/io.tidemark.image-" + name
                            + ".cfg back (an empty one stands for defaults); image:delete " + name + " deletes it");
        }
        UUID journalIdentity = newIdentity();
        ImageHead.Role role = origin == null ? ImageHead.Role.PRIMARY : ImageHead.Role.REPLICA;
        removeLeftover(journals, config, role, null);
        Journal journal = journals.create(context, name, journalIdentity, config.journalAs(role));
        BlockImage image = null;
        try {
            if (origin != null) {
                JournaledImage.beginRelay(origin, journal);
            }
            ImageHead head = origin == null
                    ? newHead(config, journalIdentity)
                    : JournaledImage.replicaHead(origin, config.journalPool(), journalIdentity);
            image = images.create(context, name, head);
            return new OpenStores(journals, images, journal, image, true);
        } finally {
            if (image == null) {
                OpenStores.closeQuietly(name, "journal", journal);
                journals.delete(context, name);
            }
        }
    }

    /**
     * Makes a new journal for an image that is there, in place of what an interrupted creation left.
     *
     * @throws StorageException EXISTS when there is a journal that holds something
     */
    Journal createJournal(JournalStore journals, ImageConfig config, BlockImage image) throws StorageException {
        removeLeftover(journals, config, ImageHead.Role.PRIMARY, image.head());
        return journals.create(context, config.name(), newIdentity(), limits(config, image));
    }

    private ImageHead newHead(ImageConfig config, UUID journalIdentity) {
        int blockBytes = config.blockSizeBytes() == ImageConfig.UNSET
                ? ImageConfig.DEFAULT_BLOCK_BYTES
                : config.blockSizeBytes();
        return new ImageHead(
                newIdentity(),
                config.sizeBytes(),
                blockBytes,
                config.journalPool(),
                journalIdentity,
                Epoch.NO_PREDECESSOR,
                Position.NONE,
                ImageHead.Role.PRIMARY,
                Map.of());
    }

    UUID newIdentity() {
        return new UUID(context.randomBits(), context.randomBits());
    }

    /**
     * A journal that never had an epoch holds nothing: it is what an interrupted creation left. Where the image is there, one without an
     * event that its head does not know is what was left when a lost journal was given up. The one that it knows stays: it is that of a
     * replica, or was cut by a repair, which keeps beside it what it cut.
     *
     * @param image the head of the image that is there; null for none
     */
    private void removeLeftover(JournalStore journals, ImageConfig config, ImageHead.Role role, ImageHead image)
            throws StorageException {
        String name = config.name();
        if (!journals.list().contains(name)) {
            return;
        }
        boolean empty;
        try (Journal journal = journals.open(context, name, config.journalAs(role))) {
            List<Epoch> epochs = journal.epochs();
            // That of a replica begins with an epoch.
            boolean mayBegin = image != null
                    ? !journal.identity().equals(image.journalIdentity())
                    : role == ImageHead.Role.REPLICA && epochs.size() == 1;
            empty = epochs.isEmpty() || (mayBegin && isUnused(journal));
        }
        if (!empty) {
            throw new StorageException(
                    Reason.EXISTS,
                    "there is a journal " + name + " already in pool " + config.journalPool(),
                    image != null
                            ? "open the image with it; if it is of no use, move it out of the pool and try again"
                            : "bring its image back; if that is lost for good, delete the journal with image:delete "
                                    + name);
        }
        journals.delete(context, name);
    }
}
