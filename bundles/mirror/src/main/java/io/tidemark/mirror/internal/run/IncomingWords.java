package io.tidemark.mirror.internal.run;

import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.Clock;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.base.text.Durations;
import io.tidemark.mirror.internal.wire.Message;
import java.util.Optional;

/** What people are told of a replica. Safe for all threads. */
final class IncomingWords {
    private static final long SECOND = 1_000_000_000L;
    private static final long STUCK_NANOS = 10 * SECOND;
    private static final long TYPICAL_BODY_BYTES = 4096;

    private enum Phase {
        UNLINKED,
        LINKED,
        ASKED,
        REFUSED,
        PRIMARY,
        COPYING,
        FOLLOWING
    }

    /** A state and what is said of it. */
    private record Said(State state, String words) {}

    private final Clock clock;
    private final String image;
    private final String peer;
    private final String sourceImage;
    private final RecentRate rate;
    private final TimeLine times = new TimeLine();
    private Phase phase = Phase.UNLINKED;
    private String trouble = "";
    private String cause = "never linked since the mirror started";
    private boolean suspended;
    private boolean waits;
    private boolean reads;
    private boolean linked;
    private boolean resync;
    private long durable = -1;
    private long unsentBytes;
    private long heardNanos;
    private long copiedBytes;
    private long comparedBytes = -1;
    private long openedNanos;
    private long leftBytes = -1;
    private long arrivedEvents;
    private long arrivedBytes;
    /** The source's wall clock minus the own monotonic one. */
    private long offsetNanos;

    IncomingWords(Clock clock, String image, String peer, String sourceImage) {
        this.clock = clock;
        this.image = image;
        this.peer = peer;
        this.sourceImage = sourceImage;
        this.rate = new RecentRate(clock);
        this.offsetNanos = clock.wallNanos() - clock.monotonicNanos();
    }

    synchronized void linked(boolean nowLinked, String why) {
        linked = nowLinked;
        cause = why;
        if (!reads) {
            phase = linked ? Phase.LINKED : Phase.UNLINKED;
        }
    }

    /** Whether the source's journal is read here, with or without a link. */
    synchronized void reads(boolean itself) {
        reads = itself;
        phase = linked ? Phase.LINKED : Phase.UNLINKED;
    }

    synchronized void asked() {
        phase = Phase.ASKED;
        heardNanos = clock.monotonicNanos();
    }

    synchronized void heard() {
        heardNanos = clock.monotonicNanos();
    }

    synchronized void opened(boolean copying, boolean compares, long sourceDurable, long sizeBytes) {
        phase = copying ? Phase.COPYING : Phase.FOLLOWING;
        durable = sourceDurable;
        leftBytes = copying ? sizeBytes : -1;
        openedNanos = clock.monotonicNanos();
        copiedBytes = 0;
        comparedBytes = compares ? 0 : -1;
        times.clear();
        suspended = false;
        waits = false;
        resync = false;
        trouble = "";
    }

    synchronized void durable(long sequence, long unsent) {
        durable = Math.max(durable, sequence);
        unsentBytes = unsent;
    }

    /** The source said how far it is, and nothing more. */
    synchronized void news(long sourceDurable) {
        heardNanos = clock.monotonicNanos();
        durable = Math.max(durable, sourceDurable);
    }

    synchronized void arrived(EventHeader header) {
        arrivedEvents++;
        arrivedBytes += header.bodyLength();
        rate.add(1, header.bodyLength());
        times.add(header.position().sequence(), header.timeNanos());
    }

    synchronized void waits(boolean forRoom) {
        waits = forRoom;
    }

    synchronized void copying(long nextOffset, long left) {
        leftBytes = left;
    }

    synchronized void copied(long bytes) {
        copiedBytes += bytes;
        if (comparedBytes < 0) {
            leftBytes = Math.max(0, leftBytes - bytes);
        }
    }

    synchronized void compared(long bytes) {
        comparedBytes += bytes;
        leftBytes = Math.max(0, leftBytes - bytes);
    }

    synchronized void copied() {
        phase = Phase.FOLLOWING;
        leftBytes = -1;
    }

    synchronized void suspended(StorageException why) {
        suspended = true;
        trouble = why.getMessage();
    }

    synchronized boolean isSuspended() {
        return suspended;
    }

    /** The image is not suspended, or no longer. */
    synchronized void serves() {
        if (suspended) {
            suspended = false;
            trouble = "";
        }
    }

    synchronized void primary() {
        phase = Phase.PRIMARY;
        suspended = false;
        resync = false;
        trouble = "";
    }

    synchronized void refused(Message.Ended ended) {
        phase = Phase.REFUSED;
        suspended = false;
        trouble = ended.words();
        // What only passes says nothing of it.
        resync = ended.code().needsResync() || (resync && ended.code().passing());
    }

    /** Whether its source cannot go on with it as it is. */
    synchronized boolean needsResync() {
        return resync;
    }

    synchronized void failed(String why) {
        suspended = false;
        trouble = why;
        phase = phase == Phase.UNLINKED ? phase : Phase.LINKED;
    }

    synchronized void offset(long peerMinusMonotonicNanos) {
        offsetNanos = peerMinusMonotonicNanos;
    }

    /** Whether the source has something that is not durable here. */
    synchronized boolean lacks(ReplicaProgress progress) {
        return phase == Phase.FOLLOWING && progress != null && durable > progress.received();
    }

    /** What is said of it while it is stuck; empty while it is not. */
    synchronized String stuck(ReplicaProgress progress) {
        return isStuck(progress) ? said(progress).words() : "";
    }

    private boolean isStuck(ReplicaProgress progress) {
        return lacks(progress) && !suspended && !waits && clock.monotonicNanos() - heardNanos > STUCK_NANOS;
    }

    // ---- for people

    synchronized MirrorStatus status(Replica replica, long delayNanos) {
        ReplicaProgress progress = replica == null ? null : replica.progress();
        Said said = said(progress);
        MirrorStatus.Rate recent = rate.rate();
        MirrorStatus.Lag lag = lag(progress);
        return new MirrorStatus(
                image,
                peer,
                sourceImage,
                ImageHead.Role.REPLICA,
                said.state(),
                said.words(),
                progress == null ? Optional.empty() : Optional.of(progress.consistency()),
                marks(progress),
                lag,
                recent,
                RecentRate.catchUpNanos(lag.unreceivedEvents(), recent),
                delayNanos,
                lag.nanos(),
                heldAt(progress),
                phase == Phase.COPYING ? Optional.of(copy()) : Optional.empty(),
                trouble);
    }

    private static Optional<Position> heldAt(ReplicaProgress progress) {
        return progress != null && progress.order() instanceof HeadOrder.Hold hold
                ? Optional.of(hold.at())
                : Optional.empty();
    }

    private MirrorStatus.Marks marks(ReplicaProgress progress) {
        return progress == null
                ? MirrorStatus.Marks.UNKNOWN
                : new MirrorStatus.Marks(
                        durable, progress.arrived(), progress.received(), progress.head(), progress.replayed());
    }

    private MirrorStatus.Lag lag(ReplicaProgress progress) {
        if (durable < 0 || progress == null) {
            return MirrorStatus.Lag.UNKNOWN;
        }
        long last = Math.max(durable, progress.received());
        long events = last - progress.replayed();
        long unreceived = last - progress.received();
        long mean = arrivedEvents == 0 ? TYPICAL_BODY_BYTES : arrivedBytes / arrivedEvents;
        long bytes = (progress.received() - progress.replayed()) * mean + (unreceived == 0 ? 0 : unsentBytes);
        long unreceivedNanos = unreceived == 0 ? 0 : age(times.at(progress.received()));
        return new MirrorStatus.Lag(events, bytes, lagNanos(progress, last), unreceived, unreceivedNanos);
    }

    /** How old the oldest event is that the image does not show; where that is not known, the last one that it does. */
    private long lagNanos(ReplicaProgress progress, long last) {
        if (progress.head() >= last) {
            return 0;
        }
        long missing = times.after(progress.head());
        return age(missing > 0 ? missing : progress.headTimeNanos());
    }

    private long age(long timeNanos) {
        return timeNanos <= 0 ? -1 : Math.max(0, clock.monotonicNanos() + offsetNanos - timeNanos);
    }

    private MirrorStatus.Copy copy() {
        double seconds = Math.max(1, clock.monotonicNanos() - openedNanos) / (double) SECOND;
        long perSecond = (long) (Math.max(copiedBytes, comparedBytes) / seconds);
        long left = perSecond <= 0 || leftBytes < 0 ? -1 : (long) (leftBytes / (double) perSecond * SECOND);
        return new MirrorStatus.Copy(copiedBytes, leftBytes, perSecond, left, comparedBytes);
    }

    private Said said(ReplicaProgress progress) {
        return switch (phase) {
            case UNLINKED ->
                reads
                        ? new Said(State.STARTING, "opens the source's journal" + unlinked())
                        : new Said(State.UNLINKED, cause.isEmpty() ? "not linked" : "not linked: " + cause);
            case LINKED -> new Said(State.STARTING, "linked, asks for the image again soon");
            case ASKED -> new Said(State.STARTING, "asked for the image");
            case REFUSED -> new Said(State.REFUSED, "refused by " + peer);
            case PRIMARY -> new Said(State.PRIMARY, "primary here, follows nobody");
            case COPYING ->
                new Said(
                        State.COPYING,
                        CopyWords.of(copy())
                                + (waits ? "; what is written meanwhile finds no room in its journal or memory" : ""));
            case FOLLOWING -> reads ? reading(following(progress)) : following(progress);
        };
    }

    private Said reading(Said said) {
        return new Said(said.state(), said.words() + "; reads the source's journal itself" + unlinked());
    }

    private String unlinked() {
        return linked ? "" : ", not linked" + (cause.isEmpty() ? "" : ": " + cause);
    }

    private Said following(ReplicaProgress progress) {
        if (suspended) {
            return new Said(State.WAITING, "waits: the image is suspended");
        }
        if (waits) {
            return new Said(State.WAITING, "waits for room in its journal or memory");
        }
        if (progress == null) {
            return new Said(State.STARTING, "opens the image");
        }
        long lacks = durable - progress.received();
        if (isStuck(progress)) {
            String since = Durations.format((clock.monotonicNanos() - heardNanos) / SECOND * SECOND);
            return new Said(
                    State.STUCK, "stuck: the source has " + lacks + " events more and sends nothing since " + since);
        }
        if (lacks > 0) {
            return new Said(State.CATCHING_UP, "catches up, " + lacks + " events to receive");
        }
        return applying(progress);
    }

    private static Said applying(ReplicaProgress progress) {
        long above = progress.received() - progress.head();
        if (progress.consistency() == Consistency.REPLAYING) {
            return new Said(State.CATCHING_UP, "copied, on its way to where it is consistent");
        }
        if (progress.order() instanceof HeadOrder.Hold hold) {
            return new Said(State.HELD, "held at " + hold.at() + ", " + above + " events received above");
        }
        if (progress.order() instanceof HeadOrder.Follow follow && follow.delayNanos() > 0) {
            return new Said(
                    State.UP_TO_DATE, "up to date, applies with a delay of " + Durations.format(follow.delayNanos()));
        }
        return above > 0
                ? new Said(State.CATCHING_UP, "applies, " + above + " events to go")
                : new Said(State.UP_TO_DATE, "idle, has everything");
    }
}
