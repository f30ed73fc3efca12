package io.tidemark.transport.tcp.internal;

import io.tidemark.api.transport.Link.Urgency;
import io.tidemark.base.net.ByteLink;
import io.tidemark.transport.tcp.internal.Wire.Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What goes out on a link: the queue that callers fill, the peer's credit, and the encoding. {@link #offer} and the figures are
 * for all threads, the rest is for the one that works on the link.
 */
final class SendSide {
    /** What sending waits for. */
    enum Wait {
        NOTHING,
        SOCKET,
        BANDWIDTH,
        /** For others: much was sent, and there is more. */
        TURN
    }

    private static final long TURN_BYTES = 4L << 20;
    /** This part of the peer's memory is not for what is less urgent, and so for each step of urgency. */
    private static final int KEPT_CREDIT = 16;

    private final OutBuffers buffers;
    private final FrameMemory memory;
    private final TokenBucket bandwidth;
    private final CompressionChoice choice;

    // Guarded by this.
    private final SendQueues queues;
    private long takenCost;
    private long begunCost;
    private long windowBytes;
    private long releasedBytes;
    private boolean ended;
    private long framesSent;
    private long bytesSent;
    private long wireBytes;
    private long framesCompressed;
    private long savedBytes;

    // Of the thread that works on the link.
    private final byte[] header = new byte[Header.SIZE];
    private final ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
    private Checksum checksum;
    private boolean compression;
    private Scratch scratch;
    private ByteBuffer out;
    private Content current;
    private int placed;
    private boolean currentIsData;
    private boolean capped;
    private long creditToSay = -1;
    private Long pong;
    private Long ping;
    private byte[] closing;
    private boolean closeBegun;
    private long handedOver;
    private long blockedSince;
    private boolean blocked;
    private long idleSince;
    private boolean idle = true;

    SendSide(
            long sendBytes,
            OutBuffers buffers,
            FrameMemory memory,
            TokenBucket bandwidth,
            CompressionChoice choice,
            long nowNanos) {
        this.queues = new SendQueues(sendBytes);
        this.buffers = buffers;
        this.memory = memory;
        this.bandwidth = bandwidth;
        this.choice = choice;
        this.idleSince = nowNanos;
    }

    // ---- callers

    /** Frames of several callers go in whatever order they get here; each caller hands in one after the other. */
    boolean offer(Urgency urgency, ByteBuffer[] parts, int length) {
        if (!reserve(urgency, Wire.cost(length))) {
            return false;
        }
        boolean taken = false;
        try {
            Content content = memory.take(length);
            int at = 0;
            for (ByteBuffer part : parts) {
                part.get(part.position(), content.bytes(), at, part.remaining());
                at += part.remaining();
            }
            synchronized (this) {
                if (!ended) {
                    queues.add(urgency, content);
                    taken = true;
                }
            }
        } finally {
            if (!taken) {
                unreserve(urgency, Wire.cost(length));
            }
        }
        return taken;
    }

    /** Of a frame that does not go, as where there is no memory for it: what it has reserved would never be free again. */
    private synchronized void unreserve(Urgency urgency, long cost) {
        if (!ended) {
            queues.reserve(urgency, -cost);
            takenCost -= cost;
        }
    }

    private synchronized boolean reserve(Urgency urgency, long cost) {
        if (ended) {
            return false;
        }
        if (!queues.fits(urgency, cost) || !hasCredit(urgency, cost)) {
            queues.refused(urgency, cost);
            return false;
        }
        queues.reserve(urgency, cost);
        takenCost += cost;
        return true;
    }

    /** Some of the peer's memory is kept for what is more urgent; when none of it is used, any frame fits. */
    private boolean hasCredit(Urgency urgency, long cost) {
        long used = takenCost - releasedBytes;
        return used + cost <= windowBytes - (used == 0 ? 0 : kept(urgency));
    }

    private long kept(Urgency urgency) {
        int shares =
                switch (urgency) {
                    case FIRST -> 0;
                    case NORMAL -> 1;
                    case LAST -> 2;
                };
        return windowBytes / KEPT_CREDIT * shares;
    }

    /** Whether somebody who was refused should try again. */
    synchronized boolean writableDue() {
        return !ended && queues.writableDue(this::hasCredit);
    }

    /** What was counted. */
    record Counts(
            long frames,
            long bytes,
            long wireBytes,
            long compressed,
            long savedBytes,
            long queuedBytes,
            long creditBytes) {}

    synchronized Counts counts() {
        return new Counts(
                framesSent,
                bytesSent,
                wireBytes,
                framesCompressed,
                savedBytes,
                queues.cost(),
                Math.max(0, windowBytes - kept(Urgency.NORMAL) + releasedBytes - takenCost));
    }

    // ---- the link

    /** The first bytes, which are no frame. */
    void greet(byte[] greeting) {
        current = Content.of(greeting);
        placed = 0;
        currentIsData = false;
    }

    synchronized void open(long peerWindowBytes, boolean peerCompression, Checksum newChecksum) {
        windowBytes = peerWindowBytes;
        compression = peerCompression;
        checksum = newChecksum;
    }

    synchronized void credit(long released) throws Violation {
        if (released < releasedBytes || released > begunCost) {
            throw Violation.corrupt("it gives credit for " + released + " bytes, but was sent " + begunCost);
        }
        releasedBytes = released;
    }

    void sayCredit(long released) {
        creditToSay = released;
    }

    void sayPong(long token) {
        pong = token;
    }

    void sayPing(long token) {
        ping = token;
    }

    /**
     * Nothing is taken any more. For all threads; the reason is not said before {@link #end}: a peer that ended at once would
     * be taken for one that left by itself.
     */
    synchronized void refuse() {
        ended = true;
    }

    /** The last frame is the reason. What was taken goes out first, or is dropped. */
    synchronized void end(String reason, boolean drop) {
        ended = true;
        if (closing == null) {
            closing = cut(reason);
        }
        if (drop) {
            queues.clear();
        }
    }

    private static byte[] cut(String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, Wire.MAX_REASON_BYTES);
        // Not within a character.
        while (length < text.length && length > 0 && (text[length] & 0xC0) == 0x80) {
            length--;
        }
        return Arrays.copyOf(text, length);
    }

    /** Whether the reason of the close is with the kernel, and everything before it. */
    boolean saidClose() {
        return closeBegun && current == null && out == null;
    }

    /** Bytes that the network took so far. */
    long handedOver() {
        return handedOver;
    }

    boolean compressing() {
        return compression && choice.compressing();
    }

    /** Sends as much as goes. */
    Wait send(ByteLink link, Scratch withScratch) throws IOException {
        scratch = withScratch;
        unblock();
        long sent = 0;
        while (true) {
            if (out == null) {
                out = buffers.take();
            }
            fill();
            int ready = out.position();
            boolean done = write(link);
            sent += ready - out.position();
            handedOver += ready - out.position();
            if (!done) {
                block();
                return Wait.SOCKET;
            }
            if (capped) {
                block();
                giveBack();
                return Wait.BANDWIDTH;
            }
            if (current == null && !more()) {
                giveBack();
                return Wait.NOTHING;
            }
            if (sent > TURN_BYTES) {
                giveBack();
                return Wait.TURN;
            }
        }
    }

    private boolean write(ByteLink link) throws IOException {
        out.flip();
        try {
            return link.write(out, null);
        } finally {
            out.compact();
        }
    }

    private void giveBack() {
        buffers.giveBack(out);
        out = null;
    }

    void close() {
        if (out != null) {
            giveBack();
        }
        current = null;
    }

    private void block() {
        if (!blocked) {
            blocked = true;
            blockedSince = System.nanoTime();
        }
    }

    private void unblock() {
        if (blocked) {
            blocked = false;
            choice.blocked(System.nanoTime() - blockedSince);
        }
    }

    private synchronized boolean more() {
        return creditToSay >= 0
                || pong != null
                || ping != null
                || !queues.isEmpty()
                || (closing != null && !closeBegun);
    }

    private void fill() {
        int before = out.position();
        capped = false;
        while (true) {
            if (current == null) {
                if (out.remaining() < Header.SIZE || !begin()) {
                    break;
                }
            }
            int wanted = Math.min(out.remaining(), current.length() - placed);
            int granted = currentIsData && wanted > 0 ? bandwidth.take(wanted, System.nanoTime()) : wanted;
            out.put(current.bytes(), placed, granted);
            placed += granted;
            if (placed == current.length()) {
                memory.give(current);
                current = null;
            } else if (granted < wanted || out.remaining() == 0) {
                capped = granted < wanted;
                break;
            }
        }
        int added = out.position() - before;
        if (added > 0) {
            synchronized (this) {
                wireBytes += added;
            }
        }
    }

    /** Begins the next frame, if there is one. What keeps the link alive goes before what it carries. */
    private boolean begin() {
        if (checksum == null) {
            return false;
        }
        if (creditToSay >= 0) {
            control(Header.TYPE_CREDIT, number(creditToSay));
            creditToSay = -1;
        } else if (pong != null) {
            control(Header.TYPE_PONG, number(pong));
            pong = null;
        } else if (ping != null) {
            control(Header.TYPE_PING, number(ping));
            ping = null;
        } else {
            Content content = next();
            if (content != null) {
                data(content);
            } else if (closing != null && !closeBegun) {
                closeBegun = true;
                control(Header.TYPE_CLOSE, closing);
            } else {
                return false;
            }
        }
        return true;
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, value)
                .array();
    }

    private synchronized Content next() {
        Content content = queues.next();
        if (content != null) {
            begunCost += Wire.cost(content.length());
        } else if (!idle) {
            idle = true;
            idleSince = System.nanoTime();
        }
        return content;
    }

    private void data(Content plain) {
        if (idle) {
            idle = false;
            choice.idled(System.nanoTime() - idleSince);
        }
        Content deflated = compression && choice.compresses(plain.length()) ? scratch.deflate(plain) : null;
        Content content = deflated == null ? plain : deflated;
        frame(Header.TYPE_DATA, deflated == null ? 0 : Header.FLAG_COMPRESSED, plain.length(), content);
        if (deflated != null) {
            memory.give(plain);
        }
        currentIsData = true;
        if (compression) {
            choice.sent(plain.length(), content.length(), System.nanoTime());
        }
        synchronized (this) {
            framesSent++;
            bytesSent += plain.length();
            framesCompressed += deflated == null ? 0 : 1;
            savedBytes += plain.length() - content.length();
        }
    }

    private void control(int type, byte[] content) {
        frame(type, 0, content.length, Content.of(content));
        currentIsData = false;
    }

    private void frame(int type, int flags, int plainBytes, Content content) {
        fields.putInt(Header.CONTENT_BYTES, content.length());
        fields.putInt(Header.PLAIN_BYTES, plainBytes);
        header[Header.TYPE] = (byte) type;
        header[Header.FLAGS] = (byte) flags;
        fields.putInt(Header.CHECKSUM, checksum.next(header, content.bytes(), content.length()));
        out.put(header);
        current = content;
        placed = 0;
    }
}
