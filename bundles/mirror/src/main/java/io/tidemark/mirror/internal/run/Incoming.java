package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.news.News.Topic;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.base.text.Durations;
import io.tidemark.base.work.Alarms;
import io.tidemark.base.work.Standby;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Point;
import io.tidemark.mirror.internal.wire.Wire;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica of this node and what it receives. Its worker does all that may wait: asks for the image, makes it, hands events to
 * the engine, copies bytes. Links come and go meanwhile; what was not handed in when one ends is fetched again by the next.
 */
final class Incoming implements PeerLink.Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(Incoming.class);
    private static final long SECOND = 1_000_000_000L;
    private static final long LOOK_NANOS = 5 * SECOND;
    private static final long MOST_LOOK_NANOS = 300 * SECOND;
    private static final UUID NO_IMAGE = new UUID(0, 0);

    private final StorageContext context;
    private final Services services;
    private final MirrorSettings settings;
    private volatile ReplicaWish wish;
    private final IntSupplier replicasOfNode;
    /** Null when the source's journal cannot be read here. */
    private final SharedSource shared;
    /** Null without a shared journal. */
    private final Wakes wakes;

    private final Standby gate;
    private final Gate sending;
    final IncomingWords words;
    private final StuckNews stuck;

    // Shared with the links' workers.
    private final Object lock = new Object();
    private final Inbox inbox;
    private PeerLink offered;
    private PeerLink asking;
    private int channel;

    // Of the worker alone.
    private PeerLink link;
    private boolean reads;
    private boolean asked;
    private boolean follows;
    /** What it follows. */
    private Message.Opened opened;

    private volatile Replica replica;
    private Events rest;
    private final ToldProgress told = new ToldProgress();
    private volatile boolean listens;
    private boolean waitsForRoom;
    /** There may be room again for what was refused. */
    private volatile boolean hasRoom;

    private long offerAtNanos;
    private boolean isCopied;
    /** Why the source sent nothing when it was asked last; empty when it does. */
    private String refusal = "";

    private final SourceClock clock;
    private final CopyNotes notes = new CopyNotes();
    private final Branch branch = new Branch();
    /** While a copy compares: its memory goes with it, the replica stays. */
    private SeedCheck seed;

    private long retryAtNanos;
    private long keepAtNanos;

    /** As at the last look, and since when nothing has come or is left to do. */
    private ReplicaProgress lookedAt;

    private long quietSinceNanos;
    private volatile boolean closed;
    private volatile boolean forget;
    private volatile boolean ended;
    private volatile boolean looks;
    private volatile boolean made;
    private volatile StorageException notMade;
    private final Set<Gate> watchers = new CopyOnWriteArraySet<>();

    /** A frame of events of which some were taken. */
    private record Events(List<Message.Item> items, int next, Inbox.Entry entry) {}

    Incoming(
            StorageContext context,
            Services services,
            MirrorSettings settings,
            ReplicaWish wish,
            IntSupplier replicasOfNode,
            SharedSource shared,
            Alarms alarms) {
        this.context = context;
        this.services = services;
        this.settings = settings;
        this.wish = wish;
        this.replicasOfNode = replicasOfNode;
        this.shared = shared;
        this.reads = shared != null;
        this.inbox = new Inbox(wish.image(), settings.windowBytes() / Wire.EVENT_BYTES);
        this.gate = new Standby(context.workers(), "mirror-replica-" + wish.image(), alarms);
        this.sending = context.workers().newGate();
        this.words = new IncomingWords(context.clock(), wish.image(), wish.peer(), wish.sourceImage());
        words.reads(reads);
        this.clock = new SourceClock(words);
        this.stuck = new StuckNews(services.news(), wish.image(), wish.peer(), ImageHead.Role.REPLICA);
        this.wakes =
                shared == null ? null : new Wakes(context, shared, settings.retryNanos(), gate, sending, words::news);
    }

    ReplicaWish wish() {
        return wish;
    }

    void start() {
        gate.start(this::run);
    }

    /** Ends it, or what the worker does at the moment does. */
    void close(boolean forGood) {
        forget = forGood;
        closed = true;
        gate.open();
        sending.open();
        watched();
    }

    /** Has the worker look at once whether the role of the image has changed. */
    void look() {
        looks = true;
        gate.open();
    }

    void delay(long nanos) {
        wish = wish.delayed(nanos);
        look();
    }

    /** Returns when the image is there, or after a while; fails with the reason when it cannot be made. */
    boolean awaitMade(long timeoutNanos) throws StorageException {
        await(() -> made || notMade != null || closed, timeoutNanos);
        StorageException why = notMade;
        if (!made && why != null) {
            throw why;
        }
        return made;
    }

    /** After {@link #close}: returns when its worker is done, or after a while. */
    boolean awaitEnd(long timeoutNanos) {
        await(() -> ended, timeoutNanos);
        return ended;
    }

    private void await(BooleanSupplier done, long timeoutNanos) {
        Gate own = context.workers().newGate();
        watchers.add(own);
        long deadline = context.clock().monotonicNanos() + timeoutNanos;
        try {
            for (long left = timeoutNanos; !done.getAsBoolean() && left > 0; ) {
                own.await(left);
                left = deadline - context.clock().monotonicNanos();
            }
        } finally {
            watchers.remove(own);
        }
    }

    private void watched() {
        watchers.forEach(Gate::open);
    }

    MirrorStatus status() {
        return words.status(replica, wish.delayNanos());
    }

    // ---- by the links' workers

    /** There is a link to the peer now; null when there is none any more. */
    void linked(PeerLink now, String why) {
        synchronized (lock) {
            offered = now;
        }
        words.linked(now != null, why);
        gate.open();
    }

    @Override
    public boolean deliver(PeerLink from, int toChannel, PeerLink.Said said) throws StorageException {
        synchronized (lock) {
            if (from != asking || toChannel != channel) {
                return false;
            }
            inbox.add(said);
        }
        words.heard();
        gate.open();
        return true;
    }

    // ---- the worker

    private void run() {
        while (!closed) {
            long pause = Failures.round(doing(), settings.retryNanos(), this::round);
            if (!closed && !rests(pause)) {
                return;
            }
        }
        end();
    }

    private String doing() {
        return "receive the replica '" + wish.image() + "'";
    }

    private long round() {
        try {
            turn();
        } catch (StorageException e) {
            trouble(e);
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            trouble(Failures.unexpected(doing(), e));
            return Math.min(pause(), settings.retryNanos());
        }
        return pause();
    }

    /** Where there is no thread for the alarm that is to wake it, it keeps its own. */
    private boolean rests(long pause) {
        try {
            return gate.rest(pause);
        } catch (RuntimeException | VirtualMachineError e) {
            Failures.attempt(doing(), () -> gate.await(settings.retryNanos()));
            return true;
        }
    }

    private long pause() {
        long now = context.clock().monotonicNanos();
        long pause = link != null && !asked
                ? Math.max(1, retryAtNanos - now)
                : waitsForRoom || words.isSuspended() ? SECOND : follows ? look(now) : MOST_LOOK_NANOS;
        return hears() && offered() != null ? Math.min(pause, wakes.pauseNanos()) : pause;
    }

    /**
     * How long until somebody has to look though nobody woke the worker: whether it is stuck, how the clocks differ, and what the
     * journal keeps for who was its source. Ever later where all has been replayed for long, as none of it is worth anything
     * before the next event, which wakes it.
     */
    private long look(long now) {
        ReplicaProgress progress = replica == null ? null : replica.progress();
        boolean quiet = progress != null && progress.replayed() == progress.arrived() && !words.lacks(progress);
        if (!quiet || !progress.equals(lookedAt)) {
            lookedAt = quiet ? progress : null;
            quietSinceNanos = now;
        }
        if (progress != null && link != null && asked) {
            stuck.look(words.stuck(progress));
        }
        return Math.max(LOOK_NANOS, Math.min(MOST_LOOK_NANOS, now - quietSinceNanos));
    }

    private void turn() throws StorageException {
        boolean again = looks;
        looks = false;
        if (again) {
            retryAtNanos = 0;
            leaveAsPrimary();
            applyDelay();
        }
        if (takeLink() && !asked && context.clock().monotonicNanos() >= retryAtNanos) {
            ask();
        }
        boolean more = true;
        while (more && link != null && asked && !closed) {
            more = consume();
            if (more) {
                words.serves();
            }
            tellCredit();
        }
        if (link != null && asked && follows && replica != null) {
            tellClock();
            keepForSource();
            // Not before OPENED: the source has no channel yet, would not hear it, and is told nothing twice.
            tellProgress();
        }
        if (wakes != null) {
            keepWakes();
        }
        if (isCopied && shared != null && !reads) {
            isCopied = false;
            leave("it goes on with the journal itself", false);
            retryAtNanos = 0;
            gate.open();
        }
        // What fails while the image is suspended is tried in each turn, and did not now.
        words.serves();
    }

    private boolean hears() {
        return wakes != null && reads && asked && follows && replica != null;
    }

    /** Over a link, where there is one, the source says that there is news, and counts this replica. */
    private void keepWakes() throws StorageException {
        PeerLink over = hears() ? offered() : null;
        if (wakes.isDue(over)) {
            ReplicaProgress progress = replica.progress();
            boolean beside = services.images().image(wish.image()).journalPool().equals(wish.shared());
            Message.Open request = request(facts(), progress, Wakes.WINDOW_BYTES);
            wakes.open(over, request.reading(beside ? Message.Copy.READS_BESIDE : Message.Copy.READS));
        }
        if (over != null) {
            wakes.tell(replica.progress());
        }
    }

    /** The source is to know at once that nobody follows it here any more, not with its next event. */
    private void leaveAsPrimary() throws StorageException {
        if (asked && replica != null) {
            ImageFacts facts = facts();
            if (facts != null && facts.role() == ImageHead.Role.PRIMARY) {
                leave("the image is primary here", false);
                giveBack();
                retryAtNanos = 0;
            }
        }
    }

    /** Notices that the link is another one. */
    private boolean takeLink() {
        PeerLink now = reads ? shared.link(gate::open) : offered();
        if (now != link) {
            leaveChannel();
            link = now;
            retryAtNanos = 0;
        }
        return link != null;
    }

    private PeerLink offered() {
        synchronized (lock) {
            return offered;
        }
    }

    private void leaveChannel() {
        List<Inbox.Entry> unused = List.of();
        if (link != null) {
            synchronized (lock) {
                link.detach(channel);
                channel = 0;
                asking = null;
                unused = inbox.clear();
            }
        }
        unused.forEach(entry -> entry.said().done());
        if (rest != null) {
            rest.entry().said().done();
        }
        rest = null;
        seed = null;
        asked = false;
        follows = false;
        waitsForRoom = false;
        if (replica != null) {
            clock.lost(replica);
        }
    }

    /** Ends the channel, and asks anew after a while. */
    private void trouble(StorageException why) {
        if (why.reason() == Reason.UNAVAILABLE && asked && replica != null) {
            // The image is suspended: what has arrived is kept, and it goes on by itself.
            words.suspended(why);
            // An order for its head is refused meanwhile, too.
            looks = true;
            AtomicBoolean told = new AtomicBoolean();
            replica.whenRoom(() -> {
                told.set(true);
                gate.open();
            });
            if (told.get()) {
                // It is closed: asked again and again it would say the same until the image serves.
                leave("the image is opened again", false);
                giveBack();
            }
            return;
        }
        LOG.warn("the replica '{}' of {}: {}", wish.image(), wish.peer(), why.getMessage());
        tell(Topic.REPLICA_FAILED, why.getMessage(), Map.of());
        words.failed(why.getMessage());
        leave(why.getMessage(), false);
        if (why.reason() == Reason.CLOSED) {
            giveBack();
        }
    }

    private void giveBack() {
        if (replica != null) {
            replica.close();
            replica = null;
        }
    }

    private void leave(String why, boolean forGood) {
        if (link != null && asked) {
            link.send(sending, channel, new Message.Leave(why, forGood));
        }
        if (wakes != null) {
            wakes.leave(why, forGood);
        }
        leaveChannel();
        retryAtNanos = context.clock().monotonicNanos() + settings.retryNanos();
    }

    private void end() {
        // Whoever waits for its end need not wait for what fails.
        Failures.attempt(doing(), () -> leave(forget ? "the replica is no longer wanted" : "the mirror stops", forget));
        Failures.attempt(doing(), this::giveBack);
        if (shared != null) {
            Failures.attempt(doing(), () -> shared.close(forget));
        }
        gate.close();
        ended = true;
        watched();
    }

    // ---- opening

    private ImageFacts facts() throws StorageException {
        return services.known(wish.image()).orElse(null);
    }

    private void ask() throws StorageException {
        retryAtNanos = context.clock().monotonicNanos() + settings.retryNanos();
        // The one before may be of a time before the image's role changed and changed back: it only knows how far it
        // was then.
        giveBack();
        ImageFacts facts = facts();
        if (facts != null && isSeed(facts)) {
            // It becomes the replica when the source has registered that.
            facts = null;
        }
        if (facts != null && facts.role() == ImageHead.Role.PRIMARY) {
            words.primary();
            retryAtNanos = context.clock().monotonicNanos() + 10 * settings.retryNanos();
            return;
        }
        if (facts != null) {
            made = true;
            watched();
        }
        if (facts != null) {
            take();
        }
        // After the receiving end was taken, so that nothing moves between the two.
        facts = replica == null ? null : facts();
        ReplicaProgress progress = replica == null ? null : replica.progress();
        if (turnsToOther(progress)) {
            return;
        }
        long window = settings.window(replicasOfNode.getAsInt());
        int number;
        synchronized (lock) {
            inbox.open(window);
            number = link.attach(this);
            channel = number;
            asking = link;
        }
        asked = true;
        Message.Open open = request(facts, progress, window);
        told.opens(open);
        words.asked();
        link.send(sending, number, open);
    }

    /** A primary is none by its journal, which it may have had before it was promoted. */
    private boolean isSeed(ImageFacts facts) throws StorageException {
        UUID seed = wish.seed();
        boolean replica = wish.hasSeed() && facts.role() == ImageHead.Role.REPLICA;
        return facts.imageIdentity().equals(seed)
                || (replica
                        && services.images().journal(wish.image()).identity().equals(seed));
    }

    /** Bytes come over the link; events from the journal itself, where that can be read. */
    private boolean turnsToOther(ReplicaProgress progress) {
        boolean wants = shared != null && progress != null && progress.consistency() != Consistency.COPYING;
        boolean turns = wants != reads;
        if (turns) {
            reads = wants;
            words.reads(wants);
            retryAtNanos = 0;
            gate.open();
        }
        return turns;
    }

    private Message.Open request(ImageFacts facts, ReplicaProgress progress, long window) {
        if (facts == null || progress == null) {
            return new Message.Open(
                    wish.sourceImage(),
                    wish.image(),
                    NO_IMAGE,
                    wish.hasSeed() ? Message.Copy.BEGIN_SEEDED : Message.Copy.BEGIN,
                    0,
                    window,
                    0,
                    0,
                    0,
                    List.of());
        }
        boolean copying = progress.consistency() == Consistency.COPYING;
        boolean replays = progress.consistency() == Consistency.REPLAYING;
        Message.Copy rest = wish.hasSeed() ? Message.Copy.GO_ON_SEEDED : Message.Copy.GO_ON;
        return new Message.Open(
                wish.sourceImage(),
                wish.image(),
                facts.imageIdentity(),
                copying ? rest : Message.Copy.NONE,
                copying ? progress.nextOffset() : replays ? Message.Open.REPLAYING : 0,
                window,
                progress.arrived(),
                progress.received(),
                // What the head has passed comes from nowhere again, though it may not be in the image yet.
                copying ? Math.max(progress.replayed(), progress.head()) : progress.replayed(),
                Encoder.newest(facts.epochs()));
    }

    private void opened(Message.Opened now) throws StorageException {
        ImageFacts own = replica == null ? null : facts();
        branch.opened(own == null ? List.of() : own.epochs(), now);
        if (replica == null) {
            make(now);
            take();
        } else if (isParted()) {
            return;
        }
        opened = now;
        replica.catchUpTo(now.durable());
        notes.noted(replica.progress().nextOffset(), context.clock().monotonicNanos());
        follows = true;
        refusal = "";
        words.opened(now.copying(), now.copying() && wish.hasSeed(), now.durable(), now.sizeBytes());
        LOG.info("the replica '{}' follows {} from {} on", wish.image(), wish.peer(), now.start());
        String from = now.start().position().toString();
        tell(Topic.REPLICA_FOLLOWS, "follows from " + from + " on", Map.of("position", from));
    }

    /** Whether bytes that were copied may show what the source does not have that goes on; all is asked for again then. */
    private boolean isParted() throws StorageException {
        boolean again = replica.copyAgain(branch.epochs());
        if (again) {
            String why = "all is copied again, because " + wish.peer() + " was promoted meanwhile, or follows who was";
            LOG.warn("the replica '{}': {}", wish.image(), why);
            leave(why, false);
            look();
        }
        return again;
    }

    /** Where a newer epoch parts from what was copied before is told by OPENED, long before its turn comes among the events. */
    private boolean shows(Point last) {
        boolean known = branch.knows(last);
        if (known) {
            replica.shows(last.position(), last.identity());
        } else {
            leave("an epoch has begun", false);
            look();
        }
        return known;
    }

    private void make(Message.Opened opened) throws StorageException {
        try {
            ImageFacts facts = wish.hasSeed() ? facts() : null;
            if (facts == null) {
                services.replicas().create(wish.image(), Branch.origin(opened), wish.properties());
            } else {
                services.replicas().adopt(wish.image(), wish.seed(), Branch.origin(opened));
            }
            made = true;
        } catch (StorageException e) {
            notMade = e;
            throw e;
        } finally {
            watched();
        }
    }

    private void take() throws StorageException {
        replica = services.replicas().receive(wish.image());
        listens = false;
        applyDelay();
    }

    /** The delay is wished; a hold is an order, which stays. */
    private void applyDelay() throws StorageException {
        Replica taken = replica;
        if (taken == null || !(taken.progress().order() instanceof HeadOrder.Follow follow)) {
            return;
        }
        // Read behind the order: whoever changes both wishes first, so an older wish never takes the place of a newer
        // order.
        long delay = wish.delayNanos();
        if (follow.delayNanos() != delay) {
            services.replicas().delay(wish.image(), delay);
            LOG.info("the replica '{}' follows with a delay of {}", wish.image(), Durations.format(delay));
        }
    }

    // ---- consuming

    /** Takes the next message; false when there is none that can be taken now. After UNAVAILABLE it is taken again. */
    private boolean consume() throws StorageException {
        if (rest != null) {
            // Each attempt costs a look at the event: while a copy goes on not one for each of its frames.
            boolean taken = (isWhole() || mayOffer()) && offer(rest);
            return taken || (!isWhole() && passRest());
        }
        Inbox.Entry entry = inbox.next();
        if (entry == null) {
            return false;
        }
        if (entry.message() instanceof Message.Events events && follows) {
            inbox.remove();
            words.durable(events.durable(), 0);
            replica.sourceDurable(events.durable());
            return offer(new Events(events.events(), 0, entry));
        }
        take(entry, inbox::remove);
        return true;
    }

    private void take(Inbox.Entry entry, Runnable removal) throws StorageException {
        apply(entry.message());
        // Unless it ended the channel, and with it all that had come.
        if (asked) {
            removal.run();
            inbox.released(entry);
            entry.said().done();
        }
    }

    private boolean isWhole() {
        return replica.progress().consistency() != Consistency.COPYING;
    }

    private boolean mayOffer() {
        return hasRoom || context.clock().monotonicNanos() >= offerAtNanos;
    }

    /**
     * What else has come goes past events that find no room: maybe nothing but the end of the copy makes room in the journal. Events
     * and epochs keep their order.
     */
    private boolean passRest() throws StorageException {
        rest = new Events(rest.items(), rest.next(), inbox.early(rest.entry()));
        Inbox.Entry entry = inbox.nextBehind();
        if (entry == null) {
            return false;
        }
        if (entry.message() instanceof Message.Events || entry.message() instanceof Message.NextEpoch) {
            inbox.setAside(entry);
        } else {
            take(entry, inbox::removeBehind);
        }
        return true;
    }

    private void apply(Message message) throws StorageException {
        if (message instanceof Message.Opened now) {
            opened(now);
        } else if (message instanceof Message.Ended ended) {
            ended(ended);
        } else if (replica == null || !follows) {
            throw new StorageException(Reason.CORRUPT, message.type() + " came before OPENED", "update the peer");
        } else {
            applied(message);
        }
    }

    private void applied(Message message) throws StorageException {
        if (message instanceof Message.NextEpoch next) {
            branch.next(next.epoch());
            if (!isParted()) {
                replica.startEpoch(next.epoch());
            }
        } else if (message instanceof Message.Durable durable) {
            words.durable(durable.durable(), durable.unsentBytes());
            replica.sourceTime(durable.timeNanos());
        } else if (message instanceof Message.Range range) {
            copy(range);
        } else if (message instanceof Message.Zeros zeros) {
            long length = Math.min(zeros.length(), imageBytes() - zeros.offset());
            if (length > 0) {
                replica.copyZeros(zeros.offset(), length);
            }
        } else if (message instanceof Message.Parts parts) {
            seed = seed == null ? new SeedCheck() : seed;
            Message.Wanted wanted = seed.compare(parts, replica::readSeed, imageBytes());
            words.compared(parts.length());
            notes.worked(parts.length());
            link.send(sending, channel, wanted);
        } else if (message instanceof Message.Copying copying) {
            copying(copying);
        } else if (message instanceof Message.Copied copied && shows(copied.consistentAt())) {
            replica.endBootstrap(copied.consistentAt().position());
            seed = null;
            words.copied();
            LOG.info("the replica '{}' is copied, consistent at {}", wish.image(), copied.consistentAt());
            String at = copied.consistentAt().position().toString();
            tell(Topic.REPLICA_COPIED, "copied, consistent at " + at, Map.of("position", at));
            isCopied = true;
        }
    }

    /** What the source grew by meanwhile comes as events. */
    private void copy(Message.Range range) throws StorageException {
        long length = Math.min(range.bytes().remaining(), imageBytes() - range.offset());
        if (length > 0) {
            replica.copy(
                    range.offset(),
                    range.bytes().duplicate().limit(range.bytes().position() + (int) length));
            words.copied(length);
            notes.worked(length);
        }
    }

    private long imageBytes() throws StorageException {
        return services.images().image(wish.image()).sizeBytes();
    }

    private void copying(Message.Copying copying) throws StorageException {
        words.copying(copying.nextOffset(), copying.leftBytes());
        boolean due = notes.due(copying.nextOffset(), context.clock().monotonicNanos());
        if (shows(copying.shows()) && due) {
            replica.copied(Math.min(copying.nextOffset(), imageBytes()));
            notes.noted(copying.nextOffset(), context.clock().monotonicNanos());
        }
    }

    private boolean offer(Events events) throws StorageException {
        int next = events.next();
        try {
            while (next < events.items().size()) {
                Message.Item item = events.items().get(next);
                if (!replica.offer(item.header(), item.body())) {
                    waitsForRoom = true;
                    words.waits(true);
                    hasRoom = false;
                    offerAtNanos = context.clock().monotonicNanos() + SECOND;
                    replica.whenRoom(() -> {
                        hasRoom = true;
                        gate.open();
                    });
                    return false;
                }
                next++;
                words.arrived(item.header());
            }
        } finally {
            rest = next < events.items().size() ? new Events(events.items(), next, events.entry()) : null;
            replica.commit();
        }
        waitsForRoom = false;
        words.waits(false);
        inbox.released(events.entry());
        events.entry().said().done();
        return true;
    }

    private void ended(Message.Ended ended) {
        boolean again = ended.words().equals(refusal);
        refusal = ended.words();
        if (!again) {
            LOG.warn("{} does not serve '{}': {}", wish.peer(), wish.sourceImage(), ended.words());
            tell(ended.code().topic(), ended.words(), ended.facts());
        }
        words.refused(ended);
        leaveChannel();
        long pause = ended.code().passing() ? settings.retryNanos() : 10 * settings.retryNanos();
        retryAtNanos = context.clock().monotonicNanos() + pause;
    }

    /**
     * From the time when the source followed this image, its journal may still keep events for it. What came from the source it
     * has, so they need not be kept: else the journal would fill, or the source expire as a replica.
     */
    private void keepForSource() {
        long now = context.clock().monotonicNanos();
        // A journal that is read here says nothing of who writes it.
        PeerLink source = reads ? offered() : link;
        if (now < keepAtNanos || source == null) {
            return;
        }
        keepAtNanos = now + 10 * SECOND;
        try {
            Journal journal = services.images().journal(wish.image());
            String id = Sources.client(source.peerKey(), wish.sourceImage());
            JournalClient client = Sources.known(journal, id).orElse(null);
            long received = replica.progress().received();
            if (client != null
                    && client.state() == JournalClient.State.CONNECTED
                    && client.commit().sequence() < received) {
                journal.replaceClient(
                        client,
                        new JournalClient(
                                id,
                                client.description(),
                                Epochs.position(journal.epochs(), received),
                                client.state(),
                                context.clock().wallNanos(),
                                client.applied()));
            }
        } catch (StorageException e) {
            LOG.debug("the journal of '{}' still keeps events for its source: {}", wish.image(), e.getMessage());
        }
    }

    // ---- telling

    private void tell(Topic topic, String told, Map<String, String> facts) {
        Map<String, String> all = new HashMap<>(facts);
        all.put("role", "replica");
        services.news().tell(topic, wish.image(), wish.peer(), told, all);
    }

    private void tellCredit() {
        long credit = link != null && asked ? inbox.credit() : -1;
        if (credit < 0) {
            return;
        }
        link.send(sending, channel, new Message.Credit(credit));
        if (replica != null && follows) {
            // While it is copied the source sends no more events than so far ahead of what has arrived.
            tellProgress();
        }
    }

    private void tellProgress() {
        ReplicaProgress now = replica.progress();
        Message.Progress next = told.next(now);
        if (next != null) {
            link.send(sending, channel, next);
        }
        if (!listens) {
            listens = true;
            replica.whenProgress(now.received(), now.replayed(), () -> {
                listens = false;
                gate.open();
            });
            if (!listens && replica.progress().equals(now)) {
                // Told at once, and of nothing: it is over, because the image is opened again, which may take long.
                leave("the image is opened again", false);
                giveBack();
            }
        }
    }

    /** How the clocks differ is known over the link to the other node only, and so is whether that writes the image. */
    private void tellClock() {
        PeerLink other = reads ? offered() : link;
        clock.tell(replica, other, reads && other != null ? wakes.opened(other, opened.journal()) : opened);
    }
}
