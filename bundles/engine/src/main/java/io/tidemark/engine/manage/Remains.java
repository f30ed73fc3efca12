package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.base.wish.KeyReader;
import io.tidemark.base.wish.Wish;
import java.util.ArrayList;
import java.util.List;

/**
 * What there is of an image that is to be deleted. Of an image that does not run, what lies in the pools counts, and not only
 * what somebody wrote: a configuration may be refused because of what it says of the pools, and another image or journal may
 * have the same name in another pool.
 *
 * @param images where the image lies, if there is one; null for nowhere
 * @param journals where its journal lies, if there is one; null for nowhere
 */
record Remains(ImageStore images, JournalStore journals) {
    /** Asks a store for its names. */
    private interface Names<S> {
        List<String> of(S store) throws StorageException;
    }

    /** Those of an image that runs: they lie where its configuration says. */
    static Remains served(Host host, ImageConfig config, String origin) throws StorageException {
        String name = config.name();
        return new Remains(
                imageStore(host, name, config.pool(), origin), journalStore(host, name, config.journalPool(), origin));
    }

    /**
     * Those of an image that does not run.
     *
     * @param wish its configuration, which may be refused; null for none
     * @throws StorageException NOT_FOUND when there is nothing and no configuration; INVALID when something lies elsewhere than the
     *     configuration says, or in several pools; UNAVAILABLE when a pool is not there
     */
    static Remains find(Host host, String name, Wish wish) throws StorageException {
        return wish == null ? unconfigured(host, name) : configured(host, name, wish);
    }

    private static Remains configured(Host host, String name, Wish wish) throws StorageException {
        KeyReader reader = new KeyReader(wish.properties());
        String pool = reader.text(ImageKeys.POOL, ImageConfig.DEFAULT_POOL);
        ImageStore images = imageStore(host, name, pool, wish.origin());
        boolean image = images.list().contains(name);
        if (!image) {
            checkNoneElsewhere(host, name, wish, Sort.IMAGE_POOL, pool);
        }
        String said = image ? journalPool(host, name, images) : "";
        String journalPool = said.isEmpty() ? reader.text(ImageKeys.JOURNAL_POOL, ImageConfig.DEFAULT_POOL) : said;
        JournalStore journals = journalStore(host, name, journalPool, wish.origin());
        boolean journal = journals.list().contains(name);
        if (!journal && said.isEmpty()) {
            checkNoneElsewhere(host, name, wish, Sort.JOURNAL_POOL, journalPool);
        }
        // What an interrupted deletion left is not listed, and cleared by the next one. Where there is nothing, as on
        // a disk that was replaced, only the configuration goes.
        return new Remains(images, journals);
    }

    private static Remains unconfigured(Host host, String name) throws StorageException {
        List<String> imagePools = imagePools(host, name);
        if (imagePools.size() > 1) {
            throw several(name);
        }
        ImageStore images = only(host.imageStores(), imagePools);
        String said = images == null ? "" : journalPool(host, name, images);
        List<String> journalPools = said.isEmpty() ? journalPools(host, name) : List.of(said);
        if (journalPools.size() > 1) {
            throw several(name);
        }
        if (imagePools.isEmpty() && journalPools.isEmpty()) {
            throw new StorageException(
                    Reason.NOT_FOUND, "there is no image " + name, "image:list shows those that there are");
        }
        return new Remains(
                images, said.isEmpty() ? only(host.journalStores(), journalPools) : journalStore(host, name, said, ""));
    }

    private static <S> S only(Providers<S> stores, List<String> pools) {
        return pools.isEmpty() ? null : stores.best(pools.get(0)).orElse(null);
    }

    private static StorageException several(String name) {
        return new StorageException(
                Reason.INVALID,
                "no configuration names " + name + ", and more than one pool has it",
                "write a configuration that names the pool that is meant, then delete it");
    }

    private static ImageStore imageStore(Host host, String name, String pool, String origin) throws StorageException {
        return host.imageStores().best(pool).orElseThrow(() -> host.refused()
                .cannotDelete(name, Sort.IMAGE_POOL, pool, origin));
    }

    private static JournalStore journalStore(Host host, String name, String pool, String origin)
            throws StorageException {
        return host.journalStores().best(pool).orElseThrow(() -> host.refused()
                .cannotDelete(name, Sort.JOURNAL_POOL, pool, origin));
    }

    /** Where the image's head says that its journal lies; empty when the head is damaged. */
    private static String journalPool(Host host, String name, ImageStore images) throws StorageException {
        try {
            return images.head(host.context(), name).journalPool();
        } catch (StorageException e) {
            if (e.reason() != Reason.CORRUPT && e.reason() != Reason.UNSUPPORTED) {
                throw e;
            }
            return "";
        }
    }

    /** What lies in a pool that the configuration does not name may be meant, or be kept there for another reason. */
    private static void checkNoneElsewhere(Host host, String name, Wish wish, Sort sort, String pool)
            throws StorageException {
        boolean image = sort == Sort.IMAGE_POOL;
        List<String> others = image ? imagePools(host, name) : journalPools(host, name);
        if (!others.isEmpty()) {
            String key = image ? ImageKeys.POOL : ImageKeys.JOURNAL_POOL;
            throw new StorageException(
                    Reason.INVALID,
                    key + ": " + (image ? "the image" : "the journal") + " " + name + " is not in pool " + pool
                            + ", but there is one in " + String.join(", ", others),
                    "if that is meant, write " + key + " = " + others.get(0) + " in " + wish.origin()
                            + ", then delete it; to give " + name + " up and leave the data where it is, remove "
                            + wish.origin());
        }
    }

    private static List<String> imagePools(Host host, String name) throws StorageException {
        return poolsWith(host.imageStores(), ImageStore::list, name);
    }

    private static List<String> journalPools(Host host, String name) throws StorageException {
        return poolsWith(host.journalStores(), JournalStore::list, name);
    }

    private static <S> List<String> poolsWith(Providers<S> stores, Names<S> names, String name)
            throws StorageException {
        List<String> pools = new ArrayList<>();
        for (String pool : stores.names()) {
            S store = stores.best(pool).orElse(null);
            if (store != null && names.of(store).contains(name)) {
                pools.add(pool);
            }
        }
        return pools;
    }

    /** Deletes what is there of both; the image first. */
    void delete(StorageContext context, String name) throws StorageException {
        if (images != null) {
            try {
                images.delete(context, name);
            } catch (StorageException e) {
                ignoreMissing(e);
            }
        }
        if (journals != null) {
            try {
                journals.delete(context, name);
            } catch (StorageException e) {
                ignoreMissing(e);
            }
        }
    }

    private static void ignoreMissing(StorageException e) throws StorageException {
        if (e.reason() != Reason.NOT_FOUND) {
            throw e;
        }
    }
}
