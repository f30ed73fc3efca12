package io.tidemark.mirror.internal.run;

/**
 * What a source may still send in one channel. Its events and its copy take of it in turns: what comes back goes to whoever was
 * refused first, until that one has as much as it needs. Else the copy, whose frames are short, would have all that comes back, and
 * a long event and all behind it would wait for its end; or the other way round. Safe for all threads.
 */
final class Credit {
    /** Who takes. */
    enum Taker {
        EVENTS,
        COPY
    }

    private final long windowBytes;
    private long sentBytes;
    private long releasedBytes;
    /** Whether it was refused and waits. */
    private boolean eventsWait;

    private boolean copyWaits;
    /** Who is to have the next credit; null when nobody waits. */
    private Taker owed;

    Credit(long windowBytes) {
        this.windowBytes = windowBytes;
    }

    /** How long a frame may be now: any, while nothing is under way. */
    private long available() {
        long underWay = sentBytes - releasedBytes;
        return underWay == 0 ? Long.MAX_VALUE : windowBytes - underWay;
    }

    synchronized boolean tryTake(Taker who, long bytes) {
        return takeUpTo(who, bytes, bytes) > 0;
    }

    /** Takes at least and at most so many bytes; 0 when it has to wait. What was too much is given back. */
    synchronized long takeUpTo(Taker who, long least, long most) {
        long available = available();
        if (least > available || (owed != null && owed != who)) {
            waits(who, true);
            return 0;
        }
        waits(who, false);
        long taken = Math.max(least, Math.min(most, available));
        sentBytes += taken;
        return taken;
    }

    private void waits(Taker who, boolean now) {
        if (who == Taker.EVENTS) {
            eventsWait = now;
        } else {
            copyWaits = now;
        }
        boolean stays = owed == Taker.EVENTS ? eventsWait : copyWaits;
        if (owed == null || !stays) {
            owed = eventsWait ? Taker.EVENTS : copyWaits ? Taker.COPY : null;
        }
    }

    /** Whether somebody waits to whom the next credit goes. */
    synchronized boolean owes(Taker who) {
        return owed == who;
    }

    /** It waits for something else now, or takes no more. */
    synchronized void passes(Taker who) {
        waits(who, false);
    }

    synchronized void giveBack(long bytes) {
        sentBytes -= bytes;
    }

    /** False when the receiver says what cannot be. */
    synchronized boolean released(long inAll) {
        if (inAll < releasedBytes || inAll > sentBytes) {
            return false;
        }
        releasedBytes = inAll;
        return true;
    }
}
