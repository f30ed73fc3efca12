package io.tidemark.engine.image;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.replica.Fence;
import io.tidemark.base.event.EventCodec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the parts of one image share: the lock, the watermarks, the overlay, and the rules by which a request goes into the
 * journal. Fields are guarded by {@link #lock} unless they are final or volatile.
 *
 * <p>Nothing waits and nothing touches a store under the lock, apart from the appender, whose appends must happen in the
 * order in which the overlay learns of them and do not wait for a device. What has to happen after the lock is collected in
 * an {@link Aftermath}.
 */
final class Core {
    /** What an event costs in the journal beside its payload, about; for the backlog. */
    private static final int EVENT_OVERHEAD_BYTES = 96;

    /** With a write cache nobody waits for a force; so many bytes are gathered for one. */
    private static final long UNFORCED_LIMIT_BYTES = 1 << 20;

    final Object lock = new Object();
    final StorageContext context;
    final ImageLabels labels;
    final ImageListener listener;
    final Steps steps;
    final Figures figures = new Figures();
    final Space space = new Space(this);

    /** For whoever waits for a watermark, a state, or the end of something under way. */
    final GateQueue changed;

    /** For sessions that wait for room. */
    final GateQueue room;

    volatile ImageSettings settings;
    volatile CommitRule rule;
    volatile long sizeBytes;
    volatile State state = State.SERVING;
    volatile String detail = "";
    volatile boolean journalFull;
    private volatile boolean readOnly;

    /** Who has taken the image over; null when nobody has. What could not be stored yet counts, too. */
    volatile Fence fence;

    ImageHead head;
    Journal journal;
    JournalAppender appender;
    BlockImage image;
    Epoch epoch;
    List<Epoch> epochs;

    long appended;
    long durable;
    long applied;
    long checkpointed;
    long trimmed;
    long lastBarrier;

    ExtentMap active = new ExtentMap();
    ExtentMap frozen;
    long frozenUpTo;

    /** An event is in it in part or not at all, for lack of memory: it is to be read from the journal again. */
    boolean overlayBroken;

    long activeBytes;
    long frozenBytes;
    HotPayloads hot;
    UnforcedEvents unforced;

    final Waiters durableWaiters = new Waiters();
    final Waiters checkpointWaiters = new Waiters();
    final HotShare share = new HotShare(this);
    final Peers peers;
    final Held held = new Held();
    final List<Session> sessions = new ArrayList<>();

    boolean suspended;
    String suspendedWhy = "";
    boolean imageFull;
    boolean stopping;

    /** Forces of the journal under way. */
    int forces;

    /** All up to here is durable, or in a force under way. */
    long claimed;

    /** The appender takes nothing more before a force, even where it has nothing to force. */
    boolean forceWanted;

    /** Users of {@link #journal} and {@link #image} outside the lock, who have to leave before these are let go. */
    int users;

    /** A resize that is journaled and not carried out: its sequence, or 0; writes are held meanwhile. */
    long resizeSequence;

    long resizeToBytes;

    /** A head is being stored; the image's size stays what that head says. */
    boolean headStoring;

    /** The image's size changes: no head is stored before the event that says so is applied. */
    boolean resizing;

    /** All up to here is to be applied at once, whatever the applier would rather wait for. */
    long applyWanted;

    /** A checkpoint is to be written as soon as that is applied. */
    long checkpointWanted;

    /** Why the head could not be stored at the last attempt; null when it could. */
    StorageException headFailure;

    private boolean committerArmed;

    /** Last sequence whose effect is forced to the image; the head may name an earlier one. */
    long imageForced;

    /** When something was last written or became durable. */
    long lastBusyNanos;

    private long lastEventNanos;
    private final ClockWatch clockWatch = new ClockWatch();

    private final ByteBuffer headBytes = ByteBuffer.allocateDirect(EventCodec.MAX_HEAD_BYTES);
    private final ByteBuffer tailBytes = ByteBuffer.allocateDirect(EventCodec.TAIL_BYTES);

    /** What makes the image a replica; null on a primary. */
    Following following;

    final HeadKeeper heads = new HeadKeeper(this);
    final EpochStart epochStart = new EpochStart(this);
    final Asking asking;

    Committer committer;
    Applier applier;
    Checkpointer checkpointer;

    /** Of a replica; null on a primary. */
    HeadMover mover;

    Core(
            StorageContext context,
            ImageLabels labels,
            ImageSettings settings,
            CommitRule rule,
            ImageListener listener,
            Steps steps) {
        this.context = context;
        this.labels = labels;
        this.settings = settings;
        this.rule = rule;
        this.listener = listener;
        this.steps = steps;
        this.changed = new GateQueue(context.workers(), lock);
        this.room = new GateQueue(context.workers(), lock);
        this.peers = new Peers(this);
        this.asking = new Asking(this);
    }

    /** Takes stores that were found to belong together. Called before anything runs, or while suspended. */
    void attach(Journal newJournal, BlockImage newImage, ImageHead newHead) throws StorageException {
        Fence stored = HeadProperties.fence(newHead);
        journal = newJournal;
        appender = newJournal.appender();
        image = newImage;
        head = newHead;
        expectReading();
        epochs = newJournal.epochs();
        epoch = epochs.get(epochs.size() - 1);
        trimmed = newJournal.trimmed();
        readOnly = newHead.role() == ImageHead.Role.REPLICA;
        fence = readOnly ? null : stored != null ? stored : fence;
        if (following != null) {
            following.fresh.clear();
        }
    }

    /**
     * Tells the journal whether payload will be read from it again: what stays in memory until it is applied will not. That
     * is at most the image twice, in the batch that is applied and in what gathers above it, because of what is overwritten
     * only the newest is kept.
     */
    void expectReading() {
        long most = Math.min(settings.backlogLimitBytes(), 2 * Math.max(sizeBytes, head.sizeBytes()));
        appender.expectReading(settings.hotPayloadBytes() < most);
    }

    /** Lets go of the stores. */
    void detach() {
        journal = null;
        appender = null;
        image = null;
    }

    /** Last event that clients read: all that is appended, but on a replica only what the head has passed. */
    long readable() {
        Following now = following;
        return now == null ? appended : now.head;
    }

    /** A replica's head may be able to move on. May be called under the lock. */
    void wakeMover() {
        if (mover != null) {
            mover.wake();
        }
    }

    /** What it may wait for has changed, if it waits for anything. Under the lock. */
    void wakeMoverIfBehind() {
        if (following != null && following.head < durable) {
            wakeMover();
        }
    }

    /** Something has moved that the mover or the receiving end of a replica may wait for. */
    void moved(Aftermath after) {
        if (following != null) {
            following.moved(after);
            wakeMover();
        }
    }

    long lastEventNanos() {
        return lastEventNanos;
    }

    void lastEventNanos(long timeNanos) {
        lastEventNanos = Math.max(lastEventNanos, timeNanos);
    }

    // ---------------------------------------------------------------- admission

    /** Whether a new request may be appended now. */
    boolean admits() {
        return held.isEmpty() && open();
    }

    private boolean open() {
        return !suspended && !imageFull && !stopping && resizeSequence == 0 && !isHeldBack() && !backlogFull();
    }

    /** Nothing may be appended yet in this opening. */
    boolean isHeldBack() {
        return epochStart.isDue() || asking.isDue();
    }

    boolean backlogFull() {
        return activeBytes + frozenBytes >= settings.backlogLimitBytes() || entries() >= settings.indexBudgetEntries();
    }

    int entries() {
        return active.size() + (frozen == null ? 0 : frozen.size());
    }

    /** How full the backlog is: 0 to 1, or above. */
    double fill() {
        return share(activeBytes + frozenBytes, entries());
    }

    /** Which part of the backlog's limits so much takes. */
    double share(long bytes, int entries) {
        return Math.max(
                (double) bytes / settings.backlogLimitBytes(), (double) entries / settings.indexBudgetEntries());
    }

    /**
     * Appends what is left of a request and queues it for its answer.
     *
     * @return false when something of it is left: the request has to be held
     */
    boolean admit(Request request, long wallNanos, Aftermath after) {
        if (stopping) {
            end(request, Failures.closed(labels.name()), after);
            return true;
        }
        if (request.kind == EventKind.FLUSH) {
            return admitFlush(request, wallNanos, after);
        }
        if (request.offset + request.length > sizeBytes) {
            end(request, Failures.beyondEnd(labels.name(), request.offset, request.length, sizeBytes), after);
            return true;
        }
        Watermark mark = request.forceUnitAccess ? rule.flush() : rule.write();
        if (peers.isMissing()) {
            StorageException refusal = peers.refusal(mark);
            if (refusal != null) {
                end(request, refusal, after);
                return true;
            }
            if (peers.holds(mark)) {
                return false;
            }
        }
        int flags = request.forceUnitAccess ? EventHeader.FLAG_BARRIER : 0;
        int parts = request.payloads == null ? 1 : request.payloads.length;
        while (request.next < parts) {
            Payload payload = request.payloads == null ? null : request.payloads[request.next];
            long length = payload == null ? request.length : payload.length();
            int partFlags = request.next == parts - 1 ? flags : 0;
            long need = request.reserved ? 0 : Space.needOf(request.kind, request.offset + request.done, length);
            if (need > 0 && !space.covers(need, after)) {
                return false;
            }
            long outcome =
                    append(request.kind, partFlags, wallNanos, request.offset + request.done, length, payload, after);
            if (outcome < 0) {
                return refused(request, outcome, after);
            }
            space.appended(request.kind, need);
            request.next++;
            request.done += length;
        }
        if (request.forceUnitAccess) {
            lastBarrier = appended;
        }
        await(request, mark, after);
        return true;
    }

    /** The journal has no room: what waits in it only for a checkpoint is brought out of it. */
    void noRoom(Aftermath after) {
        if (!journalFull) {
            journalFull = true;
            updateState(after);
            after.trimWanted();
            wantCheckpoint();
        } else if (following != null && following.head == durable && checkpointWanted < durable) {
            // The head of a replica follows what was received, so the first time may have been too early for most of
            // it.
            wantCheckpoint();
        }
    }

    private boolean refused(Request request, long outcome, Aftermath after) {
        if (outcome != JournalAppender.FULL) {
            forceWanted = true;
            committer.wake();
            return false;
        }
        noRoom(after);
        if (settings.journalFull() == ImageSettings.JournalFull.FAIL) {
            end(request, Failures.journalFull(labels.name()), after);
            return true;
        }
        return false;
    }

    /**
     * Admits a FLUSH. It promises what is acknowledged, so it need not wait behind writes that are held. Where nothing was
     * written since the image was opened it leaves no mark: a client that only looks changes nothing.
     *
     * @return false when it has to be held
     */
    boolean admitFlush(Request request, long wallNanos, Aftermath after) {
        if (following != null) {
            // What is read of a replica is durable.
            after.sweep.add(request.completion, request.session, request.startNanos, null);
            return true;
        }
        if (appended > lastBarrier && !readOnly() && !isHeldBack()) {
            long outcome = append(EventKind.FLUSH, EventHeader.FLAG_BARRIER, wallNanos, 0, 0, null, after);
            if (outcome == JournalAppender.BATCH_FULL) {
                forceWanted = true;
                committer.wake();
                return false;
            }
            // Where there is no room for the barrier the flush is as good without: it marks, it does not move.
            lastBarrier = outcome > 0 ? appended : lastBarrier;
        }
        await(request, rule.flush(), after);
        return true;
    }

    /** Queues a request for its answer; one that has nothing to wait for is answered at once. */
    private void await(Request request, Watermark mark, Aftermath after) {
        if (mark == Watermark.APPENDED) {
            after.sweep.add(request.completion, request.session, request.startNanos, null);
            if (unforced.bytes() >= UNFORCED_LIMIT_BYTES) {
                committer.wake();
            } else if (!committerArmed && appended > durable) {
                committerArmed = true;
                committer.arm();
            }
        } else if (mark == Watermark.CHECKPOINTED) {
            checkpointWaiters.add(appended, request.startNanos, request.completion, request.session);
            checkpointWaitersAdded(after);
        } else if (!peers.await(mark, request, after)) {
            durableWaiters.add(appended, request.startNanos, request.completion, request.session);
            if (durable >= appended) {
                durableWaiters.sweep(durable, after.sweep);
            }
        }
    }

    void checkpointWaitersAdded(Aftermath after) {
        applyWanted = appended;
        if (imageForced >= appended) {
            checkpointWaiters.sweep(imageForced, after.sweep);
        } else if (applied >= appended) {
            checkpointer.wake();
        } else if (durable >= appended) {
            applier.wake();
        }
    }

    /** Ends a request without its effect. */
    void end(Request request, StorageException failure, Aftermath after) {
        after.sweep.add(request.completion, request.session, request.startNanos, failure);
        if (request.payloads != null && request.next < request.payloads.length) {
            Request rest = new Request();
            rest.payloads = request.payloads;
            rest.next = request.next;
            after.dropped(rest);
        }
    }

    void hold(Request request, Aftermath after) {
        held.add(request);
        // What waits takes the place of what the journal has, too: a share counts for both together.
        hot.evict(durable, share.leftForHot(), after.releases);
        if (space.isTight() && held.size() == 1) {
            // It may rest for long, and looks for space more often while somebody waits.
            applier.wake();
        }
    }

    /** Lets held requests try again. */
    void admitHeld(long wallNanos, Aftermath after) {
        boolean any = !held.isEmpty();
        if (any) {
            epochStart.want(after);
        }
        while (!held.isEmpty() && (open() || flushes(held.peek()))) {
            Request request = held.peek();
            long before = request.waitingBytes();
            boolean done = admit(request, wallNanos, after);
            held.appended(before - request.waitingBytes());
            if (!done) {
                break;
            }
            held.remove();
        }
        if (any) {
            room.signal();
            if (held.isEmpty() && appended > durable) {
                committer.wake();
            }
        }
    }

    /** Such a one goes where writes wait. */
    private boolean flushes(Request request) {
        return request.kind == EventKind.FLUSH && !suspended;
    }

    /** Fails everything that is held. */
    void failHeld(StorageException failure, Aftermath after) {
        while (!held.isEmpty()) {
            end(held.remove(), failure, after);
        }
    }

    // ---------------------------------------------------------------- appending

    /**
     * Appends an event and makes it readable. A payload that was appended belongs to the image from then on.
     *
     * @return its sequence, or what the appender said instead of a place
     */
    long append(EventKind kind, int flags, long wallNanos, long offset, long length, Payload payload, Aftermath after) {
        long outcome = appendOne(kind, flags, wallNanos, offset, length, "", payload, after);
        if (outcome >= 0 && journalFull && !kind.isControl()) {
            journalFull = false;
            updateState(after);
        }
        return outcome;
    }

    /** As {@link #append}, of an event that has nothing but a name. */
    long appendNamed(EventKind kind, int flags, long wallNanos, String name, Aftermath after) {
        return appendOne(kind, flags, wallNanos, 0, 0, name, null, after);
    }

    /** An event of the source has been appended as it came. A payload belongs to the image from then on. */
    void arrived(EventHeader header, Payload payload, Aftermath after) {
        appended++;
        lastEventNanos = header.timeNanos();
        unforced.add(header.kind(), header.flags(), header.timeNanos(), header.offset(), header.length());
        hot.add(payload);
        figures.appended(header.kind(), header.length());
        if (journalFull && !header.kind().isControl()) {
            journalFull = false;
            updateState(after);
        }
    }

    private long appendOne(
            EventKind kind,
            int flags,
            long wallNanos,
            long offset,
            long length,
            String name,
            Payload payload,
            Aftermath after) {
        long time = Math.max(wallNanos, lastEventNanos);
        long place;
        try {
            unforced.makeRoom(name);
            hot.makeRoom();
            place = appendTo(appender, kind, flags, time, offset, length, name, payload);
        } catch (StorageException e) {
            failed(ImageListener.Part.JOURNAL, e, after);
            return JournalAppender.BATCH_FULL;
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            failed(ImageListener.Part.JOURNAL, Failures.unexpected(labels.name(), "append to the journal", e), after);
            return JournalAppender.BATCH_FULL;
        }
        if (place < 0) {
            return place;
        }
        appended++;
        lastEventNanos = time;
        unforced.add(kind, flags, time, offset, length);
        hot.add(payload);
        activeBytes += EVENT_OVERHEAD_BYTES + (payload == null ? 0 : payload.length());
        figures.appended(kind, length);
        try {
            if (kind.changesData()) {
                remember(active, kind, offset, length, appended, place);
                forgetReplaced(length, after);
            }
            long excess = settings.hotPayloadBytes();
            if (hot.bytes() > excess) {
                hot.evict(Math.min(durable, appended - 1), excess - excess / 16, after.releases);
            }
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            // It is appended all the same, and must not be once more.
            failed(ImageListener.Part.JOURNAL, Failures.unexpected(labels.name(), "note an event", e), after);
        }
        applier.moreToApply();
        return appended;
    }

    /** Hands one event to an appender; used again when events are appended once more after a reopening. */
    long appendTo(
            JournalAppender to,
            EventKind kind,
            int flags,
            long time,
            long offset,
            long length,
            String name,
            Payload payload)
            throws StorageException {
        headBytes.clear();
        EventCodec.putHead(headBytes, kind, offset, length, payload == null ? 0 : payload.length(), name);
        headBytes.flip();
        tailBytes.clear();
        EventCodec.putTail(tailBytes, time);
        tailBytes.flip();
        return to.append(
                kind, flags, time, offset, length, headBytes, payload == null ? null : payload.buffer(), tailBytes);
    }

    /** Puts an event into an overlay. */
    void remember(ExtentMap overlay, EventKind kind, long offset, long length, long sequence, long place) {
        try {
            if (length > 0 && steps.remembers(offset, length, sequence)) {
                overlay.put(kind, offset, length, sequence, place);
            }
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            overlayBroken = true;
            throw e;
        }
    }

    /**
     * Gives up the payload of an event whose every byte was just overwritten: so memory holds what is live, however long the
     * backlog is. What is not durable stays, because it may have to be appended again.
     */
    void forgetReplaced(long length, Aftermath after) {
        long sequence = active.replaced();
        if (sequence > 0 && sequence <= durable && active.replacedBody() == EventCodec.WRITE_HEAD_BYTES) {
            hot.drop(sequence, length, after.releases);
        }
    }

    /** Gives pieces the payload that is in memory, one reference each. */
    void attachPayload(Pieces pieces) {
        for (int i = 0; i < pieces.count(); i++) {
            if (pieces.place(i) >= 0) {
                Payload payload = hot.get(pieces.sequence(i));
                if (payload != null) {
                    payload.retain();
                    pieces.payload(i, payload);
                }
            }
        }
    }

    static int backlogBytesOf(EventHeader header) {
        return EVENT_OVERHEAD_BYTES + header.bodyLength();
    }

    /** Notes the two clocks, and journals a step of the wall clock; where there is no room at the moment, with the next request. */
    void watchClock(long wallNanos, long monotonicNanos, Aftermath after) {
        lastBusyNanos = monotonicNanos;
        long step = clockWatch.stepNanos(wallNanos, monotonicNanos);
        if (step != 0) {
            if (append(EventKind.CLOCK_STEP, 0, wallNanos, wallNanos, 0, null, after) < 0) {
                return;
            }
            figures.clockSteps++;
            after.warning("image " + labels.name() + ": the wall clock stepped by " + step / 1_000_000
                    + " ms; times in the journal never go back. Check the node's time service");
        }
        clockWatch.seen(wallNanos, monotonicNanos);
    }

    // ---------------------------------------------------------------- watermarks and states

    /** Has everything that is appended now forced, applied and checkpointed soon. */
    void wantCheckpoint() {
        applyWanted = readable();
        checkpointWanted = applyWanted;
        if (applied >= applyWanted) {
            checkpointer.wake();
        } else {
            applier.wake();
        }
    }

    /** The journal has confirmed everything up to a sequence. */
    void durableAt(long sequence, long nowNanos, long wallNanos, Aftermath after) {
        if (following != null) {
            following.durable(sequence, nowNanos);
        }
        durable = Math.max(durable, sequence);
        committerArmed = durable < appended;
        lastBusyNanos = nowNanos;
        unforced.forget(durable);
        int from = after.sweep.count();
        long answer = steps.acknowledgeUpTo(durable, appended);
        durableWaiters.sweep(answer, after.sweep);
        figures.acknowledged(after.sweep, from, nowNanos);
        peers.sweep(after);
        boolean keeps = following == null || following.keepsPayload();
        hot.evict(durable, keeps ? settings.hotPayloadBytes() : 0, after.releases);
        moved(after);
        if (!held.isEmpty()) {
            admitHeld(wallNanos, after);
        }
        applier.durableMoved();
        room.signal();
        changed.signal();
    }

    /** A store failed: requests wait from now on. */
    void failed(ImageListener.Part part, StorageException failure, Aftermath after) {
        figures.failures++;
        imageLost |= part == ImageListener.Part.IMAGE;
        if (suspended || stopping) {
            if (stopping && !suspended) {
                suspended = true;
                stopFailure = failure;
                changed.signal();
            }
            return;
        }
        suspended = true;
        failedPart = part;
        suspendedWhy = (part == ImageListener.Part.JOURNAL ? "the journal failed: " : "the image failed: ")
                + failure.getMessage();
        updateState(after);
        after.failed(part, failure);
        moved(after);
        changed.signal();
        room.signal();
    }

    /** What kept the image from its last checkpoint when it was closed; null when no store failed meanwhile. */
    StorageException stopFailure;

    /** Which store failed since the last resume; null when none did. */
    ImageListener.Part failedPart;

    /** It was the image, maybe behind the journal: it may have lost what was applied. */
    boolean imageLost;

    /** What the last read that failed said; null when none did since the image was opened. */
    String failedRead;

    /** Works out the state; the aftermath tells the manager when it is another one. */
    void updateState(Aftermath after) {
        State now = State.SERVING;
        String why = "";
        if (stopping) {
            now = State.STOPPING;
        } else if (suspended) {
            now = State.SUSPENDED;
            why = suspendedWhy;
        } else if (fence != null) {
            now = State.FAILING;
            why = Failures.fenced(labels.name(), fence).getMessage();
        } else if (asking.isDue()) {
            now = State.HOLDING;
            why = asking.detail();
        } else if (imageFull) {
            now = State.HOLDING;
            why = "image full: holding writes, because the image's pool has no space for what is acknowledged (it is in"
                    + " the journal); make space in the pool, applying goes on by itself";
        } else if (space.isBlocked()) {
            boolean fails = settings.journalFull() == ImageSettings.JournalFull.FAIL;
            now = fails ? State.FAILING : State.HOLDING;
            why = "image full: " + (fails ? "failing" : "holding")
                    + " writes that need new space, because the image's pool has none beyond its reserve (all that is"
                    + " acknowledged is applied); make space in the pool, it goes on by itself";
        } else if (journalFull) {
            boolean fails = settings.journalFull() == ImageSettings.JournalFull.FAIL;
            now = fails ? State.FAILING : State.HOLDING;
            why = "journal full: " + (fails ? "failing" : "holding")
                    + " writes; raise the journal's limit, make space in its pool, or let what keeps it go on";
        } else if (peers.isMissing()) {
            now = peers.state();
            why = peers.detail();
        }
        if (now != state || !why.equals(detail)) {
            state = now;
            detail = why;
            after.stateChanged();
        }
    }

    void tellState() {
        State now;
        String why;
        synchronized (lock) {
            now = state;
            why = detail;
        }
        listener.stateChanged(now, why);
    }

    /** Somebody is going to use the stores outside the lock. */
    void enter() {
        users++;
    }

    /** And is done. */
    void leave() {
        assert users > 0 : "image " + labels.name() + " is left more often than entered";
        users--;
        if (users == 0 && (suspended || stopping)) {
            changed.signal();
        }
    }

    Watermarks watermarks() {
        return new Watermarks(appended, durable, applied, checkpointed, trimmed);
    }

    /** The position of a sequence of this chain. */
    Position position(long sequence) {
        Epoch of = epochOf(sequence);
        return sequence == 0 || of == null ? Position.NONE : new Position(of.number(), sequence);
    }

    /** The epoch that a sequence lies in; null before the first one that the journal knows. */
    Epoch epochOf(long sequence) {
        Epoch found = null;
        for (Epoch e : epochs) {
            if (e.firstSequence() <= sequence) {
                found = e;
            }
        }
        return found;
    }

    /** The head at a checkpoint. */
    ImageHead headAt(long sequence, long size) {
        Epoch of = epochOf(sequence);
        ImageHead at = of == null
                ? head.at(head.checkpointed(), head.epochIdentity(), size)
                : head.at(new Position(of.number(), sequence), of.identity(), size);
        return following == null ? at : HeadProperties.put(at, at.role(), following.keptAt(sequence));
    }

    void report(Map<String, Long> out) {
        figures.report(out);
        out.put("appended", appended);
        out.put("durable", durable);
        out.put("head", readable());
        out.put("applied", applied);
        out.put("checkpointed", checkpointed);
        out.put("trimmed", trimmed);
        out.put("backlog.bytes", activeBytes + frozenBytes);
        out.put("backlog.entries", (long) entries());
        out.put("space.needed.bytes", space.needBytes());
        out.put("space.provided.bytes", space.providedBytes());
        out.put("hot.bytes", hot.bytes());
        out.put("held.now", (long) held.size());
        out.put("held.bytes", held.bytes());
        out.put("unforced.bytes", unforced.bytes());
        out.put("waiting.now", (long) durableWaiters.count() + checkpointWaiters.count() + peers.waiting());
        out.put("peers.reachable", (long) peers.reachable());
        out.put("peers.losses", peers.losses());
    }

    /** Asserts what must hold at every instant. */
    void check() {
        require(watermarks().inOrder(), "watermarks out of order: " + watermarks());
        require(hot.end() == appended + 1, "hot payload ends at " + hot.end() + ", appended " + appended);
        require(
                unforced.end() == appended + 1 && unforced.first() == durable + 1,
                "unforced events " + unforced.first() + " to " + unforced.end() + ", durable " + durable);
        require(hot.first() <= durable + 1, "payload of events that are not durable was dropped");
        // Whoever is answered late is answered by somebody else's request, and its client is not told.
        require(
                suspended || durableWaiters.firstSequence() > durable,
                "durable " + durable + ", and somebody waits for " + durableWaiters.firstSequence());
        require(
                checkpointWaiters.firstSequence() > imageForced,
                "the image is forced up to " + imageForced + ", and somebody waits for "
                        + checkpointWaiters.firstSequence());
        if (!suspended) {
            peers.check();
        }
        if (frozen != null) {
            frozen.check(applied, frozenUpTo);
        }
        active.check(frozen == null ? applied : frozenUpTo, readable());
        if (following != null) {
            following.check();
        }
        if (journal != null) {
            require(journal.durable() >= durable, "durable " + durable + ", the journal says " + journal.durable());
            require(
                    journal.trimmed() <= checkpointed,
                    "trimmed " + journal.trimmed() + " above checkpointed " + checkpointed);
        }
        held.check();
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    /** Whether clients' writes are refused, and {@link #refusal} says why. */
    boolean readOnly() {
        return readOnly || fence != null;
    }

    StorageException refusal() {
        Fence by = fence;
        return by == null ? Failures.readOnly(labels.name()) : Failures.fenced(labels.name(), by);
    }

    /** Whether it is a replica, or becomes one. */
    boolean leavesPrimary() {
        return readOnly;
    }

    void readOnly(boolean now) {
        readOnly = now;
    }

    static StorageException mismatch(String what, String remedy) {
        return new StorageException(Reason.MISMATCH, what, remedy);
    }
}
