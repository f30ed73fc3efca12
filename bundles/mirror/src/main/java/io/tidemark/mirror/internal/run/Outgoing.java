package io.tidemark.mirror.internal.run;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.PeerProgress;
import io.tidemark.base.text.Durations;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.EventsFrame;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An image on its way to one replica. {@link #serve} and what belongs to it is called by the link's source worker; progress and
 * credit come from the link's worker, and {@link #keep} from the keeper.
 */
final class Outgoing {
    private static final Logger LOG = LoggerFactory.getLogger(Outgoing.class);
    private static final Message.Progress NOTHING = new Message.Progress(0, 0, 0);
    private static final int EVENTS_HEAD_BYTES = 64;
    private static final int TYPICAL_BODY_BYTES = 4096;
    private static final long STUCK_NANOS = 10_000_000_000L;

    /**
     * After a frame with all that there was. Each frame wakes half a dozen threads on both sides and makes the replica force,
     * which a source that writes all the time would have with each of its own forces.
     */
    private static final long REST_NANOS = 2_000_000L;

    /**
     * The source's journal.
     *
     * @param journal open
     * @param reader behind what the replica has; null when that reads the journal itself
     * @param client name of the replica in the journal
     * @param registered whether the journal knows it from here; not while a sibling fetches something
     * @param timeNanos no event in front of the reader exceeds it, though the journal may not have that one; 0 when unknown
     */
    record Tape(Journal journal, JournalReader reader, String client, boolean registered, long timeNanos) {}

    /** In the queue of the ready ones. */
    final AtomicBoolean queued = new AtomicBoolean();
    /** More than its turns were worth; of the source worker. */
    long debtBytes;
    /** It rests; of the source worker. */
    boolean resting;

    private final Sources all;
    private final SourceSide side;
    private final int channel;
    private final Message.Open open;
    private final Message.Opened opened;
    private final Tape tape;
    private final Credit credit;
    private final String peer;
    private final Copier copier;
    /** Of the copy's time. */
    private final Ahead ahead;
    /** What the replica has to have received so that nobody but itself is needed to make its bytes a position; 0 when they are. */
    private final long wholeAt;
    /** The replica reads the journal itself: it is told of news only. */
    private final boolean reads;
    /** Whether the origin is told how far it is. */
    private final boolean counts;
    /** Why it is not, for people; empty when it is, or nobody would think so. */
    private final String uncounted;

    /** Waits for news; of the source worker. Null while there is some that was not told yet. */
    private JournalReader listening;
    /** Somebody will say when there is more. */
    private volatile boolean listened;

    private EventHeader pending;
    private long toldEpoch;
    private long toldDurable;
    private long restsUntilNanos;
    private volatile long sentSequence;
    private volatile long sentTimeNanos;
    private final AtomicLong sentEvents = new AtomicLong();
    private final AtomicLong sentBodyBytes = new AtomicLong();
    private volatile Message.Progress progress;
    private volatile StorageException trouble;
    private volatile boolean closed;
    /** Somebody waits until the replica has it. */
    private volatile boolean hurries;
    /** Reports to the engine reach it in the order of what they say. */
    private final Object reports = new Object();

    /** The replica's image is there: it said so, or asked for what follows. */
    private volatile boolean made;

    private volatile boolean superseded;
    private volatile boolean forgotten;
    private long keptSequence;
    private long keptReplayed = JournalClient.UNKNOWN;
    private boolean keeping;
    private final RecentRate rate;
    /** Of the keeper. */
    private final StuckNews stuck;

    private final TimeLine times = new TimeLine();
    private volatile long heardNanos;
    /** When the keeper last saw that the replica lacks nothing: who has nothing to say is not stuck. */
    private volatile long evenNanos;

    Outgoing(
            Sources all,
            SourceSide side,
            PeerLink link,
            int channel,
            Message.Open open,
            Message.Opened opened,
            Tape tape,
            long kept) {
        this.all = all;
        this.side = side;
        this.channel = channel;
        // There may be thousands of channels.
        this.open = open.withoutEpochs();
        this.opened = opened;
        this.tape = tape;
        this.credit = new Credit(open.window());
        this.rate = new RecentRate(all.context().clock());
        this.heardNanos = all.context().clock().monotonicNanos();
        this.peer = Sources.name(link.peer(), open.image(), open.replica());
        this.stuck = all.stuckNews(open.image(), peer);
        this.sentSequence = opened.start().sequence();
        this.sentTimeNanos = tape.timeNanos();
        this.restsUntilNanos = heardNanos;
        this.evenNanos = heardNanos;
        this.toldEpoch = opened.start().epoch();
        this.keptSequence = kept;
        boolean begins = open.copy().begins();
        this.made = !begins;
        this.progress = begins
                ? new Message.Progress(sentSequence, sentSequence, sentSequence)
                : new Message.Progress(open.arrived(), open.received(), open.replayed());
        if (begins && toldEpoch == 0 && !opened.epochs().isEmpty()) {
            // A replica of nothing is made with the first epoch.
            toldEpoch = opened.epochs().get(0).number();
        }
        this.copier = opened.copying() ? new Copier(all, this, link) : null;
        this.ahead = new Ahead(open.window() / 2, progress.arrived());
        // Its copy was whole before, so it is consistent at some event that was durable here then.
        this.wholeAt = open.replays() ? opened.durable() : 0;
        this.reads = open.copy().reads();
        this.toldDurable = reads ? opened.durable() : 0;
        this.counts = (reads ? open.copy() == Message.Copy.READS : tape.registered())
                && all.origin().counts(link);
        boolean fetches = !tape.registered() && !reads;
        this.uncounted = counts || fetches
                ? ""
                : "; no commit policy counts it, because "
                        + (link.isInside() ? "it is on the same node" : "its journal lies in the pool of this one's");
        // Who only fetches something is about to be promoted.
        this.hurries = counts || fetches;
        all.add(this);
    }

    int channel() {
        return channel;
    }

    String image() {
        return open.image();
    }

    String peer() {
        return peer;
    }

    /** As the peer is called here. */
    String peerName() {
        return side.peer();
    }

    Message.Opened opened() {
        return opened;
    }

    Message.Open request() {
        return open;
    }

    Journal journal() {
        return tape.journal();
    }

    /**
     * Throws when the image's journal is not the one of this channel any more, or nobody knows: a journal that was closed calls all
     * durable that it has, and says nothing of what is read from the image since.
     */
    void checkJournal() throws StorageException {
        if (!all.origin().has(image(), tape.journal())) {
            throw reopened();
        }
    }

    private StorageException reopened() {
        return new StorageException(Reason.UNAVAILABLE, "the image '" + image() + "' was opened again", "");
    }

    /** By who can wait until it is known. */
    private boolean hasJournal() {
        try {
            return all.origin().has(image(), tape.journal());
        } catch (StorageException e) {
            return true;
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** The replica has its answer. It counts from now on, although it may have nothing to say for long. */
    void start(PeerLink out, Gate sending) {
        report(true);
        if (copier != null) {
            // Before COPIED: it may be promoted behind that, without any event that tells it the time.
            tellDurable(tape.journal().durable(), out, sending);
            copier.start();
        }
    }

    // ---- by the link's worker

    void credited(long released) {
        if (!credit.released(released)) {
            fail(new StorageException(Reason.INVALID, "credit of " + released + " bytes for what was not sent", ""));
            return;
        }
        side.ready(this);
        if (copier != null) {
            copier.wake();
        }
    }

    void progressed(Message.Progress now) {
        Message.Progress before = progress;
        if (now.arrived() > (reads ? tape.journal().durable() : sentSequence)
                || now.arrived() < before.arrived()
                || now.received() < before.received()
                || now.replayed() < before.replayed()) {
            fail(new StorageException(Reason.INVALID, "progress " + now + " after " + before, ""));
            return;
        }
        progress = now;
        made = true;
        if (ahead.arrived(now.arrived())) {
            side.ready(this);
        }
        heardNanos = all.context().clock().monotonicNanos();
        long events = now.received() - before.received();
        if (events > 0) {
            rate.add(events, events * meanBodyBytes());
        }
        report(true);
    }

    void wanted(Message.Wanted wanted) {
        if (copier == null || !copier.wanted(wanted)) {
            fail(new StorageException(Reason.INVALID, "parts at " + wanted.offset() + " that were not named", ""));
        }
    }

    /** How fast a copy may go has changed. */
    void paced() {
        if (copier != null) {
            copier.wake();
        }
    }

    /** The copy is whole; the replica may have said before that it has all of it. */
    void copied() {
        credit.passes(Credit.Taker.COPY);
        report(true);
        side.ready(this);
    }

    private boolean copies() {
        return copier != null && !copier.done();
    }

    /** How long a frame of events may be, beside what credit there is; 0 when there is not the least. */
    private long availableAhead(long least) {
        return copies() ? ahead.available(least) : Long.MAX_VALUE;
    }

    /** Before the frame goes: its answer may be quick. */
    private void sentAhead(long last, long bytes) {
        if (copies()) {
            ahead.sent(last, bytes);
        }
    }

    private void report(boolean reachable) {
        synchronized (reports) {
            if (superseded || forgotten || !counts) {
                return;
            }
            Message.Progress now = made ? progress : NOTHING;
            boolean consistent = copier == null ? now.received() >= wholeAt : now.replayed() >= copier.consistentAt();
            // Where the image has another journal by now, that may be of another branch.
            boolean inSync = reachable && consistent && !closed && hasJournal();
            try {
                hurries = all.origin()
                        .peer(image(), new PeerProgress(peer, inSync, now.arrived(), now.received(), now.replayed()));
            } catch (StorageException e) {
                LOG.debug("{}: {} cannot be told of {}: {}", peer, image(), now, e.getMessage());
            }
        }
    }

    boolean isFor(String sourceImage, String client) {
        return image().equals(sourceImage) && tape.client().equals(client);
    }

    /** Ends it, and whatever it keeps for the replica. By anybody. */
    void forgetNow() {
        synchronized (this) {
            forgotten = true;
        }
        fail(new SourceSide.Unwanted("'" + image() + "' is no longer mirrored to " + peer));
    }

    boolean replaces(Outgoing other) {
        return other != this
                && other.tape.client().equals(tape.client())
                && other.image().equals(image());
    }

    void supersede() {
        superseded = true;
        fail(new StorageException(Reason.UNAVAILABLE, "the replica is served over a newer link", ""));
    }

    /** Ends the channel at the next turn. */
    void fail(StorageException why) {
        trouble = why;
        side.ready(this);
    }

    // ---- by the source worker

    /** How long it is to be left alone, so that more comes together; 0 when it may be served. */
    long restNanos(long nowNanos) {
        return trouble != null || hurries ? 0 : Math.max(0, restsUntilNanos - nowNanos);
    }

    /** Sends at most one frame of events, and the epochs before it; how many bytes that was, 0 when there is nothing to do now. */
    long serve(Supplier<EventsFrame> frames, PeerLink out, Gate sending) throws StorageException {
        if (trouble != null) {
            throw trouble;
        }
        if (reads) {
            return serveNews(out, sending);
        }
        if (pending == null) {
            pending = tape.reader().next();
        }
        long next = pending == null ? sentSequence + 1 : pending.position().sequence();
        long bytes = sendEpochs(next, out, sending);
        if (bytes < 0) {
            return 0;
        }
        if (pending == null) {
            tape.reader().whenReadable(() -> side.ready(this));
            return bytes;
        }
        if (pending.position().epoch() != toldEpoch) {
            throw new StorageException(
                    Reason.CORRUPT,
                    "event " + pending.position() + " of '" + image() + "' lies in no epoch that its journal knows",
                    "run journal:verify");
        }
        return bytes + sendEvents(frames.get(), out, sending);
    }

    /** One word at a time, however much is written until the replica has heard it. */
    private long serveNews(PeerLink out, Gate sending) throws StorageException {
        long durable = tape.journal().durable();
        if (durable <= toldDurable) {
            if (!listened) {
                listen();
            }
            return 0;
        }
        listenNoMore();
        ByteBuffer frame = Encoder.encode(channel, new Message.Durable(durable, 0, 0));
        if (takeCredit(frame.remaining(), frame.remaining()) == 0) {
            return 0; // more credit comes
        }
        long now = all.context().clock().monotonicNanos();
        if (progress.received() >= toldDurable) {
            // Nothing was under way: from now on an answer is due.
            heardNanos = now;
        }
        toldDurable = durable;
        out.send(sending, frame);
        restsUntilNanos = now + REST_NANOS;
        return frame.remaining();
    }

    private void listen() throws StorageException {
        listenNoMore();
        listening = tape.journal().reader(toldDurable + 1);
        // Of a journal that was closed the listener would only say again and again that there is something to see.
        if (listening.next() == null) {
            listened = true;
            listening.whenReadable(() -> {
                listened = false;
                side.ready(this);
            });
        } else {
            side.ready(this);
        }
    }

    /** A reader that is closed calls its listener, too. */
    private void listenNoMore() {
        JournalReader before = listening;
        listening = null;
        if (before != null) {
            before.close();
        }
    }

    /** Epochs that begin before an event; negative when there is no credit for one. */
    private long sendEpochs(long next, PeerLink out, Gate sending) {
        long bytes = 0;
        Epoch newest = newest();
        if (newest == null || newest.number() <= toldEpoch) {
            return 0;
        }
        for (Epoch epoch : tape.journal().epochs()) {
            if (epoch.number() > toldEpoch && epoch.firstSequence() <= next) {
                ByteBuffer frame = Encoder.encode(channel, new Message.NextEpoch(epoch));
                int length = frame.remaining();
                if (takeCredit(length, length) == 0) {
                    return -1;
                }
                bytes += length;
                sentAhead(sentSequence, length);
                out.send(sending, frame);
                toldEpoch = epoch.number();
            }
        }
        return bytes;
    }

    private Epoch newest() {
        var epochs = tape.journal().epochs();
        return epochs.isEmpty() ? null : epochs.get(epochs.size() - 1);
    }

    /** For a frame of events: 0 while there is not the least, be it of credit or of what may go ahead of the copy. */
    private long takeCredit(long least, long most) {
        long ahead = availableAhead(least);
        long taken = 0;
        if (ahead > 0) {
            taken = credit.takeUpTo(Credit.Taker.EVENTS, least, Math.min(ahead, most));
        } else {
            credit.passes(Credit.Taker.EVENTS);
        }
        if (copier != null && credit.owes(Credit.Taker.COPY)) {
            copier.wake();
        }
        return taken;
    }

    /** For the copy. */
    boolean takeCopyCredit(long bytes) {
        boolean taken = credit.tryTake(Credit.Taker.COPY, bytes);
        if (credit.owes(Credit.Taker.EVENTS)) {
            side.ready(this);
        }
        return taken;
    }

    private long sendEvents(EventsFrame frame, PeerLink out, Gate sending) throws StorageException {
        long least = EVENTS_HEAD_BYTES + Wire.EVENT_BYTES + (long) pending.bodyLength();
        long taken = takeCredit(least, SourceSide.QUANTUM_BYTES);
        if (taken == 0) {
            return 0; // more credit comes, or events arrive, or the copy ends
        }
        frame.start(channel, pending.position());
        long bodies = 0;
        EventHeader last = null;
        while (pending != null
                && pending.position().epoch() == toldEpoch
                && frame.add(pending, tape.reader().body(), (int) taken)) {
            bodies += pending.bodyLength();
            last = pending;
            // What the frame only refers to is valid until the reader goes on.
            pending = frame.isFull() ? null : tape.reader().next();
        }
        if (progress.received() >= sentSequence) {
            // Nothing was under way: from now on an answer is due.
            heardNanos = all.context().clock().monotonicNanos();
        }
        long durable = Math.max(tape.journal().durable(), last.position().sequence());
        int bytes = frame.length();
        credit.giveBack(taken - bytes);
        toldDurable = durable;
        sentTimeNanos = last.timeNanos();
        times.add(last.position().sequence(), last.timeNanos());
        sentEvents.addAndGet(frame.count());
        sentBodyBytes.addAndGet(bodies);
        sentSequence = last.position().sequence();
        sentAhead(sentSequence, bytes);
        out.send(sending, frame.finish(durable));
        if (frame.isFull()) {
            pending = tape.reader().next();
        }
        if (pending == null) {
            restsUntilNanos = all.context().clock().monotonicNanos() + REST_NANOS;
        }
        return bytes;
    }

    /** Once a second: how far the source is, where that is news. */
    void tell(PeerLink out, Gate sending) {
        if (reads) {
            return;
        }
        long durable = tape.journal().durable();
        if (durable != toldDurable) {
            tellDurable(durable, out, sending);
        }
        // Where an epoch has no event yet, nothing else says that it began.
        Epoch newest = newest();
        if (newest != null && newest.number() > toldEpoch) {
            side.ready(this);
        }
    }

    private void tellDurable(long durable, PeerLink out, Gate sending) {
        toldDurable = durable;
        out.send(sending, channel, new Message.Durable(durable, sentTimeNanos, unsentBytes()));
    }

    private long unsentBytes() {
        return Math.max(0, tape.journal().durable() - sentSequence) * meanBodyBytes();
    }

    private long meanBodyBytes() {
        long sent = sentEvents.get();
        return sent == 0 ? TYPICAL_BODY_BYTES : sentBodyBytes.get() / sent;
    }

    void close(boolean forget) {
        closed = true;
        if (copier != null) {
            copier.wake();
        }
        all.remove(this);
        if (reads) {
            listenNoMore();
        } else {
            tape.reader().close();
        }
        report(false);
        if (!tape.registered()) {
            if (forget && counts && !superseded && !forgotten) {
                all.forgetPeer(image(), peer);
            }
            return;
        }
        if (forget && !superseded && !forgotten) {
            forget();
        } else {
            keepProgress();
        }
    }

    private void forget() {
        synchronized (this) {
            forgotten = true;
        }
        try {
            tape.journal().removeClient(tape.client());
        } catch (StorageException e) {
            LOG.warn("the journal of '{}' still waits for {}: {}", image(), tape.client(), e.getMessage());
        }
        all.forgetPeer(image(), peer);
    }

    // ---- by the keeper

    void keep() {
        if (closed || superseded || forgotten) {
            return;
        }
        if (!hasJournal()) {
            // Nobody asks a reader, which would know, while the next event waits for credit or for a copy.
            fail(reopened());
            return;
        }
        if (!(tape.registered() || reads)) {
            return;
        }
        long unreceived = Math.max(0, tape.journal().durable() - progress.received());
        if (unreceived == 0) {
            evenNanos = all.context().clock().monotonicNanos();
        }
        stuck.look(!copies() && trouble == null && stuck(unreceived) ? flowWords(0, unreceived) : "");
        Optional<JournalClient> known = Sources.known(tape.journal(), tape.client());
        if (known.isEmpty() && reads) {
            // Where the journal was not trimmed yet nobody has looked who reads it.
            report(true);
            return;
        }
        if (known.isEmpty()) {
            fail(new SourceSide.Expired("the journal of '" + image() + "' no longer waits for the replica at " + peer
                    + "; run mirror:resync at the replica"));
            return;
        }
        if (known.get().state() == JournalClient.State.EXPIRED) {
            fail(new SourceSide.Expired(Sources.expired(image(), known.get())));
            return;
        }
        if (!reads) {
            keepProgress();
        }
        // The engine keeps it in memory only, and cannot be told while it is opened again.
        report(true);
    }

    /** A force: nobody waits for it under the lock. Who comes meanwhile leaves it to the next one. */
    private void keepProgress() {
        Message.Progress now = progress;
        synchronized (this) {
            boolean news = made && (now.received() > keptSequence || now.replayed() > keptReplayed);
            if (keeping || superseded || forgotten || !news) {
                return;
            }
            keeping = true;
        }
        try {
            // Only a client that still counts: who expires it, does that at the same time, is not undone.
            Optional<JournalClient> known = Sources.known(tape.journal(), tape.client());
            if (known.isPresent() && known.get().state() == JournalClient.State.CONNECTED) {
                keepProgress(known.get(), Math.max(now.received(), keptSequence), now.replayed());
            }
        } catch (StorageException e) {
            LOG.debug("'{}' does not keep how far {} is: {}", image(), peer, e.getMessage());
        } finally {
            kept();
        }
    }

    private void keepProgress(JournalClient known, long told, long replayed) throws StorageException {
        // A channel that is being superseded may come late, and what is kept never goes back.
        long received = Math.max(told, known.commit().sequence());
        JournalClient now = new JournalClient(
                tape.client(),
                known.description(),
                Epochs.position(tape.journal().epochs(), received),
                JournalClient.State.CONNECTED,
                all.context().clock().wallNanos(),
                Math.max(replayed, known.applied()));
        boolean same = known.commit().equals(now.commit()) && known.applied() == now.applied();
        if (same || tape.journal().replaceClient(known, now)) {
            keptSequence = received;
            keptReplayed = replayed;
        }
    }

    /** Whoever forgot the replica meanwhile did that before it was put there again. */
    private void kept() {
        boolean revived;
        synchronized (this) {
            keeping = false;
            revived = forgotten;
        }
        if (!revived) {
            return;
        }
        try {
            if (Sources.known(tape.journal(), tape.client()).isPresent()) {
                tape.journal().removeClient(tape.client());
            }
        } catch (StorageException e) {
            LOG.warn("the journal of '{}' still waits for {}: {}", image(), tape.client(), e.getMessage());
        }
    }

    // ---- for people

    MirrorStatus status() {
        Message.Progress now = progress;
        long durable = tape.journal().durable();
        long lacks = Math.max(0, durable - now.replayed());
        long unreceived = Math.max(0, durable - now.received());
        boolean copies = copies();
        MirrorStatus.Rate recent = rate.rate();
        Optional<Consistency> consistency = copier == null || now.replayed() >= copier.consistentAt()
                ? Optional.empty()
                : Optional.of(copies ? Consistency.COPYING : Consistency.REPLAYING);
        return new MirrorStatus(
                image(),
                side.peer(),
                open.replica(),
                ImageHead.Role.PRIMARY,
                state(copies, unreceived),
                words(copies, lacks, unreceived),
                consistency,
                new MirrorStatus.Marks(durable, now.arrived(), now.received(), -1, now.replayed()),
                new MirrorStatus.Lag(
                        lacks,
                        lacks * meanBodyBytes(),
                        age(lacks, times.after(now.replayed())),
                        unreceived,
                        // What is not under way yet has no known time.
                        age(unreceived, sentSequence > now.received() ? times.at(now.received()) : 0)),
                recent,
                RecentRate.catchUpNanos(unreceived, recent),
                -1,
                -1,
                Optional.empty(),
                copies ? Optional.of(copier.progress()) : Optional.empty(),
                trouble == null ? "" : trouble.getMessage());
    }

    private long age(long lacking, long timeNanos) {
        if (lacking == 0) {
            return 0;
        }
        return timeNanos == 0 ? -1 : Math.max(0, all.context().clock().wallNanos() - timeNanos);
    }

    private boolean stuck(long unreceived) {
        return unreceived > 0 && silentNanos() > STUCK_NANOS;
    }

    private long silentNanos() {
        return all.context().clock().monotonicNanos() - Math.max(heardNanos, evenNanos);
    }

    private MirrorStatus.State state(boolean copies, long unreceived) {
        if (closed || trouble != null) {
            return MirrorStatus.State.STARTING;
        }
        if (copies) {
            return MirrorStatus.State.COPYING;
        }
        return unreceived == 0
                ? MirrorStatus.State.UP_TO_DATE
                : stuck(unreceived) ? MirrorStatus.State.STUCK : MirrorStatus.State.CATCHING_UP;
    }

    private String words(boolean copies, long lacks, long unreceived) {
        if (closed || trouble != null) {
            return "the channel has ended";
        }
        if (copies) {
            return copier.words();
        }
        return flowWords(lacks, unreceived)
                + (reads ? "; the replica reads the journal itself, linked" : "")
                + uncounted;
    }

    private String flowWords(long lacks, long unreceived) {
        if (unreceived > 0) {
            String lacking = "the replica lacks " + unreceived + " events";
            return stuck(unreceived)
                    ? "stuck: " + lacking + " and takes none since " + Durations.format(silentNanos())
                    : "sending, " + lacking;
        }
        return lacks == 0
                ? "idle, the replica has everything"
                : "the replica has received everything, and applies it by its order; " + lacks + " events to go";
    }
}
