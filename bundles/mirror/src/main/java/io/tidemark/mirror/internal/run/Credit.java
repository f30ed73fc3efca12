package io.tidemark.mirror.internal.run;

/** What a source may still send in one channel. Safe for all threads. */
final class Credit {
    private final long windowBytes;
    private long sentBytes;
    private long releasedBytes;

    Credit(long windowBytes) {
        this.windowBytes = windowBytes;
    }

    /** How long a frame may be now: any, while nothing is under way. */
    synchronized long available() {
        long underWay = sentBytes - releasedBytes;
        return underWay == 0 ? Long.MAX_VALUE : windowBytes - underWay;
    }

    synchronized boolean tryTake(long bytes) {
        if (bytes > available()) {
            return false;
        }
        sentBytes += bytes;
        return true;
    }

    /** Takes at least and at most so many bytes; 0 when there is not the least. What was too much is given back. */
    synchronized long takeUpTo(long least, long most) {
        long available = available();
        if (least > available) {
            return 0;
        }
        long taken = Math.max(least, Math.min(most, available));
        sentBytes += taken;
        return taken;
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
