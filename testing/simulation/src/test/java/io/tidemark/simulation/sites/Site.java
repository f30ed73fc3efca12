package io.tidemark.simulation.sites;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.PeerProgress;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.base.news.NewsDesk;
import io.tidemark.base.wish.EtcWishStore;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishKind;
import io.tidemark.commit.policies.CommitPolicies;
import io.tidemark.engine.manage.ImageDirectory;
import io.tidemark.engine.manage.Replicas;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedDisk;
import io.tidemark.image.file.FileImageStore;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.identity.NodeKey;
import io.tidemark.mirror.internal.manage.Mirrors;
import io.tidemark.mirror.internal.run.MirrorSettings;
import io.tidemark.mirror.internal.run.Services;
import io.tidemark.mirror.internal.wire.Wire;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * One site: a node as it is in production but for its container, over a directory of the simulated disk, with a client that writes
 * when it may and one that reads always. It outlives its processes, and knows what was ordered and promised.
 */
final class Site implements SessionListener {
    static final String IMAGE = "disk";
    /** The pool of another site's journals, where this one has it, too. */
    static final String SHARED = "shared";

    static final long SECOND = 1_000_000_000L;
    private static final WishKind IMAGES = new WishKind("io.tidemark.image", "image", "");
    private static final MirrorSettings SETTINGS =
            new MirrorSettings(1 << 19, 64 << 20, 2, 0, 5 * SECOND, SECOND / 10, 2 * SECOND, SECOND / 5);
    private static final long KEPT_BYTES = 1L << 30;
    private static final long DISK_BYTES = 128L << 20;
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18)
            .withPreparation(FlashOptions.Preparation.ALLOCATED);
    /** What a clock that is measured over the link may be wrong by, and more. */
    private static final long CLOCK_ERROR_NANOS = SECOND / 2;

    final String name;
    final NodeKey key;
    private final Scene scene;
    private final Path root;
    /** Journals of another site that this one may read; null for none. */
    private Path shares;

    /** How long after its start it is told of its image. */
    long imageToldNanos;

    /** As a primary it gives up who lacks something for two seconds, and else its journal waits for everybody. */
    boolean expires;

    /** As a replica it keeps nothing of what it received that its image has. */
    boolean relayOff;

    Mirrors mirrors;
    private ImageDirectory directory;
    private JournalStore journalStore;
    private ReplicaManager replicas;
    private SimulatedContext process;
    private StorageContext context;
    private SeededRandom dice;

    // ---- what is known from outside

    private boolean givenUp;
    /** What it was still to be sent is no longer kept for it: it has to begin anew. */
    boolean expired;

    private UUID journal;
    private long durable;
    private final Map<Long, Long> arrivedNanos = new HashMap<>();
    /** Up to here events were received to catch up: when they came says nothing of when they were written. */
    private long caughtUp;

    /** Since when the image that is open knows how the clocks differ; -1 when it never did. */
    private long clocksKnownNanos = -1;

    /** How often it began to follow its source. */
    int begun;

    private long heldAt = Long.MAX_VALUE;
    private long delayNanos;
    /** The delay is in force for what is behind this. */
    private long delayedBehind = Long.MAX_VALUE;

    Site(String name, NodeKey key, Scene scene) {
        this.name = name;
        this.key = key;
        this.scene = scene;
        this.root = Path.of("/" + name);
        for (String each : List.of("journals", "images", "etc")) {
            scene.machine.disk().makeDirectories(root.resolve(each));
        }
        scene.machine.disk().mount(root, DISK_BYTES);
    }

    Chronicle chronicle() {
        return scene.chronicle;
    }

    /** From the next boot on this site has the pool of another one's journals. */
    void shares(Site other) {
        shares = other.root.resolve("journals");
    }

    /** As a replica of another site, whose journals it may share. */
    ReplicaOptions options(Site source) {
        Map<String, String> properties = new TreeMap<>();
        if (source.root.resolve("journals").equals(shares)) {
            properties.put(ReplicaOptions.SHARED, SHARED);
        }
        keep(properties);
        promise(properties);
        return new ReplicaOptions("", ReplicaOptions.DELAY_AS_BEFORE, properties);
    }

    /** What its journal keeps, and for whom. */
    private void keep(Map<String, String> properties) {
        if (relayOff) {
            properties.put(ImageKeys.RELAY, "off");
        }
        if (expires) {
            properties.put(ImageKeys.PEER_SLOW, "expire");
            properties.put(ImageKeys.PEER_SLOW_AGE, "2s");
        }
    }

    /** What is acknowledged here, while the image is primary here. */
    private void promise(Map<String, String> properties) {
        if (scene.peers() > 0) {
            properties.put(ImageKeys.COMMIT, scene.commit());
            properties.put(ImageKeys.PEER_COUNT, String.valueOf(scene.peers()));
            properties.put(ImageKeys.PEER_MISSING, scene.missing());
            properties.put(ImageKeys.PEER_TIMEOUT, "1s");
        }
    }

    // ---- its disk

    /** Hardly anything can be written any more. */
    void fill(long leftBytes) {
        SimulatedDisk disk = scene.machine.disk();
        disk.resize(root, disk.capacityBytes(root) - disk.freeBytes(root) + leftBytes);
    }

    void makeRoom() {
        scene.machine.disk().resize(root, DISK_BYTES);
    }

    /** While it is dead. */
    void loseJournal() throws StorageException {
        SimulatedContext other = scene.machine.boot(name);
        new FlashJournalStore("default", List.of(root.resolve("journals")), OPTIONS, other.files())
                .delete(other, IMAGE);
        other.kill();
        deleted();
    }

    ImageStatus replaceLostJournal() throws StorageException {
        return directory.replaceLostJournal(IMAGE);
    }

    /** The service of its journals goes away, as while its bundle is updated. */
    void takeJournals() {
        directory.plugins().removeJournalStore(journalStore);
    }

    void bringJournals() {
        directory.plugins().addJournalStore("default", 0, journalStore);
    }

    /** For whom the journal of its image is kept. */
    List<JournalClient> clients() throws StorageException {
        return directory.journal(IMAGE).clients();
    }

    boolean owns(Path path) {
        return path.startsWith(root);
    }

    boolean alive() {
        return process != null && !process.dead();
    }

    void kill() {
        process.kill();
    }

    @Override
    public String toString() {
        return name;
    }

    // ---- a process

    void boot(SeededRandom itsDice) throws StorageException {
        dice = itsDice;
        process = scene.machine.boot(name);
        context = new SkewedContext(process, () -> scene.skewNanos(name));
        Path etc = root.resolve("etc");
        directory =
                new ImageDirectory(context, name, new EtcWishStore(IMAGES, process.files(), etc), 1 << 16, List.of());
        FlashJournalStore journals =
                new FlashJournalStore("default", List.of(root.resolve("journals")), OPTIONS, process.files());
        journalStore = new JournalsOver(
                journals, sound -> scene.defect.journal(name, new ChronicledJournal(sound, this)), this::deleted);
        addPolicy(CommitPolicies.REPLICA_DURABLE, CommitPolicies.replicaDurable());
        addPolicy(CommitPolicies.REPLICA_ARRIVED, CommitPolicies.replicaArrived());
        directory.plugins().addJournalStore("default", 0, journalStore);
        directory
                .plugins()
                .addImageStore("default", 0, new FileImageStore("default", root.resolve("images"), 0, process.files()));
        JournalStore shared =
                shares == null ? null : new FlashJournalStore(SHARED, List.of(shares), OPTIONS, process.files());
        replicas = new Replicas(directory);
        caughtUp = Long.MAX_VALUE;
        Services services = new Services(
                scene.defect.replicas(name, new Watched(replicas), scene.memory),
                directory,
                directory,
                pool -> pool.equals(SHARED) ? shared : null,
                new NewsDesk(context, "news"));
        mirrors = new Mirrors(
                context,
                services,
                SETTINGS,
                new Handshake.Self(key, name, Wire.LEAST_VERSION, Wire.VERSION),
                this::nonce,
                new Mirrors.Stores(
                        new EtcWishStore(Mirrors.PEERS, process.files(), etc),
                        new EtcWishStore(Mirrors.REPLICAS, process.files(), etc),
                        new Mirrors.Branches(etc.resolve("branches"), KEPT_BYTES)));
        mirrors.transport("tcp", scene.network.transport(process, name));
        mirrors.start();
        if (imageToldNanos == 0) {
            tell(etc, IMAGES, directory::wished);
        } else {
            spawn("late", () -> {
                pause(imageToldNanos);
                tell(etc, IMAGES, directory::wished);
            });
        }
        tell(etc, Mirrors.PEERS, mirrors::peerWished);
        tell(etc, Mirrors.REPLICAS, mirrors::replicaWished);
        spawn("writer", this::write);
        spawn("reader", this::read);
        if (scene.resizing) {
            spawn("resizer", this::resize);
        }
    }

    private void addPolicy(String policy, CommitPolicy sound) {
        directory.plugins().addPolicy(policy, 0, scene.defect.policy(policy, sound));
    }

    interface Body {
        void run() throws StorageException;
    }

    void spawn(String what, Body body) {
        process.workers().start(what, () -> {
            try {
                body.run();
            } catch (StorageException e) {
                scene.machine.fail(new AssertionError(name + "/" + what + ": " + e.getMessage(), e));
            }
        });
    }

    private byte[] nonce() {
        ByteBuffer nonce = ByteBuffer.allocate(32);
        while (nonce.hasRemaining()) {
            nonce.putLong(process.randomBits());
        }
        return nonce.array();
    }

    /** As the container does when a node starts. */
    private void tell(Path etc, WishKind kind, Consumer<Wish> told) throws StorageException {
        String prefix = kind.pid() + "-";
        for (String file : process.files().list(etc)) {
            if (file.startsWith(prefix) && file.endsWith(".cfg")) {
                String wished = file.substring(prefix.length(), file.length() - ".cfg".length());
                told.accept(new Wish(etc.resolve(file).toString(), wished, keys(etc.resolve(file))));
            }
        }
    }

    private Map<String, String> keys(Path path) throws StorageException {
        try (StorageFile file = process.files().open(path, Files.Mode.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(bytes, 0);
            Properties properties = new Properties();
            properties.load(new StringReader(new String(bytes.array(), StandardCharsets.ISO_8859_1)));
            Map<String, String> keys = new TreeMap<>();
            properties.stringPropertyNames().forEach(one -> keys.put(one, properties.getProperty(one)));
            return keys;
        } catch (IOException e) {
            throw new StorageException(StorageException.Reason.IO, e.getMessage(), "");
        }
    }

    /** The image, which is primary here. */
    void create() throws StorageException {
        Map<String, String> properties =
                new TreeMap<>(Map.of(ImageKeys.CHECKPOINT_INTERVAL, "100ms", ImageKeys.CHECKPOINT_BYTES, "1M"));
        keep(properties);
        directory.create(IMAGE, Chronicle.SIZE, properties);
    }

    /** As soon as there are enough replicas, and from then on, what is acknowledged is at them. */
    boolean promises() {
        Map<String, String> properties = new TreeMap<>();
        promise(properties);
        try {
            ImageStatus now = directory.configure(IMAGE, properties);
            return now.commitRule().equals(scene.commit());
        } catch (StorageException e) {
            return false;
        }
    }

    SeededRandom dice() {
        return dice;
    }

    void pause(long nanos) {
        process.workers().newGate().await(nanos);
    }

    /** Null while there is no image, or none that is open. */
    ImageFacts facts() {
        try {
            return replicas.facts(IMAGE);
        } catch (StorageException e) {
            return null;
        }
    }

    boolean isPrimary() {
        ImageFacts now = facts();
        return now != null && now.role() == ImageHead.Role.PRIMARY;
    }

    /** It holds writes until its peers have said that none of them was promoted. */
    boolean asks() {
        return replicas.asking().containsKey(IMAGE);
    }

    /** By whom it was taken over. */
    Optional<Fence> fence() throws StorageException {
        return replicas.fence(IMAGE);
    }

    /** False while its image is not open. */
    boolean isFenced() {
        try {
            return fence().isPresent();
        } catch (StorageException e) {
            return false;
        }
    }

    boolean isConsistent() {
        ImageFacts now = facts();
        return now != null && isConsistentReplica(now);
    }

    /** Something has arrived that is not durable, or is not to become so any more. */
    boolean hasUnforced() {
        ImageFacts now = facts();
        return now == null || now.watermarks().appended() > now.watermarks().durable();
    }

    // ---- clients

    private void write() {
        while (true) {
            Optional<BlockDevice> device = directory.device(IMAGE);
            if (scene.writing && device.isPresent() && isPrimary()) {
                try (DeviceSession session = device.get().connect("writer", this)) {
                    write(session, device.get());
                } catch (StorageException e) {
                    scene.machine.note("no-write", e.getMessage(), 0, 0);
                }
            }
            pause(dice.below(SECOND / 2));
        }
    }

    private void write(DeviceSession session, BlockDevice device) throws StorageException {
        Gate gate = process.workers().newGate();
        int[] pending = new int[1];
        int count = 1 + dice.below(32);
        for (int i = 0; i < count; i++) {
            int all = (int) device.sizeBytes() / Chronicle.BLOCK;
            int block = dice.below(all);
            int blocks = 1 + dice.below(all - block);
            pending[0]++;
            request(session, block, blocks, () -> {
                pending[0]--;
                gate.open();
            });
            if (dice.below(4) == 0) {
                session.drive(false);
                gate.await(dice.magnitude(SECOND / 50));
            }
            if (dice.below(32) == 0) {
                mark();
            }
        }
        session.drive(false);
        for (int i = 0; pending[0] > 0 && i < 60; i++) {
            gate.await(SECOND);
        }
    }

    /** A mark is promised as a write is: it goes to every site in its place. */
    private void mark() throws StorageException {
        String label = "m" + HexFormat.of().toHexDigits(dice.bits());
        EventKind kind = dice.coin() ? EventKind.MARK : EventKind.SNAPSHOT;
        chronicle().marked(name, kind, label, directory.mark(IMAGE, kind, label));
    }

    /** Some hundred events a second, until the image is no longer written to here. */
    void markOften() {
        spawn("marks", () -> {
            try {
                while (true) {
                    mark();
                    pause(SECOND / 1000);
                }
            } catch (StorageException e) {
                scene.machine.note("no-mark", e.getMessage(), 0, 0);
            }
        });
    }

    private void request(DeviceSession session, int block, int blocks, Runnable over) throws StorageException {
        long offset = (long) block * Chronicle.BLOCK;
        if (dice.below(8) == 0) {
            long length = (long) blocks * Chronicle.BLOCK;
            if (scene.resizing && dice.coin()) {
                session.zero(offset, length, true, false, failure -> over.run());
            } else {
                session.discard(offset, length, false, failure -> over.run());
            }
            return;
        }
        Payload payload = session.take(blocks * Chronicle.BLOCK);
        long value = dice.bits();
        ByteBuffer bytes = payload.buffer();
        while (bytes.hasRemaining()) {
            bytes.putLong(value);
        }
        session.write(offset, new Payload[] {payload}, false, failure -> {
            if (failure == null) {
                chronicle().acknowledged(name, value);
            }
            over.run();
        });
    }

    /** Beside what clients write. */
    private void resize() {
        while (true) {
            pause(dice.below(4 * SECOND));
            long size = (long) Chronicle.BLOCK * (1 + dice.below(Chronicle.MOST_BLOCKS));
            Optional<BlockDevice> device = directory.device(IMAGE);
            if (!scene.writing
                    || !isPrimary()
                    || device.isEmpty()
                    || device.get().sizeBytes() == size) {
                continue;
            }
            try {
                directory.resize(IMAGE, size);
                chronicle().resized(name, size);
            } catch (StorageException e) {
                scene.machine.note("no-resize", e.getMessage(), 0, 0);
            }
        }
    }

    byte[] bytes() throws StorageException {
        BlockDevice device = directory
                .device(IMAGE)
                .orElseThrow(() -> new StorageException(StorageException.Reason.NOT_FOUND, "no device", ""));
        ByteBuffer all = ByteBuffer.allocate((int) device.sizeBytes());
        try (DeviceSession session = device.connect("reader", this)) {
            session.read(0, all);
        }
        return all.array();
    }

    private void read() {
        while (true) {
            pause(dice.below(SECOND / 4));
            ImageFacts before = facts();
            if (before == null || !isConsistentReplica(before)) {
                continue;
            }
            look(before);
            try {
                byte[] read = bytes();
                ImageFacts after = facts();
                if (after != null && isConsistentReplica(after) && sameHistory(before, after)) {
                    long from = before.replica().head();
                    chronicle()
                            .shown(name, after.epochs(), from, after.replica().head(), read);
                }
            } catch (StorageException e) {
                scene.machine.note("no-read", e.getMessage(), 0, 0);
            }
        }
    }

    private static boolean isConsistentReplica(ImageFacts facts) {
        return facts.role() == ImageHead.Role.REPLICA && facts.replica().consistency() == Consistency.CONSISTENT;
    }

    private static boolean sameHistory(ImageFacts before, ImageFacts after) {
        return after.replica().head() >= before.replica().head()
                && after.epochs().containsAll(before.epochs());
    }

    /** Held stays held, and nothing is early. */
    private void look(ImageFacts facts) {
        long head = facts.replica().head();
        chronicle().require(head <= heldAt, () -> name + " is held at " + heldAt + " and at " + head);
        if (delayedBehind >= head || !facts.replica().order().equals(new HeadOrder.Follow(delayNanos))) {
            return;
        }
        long now = scene.machine.nowNanos();
        for (long each = delayedBehind + 1; each <= head; each++) {
            long sequence = each;
            Long arrived = arrivedNanos.get(sequence);
            if (arrived != null && sequence > caughtUp) {
                chronicle()
                        .require(
                                arrived + delayNanos <= now,
                                () -> name + " shows event " + sequence + " early, " + (now - arrived)
                                        + " ns after it came, by a delay of " + delayNanos);
            }
            Chronicle.Entry entry = chronicle().entry(chronicle().place(facts.epochs(), sequence));
            // Of a step in front of the first time that it heard of the other clock it cannot know.
            if (entry != null && !scene.stepped(entry.atNanos(), clocksKnownNanos)) {
                chronicle()
                        .require(
                                entry.atNanos() + delayNanos - CLOCK_ERROR_NANOS <= now,
                                () -> name + " shows event " + sequence + " early, " + (now - entry.atNanos())
                                        + " ns after it was written, by a delay of " + delayNanos);
            }
        }
        delayedBehind = Math.max(delayedBehind, head);
    }

    // ---- orders: what they lift is lifted before, what they set is set behind them

    void lifted() {
        heldAt = Long.MAX_VALUE;
        delayedBehind = Long.MAX_VALUE;
    }

    void hold() throws StorageException {
        lifted();
        heldAt = heldAt(mirrors.hold(IMAGE));
    }

    /** It is promoted already where its source has handed over to it meanwhile. */
    private static long heldAt(MirrorStatus held) {
        return held.heldAt().map(Position::sequence).orElse(Long.MAX_VALUE);
    }

    void step(int events) throws StorageException {
        lifted();
        heldAt = heldAt(mirrors.step(IMAGE, events));
    }

    void follow(long delay) throws StorageException {
        lifted();
        mirrors.delay(IMAGE, delay);
        mirrors.release(IMAGE);
        ImageFacts now = facts();
        if (now != null && now.role() == ImageHead.Role.REPLICA) {
            delayNanos = delay;
            delayedBehind = now.replica().head();
        }
    }

    // ---- told by the journal

    void opened(ChronicledJournal opened) {
        if (opened.identity().equals(journal)) {
            chronicle()
                    .require(
                            opened.durable() >= durable,
                            () -> name + " comes back with " + opened.durable() + ", and " + durable + " was durable");
        }
        if (givenUp && !opened.identity().equals(journal)) {
            // It begins anew with the bytes that it has.
            deleted();
        }
        journal = opened.identity();
        durable = opened.durable();
        clocksKnownNanos = -1;
    }

    /** Its journal is to give way to another one, by an order: from now on nobody need keep anything for it. */
    void givesUp() {
        givenUp = true;
    }

    private void deleted() {
        journal = null;
        givenUp = false;
        expired = false;
        durable = 0;
        lifted();
        arrivedNanos.clear();
    }

    long durable(long sequence) {
        durable = Math.max(durable, sequence);
        return sequence;
    }

    void startedEpoch(Epoch epoch) {
        if (epoch.owner().equals(name)) {
            lifted();
            chronicle().promoted(name, epoch);
        }
    }

    void appended(List<Epoch> epochs, EventHeader header, byte[] body) {
        arrivedNanos.put(header.position().sequence(), scene.machine.nowNanos());
        chronicle().appended(name, epochs, header, body);
    }

    /** This site's journal keeps nothing any more of what a peer has received. */
    void keeps(JournalClient client) {
        if (client.state() == JournalClient.State.EXPIRED) {
            chronicle().expired();
        }
        for (Site peer : scene.sites()) {
            if (client.id()
                    .contains(HexFormat.of().formatHex(peer.key.publicKey()).substring(0, 16))) {
                peer.expired |= client.state() == JournalClient.State.EXPIRED;
                promised(peer, client.commit().sequence());
            }
        }
    }

    /** This site counts on what a peer has received. */
    private void promised(Site peer, long received) {
        chronicle()
                .require(
                        peer.journal == null || peer.givenUp || received <= peer.durable,
                        () -> name + " takes " + received + " for received by " + peer + ", which has " + peer.durable);
    }

    private final class Watched extends ReplicasOver {
        Watched(ReplicaManager below) {
            super(below);
        }

        /** It moves the head before its epoch starts, and may fail or be killed in between. */
        @Override
        public ImageFacts promote(String image) throws StorageException {
            lifted();
            return super.promote(image);
        }

        @Override
        public ImageFacts demote(String image) throws StorageException {
            ImageFacts facts = super.demote(image);
            if (super.takenOver(image).isEmpty()) {
                // Who was fenced hands nothing over: another one has it.
                Chronicle.Place end =
                        chronicle().place(facts.epochs(), facts.watermarks().durable());
                chronicle().succession().handedOver(end);
            }
            return facts;
        }

        @Override
        public boolean peer(String image, PeerProgress progress) throws StorageException {
            for (Site peer : scene.sites()) {
                if (peer.name.equals(progress.peer())) {
                    promised(peer, progress.received());
                }
            }
            return super.peer(image, progress);
        }

        @Override
        public Replica receive(String image) throws StorageException {
            Replica receiving = super.receive(image);
            ReplicaProgress now = receiving.progress();
            caughtUp = caughtUp == Long.MAX_VALUE ? now.arrived() : Math.max(caughtUp, now.arrived());
            return new ReplicaOver(receiving) {
                @Override
                public void catchUpTo(long sequence) {
                    begun++;
                    caughtUp = Math.max(caughtUp, sequence);
                    super.catchUpTo(sequence);
                }

                @Override
                public void clockOffset(long sourceMinusMonotonicNanos, boolean known) {
                    if (known && clocksKnownNanos < 0) {
                        clocksKnownNanos = scene.machine.nowNanos();
                    }
                    super.clockOffset(sourceMinusMonotonicNanos, known);
                }
            };
        }
    }

    @Override
    public void swept() {
        // Each completion opens its gate itself.
    }

    @Override
    public void closed(String why) {
        // Seen by the next call.
    }
}
