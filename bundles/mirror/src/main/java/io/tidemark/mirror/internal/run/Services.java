package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.base.news.NewsDesk;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a mirror needs of the engine, and whom it tells.
 *
 * @param replicas roles and receiving ends
 * @param images journals
 * @param devices bytes of images, for copies
 * @param journals the store of a journal pool, by its name, and null when there is none
 * @param news for who watches the node
 */
public record Services(
        ReplicaManager replicas,
        ImageManager images,
        DeviceRegistry devices,
        Function<String, JournalStore> journals,
        NewsDesk news) {
    /**
     * What is known of an image, where there is one.
     *
     * @param image its name
     * @return empty when there is none
     * @throws StorageException as {@link ReplicaManager#facts}, but for NOT_FOUND
     */
    public Optional<ImageFacts> known(String image) throws StorageException {
        try {
            return Optional.of(replicas.facts(image));
        } catch (StorageException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
