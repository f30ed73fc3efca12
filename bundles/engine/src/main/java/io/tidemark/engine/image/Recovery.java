package io.tidemark.engine.image;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.replica.ReplicaOrigin;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/**
 * Brings image and journal together: after a crash or a clean stop, and when a suspended image gets its stores back. Runs
 * on one thread while nothing else does.
 */
final class Recovery implements BatchWriter.Interruption {
    private static final long SPACE_RETRY_NANOS = 50_000_000L;
    private static final int SPACE_RETRIES = 20;

    private final Core core;
    private final BatchWriter writer;
    private int spaceRetries;
    private ExtentMap map = new ExtentMap();
    private long mapBytes;
    private long reached;
    /** What is noted of a delayed replica before the first bytes behind its checkpoint are written; 0 for nothing. */
    private long reachDue;

    private long size;

    Recovery(Core core) {
        this.core = core;
        this.writer = new BatchWriter(core);
    }

    // ---------------------------------------------------------------- opening

    /** Compares, and reads what the image lacks into the overlay. */
    void open(Journal journal, BlockImage image) throws StorageException {
        ImageHead head = image.head();
        compare(journal, head);
        long checkpointed = head.checkpointed().sequence();
        long durable = journal.durable();
        core.hot = new HotPayloads(durable + 1);
        core.unforced = new UnforcedEvents(durable + 1);
        if (image.sizeBytes() != head.sizeBytes()) {
            image.resize(head.sizeBytes());
        }
        boolean replica = head.role() == ImageHead.Role.REPLICA;
        // Behind its checkpoint an image may show anything up to where its head was.
        HeadProperties kept = replica ? HeadProperties.of(head) : null;
        long upTo = replica ? kept.reachAfterCrash(checkpointed, durable) : durable;
        read(journal, image, checkpointed, upTo, head.sizeBytes());
        boolean begins = !replica && beginsEpoch(journal, head);
        if (begins) {
            Epoch next = EpochStart.next(core, journal, durable);
            boolean promoted = !journal.epochs().isEmpty();
            journal.startEpoch(
                    promoted ? next.promoted(HeadProperties.overruled(head, next.predecessorIdentity())) : next);
        } else if (!replica && core.steps.startsEpoch()) {
            core.epochStart.due();
        }
        core.attach(journal, image, head);
        long newestNanos = journal.status().newestTimeNanos();
        core.lastEventNanos(newestNanos);
        long sinceNanos = HeadProperties.sinceNanos(head);
        if (replica) {
            core.following = new Following(core, kept, upTo, durable, newestNanos);
            // What it receives may be older: the time may be that of an event behind the copy's beginning.
            core.following.sourceNanos = sinceNanos;
        } else {
            core.following = null;
            core.lastEventNanos(sinceNanos);
        }
        core.checkpointed = checkpointed;
        core.imageForced = checkpointed;
        core.applied = Math.max(checkpointed, reached);
        core.appended = durable;
        core.durable = durable;
        core.lastBarrier = 0;
        core.active = map;
        core.activeBytes = mapBytes;
        core.sizeBytes = size;
        core.asking.begin(journal, head);
    }

    private void compare(Journal journal, ImageHead head) throws StorageException {
        String image = core.labels.name();
        if (!journal.identity().equals(head.journalIdentity())) {
            throw Core.mismatch(
                    "image " + image + " belongs to journal " + head.journalIdentity() + ", and journal "
                            + journal.name() + " is " + journal.identity(),
                    "put the right journal into its pool, or give the journal up as lost");
        }
        Position checkpointed = head.checkpointed();
        if (head.role() == ImageHead.Role.REPLICA && journal.epochs().isEmpty()) {
            throw Core.mismatch(
                    "journal " + journal.name() + " is empty, and image " + image + " is a replica",
                    "delete the replica and let it begin anew");
        }
        if (!knows(journal.epochs(), head)) {
            throw Core.mismatch(
                    "journal " + journal.name() + " does not know the epoch " + head.epochIdentity()
                            + " in which image " + image + " was checkpointed at " + checkpointed,
                    "image and journal come from different backups or branches: restore both from the same moment");
        }
        if (checkpointed.sequence() > journal.durable()) {
            throw Core.mismatch(
                    "journal " + journal.name() + " ends at " + journal.durable() + ", before the checkpoint of image "
                            + image + " at " + checkpointed,
                    "the journal is older than the image: restore both from the same moment, or give the journal up as lost");
        }
        if (checkpointed.sequence() < journal.trimmed()) {
            throw Core.mismatch(
                    "journal " + journal.name() + " starts behind " + journal.trimmed() + ", and image " + image
                            + " was checkpointed at " + checkpointed,
                    "the image is older than the journal: restore both from the same moment");
        }
    }

    private static boolean knows(List<Epoch> epochs, ImageHead head) {
        if (head.checkpointed().sequence() == 0) {
            return true;
        }
        for (Epoch epoch : epochs) {
            if (epoch.identity().equals(head.epochIdentity())) {
                return true;
            }
        }
        // A journal that took the place of a lost one starts as the successor of the image's epoch.
        return !epochs.isEmpty() && epochs.get(0).predecessorIdentity().equals(head.epochIdentity());
    }

    /** A new journal needs an epoch, and a promoted replica one that its former source does not have. */
    private static boolean beginsEpoch(Journal journal, ImageHead head) {
        List<Epoch> epochs = journal.epochs();
        return epochs.isEmpty()
                || HeadProperties.isPromotedIn(
                        head, epochs.get(epochs.size() - 1).identity());
    }

    /** Starts the source's epoch in the journal of a new replica, behind what the copied bytes are sure to have. */
    static void beginRelay(ReplicaOrigin origin, Journal journal) throws StorageException {
        journal.startEpoch(relay(origin));
    }

    static Epoch relay(ReplicaOrigin origin) {
        return origin.epoch().from(origin.registered().sequence() + 1);
    }

    /** Gives an image an empty journal, as the successor of one that is lost. */
    static void adopt(StorageContext context, String owner, Journal journal, String pool, BlockImage image)
            throws StorageException {
        if (!journal.epochs().isEmpty()) {
            throw new StorageException(
                    Reason.INVALID, "journal " + journal.name() + " is not new", "create another one for the image");
        }
        ImageHead head = image.head();
        if (head.role() == ImageHead.Role.REPLICA) {
            throw new StorageException(
                    Reason.INVALID,
                    "the image is a replica: its journal comes from its source",
                    "delete the replica and let it begin anew");
        }
        Position at = head.checkpointed();
        Epoch cut = HeadProperties.cutIn(head);
        if (cut != null) {
            // Peers that end there go on from here, and those that have more are seen to have parted.
            journal.startEpoch(cut);
        }
        UUID identity = new UUID(context.randomBits(), context.randomBits());
        Epoch first = new Epoch(
                at.epoch() + 1,
                identity,
                at.sequence() + 1,
                head.epochIdentity(),
                context.clock().wallNanos(),
                owner);
        journal.startEpoch(
                cut == null ? first : first.promoted(HeadProperties.overruled(head, first.predecessorIdentity())));
        image.force();
        image.storeHead(new ImageHead(
                head.imageIdentity(),
                image.sizeBytes(),
                head.blockSizeBytes(),
                pool,
                journal.identity(),
                head.epochIdentity(),
                at,
                head.role(),
                HeadProperties.adopted(head)));
    }

    // ---------------------------------------------------------------- resuming

    /** Compares what came back with what is known. */
    void compareAgain(Journal journal, BlockImage image) throws StorageException {
        String name = core.labels.name();
        ImageHead head = image.head();
        List<Epoch> epochs = journal.epochs();
        Epoch last = epochs.isEmpty() ? null : epochs.get(epochs.size() - 1);
        if (!journal.identity().equals(core.head.journalIdentity())
                || !head.imageIdentity().equals(core.head.imageIdentity())
                || !head.journalIdentity().equals(core.head.journalIdentity())) {
            throw Core.mismatch(
                    "image " + name + " got back another journal or another image than it had",
                    "put the right ones back");
        }
        if (last == null || !core.epochStart.mayBeIn(last)) {
            throw Core.mismatch(
                    "the journal of image " + name + " came back in another epoch: somebody else has written it",
                    "close the image and open it again");
        }
        long durable = journal.durable();
        if (durable < core.durable || durable > core.appended) {
            throw Core.mismatch(
                    "the journal of image " + name + " came back ending at " + durable + "; it was durable up to "
                            + core.durable + " and appended up to " + core.appended,
                    durable < core.durable
                            ? "the journal lost what it had confirmed: check its device before the image is opened again"
                            : "close the image and open it again");
        }
        if (journal.trimmed() > core.checkpointed || head.checkpointed().sequence() < core.checkpointed) {
            throw Core.mismatch(
                    "image " + name + " came back with a checkpoint at " + head.checkpointed()
                            + ", journal trimmed up to " + journal.trimmed() + "; the checkpoint was at "
                            + core.checkpointed,
                    "the image's store lost what it had confirmed: check its device");
        }
    }

    /**
     * Goes on with reopened stores: the overlay stays unless what was applied was not forced, and what the journal lacks is
     * appended again.
     */
    void resume(Journal journal, BlockImage image, Aftermath after) throws StorageException {
        long survived = journal.durable();
        compareSurvivors(journal, survived);
        synchronized (core.lock) {
            // The last one may have been stored although its store said that it failed.
            core.checkpointed = image.head().checkpointed().sequence();
        }
        boolean rebuild = core.applied > core.checkpointed || core.overlayBroken;
        if (rebuild || image.sizeBytes() != core.sizeBytes) {
            if (image.sizeBytes() != image.head().sizeBytes()) {
                image.resize(image.head().sizeBytes());
            }
            rebuild = true;
            // A replica's head stays where it is; what is behind it in the journal is not for reading yet.
            long upTo = core.following == null ? survived : core.following.head;
            reachDue = upTo;
            read(journal, image, core.checkpointed, upTo, image.head().sizeBytes());
            reachDue = 0;
        }
        synchronized (core.lock) {
            if (rebuild) {
                core.active = map;
                core.activeBytes = mapBytes;
                core.frozen = null;
                core.frozenBytes = 0;
                core.overlayBroken = false;
                core.applied = Math.max(core.checkpointed, reached);
                core.imageForced = Math.min(core.imageForced, core.checkpointed);
                core.sizeBytes = size;
                if (core.resizeSequence > 0 && core.resizeSequence <= survived) {
                    core.resizeSequence = 0;
                }
            } else if (core.frozen != null && core.frozenUpTo > survived) {
                // The batch has to take up again what is appended once more. All above it is newer, and comes again
                // too.
                core.active = core.frozen;
                core.activeBytes += core.frozenBytes;
                core.frozen = null;
                core.frozenBytes = 0;
            }
            core.durable = survived;
            core.unforced.forget(survived);
            core.attach(journal, image, image.head());
        }
        if (core.following == null) {
            appendAgain(journal, survived);
        } else {
            receiveAgain(journal, survived);
        }
        long now = core.context.clock().monotonicNanos();
        synchronized (core.lock) {
            core.durableAt(journal.durable(), now, core.context.clock().wallNanos(), after);
        }
    }

    /** As the applier does before a batch: what is read may be written to the image on the way. */
    private void noteReach(BlockImage image, long upTo) throws StorageException {
        Following following = core.following;
        if (following == null || !following.notesReach(upTo)) {
            return;
        }
        HeadProperties noted = following.kept.reach(upTo);
        core.steps.storeHead(
                image, HeadProperties.put(image.head(), image.head().role(), noted));
        synchronized (core.lock) {
            following.kept = noted;
        }
    }

    /** What was appended and survived without a confirmation must be what was appended. */
    private void compareSurvivors(Journal journal, long survived) throws StorageException {
        if (survived == core.durable) {
            return;
        }
        UnforcedEvents known = core.unforced;
        try (JournalReader reader = journal.reader(core.durable + 1)) {
            for (long s = core.durable + 1; s <= survived; s++) {
                EventHeader header = reader.next();
                if (header == null
                        || header.position().sequence() != s
                        || header.kind() != known.kind(s)
                        || header.timeNanos() != known.timeNanos(s)
                        || header.offset() != known.offset(s)
                        || header.length() != known.length(s)) {
                    throw Core.mismatch(
                            "the journal of image " + core.labels.name() + " came back with another event at " + s,
                            "somebody else has written it: close the image and open it again");
                }
            }
        }
    }

    private void appendAgain(Journal journal, long survived) throws StorageException {
        JournalAppender appender = journal.appender();
        UnforcedEvents events = core.unforced;
        long s = survived + 1;
        while (s <= core.appended) {
            EventKind kind = events.kind(s);
            Payload payload = core.hot.get(s);
            long place = core.appendTo(
                    appender,
                    kind,
                    events.flags(s),
                    events.timeNanos(s),
                    events.offset(s),
                    events.length(s),
                    events.name(s),
                    payload);
            if (place == JournalAppender.BATCH_FULL) {
                core.steps.forceJournal(journal);
                continue;
            }
            if (place < 0) {
                throw new StorageException(
                        Reason.JOURNAL_FULL,
                        "the journal of image " + core.labels.name() + " has no room for what was written to it before",
                        "raise its limit or make space in its pool");
            }
            synchronized (core.lock) {
                if (kind.changesData()) {
                    core.remember(core.active, kind, events.offset(s), events.length(s), s, place);
                }
            }
            s++;
        }
        if (journal.durable() < core.appended) {
            core.steps.forceJournal(journal);
        }
    }

    /** As {@link #appendAgain}, of a replica: byte for byte what arrived, and not for reading yet. */
    private void receiveAgain(Journal journal, long survived) throws StorageException {
        JournalAppender appender = journal.appender();
        UnforcedEvents events = core.unforced;
        core.following.arrivals.each(survived + 1, (s, head, tail) -> {
            Payload payload = core.hot.get(s);
            ByteBuffer bytes = payload == null ? null : payload.buffer();
            long place = JournalAppender.BATCH_FULL;
            while (place == JournalAppender.BATCH_FULL) {
                place = appender.append(
                        events.kind(s),
                        events.flags(s),
                        events.timeNanos(s),
                        events.offset(s),
                        events.length(s),
                        head,
                        bytes,
                        tail);
                if (place == JournalAppender.BATCH_FULL) {
                    core.steps.forceJournal(journal);
                }
            }
            if (place < 0) {
                throw new StorageException(
                        Reason.JOURNAL_FULL,
                        "the journal of image " + core.labels.name() + " has no room for what was received before",
                        "raise its limit or make space in its pool");
            }
        });
        if (journal.durable() < core.appended) {
            core.steps.forceJournal(journal);
        }
    }

    // ---------------------------------------------------------------- reading the journal

    /** Reads events into a fresh overlay. Where the index gets too long, or the size changes, it is applied on the way. */
    private void read(Journal journal, BlockImage image, long after, long upTo, long startSize)
            throws StorageException {
        map = new ExtentMap();
        mapBytes = 0;
        reached = after;
        size = startSize;
        if (upTo <= after) {
            return;
        }
        long expected = after + 1;
        try (JournalReader reader = journal.reader(expected)) {
            for (; expected <= upTo; expected++) {
                EventHeader header = reader.next();
                if (header == null || header.position().sequence() != expected) {
                    throw new StorageException(
                            Reason.CORRUPT,
                            "journal " + journal.name() + " lacks event " + expected + " of those up to " + upTo,
                            "run journal:verify");
                }
                take(header, reader.place(), journal, image);
            }
        }
    }

    private void take(EventHeader header, long place, Journal journal, BlockImage image) throws StorageException {
        long sequence = header.position().sequence();
        mapBytes += Core.backlogBytesOf(header);
        if (header.kind().changesData()) {
            if (header.offset() < 0 || header.offset() + header.length() > size) {
                throw new StorageException(
                        Reason.CORRUPT,
                        "event " + header.position() + " lies beyond the image's end at " + size,
                        "run journal:verify");
            }
            core.remember(map, header.kind(), header.offset(), header.length(), sequence, place);
        } else if (header.kind() == EventKind.RESIZE) {
            applyNow(sequence, journal, image);
            image.resize(header.length());
            size = header.length();
        }
        if (map.size() >= core.settings.indexBudgetEntries() / 2) {
            applyNow(sequence, journal, image);
        }
    }

    private void applyNow(long upTo, Journal journal, BlockImage image) throws StorageException {
        if (reachDue > 0) {
            noteReach(image, reachDue);
        }
        if (!writer.write(map, journal, image, this)) {
            throw Failures.imageFull(core.labels.name());
        }
        map = new ExtentMap();
        mapBytes = 0;
        reached = upTo;
    }

    @Override
    public boolean wanted() {
        return false;
    }

    @Override
    public boolean waitForSpace() {
        // Journals in the same file system give up what they can spare.
        core.context.workers().newGate().await(SPACE_RETRY_NANOS);
        return ++spaceRetries <= SPACE_RETRIES;
    }

    @Override
    public void spaceFound() {
        spaceRetries = 0;
    }

    @Override
    public int runs(double written) {
        return BatchWriter.RUNS;
    }
}
