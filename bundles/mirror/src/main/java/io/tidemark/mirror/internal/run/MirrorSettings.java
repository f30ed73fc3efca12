package io.tidemark.mirror.internal.run;

/**
 * Bounds and times of a mirror.
 *
 * @param windowBytes that a source may have under way in a channel, where there is memory for it; as much again of events that
 *     find no room in a replica's journal while it is copied
 * @param receiveBytes that all channels together should have at most; each has at least {@link #LEAST_WINDOW_BYTES}
 * @param copies that this node sends at once
 * @param copyBytesPerSecond that each copy may take; 0 for no bound
 * @param handshakeNanos after which a link is given up that is not proven
 * @param leastBackOffNanos until the next attempt to reach a peer
 * @param mostBackOffNanos that this grows to
 * @param retryNanos until an image is asked for again that was not to be had
 */
public record MirrorSettings(
        long windowBytes,
        long receiveBytes,
        int copies,
        long copyBytesPerSecond,
        long handshakeNanos,
        long leastBackOffNanos,
        long mostBackOffNanos,
        long retryNanos) {
    /** Enough for one frame of any length while another one is being looked at. */
    public static final long LEAST_WINDOW_BYTES = 1L << 18;

    private static final long SECOND = 1_000_000_000L;

    /** What a node has unless it is told otherwise. */
    public static final MirrorSettings DEFAULTS =
            new MirrorSettings(4L << 20, 64L << 20, 2, 0, 10 * SECOND, SECOND, 30 * SECOND, SECOND);

    /**
     * What one channel may have.
     *
     * @param channels that there are
     * @return bytes
     */
    long window(int channels) {
        long share = receiveBytes / Math.max(1, channels);
        return Math.max(LEAST_WINDOW_BYTES, Math.min(windowBytes, share));
    }
}
