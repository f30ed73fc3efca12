package io.tidemark.console.internal.render;

import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.Lag;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.replica.Consistency;

/**
 * What the figures of a mirrored image mean, in words. What is behind on purpose, by a delay or a hold, is kept apart from what
 * lags. Stateless.
 */
public final class MirrorWords {
    private MirrorWords() {}

    /**
     * How it stands, in a word or two.
     *
     * @param one to tell
     * @return as {@code idle} or {@code STUCK}
     */
    public static String state(MirrorStatus one) {
        return switch (one.state()) {
            case UNLINKED -> "not linked";
            case STARTING -> "starting";
            case REFUSED -> "REFUSED";
            case COPYING -> "copying";
            case CATCHING_UP -> "catching up";
            case UP_TO_DATE -> upToDate(one);
            case HELD -> "held";
            case WAITING -> "waiting";
            case STUCK -> "STUCK";
            case PRIMARY -> "primary too";
        };
    }

    private static String upToDate(MirrorStatus one) {
        if (toApply(one) > 0 && one.delayWantedNanos() > 0) {
            return "delayed";
        }
        if (toApply(one) > 0 && one.role() == Role.PRIMARY) {
            return "received";
        }
        return one.rate().eventsPerSecond() > 0 ? "up to date" : "idle";
    }

    /**
     * Whether its figures say all there is to say.
     *
     * @param one to look at
     * @return true when nobody needs {@link MirrorStatus#words}
     */
    static boolean speaksForItself(MirrorStatus one) {
        State state = one.state();
        return state == State.UP_TO_DATE || state == State.HELD || (state == State.CATCHING_UP && !inconsistent(one));
    }

    /**
     * Whether its bytes are no position of its source yet.
     *
     * @param one to look at
     * @return true while it is copied, and until the copy has become one position
     */
    static boolean inconsistent(MirrorStatus one) {
        return one.consistency()
                .filter(consistency -> consistency != Consistency.CONSISTENT)
                .isPresent();
    }

    /**
     * The peer, and the image there where it has another name.
     *
     * @param one to tell
     * @return as {@code to b} or {@code from a:disk1}
     */
    public static String peer(MirrorStatus one) {
        return (one.role() == Role.PRIMARY ? "to " : "from ") + there(one);
    }

    /**
     * The image at the peer.
     *
     * @param one to tell
     * @return as {@code b} or {@code b:other}; {@code ?} where nobody can say whom it follows
     */
    static String there(MirrorStatus one) {
        if (one.peer().isEmpty()) {
            return "?";
        }
        boolean same = one.peerImage().isEmpty() || one.peerImage().equals(one.image());
        return one.peer() + (same ? "" : ":" + one.peerImage());
    }

    /**
     * Events that are durable at the replica and not yet in its image.
     *
     * @param one to look at
     * @return negative when unknown
     */
    static long toApply(MirrorStatus one) {
        Lag lag = one.lag();
        return lag.events() < 0 || lag.unreceivedEvents() < 0 ? -1 : Math.max(0, lag.events() - lag.unreceivedEvents());
    }

    /**
     * How far it is behind what it is meant to be: without its delay, and nothing while it is held. At the source only what is not
     * received counts, because that side does not know of delays and holds.
     *
     * @param one to look at
     * @return negative when unknown, or when there is nothing that it is meant to be
     */
    public static long lagNanos(MirrorStatus one) {
        long nanos = one.lag().nanos();
        if (one.role() == Role.PRIMARY) {
            return one.lag().unreceivedNanos();
        }
        if (one.heldAt().isPresent() || nanos < 0) {
            return -1;
        }
        return Math.max(0, nanos - Math.max(0, one.delayWantedNanos()));
    }

    /**
     * What stays behind on purpose.
     *
     * @param one to tell
     * @return as {@code 1h, now 59m 12s} or {@code held at 3:1042}; empty when nothing does, or when this side does not know
     */
    static String purpose(MirrorStatus one) {
        String delay = delay(one);
        if (one.heldAt().isEmpty()) {
            return delay;
        }
        return "held at " + one.heldAt().get()
                + (delay.isEmpty() ? "" : "; a delay of " + delay + " when it is released");
    }

    private static String delay(MirrorStatus one) {
        if (one.delayWantedNanos() <= 0) {
            return "";
        }
        String wanted = Words.duration(one.delayWantedNanos());
        boolean shown = one.heldAt().isEmpty() && one.delayActualNanos() > 0;
        return shown ? wanted + ", now " + Words.duration(one.delayActualNanos()) : wanted;
    }

    /**
     * What is lost when the source is lost now.
     *
     * @param one to tell
     * @return empty when unknown
     */
    static String loss(MirrorStatus one) {
        if (inconsistent(one)) {
            return "would lose everything: the replica is not complete yet";
        }
        long lacking = one.lag().unreceivedEvents();
        if (lacking < 0) {
            return "";
        }
        return lacking == 0
                ? "would lose nothing"
                : "would lose " + amount(one, lacking)
                        + (one.lag().unreceivedNanos() > 0
                                ? ", the last " + Words.duration(one.lag().unreceivedNanos())
                                : "");
    }

    /**
     * Some of the events that it lacks.
     *
     * @param one to look at
     * @param events how many
     * @return as {@code 11 events (about 44 KiB)}
     */
    static String amount(MirrorStatus one, long events) {
        return Words.count(events, "event") + about(one, events);
    }

    /**
     * About how much some of the events that it lacks are.
     *
     * @param one to look at
     * @param events how many
     * @return as {@code " (about 44 KiB)"}; empty when unknown
     */
    static String about(MirrorStatus one, long events) {
        Lag lag = one.lag();
        if (events <= 0 || lag.events() <= 0 || lag.bytes() <= 0) {
            return "";
        }
        return " (about " + Words.size((long) (lag.bytes() * (events / (double) lag.events()))) + ")";
    }

    /**
     * What comes in.
     *
     * @param one to tell
     * @return as {@code 5 MiB/s, 1,200 events/s}; empty when nothing does
     */
    static String rate(MirrorStatus one) {
        double events = one.rate().eventsPerSecond();
        return events <= 0
                ? ""
                : Words.size(one.rate().bytesPerSecond()) + "/s, " + Words.count(Math.round(events), "event") + "/s";
    }

    /**
     * Until it has received everything.
     *
     * @param one to tell
     * @return as {@code 12.0s}, or that it does not come closer; empty when it has, or when nothing is known
     */
    static String catchUp(MirrorStatus one) {
        if (one.lag().unreceivedEvents() <= 0) {
            return "";
        }
        return one.catchUpNanos() < 0 ? "never at this rate" : Words.duration(one.catchUpNanos());
    }
}
