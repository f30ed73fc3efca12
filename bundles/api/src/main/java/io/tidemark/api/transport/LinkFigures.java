package io.tidemark.api.transport;

/**
 * What a link counted since it was opened. Figures of one moment, each for itself.
 *
 * @param framesSent that were handed to the network
 * @param bytesSent in those frames, before compression
 * @param wireBytesSent that went out for everything, framing included, encryption not
 * @param framesReceived whole ones
 * @param bytesReceived in those frames, after decompression
 * @param wireBytesReceived that came in for everything, framing included, encryption not
 * @param framesCompressed of those sent
 * @param savedBytes less sent because of compression
 * @param queuedBytes that were handed in and did not go out yet
 * @param creditBytes that the peer has memory for; negative when unknown
 * @param roundTripNanos of the last ping; -1 when there was none yet
 * @param idleNanos since the last frame in either direction, pings not counted
 * @param silentNanos since anything came from the peer, answers to pings counted
 */
public record LinkFigures(
        long framesSent,
        long bytesSent,
        long wireBytesSent,
        long framesReceived,
        long bytesReceived,
        long wireBytesReceived,
        long framesCompressed,
        long savedBytes,
        long queuedBytes,
        long creditBytes,
        long roundTripNanos,
        long idleNanos,
        long silentNanos) {}
