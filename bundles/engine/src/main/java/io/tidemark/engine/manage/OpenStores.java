package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A journal and an image that are open, and the services that opened them.
 *
 * @param journalStore of the journal
 * @param imageStore of the image
 * @param journal exclusively claimed
 * @param image exclusively claimed
 * @param created whether both were made just now
 */
record OpenStores(
        JournalStore journalStore, ImageStore imageStore, Journal journal, BlockImage image, boolean created) {
    private static final Logger LOG = LoggerFactory.getLogger(OpenStores.class);

    /** Lets go of both. Whatever had to be durable is; a failure is only worth a line. */
    void close(String name) {
        closeQuietly(name, "journal", journal);
        closeQuietly(name, "image", image);
    }

    static void closeQuietly(String name, String what, AutoCloseable resource) {
        try {
            if (resource != null) {
                resource.close();
            }
        } catch (StorageException e) {
            if (e.reason() != StorageException.Reason.STALE_SERVICE) {
                LOG.warn("Image {}: closing its {}: {}", name, what, e.getMessage());
            }
        } catch (Exception | VirtualMachineError | LinkageError e) {
            LOG.warn("Image {}: closing its {} failed", name, what, e);
        }
    }
}
