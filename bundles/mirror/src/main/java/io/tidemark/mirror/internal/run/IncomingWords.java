package io.tidemark.mirror.internal.run;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.Clock;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;
import io.tidemark.mirror.internal.wire.Message;

/** What people are told of a replica. Safe for all threads. */
final class IncomingWords {
    private static final long SECOND = 1_000_000_000L;
    private static final long STUCK_NANOS = 10 * SECOND;

    private enum Phase {
        UNLINKED,
        LINKED,
        ASKED,
        REFUSED,
        PRIMARY,
        COPYING,
        FOLLOWING
    }

    private final Clock clock;
    private final ReplicaWish wish;
    private Phase phase = Phase.UNLINKED;
    private String trouble = "";
    private String cause = "never linked since the mirror started";
    private boolean suspended;
    private boolean waits;
    private long durable = -1;
    private long unsentBytes;
    private long heardNanos;
    private long copiedBytes;
    private long openedNanos;
    private long leftBytes = -1;
    private long arrivedBytes;
    private long offsetNanos;

    IncomingWords(Clock clock, ReplicaWish wish) {
        this.clock = clock;
        this.wish = wish;
    }

    synchronized void linked(boolean linked, String why) {
        phase = linked ? Phase.LINKED : Phase.UNLINKED;
        cause = why;
    }

    synchronized void asked() {
        phase = Phase.ASKED;
        heardNanos = clock.monotonicNanos();
    }

    synchronized void heard() {
        heardNanos = clock.monotonicNanos();
    }

    synchronized void opened(boolean copying, long sourceDurable, long sizeBytes) {
        phase = copying ? Phase.COPYING : Phase.FOLLOWING;
        durable = sourceDurable;
        leftBytes = copying ? sizeBytes : -1;
        openedNanos = clock.monotonicNanos();
        copiedBytes = 0;
        arrivedBytes = 0;
        suspended = false;
        trouble = "";
    }

    synchronized void durable(long sequence, long unsent) {
        durable = Math.max(durable, sequence);
        unsentBytes = unsent;
    }

    synchronized void arrived(EventHeader header) {
        arrivedBytes += header.bodyLength();
        suspended = false;
    }

    synchronized void waits(boolean forRoom) {
        waits = forRoom;
    }

    synchronized void copying(long nextOffset, long left) {
        leftBytes = left;
    }

    synchronized void copied(long bytes) {
        copiedBytes += bytes;
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

    synchronized void primary() {
        phase = Phase.PRIMARY;
        trouble =
                "'" + wish.image() + "' is primary here and follows nobody; run mirror:demote to make it a replica, or"
                        + " mirror:disable to end this";
    }

    synchronized void refused(Message.Ended ended) {
        phase = Phase.REFUSED;
        trouble = ended.words();
    }

    synchronized void failed(String why) {
        trouble = why;
        phase = phase == Phase.UNLINKED ? phase : Phase.LINKED;
    }

    synchronized void offset(long peerMinusOwnNanos) {
        offsetNanos = peerMinusOwnNanos;
    }

    synchronized ChannelStatus status(Replica replica) {
        ReplicaProgress progress = replica == null ? null : replica.progress();
        long received = progress == null ? -1 : progress.received();
        boolean known = durable >= 0 && progress != null;
        long behind = known ? Math.max(0, durable - progress.replayed()) : -1;
        long nanos = -1;
        if (known && progress.headTimeNanos() > 0) {
            nanos = durable <= progress.head()
                    ? 0
                    : Math.max(0, clock.wallNanos() + offsetNanos - progress.headTimeNanos());
        }
        return new ChannelStatus(
                wish.image(),
                wish.peer(),
                false,
                state(progress),
                behind,
                known ? unsentBytes : -1,
                nanos,
                received,
                progress == null ? -1 : progress.replayed(),
                trouble);
    }

    private String state(ReplicaProgress progress) {
        return switch (phase) {
            case UNLINKED -> "not linked: " + cause;
            case LINKED -> "linked, asks for the image again soon";
            case ASKED -> "asked for the image";
            case REFUSED -> "refused by " + wish.peer();
            case PRIMARY -> "primary here";
            case COPYING -> copyState();
            case FOLLOWING -> followState(progress);
        };
    }

    private String copyState() {
        long rate = rate(copiedBytes);
        String left = leftBytes < 0 ? "" : ", about " + Sizes.format(leftBytes) + " left";
        String time = rate <= 0 || leftBytes < 0 ? "" : ", " + Durations.format(leftBytes / rate * SECOND);
        return "copies at " + Sizes.format(rate) + "/s" + left + time;
    }

    /** Since the channel was opened. */
    private long rate(long bytes) {
        double seconds = Math.max(1, clock.monotonicNanos() - openedNanos) / (double) SECOND;
        return (long) (bytes / seconds);
    }

    private String followState(ReplicaProgress progress) {
        if (suspended) {
            return "waits: the image is suspended";
        }
        if (waits) {
            return "waits for room in its journal or memory";
        }
        if (progress == null) {
            return "opens the image";
        }
        long lacks = durable - progress.received();
        long silent = clock.monotonicNanos() - heardNanos;
        if (lacks > 0 && silent > STUCK_NANOS) {
            return "stuck: the source has " + lacks + " events more and sends nothing since "
                    + Durations.format(silent / SECOND * SECOND);
        }
        if (lacks > 0) {
            return "catches up, " + lacks + " events to receive, at " + Sizes.format(rate(arrivedBytes)) + "/s";
        }
        return applyState(progress);
    }

    private static String applyState(ReplicaProgress progress) {
        long above = progress.received() - progress.head();
        if (progress.consistency() == Consistency.REPLAYING) {
            return "copied, on its way to where it is consistent";
        }
        if (progress.order() instanceof HeadOrder.Hold) {
            return "held, " + above + " events received above";
        }
        if (progress.order() instanceof HeadOrder.Follow follow && follow.delayNanos() > 0) {
            return "up to date, applies with a delay of " + Durations.format(follow.delayNanos());
        }
        return above > 0 ? "applies, " + above + " events to go" : "idle, has everything";
    }
}
