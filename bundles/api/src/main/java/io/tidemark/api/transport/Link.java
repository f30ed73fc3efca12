package io.tidemark.api.transport;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A link to a peer: frames arrive once, whole, unchanged, and those of one {@link Urgency} in the order in which they were sent, or the
 * link is closed and the rest does not arrive. Nothing here waits. Safe for all threads; {@link #poll} is for one thread at a time.
 *
 * <p>Each side may have so many bytes under way as the other has memory for (credit): a peer that does not release what it
 * received stops {@link #trySend} here after a bounded number of bytes. The two directions do not depend on each other.
 */
@ConsumerType
public interface Link {
    /** What a frame may have at least in every transport: an event's body of 1 MiB and what the mirror adds. */
    int LEAST_MAX_FRAME_BYTES = (1 << 20) + (64 << 10);

    /**
     * Who is at the other end, for logs.
     *
     * @return an address, and the name in the certificate where there is one
     */
    String peerName();

    /**
     * The peer's certificate, proven by TLS.
     *
     * @return {@code sha256:} and 64 hexadecimal digits, lower case: the digest of the DER form; empty when it showed none
     */
    Optional<String> peerFingerprint();

    /**
     * The longest frame on this link.
     *
     * @return bytes, at least {@link #LEAST_MAX_FRAME_BYTES}
     */
    int maxFrameBytes();

    /**
     * Hands in a frame, which goes out soon without a further call. When credit and memory are not used at all, a frame of any
     * allowed length is taken.
     *
     * @param parts one frame: their bytes from position to limit, one behind the other; maybe none. They are copied before it
     *     returns, and their positions stay
     * @return true when it was taken (it arrives unless the link breaks); false when credit or memory is used up, and
     *     {@link LinkListener#writable} follows, or when the link is closed
     * @throws IllegalArgumentException when it is longer than {@link #maxFrameBytes}
     */
    boolean trySend(ByteBuffer... parts);

    /** What goes first where more is to be sent than a link takes at once. */
    enum Urgency {
        /** Little, and somebody waits for it: it goes before all that has not begun to go. */
        FIRST,
        /** As {@link #trySend(ByteBuffer...)} has it. */
        NORMAL,
        /** Much, and nobody waits for a single frame of it: it gets a share of the link, and all that the others leave. */
        LAST
    }

    /**
     * As {@link #trySend(ByteBuffer...)}, of a frame that may overtake less urgent ones which were handed in before it. Where those
     * have used up credit or memory, there is still some for more urgent ones. A transport that knows no urgency keeps all frames
     * in one order.
     *
     * @param urgency frames of the same one keep their order
     * @param parts one frame
     * @return as for all; {@link LinkListener#writable} tells of all urgencies
     * @throws IllegalArgumentException when it is longer than {@link #maxFrameBytes}
     */
    default boolean trySend(Urgency urgency, ByteBuffer... parts) {
        return trySend(parts);
    }

    /**
     * The next frame that was received.
     *
     * @return to be released; null when there is none, and {@link LinkListener#readable} follows when there is one
     */
    Frame poll();

    /**
     * What was counted.
     *
     * @return figures as of now
     */
    LinkFigures figures();

    /**
     * Closes the link. What {@link #trySend} took is still sent, within a bounded time, and then the reason; the peer's listener
     * gets it. {@link #poll} gives null from now on. Without effect when it is closed.
     *
     * @param reason for the peer and both logs, without secrets; cut to 512 bytes
     */
    void close(String reason);

    /** A received frame, lent. */
    @ConsumerType
    interface Frame {
        /**
         * The bytes.
         *
         * @return a new read-only buffer, position 0 to its limit; not to be used after {@link #release}, nor {@link #keep}
         */
        ByteBuffer content();

        /**
         * Gives the memory back, and credit to the peer. Any thread, once; also after the link was closed.
         *
         * @throws IllegalStateException when it was released before
         */
        void release();

        /**
         * Gives credit to the peer as {@link #release} does, and the bytes to the caller, until {@link #done}: for who needs them
         * longer than the peer should wait, and bounds by other means how much that may be. Any thread, once, in the place of
         * {@link #release}; also after the link was closed.
         *
         * @return the bytes as {@link #content} has them, in a buffer that may be written to; nothing else reads or changes them
         *     from now on
         * @throws IllegalStateException when it was released before
         */
        ByteBuffer keep();

        /**
         * After {@link #keep}: the bytes are not looked at any more, and the memory may serve another frame. Any thread, once; also
         * after the link was closed. Where nobody says so, the memory is freed as any other. A transport that uses no memory
         * again does nothing.
         *
         * @throws IllegalStateException when the frame was not kept, or this was said before
         */
        default void done() {}
    }
}
