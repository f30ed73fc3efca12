package io.tidemark.engine.manage;

import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.EventSource;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.PoolStatus;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.replica.ReplicaOrigin;
import io.tidemark.base.news.NewsDesk;
import io.tidemark.base.text.Names;
import io.tidemark.base.wish.CfgText;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishStore;
import io.tidemark.engine.image.JournaledImage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images of a node. Told of configurations ({@link #wished}, {@link #unwished}) and of services ({@link #plugins}); each
 * image finds its own way from there. Safe for all threads.
 */
public final class ImageDirectory implements ImageManager, DeviceRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(ImageDirectory.class);

    private static final long END_NANOS = 10_000_000_000L;
    private static final long DEFAULT_INDEX_ENTRIES = 1 << 20;

    private final StorageContext context;
    private final WishStore wishStore;
    private final Plugins plugins;
    private final Host host;
    private final PoolReports pools;
    private volatile DirectoryObserver observer = DirectoryObserver.NONE;

    private final Object lock = new Object();
    /** All below is guarded by the lock. Configurations by origin; of two for one image the first by origin counts. */
    private final TreeMap<String, Wish> wishes = new TreeMap<>();

    private final TreeMap<String, ImageSlot> slots = new TreeMap<>();
    private final Set<String> underOrder = new HashSet<>();
    private final List<Workers.Gate> waiting = new ArrayList<>();
    private boolean stopping;

    /**
     * A node without images yet.
     *
     * @param context clock, threads, files, payload memory
     * @param owner name of the node, as epochs name it
     * @param wishStore where commands keep configurations
     */
    public ImageDirectory(StorageContext context, String owner, WishStore wishStore) {
        this(context, owner, wishStore, DEFAULT_INDEX_ENTRIES, List.of());
    }

    /**
     * A node without images yet, with a bound for memory on the heap.
     *
     * @param context clock, threads, files, payload memory
     * @param owner name of the node, as epochs name it
     * @param wishStore where commands keep configurations
     * @param indexEntries most entries of the indexes of all images together, some 48 bytes of heap each
     * @param problems what of the node's own configuration is refused; every image shows it
     */
    public ImageDirectory(
            StorageContext context, String owner, WishStore wishStore, long indexEntries, List<String> problems) {
        this.context = context;
        this.wishStore = wishStore;
        Refused refused = new Refused(problems);
        this.plugins = new Plugins(refused, this::providersChanged, this::waitUntilUnused);
        this.host = plugins.host(context, owner, new Shares(context.payloads().capacityBytes(), indexEntries));
        this.pools = new PoolReports(host.ask(), plugins, refused);
    }

    /**
     * Services that came and went.
     *
     * @return where to tell of them
     */
    public Plugins plugins() {
        return plugins;
    }

    /**
     * Where news of the images are told.
     *
     * @return for listeners to be added
     */
    public NewsDesk news() {
        return host.news();
    }

    /**
     * The context that images use.
     *
     * @return as given
     */
    public StorageContext context() {
        return context;
    }

    /** One observer, told from now on. */
    void observe(DirectoryObserver newObserver) {
        observer = newObserver;
    }

    // ---- configurations

    /**
     * A configuration came or was changed. Returns at once.
     *
     * @param wish with its origin
     */
    public void wished(Wish wish) {
        Wish before;
        ImageSlot slot;
        synchronized (lock) {
            before = wishes.put(wish.origin(), wish);
            if (stopping) {
                return;
            }
            slot = slots.get(wish.name());
        }
        if (before != null && !before.name().equals(wish.name())) {
            closeUnlessWished(before.name());
        }
        Wish effective = effective(wish.name());
        if (effective == null) {
            return;
        }
        if (!effective.origin().equals(wish.origin())) {
            LOG.error(
                    "Image {}: {} is ignored, because {} configures the image already",
                    wish.name(),
                    wish.origin(),
                    effective.origin());
        } else if (slot != null) {
            slot.wish(wish);
        } else {
            startIfWished(wish.name());
        }
    }

    /**
     * A configuration is gone: the image is closed, and its data stays. Returns at once.
     *
     * @param origin as in its wish
     */
    public void unwished(String origin) {
        Wish gone;
        synchronized (lock) {
            gone = wishes.remove(origin);
        }
        if (gone != null) {
            closeUnlessWished(gone.name());
        }
    }

    private Wish effective(String name) {
        synchronized (lock) {
            return wishes.values().stream()
                    .filter(wish -> wish.name().equals(name))
                    .findFirst()
                    .orElse(null);
        }
    }

    private void closeUnlessWished(String name) {
        Wish other = effective(name);
        ImageSlot slot = slot(name);
        if (slot != null && other != null) {
            slot.wish(other);
        } else if (slot != null) {
            slot.close();
        }
    }

    private void startIfWished(String name) {
        ImageSlot started;
        synchronized (lock) {
            Wish wish = effective(name);
            if (stopping || wish == null || slots.containsKey(name)) {
                return;
            }
            started = new ImageSlot(host, wish, new SlotOwner());
            slots.put(name, started);
        }
        added(name);
        started.start(null);
    }

    private void added(String name) {
        share();
        observer.imageAdded(name);
    }

    /** With one image more or less, each has another share of the memory. */
    private void share() {
        List<ImageSlot> sharing = allSlots();
        host.shares().images(sharing.size());
        sharing.forEach(ImageSlot::wake);
    }

    private ImageSlot slot(String name) {
        synchronized (lock) {
            return slots.get(name);
        }
    }

    private List<ImageSlot> allSlots() {
        synchronized (lock) {
            return List.copyOf(slots.values());
        }
    }

    private final class SlotOwner implements ImageSlot.Owner {
        @Override
        public void released(ImageSlot slot) {
            wakeWaiting();
        }

        @Override
        public void ended(ImageSlot slot) {
            synchronized (lock) {
                slots.remove(slot.name(), slot);
            }
            share();
            observer.imageRemoved(slot.name());
            wakeWaiting();
            startIfWished(slot.name());
        }
    }

    // ---- services

    private void providersChanged() {
        allSlots().forEach(ImageSlot::providersChanged);
        observer.poolsChanged();
    }

    /** Waits a bounded time until no image uses a store any more, so that its provider need not take it away by force. */
    private void waitUntilUnused(Object store, long timeoutNanos) {
        await(timeoutNanos, () -> allSlots().stream().noneMatch(slot -> uses(slot, store)));
    }

    private static boolean uses(ImageSlot slot, Object store) {
        OpenStores stores = slot.life().view().stores();
        return stores != null && (stores.journalStore() == store || stores.imageStore() == store);
    }

    private boolean await(long timeoutNanos, java.util.function.BooleanSupplier condition) {
        long deadlineNanos = context.clock().monotonicNanos() + timeoutNanos;
        Workers.Gate gate = context.workers().newGate();
        synchronized (lock) {
            waiting.add(gate);
        }
        try {
            long left = timeoutNanos;
            while (!condition.getAsBoolean() && left > 0) {
                gate.await(left);
                left = deadlineNanos - context.clock().monotonicNanos();
            }
            return condition.getAsBoolean();
        } finally {
            synchronized (lock) {
                waiting.remove(gate);
            }
        }
    }

    private void wakeWaiting() {
        List<Workers.Gate> gates;
        synchronized (lock) {
            gates = List.copyOf(waiting);
        }
        gates.forEach(Workers.Gate::open);
    }

    /** Starts closing all images, with checkpoints, and offers none from now on. Returns at once. */
    public void stop() {
        synchronized (lock) {
            stopping = true;
        }
        // Whoever waits is woken by being closed.
        host.alarms().close();
        allSlots().forEach(ImageSlot::close);
    }

    /**
     * Waits until all images are closed; {@link #stop} comes first.
     *
     * @param timeoutNanos at most so long
     * @return whether they are
     */
    public boolean awaitStopped(long timeoutNanos) {
        return await(timeoutNanos, () -> allSlots().isEmpty());
    }

    // ---- devices

    @Override
    public List<BlockDevice> devices() {
        synchronized (lock) {
            if (stopping) {
                return List.of();
            }
        }
        return allSlots().stream()
                .map(ImageSlot::device)
                .filter(Objects::nonNull)
                .map(BlockDevice.class::cast)
                .toList();
    }

    @Override
    public Optional<BlockDevice> device(String exportName) {
        synchronized (lock) {
            ImageSlot slot = slots.get(exportName);
            return stopping || slot == null ? Optional.empty() : Optional.ofNullable(slot.device());
        }
    }

    // ---- administration

    @Override
    public List<ImageStatus> images() {
        return allSlots().stream().map(ImageSlot::status).toList();
    }

    @Override
    public ImageStatus image(String name) throws StorageException {
        return existing(name).status();
    }

    private ImageSlot existing(String name) throws StorageException {
        ImageSlot slot = slot(name);
        if (slot == null) {
            throw new StorageException(
                    Reason.NOT_FOUND, "there is no image " + name, "image:list shows those that there are");
        }
        return slot;
    }

    private JournaledImage running(ImageSlot slot) throws StorageException {
        JournaledImage engine = slot.life().view().engine();
        if (engine == null) {
            ImageStatus status = slot.status();
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "image " + slot.name() + " is not served: " + status.state()
                            + (status.detail().isEmpty() ? "" : ": " + status.detail()),
                    "try again when image:list shows it as serving");
        }
        return engine;
    }

    @Override
    public ImageStatus create(String name, long sizeBytes, Map<String, String> properties) throws StorageException {
        return create(name, sizeBytes, properties, null);
    }

    /** Makes an image that follows another one. */
    ImageStatus createReplica(String name, ReplicaOrigin origin, Map<String, String> properties)
            throws StorageException {
        if (properties.containsKey(ImageKeys.BLOCK_SIZE)) {
            throw invalid(ImageKeys.BLOCK_SIZE + ": a replica has its source's; leave it out");
        }
        return create(name, origin.sizeBytes(), properties, origin);
    }

    private ImageStatus create(String name, long sizeBytes, Map<String, String> properties, ReplicaOrigin origin)
            throws StorageException {
        Wish wish = new Wish("", name, properties);
        Map<String, String> withSize = new TreeMap<>(wish.properties());
        withSize.put(ImageKeys.SIZE, Long.toString(sizeBytes));
        ImageConfig config = parse(name, withSize);
        if (wish.properties().containsKey(ImageKeys.SIZE)) {
            throw invalid("size: give it as the size of the image, not as a key");
        }
        checkValues(wish.properties());
        plugins.checkThere(config);
        if (origin == null) {
            checkReplicas(config, null);
        }
        enterOrder(name);
        try {
            return create(new Wish("", name, withSize), wish, origin);
        } finally {
            exitOrder(name);
        }
    }

    private ImageStatus create(Wish first, Wish kept, ReplicaOrigin origin) throws StorageException {
        String name = first.name();
        ImageSlot slot = new ImageSlot(host, first, new SlotOwner());
        synchronized (lock) {
            if (stopping) {
                throw new StorageException(Reason.UNAVAILABLE, "this node is stopping", "try again when it runs");
            }
            if (slots.containsKey(name) || effective(name) != null) {
                throw new StorageException(
                        Reason.EXISTS, "there is an image " + name + " already", "choose another name");
            }
            slots.put(name, slot);
        }
        added(name);
        Order creation = new Order(context.workers(), () -> slot.life().create(origin));
        slot.start(creation);
        try {
            creation.await();
        } catch (StorageException e) {
            awaitEnded(slot);
            throw e;
        }
        try {
            // What is, is in the store: a file with the size in it would contradict it after a resize.
            Wish stored = wishStore.add(kept);
            synchronized (lock) {
                wishes.put(stored.origin(), stored);
            }
            slot.wish(stored);
        } catch (StorageException e) {
            throw undone(slot, e);
        }
        return slot.status();
    }

    /** Clients may have come already: it is served before its configuration is written. */
    private StorageException undone(ImageSlot slot, StorageException why) {
        String name = slot.name();
        try {
            slot.perform(() -> slot.life().delete(null, () -> {}));
            awaitEnded(slot);
            return why;
        } catch (StorageException e) {
            return new StorageException(
                    why.reason(),
                    "the configuration of image " + name + " could not be written: " + why.getMessage()
                            + "; the image is there and served, but only until this node stops: " + e.getMessage(),
                    "mend that, run image:delete " + name + ", and create it again",
                    why);
        }
    }

    /** The name is free when a command says so. */
    private void awaitEnded(ImageSlot slot) {
        await(END_NANOS, () -> slot(slot.name()) != slot);
    }

    @Override
    public ImageStatus configure(String name, Map<String, String> changes) throws StorageException {
        enterOrder(name);
        try {
            ImageSlot slot = existing(name);
            Wish wish = wish(slot);
            checkValues(changes);
            if (changes.containsKey(ImageKeys.SIZE)) {
                throw invalid("size: it is changed by image:resize " + name);
            }
            Wish changed = wish.with(changes);
            ImageConfig config = parse(name, changed.properties());
            plugins.checkThere(config);
            try {
                slot.life().check(changed);
            } catch (IllegalArgumentException e) {
                throw invalid(e.getMessage());
            }
            if (!Collections.disjoint(changes.keySet(), ReplicaDemand.KEYS)) {
                checkReplicas(config, slot.life().view());
            }
            change(slot, wish, changes);
            return slot.status();
        } finally {
            exitOrder(name);
        }
    }

    /** A file may come before its replicas; whoever gives a command is told that clients would wait for nobody. */
    private void checkReplicas(ImageConfig config, View view) throws StorageException {
        int replicas = 0;
        int reachable = 0;
        if (view != null && (view.engine() == null || view.stores() == null || view.head() == null)) {
            return;
        }
        if (view != null) {
            if (view.head().role() == ImageHead.Role.REPLICA) {
                // What it would wait for when it is promoted comes later.
                return;
            }
            reachable = view.engine().reachablePeers();
            replicas = ReplicaDemand.replicas(view.engine(), view.stores().journal());
        }
        String lack = ReplicaDemand.lack(config.name(), RuleKeeper.preview(host, config, reachable), replicas);
        if (!lack.isEmpty()) {
            throw invalid(lack);
        }
    }

    private void change(ImageSlot slot, Wish wish, Map<String, String> changes) throws StorageException {
        Wish changed = wish.with(changes);
        wishStore.change(wish, changes);
        synchronized (lock) {
            wishes.put(wish.origin(), changed);
        }
        slot.wish(changed);
        // Also when nothing differs: whoever has mended something says so with any change.
        slot.perform(slot.life()::lookAgain);
    }

    private Wish wish(ImageSlot slot) throws StorageException {
        Wish wish = effective(slot.name());
        if (wish == null) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "image " + slot.name() + " is closing",
                    "try again when image:list no longer shows it");
        }
        return wish;
    }

    @Override
    public ImageStatus resize(String name, long newSizeBytes) throws StorageException {
        try {
            ImageConfig.checkSize(newSizeBytes);
        } catch (IllegalArgumentException e) {
            throw invalid(e.getMessage());
        }
        enterOrder(name);
        try {
            ImageSlot slot = existing(name);
            JournaledImage engine = running(slot);
            Wish wish = wish(slot);
            if (wish.properties().containsKey(ImageKeys.SIZE)) {
                // First, so that no crash in between leaves a file that contradicts the image.
                change(slot, wish, Map.of(ImageKeys.SIZE, ""));
            }
            engine.resize(newSizeBytes);
            return slot.status();
        } finally {
            exitOrder(name);
        }
    }

    @Override
    public Position mark(String name, EventKind kind, String label) throws StorageException {
        return running(existing(name)).mark(kind, label);
    }

    @Override
    public void delete(String name) throws StorageException {
        enterOrder(name);
        try {
            ImageSlot slot = slot(name);
            if (slot == null) {
                Remains.find(host, name, null).delete(context, name);
                return;
            }
            Wish wish = effective(name);
            slot.perform(() -> slot.life().delete(wish, () -> {
                if (wish != null) {
                    wishStore.remove(wish);
                    synchronized (lock) {
                        wishes.remove(wish.origin());
                    }
                }
            }));
            awaitEnded(slot);
        } finally {
            exitOrder(name);
        }
    }

    @Override
    public ImageStatus checkpoint(String name) throws StorageException {
        ImageSlot slot = existing(name);
        running(slot).checkpoint();
        return slot.status();
    }

    @Override
    public ImageStatus replaceLostJournal(String name) throws StorageException {
        enterOrder(name);
        try {
            ImageSlot slot = existing(name);
            slot.perform(slot.life()::replaceLostJournal);
            return slot.status();
        } finally {
            exitOrder(name);
        }
    }

    /** The image as it runs now. */
    JournaledImage engine(String name) throws StorageException {
        return running(existing(name));
    }

    /** Makes a replica of an image that is there; it is closed and opened again on the way. */
    ImageStatus adopt(String name, UUID seed, ReplicaOrigin origin) throws StorageException {
        enterOrder(name);
        try {
            ImageSlot slot = existing(name);
            slot.perform(() -> slot.life().adopt(seed, origin));
            return slot.status();
        } finally {
            exitOrder(name);
        }
    }

    /** Images that ask their replicas, and the numbers of their questions. */
    Map<String, Long> asking() {
        Map<String, Long> asking = new TreeMap<>();
        for (ImageSlot slot : allSlots()) {
            JournaledImage engine = slot.life().view().engine();
            long question = engine == null ? 0 : engine.question();
            if (question != 0) {
                asking.put(slot.name(), question);
            }
        }
        return asking;
    }

    Asks asks() {
        return host.asks();
    }

    /** Changes the role of an image, at a position if one is given; it is closed and opened again on the way. */
    void turn(String name, ImageHead.Role role, Position at) throws StorageException {
        enterOrder(name);
        try {
            ImageSlot slot = existing(name);
            slot.perform(() -> slot.life().turn(role, at));
        } finally {
            exitOrder(name);
        }
    }

    boolean isRelayOff(String name) throws StorageException {
        ImageConfig config = existing(name).life().view().config();
        return config != null && config.relayOff();
    }

    @Override
    public Journal journal(String name) throws StorageException {
        ImageSlot slot = existing(name);
        running(slot);
        OpenStores stores = slot.life().view().stores();
        if (stores == null) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "image " + name + " is suspended: " + slot.life().detail(),
                    "try again when image:list shows it as serving");
        }
        return stores.journal();
    }

    @Override
    public long replay(String name, EventSource source) throws StorageException {
        return new Replay(running(existing(name)), context.workers(), sizeBytes -> resize(name, sizeBytes)).run(source);
    }

    @Override
    public List<PoolStatus> pools() {
        return pools.pools();
    }

    /** One of them. */
    Optional<PoolStatus> pool(Sort sort, String name) {
        return pools.pool(sort, name);
    }

    @Override
    public List<String> commitPolicies() {
        return plugins.policies().names();
    }

    @Override
    public List<String> trimStrategies() {
        return plugins.strategies().names();
    }

    /** One command at a time for each image: a second one is told so, instead of waiting for who knows how long. */
    private void enterOrder(String name) throws StorageException {
        try {
            Names.check("image", name);
        } catch (IllegalArgumentException e) {
            throw invalid("name: " + e.getMessage());
        }
        synchronized (lock) {
            if (!underOrder.add(name)) {
                throw new StorageException(
                        Reason.BUSY, "another command is changing image " + name, "wait until it has ended");
            }
        }
    }

    private void exitOrder(String name) {
        synchronized (lock) {
            underOrder.remove(name);
        }
    }

    private static ImageConfig parse(String name, Map<String, String> properties) throws StorageException {
        try {
            return ImageConfig.parse(name, properties);
        } catch (IllegalArgumentException e) {
            throw invalid(e.getMessage());
        }
    }

    private static void checkValues(Map<String, String> properties) throws StorageException {
        try {
            properties.forEach(CfgText::check);
        } catch (IllegalArgumentException e) {
            throw invalid(e.getMessage());
        }
    }

    private static StorageException invalid(String what) {
        return new StorageException(Reason.INVALID, what, "");
    }
}
