package io.tidemark.mirror.internal.run;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.context.Clock;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.PeerProgress;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.api.replica.ReplicaOrigin;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.base.news.NewsDesk;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.wire.Point;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** The engine of one simulated process, over images that outlive it. What is broken is told to the test. */
final class MemoryEngine implements ReplicaManager {
    private static final long FORCE_NANOS = 1_000_000L;

    private final StorageContext context;
    private final String site;
    private final Map<String, MemoryImage> images;
    private final Map<String, Receiving> receiving = new HashMap<>();
    private final List<Runnable> forQuestions = new ArrayList<>();
    private final Gate gate;
    final Map<String, PeerProgress> peers = new HashMap<>();
    /** Of journals that other nodes write. */
    final Map<String, JournalStore> pools = new HashMap<>();

    final List<String> broken;
    /** Memory that bytes of images were read into, by whoever copies or compares. */
    final List<WeakReference<ByteBuffer>> lent = new ArrayList<>();
    /** Connected to images, and not closed. */
    int sessions;

    /** How often it was asked which images ask. */
    int asked;
    /** How often it was asked which images there are. */
    int listed;
    /** How often any image was looked at. */
    int looks;
    /** In which the journals of this one lie. */
    String journalPool = "own";

    /** Images whose configurations are not there: nobody knows them, and their names are taken. */
    private final Set<String> closed = new TreeSet<>();

    /** No further image can be made. */
    boolean full;
    /** What the mirror here tells. */
    final NewsDesk news;
    /** Reads of images take until it is over. */
    boolean readsWait;
    /** Of what the engine is asked, in some tests. */
    Shortage shortage = new Shortage(null);
    /** Images here have not the size of their sources: no seed fits. */
    boolean resized;

    MemoryEngine(StorageContext context, String site, Map<String, MemoryImage> images, List<String> broken)
            throws StorageException {
        this.context = context;
        this.site = site;
        this.images = images;
        this.broken = broken;
        this.gate = context.workers().newGate();
        this.news = new NewsDesk(context, "news");
        for (MemoryImage image : images.values()) {
            image.crash();
            if (image.role == ImageHead.Role.PRIMARY) {
                image.newEpoch(new UUID(context.randomBits(), context.randomBits()), site);
            }
        }
        context.workers().start("engine", this::run);
    }

    private void run() {
        while (true) {
            gate.await(50 * FORCE_NANOS);
            context.workers().newGate().await(FORCE_NANOS);
            for (MemoryImage image : List.copyOf(images.values())) {
                try {
                    image.work(context.clock().wallNanos());
                } catch (StorageException e) {
                    broken.add(e.toString());
                }
            }
            List.copyOf(receiving.values()).forEach(Receiving::tell);
        }
    }

    void wake() {
        gate.open();
    }

    void awaitReads() {
        while (readsWait) {
            context.workers().newGate().await(FORCE_NANOS);
        }
    }

    void awaitServing(MemoryImage image) {
        while (image.suspended) {
            context.workers().newGate().await(FORCE_NANOS);
        }
    }

    void lend(ByteBuffer memory) {
        if (lent.stream().noneMatch(one -> one.refersTo(memory))) {
            lent.add(new WeakReference<>(memory));
        }
    }

    Services services() {
        return new Services(
                this, new MemoryManager(this), new MemoryDevices(this, images), pool -> pools.get(pool), news);
    }

    List<String> names() {
        listed++;
        return images.keySet().stream().filter(name -> !closed.contains(name)).toList();
    }

    MemoryImage image(String name) throws StorageException {
        looks++;
        MemoryImage image = images.get(name);
        if (image == null || closed.contains(name)) {
            throw new StorageException(Reason.NOT_FOUND, "no image " + name, "");
        }
        return image;
    }

    /** Its configuration is taken away. */
    void close(String name) {
        closed.add(name);
        receiving.remove(name);
    }

    /** It is back. */
    void open(String name) {
        closed.remove(name);
    }

    private static ReplicaProgress progress(MemoryImage image) {
        return new ReplicaProgress(
                image.journal.appended(),
                image.journal.durable(),
                image.head,
                image.head,
                0,
                0,
                image.order,
                image.consistency,
                image.nextOffset);
    }

    @Override
    public ImageFacts facts(String name) throws StorageException {
        shortage.meet();
        MemoryImage image = image(name);
        MemoryJournal journal = image.journal;
        return new ImageFacts(
                name,
                image.identity,
                image.role,
                image.sizeBytes,
                4096,
                journal.epochs(),
                new Watermarks(journal.appended(), journal.durable(), image.head, image.head, journal.trimmed()),
                image.role == ImageHead.Role.PRIMARY ? null : progress(image),
                0);
    }

    @Override
    public ImageStatus create(String name, ReplicaOrigin origin, Map<String, String> properties)
            throws StorageException {
        if (full) {
            throw new StorageException(Reason.NO_SPACE, "there is no space for " + name, "");
        }
        if (closed.contains(name)) {
            throw new StorageException(Reason.EXISTS, name + " lies in a pool already", "put its file back");
        }
        MemoryImage image = new MemoryImage(
                name,
                origin.imageIdentity(),
                new UUID(context.randomBits(), context.randomBits()),
                ImageHead.Role.REPLICA,
                origin.registered().sequence());
        image.properties = properties;
        Epoch epoch = origin.epoch();
        image.journal.startEpoch(epoch.from(origin.registered().sequence() + 1));
        image.consistency = Consistency.COPYING;
        images.put(name, image);
        return null;
    }

    @Override
    public ImageStatus adopt(String name, UUID seed, ReplicaOrigin origin) throws StorageException {
        MemoryImage before = image(name);
        if (resized) {
            throw new StorageException(Reason.INVALID, name + " has another size", "");
        }
        boolean byJournal = before.journal.identity().equals(seed) && before.role == ImageHead.Role.REPLICA;
        if (!before.identity.equals(seed) && !byJournal) {
            throw new StorageException(Reason.MISMATCH, name + " is " + before.identity, "");
        }
        refuseClients(before);
        receiving.remove(name);
        ImageStatus status = create(name, origin, Map.of());
        System.arraycopy(before.bytes, 0, image(name).bytes, 0, before.bytes.length);
        return status;
    }

    @Override
    public Replica receive(String name) throws StorageException {
        if (receiving.containsKey(name)) {
            throw new StorageException(Reason.BUSY, "somebody receives " + name, "");
        }
        Receiving end = new Receiving(image(name));
        receiving.put(name, end);
        return end;
    }

    @Override
    public boolean peer(String image, PeerProgress progress) {
        peers.put(image + "<" + progress.peer(), progress);
        return false;
    }

    @Override
    public void forgetPeer(String image, String peer) {
        peers.remove(image + "<" + peer);
    }

    @Override
    public ImageFacts order(String name, HeadOrder order) throws StorageException {
        MemoryImage image = ofRole(name, ImageHead.Role.REPLICA);
        if (image.suspended) {
            throw new StorageException(Reason.UNAVAILABLE, name + " is suspended", "");
        }
        if (order instanceof HeadOrder.Hold hold
                && !hold.at().equals(Position.NONE)
                && hold.at().sequence() < image.head) {
            throw new StorageException(Reason.INVALID, name + " is behind " + hold.at() + " already", "");
        }
        image.order = order instanceof HeadOrder.Hold hold && hold.at().equals(Position.NONE)
                ? new HeadOrder.Hold(new Position(image.newestEpoch().number(), image.head))
                : order;
        wake();
        return facts(name);
    }

    @Override
    public ImageFacts delay(String name, long delayNanos) throws StorageException {
        boolean held = ofRole(name, ImageHead.Role.REPLICA).order instanceof HeadOrder.Hold;
        return held ? facts(name) : order(name, new HeadOrder.Follow(delayNanos));
    }

    @Override
    public ImageFacts promote(String name) throws StorageException {
        MemoryImage image = ofRole(name, ImageHead.Role.REPLICA);
        if (image.consistency != Consistency.CONSISTENT) {
            throw new StorageException(Reason.INVALID, name + " is not consistent", "");
        }
        receiving.remove(name);
        forceTakesTime();
        image.promote(
                new UUID(context.randomBits(), context.randomBits()),
                site,
                context.clock().wallNanos());
        wake();
        return facts(name);
    }

    @Override
    public ImageFacts promoteAt(String name, Position at) throws StorageException {
        throw new StorageException(Reason.UNSUPPORTED, "journals in memory cannot be cut", "");
    }

    @Override
    public ImageFacts demote(String name) throws StorageException {
        MemoryImage image = ofRole(name, ImageHead.Role.PRIMARY);
        image.beforeDemotion.run();
        if (image.noDemotion != null) {
            throw image.noDemotion;
        }
        forceTakesTime();
        image.demote(context.clock().wallNanos());
        wake();
        return facts(name);
    }

    @Override
    public Optional<Fence> fence(String name) throws StorageException {
        return Optional.ofNullable(image(name).fence);
    }

    @Override
    public void fence(String name, Fence fence) throws StorageException {
        MemoryImage image = ofRole(name, ImageHead.Role.PRIMARY);
        image.fence = fence;
        image.question = 0;
        forceTakesTime();
    }

    @Override
    public Optional<Fence> takenOver(String name) throws StorageException {
        MemoryImage image = image(name);
        return image.role == ImageHead.Role.REPLICA ? Optional.ofNullable(image.overruled) : Optional.empty();
    }

    @Override
    public void unfence(String name, Fence fence) throws StorageException {
        forceTakesTime();
        MemoryImage image = image(name);
        image.fence = fence.equals(image.fence) ? null : image.fence;
    }

    @Override
    public Map<String, Long> asking() {
        shortage.meet();
        asked++;
        Map<String, Long> asking = new TreeMap<>();
        images.values().stream().filter(one -> one.question != 0).forEach(one -> asking.put(one.name, one.question));
        return asking;
    }

    @Override
    public boolean lostItsJournal(String name) {
        return images.get(name).lostItsJournal;
    }

    @Override
    public AutoCloseable whenAsking(Runnable listener) {
        forQuestions.add(listener);
        return () -> forQuestions.remove(listener);
    }

    @Override
    public void answered(String name, long question) throws StorageException {
        MemoryImage image = image(name);
        image.question = image.question == question ? 0 : image.question;
    }

    /** A primary was opened again, and has no epoch of its own before it has asked. */
    void ask(MemoryImage image) {
        image.question = Math.max(1, context.randomBits() >>> 1);
        List.copyOf(forQuestions).forEach(Runnable::run);
    }

    private void forceTakesTime() {
        context.workers().newGate().await(5 * FORCE_NANOS);
    }

    private MemoryImage ofRole(String name, ImageHead.Role role) throws StorageException {
        MemoryImage image = image(name);
        if (image.role != role) {
            throw new StorageException(Reason.MISMATCH, name + " is a " + image.role, "");
        }
        return image;
    }

    void delete(String name) throws StorageException {
        refuseClients(image(name));
        receiving.remove(name);
        images.remove(name);
    }

    private static void refuseClients(MemoryImage image) throws StorageException {
        image.clients = image.lateClients.isEmpty() ? image.clients : image.lateClients;
        if (!image.clients.isEmpty()) {
            throw new StorageException(Reason.BUSY, image.name + " has clients", "detach them first");
        }
    }

    /** A receiving end that records each breach of its contract. */
    private final class Receiving implements Replica {
        private final MemoryImage image;
        private final List<Runnable> forRoom = new ArrayList<>();
        private final List<Runnable> forProgress = new ArrayList<>();
        private Point shown = Point.NONE;
        private long aboveReceived;
        private long aboveReplayed;
        private int wantedBytes;

        Receiving(MemoryImage image) {
            this.image = image;
        }

        private void serving() throws StorageException {
            if (receiving.get(image.name) != this) {
                throw new StorageException(Reason.CLOSED, "the receiving end of " + image.name + " is closed", "");
            }
            if (image.suspended) {
                throw new StorageException(Reason.UNAVAILABLE, image.name + " is suspended", "");
            }
        }

        void tell() {
            List<Runnable> told = new ArrayList<>();
            if (image.hasRoom(wantedBytes)) {
                told.addAll(forRoom);
                forRoom.clear();
            }
            if (image.journal.durable() > aboveReceived || image.head > aboveReplayed) {
                told.addAll(forProgress);
                forProgress.clear();
            }
            told.forEach(Runnable::run);
        }

        @Override
        public ReplicaProgress progress() {
            return MemoryEngine.progress(image);
        }

        @Override
        public void startEpoch(Epoch epoch) throws StorageException {
            serving();
            if (epoch.equals(image.newestEpoch())) {
                return;
            }
            try {
                image.journal.startEpoch(epoch);
            } catch (StorageException e) {
                broken.add(site + "/" + image.name + ": " + e.getMessage());
                throw e;
            }
        }

        @Override
        public boolean offer(EventHeader header, ByteBuffer body) throws StorageException {
            serving();
            if (!image.hasRoom(body.remaining())) {
                wantedBytes = body.remaining();
                return false;
            }
            try {
                image.journal.put(header, body);
            } catch (StorageException e) {
                broken.add(site + "/" + image.name + ": " + e.getMessage());
                throw e;
            }
            image.unforcedBytes += body.remaining();
            image.offeredBytes += body.remaining();
            return true;
        }

        @Override
        public void whenRoom(Runnable listener) {
            forRoom.add(listener);
            wake();
        }

        @Override
        public void commit() {
            wake();
        }

        @Override
        public void whenProgress(long received, long replayed, Runnable listener) {
            aboveReceived = received;
            aboveReplayed = replayed;
            forProgress.add(listener);
            wake();
        }

        @Override
        public void clockOffset(long sourceMinusMonotonicNanos, boolean known) {
            // All clocks of a simulated machine are the same.
            Clock clock = context.clock();
            long wrong = sourceMinusMonotonicNanos + clock.monotonicNanos() - clock.wallNanos();
            if (known && Math.abs(wrong) > 260_000_000L) {
                broken.add("an offset that is wrong by " + wrong);
            }
        }

        @Override
        public void writtenBySource(long fromSequence) {
            // Delays are the engine's.
        }

        @Override
        public void catchUpTo(long sequence) {
            // Delays are the engine's.
        }

        private void copying(long offset, long length) throws StorageException {
            serving();
            if (image.consistency != Consistency.COPYING || offset + length > image.sizeBytes) {
                broken.add(image.name + " copies " + length + " at " + offset + " while " + image.consistency);
            }
        }

        @Override
        public void copy(long offset, ByteBuffer bytes) throws StorageException {
            copying(offset, bytes.remaining());
            image.copiedRanges++;
            image.copiedBytes += bytes.remaining();
            bytes.get(image.bytes, (int) offset, bytes.remaining());
        }

        @Override
        public void readSeed(long offset, ByteBuffer destination) throws StorageException {
            lend(destination);
            copying(offset, destination.remaining());
            image.read(offset, destination);
        }

        @Override
        public void copyZeros(long offset, long length) throws StorageException {
            copying(offset, length);
            image.zeroedBytes += length;
            java.util.Arrays.fill(image.bytes, (int) offset, (int) (offset + length), (byte) 0);
        }

        @Override
        public void shows(Position last, UUID epoch) {
            shown = later(shown, new Point(last.epoch(), epoch, last.sequence()));
        }

        private static Point later(Point one, Point other) {
            return other.sequence() > one.sequence() ? other : one;
        }

        @Override
        public void copied(long nextOffset) throws StorageException {
            copying(nextOffset, 0);
            image.nextOffset = nextOffset;
            image.shown = later(image.shown, shown);
        }

        @Override
        public void endBootstrap(Position consistentAt) throws StorageException {
            copying(0, 0);
            image.shown = later(image.shown, shown);
            image.consistency = Consistency.REPLAYING;
            image.consistentAt = Math.max(consistentAt.sequence(), image.shown.sequence());
            image.nextOffset = 0;
            wake();
        }

        @Override
        public boolean copyAgain(List<Epoch> branch) throws StorageException {
            serving();
            Point last = image.shown;
            boolean parted = image.consistency != Consistency.CONSISTENT
                    && !Epochs.point(branch, last.sequence()).equals(last);
            if (parted) {
                image.consistency = Consistency.COPYING;
                image.nextOffset = 0;
                image.shown = Point.NONE;
                shown = Point.NONE;
            }
            return parted;
        }

        @Override
        public void close() {
            receiving.remove(image.name, this);
        }
    }
}
