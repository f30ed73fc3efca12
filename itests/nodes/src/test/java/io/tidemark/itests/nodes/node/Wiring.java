package io.tidemark.itests.nodes.node;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishStore;
import io.tidemark.commit.policies.CommitPolicies;
import io.tidemark.engine.manage.ImageDirectory;
import io.tidemark.image.file.FileImageStore;
import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import io.tidemark.nbd.NbdServer;
import io.tidemark.nbd.NbdSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The product's parts put together by {@code new}, as an appliance without OSGi would. */
final class Wiring {
    private static final String POOL = "default";
    private static final String SHARED = "shared";
    private static final Duration PATIENCE = Duration.ofSeconds(55);

    private final ImageDirectory images;
    private final NbdServer server;
    private final MirrorWiring mirror;

    private Wiring(ImageDirectory images, NbdServer server, MirrorWiring mirror) {
        this.images = images;
        this.server = server;
        this.mirror = mirror;
    }

    static Wiring open(
            MachineContext context,
            Path imagePool,
            List<Path> journalPool,
            List<Path> sharedPool,
            String segment,
            Map<String, Map<String, String>> wishes,
            Path socket,
            Path etc)
            throws Exception {
        FileImageStore imageStore = new FileImageStore(POOL, imagePool, 0, context.files());
        FlashOptions options = FlashOptions.DEFAULT.withSegmentBytes(Sizes.parse(segment));
        FlashJournalStore journalStore = new FlashJournalStore(POOL, journalPool, options, context.files());
        Map<String, JournalStore> shared = sharedPool.isEmpty()
                ? Map.of()
                : Map.of(SHARED, new FlashJournalStore(SHARED, sharedPool, options, context.files()));
        ImageDirectory images = new ImageDirectory(
                context,
                etc == null ? "node" : MirrorWiring.name(etc),
                etc == null ? new OriginStore() : MirrorWiring.images(context, etc));
        images.plugins().addImageStore(POOL, 0, imageStore);
        images.plugins().addJournalStore(POOL, 0, journalStore);
        shared.forEach((name, store) -> images.plugins().addJournalStore(name, 0, store));
        for (Map.Entry<String, CommitPolicy> policy : policies().entrySet()) {
            images.plugins().addPolicy(policy.getKey(), 0, policy.getValue());
        }
        List<String> there = imageStore.list();
        for (Map.Entry<String, Map<String, String>> wish : wishes.entrySet()) {
            Map<String, String> keys = new TreeMap<>(wish.getValue());
            if (etc != null && MirrorWiring.isKept(etc, wish.getKey())) {
                continue;
            }
            if (there.contains(wish.getKey())) {
                images.wished(new Wish(OriginStore.origin(wish.getKey()), wish.getKey(), keys));
            } else {
                images.create(wish.getKey(), Sizes.parse(keys.remove("size")), keys);
            }
        }
        if (etc != null) {
            MirrorWiring.keptImages(context, etc).forEach(images::wished);
        }
        Await.until(() -> "images to start: " + images.images(), PATIENCE, () -> images.images().stream()
                .noneMatch(image -> image.state() == ImageStatus.State.STARTING));
        NbdServer server = new NbdServer(NbdSettings.DEFAULTS.withTcp("", 0).withUnixSocket(socket), images);
        server.start();
        return new Wiring(images, server, etc == null ? null : MirrorWiring.open(context, images, shared, etc));
    }

    private static Map<String, CommitPolicy> policies() {
        return Map.of(
                CommitPolicies.JOURNAL, CommitPolicies.journal(),
                CommitPolicies.JOURNAL_AND_IMAGE, CommitPolicies.journalAndImage(),
                CommitPolicies.VOLATILE, CommitPolicies.writeCache(),
                CommitPolicies.REPLICA_ARRIVED, CommitPolicies.replicaArrived(),
                CommitPolicies.REPLICA_DURABLE, CommitPolicies.replicaDurable());
    }

    ImageManager manager() {
        return images;
    }

    /** Null where the node has none. */
    MirrorWiring mirror() {
        return mirror;
    }

    /** Doors first, then images, with checkpoints. */
    void close() throws StorageException {
        server.close();
        if (mirror != null) {
            mirror.close();
        }
        images.stop();
        if (!images.awaitStopped(TimeUnit.SECONDS.toNanos(PATIENCE.toSeconds()))) {
            throw new StorageException(StorageException.Reason.UNAVAILABLE, "images do not close", "");
        }
    }

    /** Settings keep the wishes; all that is needed here is that each has an origin of its own. */
    private static final class OriginStore implements WishStore {
        static String origin(String image) {
            return "settings of " + image;
        }

        @Override
        public Wish add(Wish wish) {
            return new Wish(origin(wish.name()), wish.name(), wish.properties());
        }

        @Override
        public void change(Wish wish, Map<String, String> changes) {
            // The next start has the same settings again.
        }

        @Override
        public void remove(Wish wish) {
            // As above.
        }
    }
}
