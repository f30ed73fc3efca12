package io.tidemark.engine.image;

import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.PeerProgress;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaOrigin;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One image with its journal: the write path, the overlay, applying, checkpoints, recovery. It is the device that clients
 * see, and it stays the same object while its stores are replaced. Safe for all threads.
 *
 * <p>Journal and image are lent: whoever opened them closes them, after {@link #suspend} or {@link #close} has returned.
 */
public final class JournaledImage implements BlockDevice, AutoCloseable {
    private final Core core;
    private final Reads reads;
    private final Lifecycle lifecycle;
    private final Roles roles;

    /** For who reports of peers, often and from a few threads. */
    private final AtomicReference<Aftermath> reports = new AtomicReference<>();

    private JournaledImage(Core core) {
        this.core = core;
        this.reads = new Reads(core);
        this.lifecycle = new Lifecycle(core);
        this.roles = new Roles(core, lifecycle);
    }

    /**
     * Opens an image: compares identity, epoch and positions of image and journal, reads what lies between the checkpoint and
     * the journal's end, starts its workers. Serves when it returns; what was read is applied while clients already read and
     * write. The journal stays in its last epoch until something is appended.
     *
     * @param context clock, threads, payload memory
     * @param labels what it is called
     * @param settings limits
     * @param rule when writes are acknowledged
     * @param journal open, and not used by anybody else
     * @param image open, and not used by anybody else
     * @param listener of the one who manages it
     * @return the image
     * @throws StorageException MISMATCH when the two do not belong together, CORRUPT, NO_SPACE or IO. Both are as before,
     *     to be closed by the caller
     */
    public static JournaledImage open(
            StorageContext context,
            ImageLabels labels,
            ImageSettings settings,
            CommitRule rule,
            Journal journal,
            BlockImage image,
            ImageListener listener)
            throws StorageException {
        return open(context, labels, settings, rule, journal, image, listener, Steps.NORMAL);
    }

    /**
     * As {@link #open(StorageContext, ImageLabels, ImageSettings, CommitRule, Journal, BlockImage, ImageListener)}, with
     * steps that may be broken on purpose.
     *
     * @param context clock, threads, payload memory
     * @param labels what it is called
     * @param settings limits
     * @param rule when writes are acknowledged
     * @param journal open, and not used by anybody else
     * @param image open, and not used by anybody else
     * @param listener of the one who manages it
     * @param steps {@link Steps#NORMAL}, or what a simulation broke
     * @return the image
     * @throws StorageException as there
     */
    public static JournaledImage open(
            StorageContext context,
            ImageLabels labels,
            ImageSettings settings,
            CommitRule rule,
            Journal journal,
            BlockImage image,
            ImageListener listener,
            Steps steps)
            throws StorageException {
        Core core = new Core(context, labels, settings, rule, listener, steps);
        new Recovery(core).open(journal, image);
        core.lastBusyNanos = context.clock().monotonicNanos();
        JournaledImage opened = new JournaledImage(core);
        Aftermath after = new Aftermath();
        synchronized (core.lock) {
            core.space.restart(after);
            core.updateState(after);
        }
        after.settle(core);
        opened.lifecycle.start();
        return opened;
    }

    /**
     * Gives an image a new and empty journal, because its old one is lost or given up: starts the first epoch of the new
     * journal as the successor of the one that the image's head names, and stores a head that names the new journal. To be
     * called before {@link #open}. What was in the lost journal and not yet in the image is gone.
     *
     * @param context clock and randomness
     * @param owner the node that writes it
     * @param journal new: without any epoch
     * @param journalPool pool of the new journal
     * @param image the image
     * @throws StorageException INVALID when the journal is not new, NO_SPACE or IO
     */
    public static void adoptNewJournal(
            StorageContext context, String owner, Journal journal, String journalPool, BlockImage image)
            throws StorageException {
        Recovery.adopt(context, owner, journal, journalPool, image);
    }

    /**
     * Lets requests wait from now on, ends what is under way, and lets go of journal and image. Where they still work, what is
     * appended is forced and acknowledged first, and what is applied is checkpointed. When it returns the caller closes both.
     * Does nothing but note the reason when it is suspended already and the stores are let go.
     *
     * @param why for people: "no journal store for pool flash"
     */
    public void suspend(String why) {
        lifecycle.suspend(why);
    }

    /**
     * Goes on with reopened stores: compares identity, epoch and {@code durable}, appends again at the same positions what
     * the journal lacks, answers what is durable by now, and lets requests through. Nothing that is acknowledged was lost;
     * nothing is replayed unless the image was not forced before it was closed.
     *
     * @param journal the same journal, open again
     * @param image the same image, open again
     * @throws StorageException MISMATCH when they are not the same or lost what was durable; IO. The image stays
     *     suspended, and the caller closes both
     */
    public void resume(Journal journal, BlockImage image) throws StorageException {
        lifecycle.resume(journal, image);
    }

    /**
     * Changes the commit rule; it takes effect between two writes. What waits for peers already waits by the new rule.
     *
     * @param rule the new one
     */
    public void rule(CommitRule rule) {
        Aftermath after = new Aftermath();
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            core.rule = rule;
            core.peers.ruleChanged(wall, after);
        }
        lifecycle.watchPeers();
        after.settle(core);
    }

    /**
     * The commit rule in force.
     *
     * @return never null
     */
    public CommitRule rule() {
        return core.rule;
    }

    /**
     * Changes limits; they take effect with the next request.
     *
     * @param settings the new ones
     */
    public void settings(ImageSettings settings) {
        Aftermath after = new Aftermath();
        synchronized (core.lock) {
            core.settings = settings;
            if (core.appender != null) {
                core.expectReading();
            }
            core.updateState(after);
            core.room.signal();
            core.applier.wake();
            core.checkpointer.wake();
            core.peers.watch.wake();
            core.asking.wake();
        }
        after.settle(core);
        retryHeld(true);
    }

    /**
     * The limits in force.
     *
     * @return never null
     */
    public ImageSettings settings() {
        return core.settings;
    }

    /**
     * The watermarks, all of one instant.
     *
     * @return always in order
     */
    public Watermarks watermarks() {
        synchronized (core.lock) {
            return core.watermarks();
        }
    }

    /**
     * The position that clients read: of the last durable event, and of a replica what its head has passed.
     *
     * @return {@link Position#NONE} before the first one
     */
    public Position head() {
        synchronized (core.lock) {
            return core.following == null ? core.position(core.durable) : core.following.at(core.following.head);
        }
    }

    /**
     * Position of the last event that is durable in a replica's journal.
     *
     * @return {@link Position#NONE} for a primary
     */
    public Position received() {
        synchronized (core.lock) {
            return core.following == null ? Position.NONE : core.following.at(core.durable);
        }
    }

    /**
     * Begins the journal of a new replica behind the position at which its source has registered it.
     *
     * @param origin where the replica comes from
     * @param journal new: without any epoch
     * @throws StorageException NO_SPACE or IO
     */
    public static void beginRelay(ReplicaOrigin origin, Journal journal) throws StorageException {
        Recovery.beginRelay(origin, journal);
    }

    /**
     * The first head of a new replica: its bytes are still to be copied.
     *
     * @param origin where it comes from
     * @param journalPool pool of its journal
     * @param journalIdentity of its journal
     * @return the head
     */
    public static ImageHead replicaHead(ReplicaOrigin origin, String journalPool, UUID journalIdentity) {
        ImageHead head = new ImageHead(
                origin.imageIdentity(),
                origin.sizeBytes(),
                origin.blockSizeBytes(),
                journalPool,
                journalIdentity,
                origin.epoch().identity(),
                origin.registered(),
                ImageHead.Role.REPLICA,
                Map.of());
        return HeadProperties.put(head, ImageHead.Role.REPLICA, HeadProperties.NEW);
    }

    /**
     * It was opened for a promotion that was ordered just now: asks nobody, and notes it in the journal; for people, so nothing waits for
     * that. To be called before anybody is told of its question. Where a promotion takes effect later, as after a restart, it asks:
     * somebody else may have been promoted since.
     */
    public void notePromotion() {
        roles.notePromotion();
    }

    /**
     * What a peer is told of the image.
     *
     * @return all of one instant
     */
    public ImageFacts facts() {
        synchronized (core.lock) {
            // Of a replica events behind what is applied are sent to who begins with it, the resize among them.
            boolean resized = core.following == null && core.resizeSequence > 0 && core.resizeSequence <= core.durable;
            return new ImageFacts(
                    core.labels.name(),
                    core.head.imageIdentity(),
                    core.head.role(),
                    resized ? core.resizeToBytes : core.sizeBytes,
                    core.head.blockSizeBytes(),
                    core.epochs,
                    core.watermarks(),
                    core.following == null ? null : core.following.progress(),
                    Math.max(core.lastEventNanos(), core.following == null ? 0 : core.following.sourceNanos));
        }
    }

    /**
     * Takes the receiving end of a replica.
     *
     * @return the receiving end; one at a time
     * @throws StorageException MISMATCH when the image is primary, BUSY when somebody has it, UNAVAILABLE
     */
    public Replica receive() throws StorageException {
        return roles.receive();
    }

    /**
     * Gives the head of a replica an order; durable when it returns.
     *
     * @param order the new one
     * @throws StorageException MISMATCH, INVALID, UNAVAILABLE or IO; the order before stays
     */
    public void order(HeadOrder order) throws StorageException {
        roles.order(order);
    }

    /**
     * What a replica of this image has, as it reported last. Requests that waited for it are answered on the calling thread.
     *
     * @param progress of the replica
     * @return whether requests may wait for what replicas have
     * @throws StorageException INVALID when it claims more than there is
     */
    public boolean peer(PeerProgress progress) throws StorageException {
        Aftermath after = takeReports();
        try {
            boolean waited;
            synchronized (core.lock) {
                core.peers.report(progress, after);
                waited = core.rule.peers() > 0;
            }
            after.settle(core);
            return waited;
        } finally {
            reports.set(after);
        }
    }

    /**
     * Forgets a replica.
     *
     * @param peer its name
     */
    public void forgetPeer(String peer) {
        Aftermath after = takeReports();
        synchronized (core.lock) {
            core.peers.forget(peer, after);
        }
        after.settle(core);
        reports.set(after);
    }

    private Aftermath takeReports() {
        Aftermath spare = reports.getAndSet(null);
        return spare == null ? new Aftermath() : spare;
    }

    /**
     * How many replicas are linked and in sync, as they reported.
     *
     * @return a number
     */
    public int reachablePeers() {
        synchronized (core.lock) {
            return core.peers.reachable();
        }
    }

    /**
     * Changes the delay of a replica that follows; one that is held stays held. Durable when it returns.
     *
     * @param delayNanos how far it stays behind, not negative
     * @throws StorageException MISMATCH, UNAVAILABLE or IO; the order before stays
     */
    public void delay(long delayNanos) throws StorageException {
        roles.delay(delayNanos);
    }

    /**
     * Why it admits no writes although it is a primary.
     *
     * @return empty when it does, and for a replica
     */
    public Optional<Fence> fence() {
        return Optional.ofNullable(core.fence);
    }

    /**
     * Ends the writes of a primary, because a peer has a newer epoch. In force at once, and kept when it returns.
     *
     * @param fence by whom
     * @throws StorageException MISMATCH when it is a replica; UNAVAILABLE, NO_SPACE or IO, and it is in force until the image
     *     is closed
     */
    public void fence(Fence fence) throws StorageException {
        roles.fence(fence);
    }

    /**
     * By whom a replica was fenced when it was demoted.
     *
     * @return empty when nobody had, and for a primary
     * @throws StorageException CORRUPT when the head cannot be understood
     */
    public Optional<Fence> takenOver() throws StorageException {
        ImageHead head;
        synchronized (core.lock) {
            head = core.head;
        }
        return head.role() == ImageHead.Role.REPLICA
                ? Optional.ofNullable(HeadProperties.overruled(head))
                : Optional.empty();
    }

    /**
     * Whether the journal that knew its replicas is lost.
     *
     * @return whether it has another one by order, and has been no replica since
     */
    public boolean lostItsJournal() {
        synchronized (core.lock) {
            return HeadProperties.hasLostJournal(core.head);
        }
    }

    /**
     * The question that its replicas are to be asked before it admits writes, whether one of them was promoted.
     *
     * @return its number, another one after each opening of the stores; 0 when nothing is asked (any more)
     */
    public long question() {
        return core.asking.question();
    }

    /**
     * Admits writes: the replicas were asked, and none has anything newer, or somebody does without an answer. Does nothing
     * when that question is over.
     *
     * @param question its number
     */
    public void answered(long question) {
        core.asking.answered(question);
    }

    /**
     * Admits writes again, unless another fence has come meanwhile.
     *
     * @param fence that is over
     * @throws StorageException UNAVAILABLE, NO_SPACE or IO, and it stays fenced
     */
    public void unfence(Fence fence) throws StorageException {
        roles.unfence(fence);
    }

    /**
     * Prepares an image for its other role, and stores that it has it. A replica's head is brought to all that is received; a
     * primary's writes end, and when its role is stored its journal ends with an event that says so. Where it cannot take that,
     * there is a warning. Afterwards the image is to be closed and opened again, whatever the outcome: clients have to learn of
     * the role, and a promoted replica starts its epoch when it is opened.
     *
     * @param role the new one
     * @throws StorageException MISMATCH when it has that role, INVALID while it is not consistent, BUSY, UNAVAILABLE, NO_SPACE
     *     or IO
     */
    public void turn(ImageHead.Role role) throws StorageException {
        roles.turn(role);
    }

    /**
     * As {@link #turn} to PRIMARY, at a position. Where the journal has events behind it, they are given up: {@link #isCut} holds
     * for the image's head from then on, and before the image is opened again it is to be given a new journal with {@link
     * #adoptNewJournal}.
     *
     * @param at not behind the replica's head, and received
     * @throws StorageException as {@link #turn}; INVALID or MISMATCH also for a position that is not received or of another branch
     */
    public void promoteAt(Position at) throws StorageException {
        roles.promote(at);
    }

    /**
     * Whether an image was promoted at a position inside of its journal. Then the journal is to be replaced before the image is
     * opened: what it has behind the image's checkpoint was given up.
     *
     * @param head of the image
     * @return true as long as it has its old journal, or none
     * @throws StorageException CORRUPT when the head cannot be understood
     */
    public static boolean isCut(ImageHead head) throws StorageException {
        return HeadProperties.cutIn(head) != null;
    }

    /**
     * Makes a new replica of bytes that are there. {@link #beginsRelay} holds for the image's head from then on, and before the
     * image is opened its journal is to be begun with {@link #beginRelay(BlockImage, Journal)}.
     *
     * @param image open, and used by nobody; what it was is given up
     * @param origin where the replica comes from
     * @param journalIdentity of the journal that is to be made
     * @throws StorageException as {@link BlockImage#adoptHead}; the image is as it was
     */
    public static void adoptSeed(BlockImage image, ReplicaOrigin origin, UUID journalIdentity) throws StorageException {
        ImageHead before = image.head();
        ImageHead head = replicaHead(origin, before.journalPool(), journalIdentity);
        image.adoptHead(HeadProperties.beginning(head, before.journalIdentity(), Recovery.relay(origin)));
    }

    /**
     * Whether the journal of a replica is still to be begun, in place of the one that its bytes had before.
     *
     * @param head of the image
     * @return identity of the journal whose place it takes; null when it has begun
     * @throws StorageException CORRUPT when the head cannot be understood
     */
    public static UUID beginsRelay(ImageHead head) throws StorageException {
        HeadProperties.Beginning beginning = HeadProperties.beginningOf(head);
        return beginning == null ? null : beginning.before();
    }

    /**
     * Begins the journal of a replica as its head says.
     *
     * @param image for whose head {@link #beginsRelay} holds
     * @param journal of the identity that the head names, new or begun already
     * @throws StorageException NO_SPACE or IO; can be done again
     */
    public static void beginRelay(BlockImage image, Journal journal) throws StorageException {
        if (journal.epochs().isEmpty()) {
            journal.startEpoch(HeadProperties.beginningOf(image.head()).epoch());
        }
        image.storeHead(HeadProperties.begun(image.head()));
    }

    /**
     * What the image does.
     *
     * @return SERVING, HOLDING, FAILING, SUSPENDED or STOPPING
     */
    public ImageStatus.State state() {
        return core.state;
    }

    /**
     * Why it does not serve.
     *
     * @return empty when it serves
     */
    public String detail() {
        return core.detail;
    }

    /**
     * What an operator should know now.
     *
     * @return lines for people; empty when all is well
     */
    public List<String> warnings() {
        return lifecycle.warnings();
    }

    /**
     * Attached sessions.
     *
     * @return a line each, for people
     */
    public List<String> clients() {
        synchronized (core.lock) {
            return core.sessions.stream().map(Session::client).toList();
        }
    }

    /**
     * Bytes of events that are appended and not yet applied.
     *
     * @return bytes
     */
    public long backlogBytes() {
        synchronized (core.lock) {
            return core.activeBytes + core.frozenBytes;
        }
    }

    /**
     * Numbers since the image was opened, by name; gauges of now among them.
     *
     * @return a new map
     */
    public Map<String, Long> counters() {
        Map<String, Long> out = new TreeMap<>();
        synchronized (core.lock) {
            core.report(out);
        }
        return out;
    }

    /**
     * Forces, applies and checkpoints everything that is appended now.
     *
     * @throws StorageException UNAVAILABLE while suspended, NO_SPACE while the image is full, or IO
     */
    public void checkpoint() throws StorageException {
        lifecycle.checkpoint();
    }

    /**
     * Whether writes wait or fail because the journal takes no more.
     *
     * @return true until there is room again
     */
    public boolean isJournalFull() {
        return core.journalFull;
    }

    /**
     * The last sequence that the engine itself does not need: the least of the checkpoint and what is being read. Behind a fence
     * all is needed: it is what tells where this branch parted, and what people decide about.
     *
     * @return a floor for {@link #trim}
     */
    public long trimFloor() {
        synchronized (core.lock) {
            return core.fence != null ? core.trimmed : Math.min(core.checkpointed, reads.firstPinned() - 1);
        }
    }

    /**
     * Trims the journal, bounded by {@link #trimFloor}, and lets held writes try again.
     *
     * @param upTo the least of all votes and clients' positions; the last sequence that nobody needs
     * @return the journal's new trimmed sequence
     * @throws StorageException UNAVAILABLE while suspended, or IO
     */
    public long trim(long upTo) throws StorageException {
        Journal journal;
        synchronized (core.lock) {
            if (core.journal == null) {
                throw Failures.unavailable(core.labels.name(), core.suspendedWhy);
            }
            journal = core.journal;
            core.enter();
        }
        boolean roomMade = false;
        try {
            long sequence = core.steps.trimUpTo(upTo, trimFloor());
            roomMade = sequence > journal.trimmed();
            long trimmed = roomMade ? journal.trim(sequence) : journal.trimmed();
            synchronized (core.lock) {
                core.trimmed = Math.max(core.trimmed, trimmed);
            }
            return trimmed;
        } finally {
            synchronized (core.lock) {
                core.leave();
            }
            retryHeld(roomMade);
        }
    }

    /**
     * Lets held writes try again.
     *
     * @param roomMade whether a limit was raised or space was made. Where nobody waits for it, the next write finds out whether it is
     *     enough
     */
    public void retryHeld(boolean roomMade) {
        Aftermath after = new Aftermath();
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            core.journalFull &= !roomMade || !core.held.isEmpty() || core.following != null;
            core.updateState(after);
            core.admitHeld(wall, after);
            if (core.following != null) {
                core.following.moved(after);
            }
            core.wakeMoverIfBehind();
        }
        after.settle(core);
    }

    /**
     * Changes the size, as an event in the journal: applies everything before it, then cuts or grows the image, and
     * checkpoints. Writes wait meanwhile. What is cut is gone.
     *
     * @param newSizeBytes a multiple of 512, above 0
     * @throws StorageException INVALID, NO_SPACE, UNAVAILABLE while suspended, or IO
     */
    public void resize(long newSizeBytes) throws StorageException {
        lifecycle.resize(newSizeBytes);
    }

    /**
     * Gives the present moment a name, as an event in the journal: everything acknowledged before the call is before it.
     *
     * @param kind MARK; or SNAPSHOT, which is a barrier too
     * @param label the name, see {@link io.tidemark.base.text.Names#checkMark}
     * @return its position, durable
     * @throws StorageException INVALID (the name), READ_ONLY on a replica, JOURNAL_FULL, UNAVAILABLE while suspended, or IO
     */
    public Position mark(EventKind kind, String label) throws StorageException {
        return lifecycle.mark(kind, label);
    }

    /**
     * Checks what must hold at every instant: the order of the watermarks, the consistency of the overlay, the bounds. For
     * tests and the simulator; costs time in proportion to the backlog.
     *
     * @throws AssertionError naming what is broken
     */
    public void checkInvariants() {
        synchronized (core.lock) {
            core.check();
        }
    }

    /** For tests of this package. */
    Core core() {
        return core;
    }

    @Override
    public String name() {
        return core.labels.name();
    }

    @Override
    public String description() {
        return core.labels.description();
    }

    @Override
    public long sizeBytes() {
        return core.sizeBytes;
    }

    @Override
    public int preferredBlockBytes() {
        synchronized (core.lock) {
            return core.head.blockSizeBytes();
        }
    }

    @Override
    public boolean readOnly() {
        return core.readOnly();
    }

    @Override
    public boolean writeCache() {
        return core.rule.writeCache();
    }

    @Override
    public DeviceSession connect(String client, SessionListener listener) throws StorageException {
        Session session = new Session(core, reads, client, listener);
        synchronized (core.lock) {
            if (core.stopping) {
                throw Failures.stopped(core.labels.name());
            }
            if (core.following != null && core.following.consistency() != Consistency.CONSISTENT) {
                throw new StorageException(
                        StorageException.Reason.UNAVAILABLE,
                        "image " + core.labels.name() + " is a replica that has not all of its source's bytes yet",
                        "wait until it is consistent; mirror:status shows how far it is");
            }
            core.sessions.add(session);
        }
        return session;
    }

    /**
     * Ends the sessions, answers what is under way, forces, applies, checkpoints, and stops the workers. While suspended it
     * only fails what waits, with UNAVAILABLE, and stops. Idempotent.
     *
     * @throws StorageException NO_SPACE or IO: what is acknowledged is in the journal, but the checkpoint is an older one
     */
    @Override
    public void close() throws StorageException {
        lifecycle.close();
    }
}
