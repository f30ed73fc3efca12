package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Decoder;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Octets;
import io.tidemark.mirror.internal.wire.Order;
import io.tidemark.mirror.internal.wire.Type;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open link. A worker takes frames from it at once and hands them on, and never waits for anything but the next one: so
 * neither a slow image nor a full link in the other direction holds up what comes in. Whoever sends waits on a gate of its own.
 */
final class PeerLink implements LinkListener {
    private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);
    private static final long SECOND = 1_000_000_000L;
    private static final long IDLE_CLOCK_NANOS = 5 * SECOND;

    /** Is told of the beginning and the end, by the link's worker. */
    interface Owner {
        /** The peer is proven; false when the link is not wanted. */
        boolean proven(PeerLink link);

        /** It has ended; called once, also when {@link #proven} was not called before. */
        void ended(PeerLink link, boolean wasProven, StorageException why);
    }

    /** Has channels over the link. */
    interface Receiver {
        /**
         * What the source says in a channel; by the link's worker. Does not wait.
         *
         * @return whether it takes over what the message refers to, and calls {@link Said#done} when it has done with it
         */
        boolean deliver(PeerLink from, int channel, Said said) throws StorageException;
    }

    /**
     * A message, and the frame that it refers to.
     *
     * @param message what it says
     * @param bytes length of the frame
     * @param kept whose memory the message lies in; null where it refers to none
     */
    record Said(Message message, int bytes, Link.Frame kept) {
        /** Nobody looks at the message any more. */
        void done() {
            if (kept != null) {
                kept.done();
            }
        }
    }

    /** Who is at the other end. */
    private record Known(String peer, String nodeName, Octets key) {}

    private final StorageContext context;
    private final Link link;
    private final boolean initiator;
    private final long handshakeNanos;
    private final Gate gate;
    private final ClockOffset clocks;
    private final Map<Integer, Receiver> receivers = new ConcurrentHashMap<>();
    private final AtomicInteger channels = new AtomicInteger();
    private final CopyOnWriteArraySet<Gate> senders = new CopyOnWriteArraySet<>();
    private volatile StorageException closed;
    private volatile boolean closing;
    private Handshake handshake;
    private volatile Known known;
    private Owner owner;
    private SourceSide sources;
    private Orders orders;
    private long clockDueNanos;

    PeerLink(StorageContext context, Link link, boolean initiator, long handshakeNanos, Gate gate) {
        this.context = context;
        this.link = link;
        this.initiator = initiator;
        this.handshakeNanos = handshakeNanos;
        this.gate = gate;
        this.clocks = new ClockOffset(context.clock());
    }

    /** Both ends of a link that does not leave the node, the one that opened it first. */
    static PeerLink[] inside(StorageContext context, long handshakeNanos) {
        InsideLink[] ends = InsideLink.pair("this node");
        PeerLink[] links = new PeerLink[ends.length];
        for (int i = 0; i < ends.length; i++) {
            links[i] = new PeerLink(
                    context, ends[i], i == 0, handshakeNanos, context.workers().newGate());
            ends[i].tells(links[i]);
        }
        return links;
    }

    // ---- callbacks of the transport

    @Override
    public void readable() {
        gate.open();
    }

    @Override
    public void writable() {
        gate.open();
        senders.forEach(Gate::open);
    }

    @Override
    public void closed(StorageException why) {
        closed = why;
        gate.open();
        senders.forEach(Gate::open);
    }

    // ---- what others see

    boolean isInitiator() {
        return initiator;
    }

    /** False as soon as this side wants no more of it. */
    boolean isOpen() {
        return closed == null && !closing;
    }

    /** Only when proven. */
    String peer() {
        return known.peer();
    }

    /** What the peer calls itself. */
    String nodeName() {
        return known.nodeName();
    }

    byte[] peerKey() {
        return known.key().toArray();
    }

    /** Whether it does not leave the node: nobody has to prove anything. */
    boolean isInside() {
        return link instanceof InsideLink;
    }

    Link link() {
        return link;
    }

    SourceSide sources() {
        return sources;
    }

    ClockOffset.Offset clockOffset() {
        return clocks.offset();
    }

    void close(String reason) {
        closing = true;
        link.close(reason);
    }

    Answer ask(Order order, long timeoutNanos, WorkListener listener) throws StorageException {
        return orders.ask(order, timeoutNanos, listener);
    }

    /** A number for a new channel of a receiver here. */
    int attach(Receiver receiver) {
        int channel = channels.incrementAndGet();
        receivers.put(channel, receiver);
        gate.open();
        return channel;
    }

    void detach(int channel) {
        receivers.remove(channel);
    }

    // ---- sending

    boolean trySend(ByteBuffer frame) {
        return link.trySend(urgency(frame), frame);
    }

    /** Bytes of copies wait for events, and both for what one side asks and the other answers. */
    private static Link.Urgency urgency(ByteBuffer frame) {
        int code = frame.get(frame.position()) & 0xff;
        if (code >= Type.RANGE.code() && code <= Type.PARTS.code()) {
            return Link.Urgency.LAST;
        }
        boolean ordered = code >= Type.ENDED.code() && code <= Type.DURABLE.code();
        return ordered ? Link.Urgency.NORMAL : Link.Urgency.FIRST;
    }

    /**
     * Waits until the link takes a frame, of one part or more; false when it is closed. The gate is the caller's, for nothing else.
     */
    boolean send(Gate own, ByteBuffer... frame) {
        Link.Urgency urgency = urgency(frame[0]);
        if (link.trySend(urgency, frame)) {
            return true;
        }
        senders.add(own);
        try {
            while (closed == null) {
                if (link.trySend(urgency, frame)) {
                    return true;
                }
                own.await(SECOND);
            }
            return false;
        } finally {
            senders.remove(own);
        }
    }

    boolean send(Gate own, int channel, Message message) {
        return send(own, Encoder.encode(channel, message));
    }

    /** Is woken with everybody who sends when the link ends. */
    void wakeAtEnd(Gate sleeper) {
        senders.add(sleeper);
    }

    void sleepsNoMore(Gate sleeper) {
        senders.remove(sleeper);
    }

    // ---- the worker

    void start(Handshake begun, Owner told, SourceSide sourceSide, Master master) {
        handshake = begun;
        begin(told, sourceSide, master);
    }

    /** An end of an {@link InsideLink}. */
    void startInside(String peer, Handshake.Self self, Owner told, SourceSide sourceSide, Master master) {
        known = new Known(peer, self.name(), Octets.of(self.key().publicKey()));
        begin(told, sourceSide, master);
    }

    private void begin(Owner told, SourceSide sourceSide, Master master) {
        owner = told;
        sources = sourceSide;
        orders = new Orders(context, this, master);
        try {
            context.workers().start("mirror-link", this::run);
        } catch (RuntimeException | VirtualMachineError e) {
            close("this node has no thread for it");
            throw e;
        }
    }

    private void run() {
        StorageException why = null;
        boolean wasProven = false;
        try {
            if (!isInside()) {
                prove();
                known = new Known(handshake.peer(), handshake.said(), Octets.of(handshake.peerKey()));
            }
            wasProven = true;
            if (owner.proven(this)) {
                sources.start(this);
                follow();
            } else {
                close("there is another link between the two nodes");
            }
        } catch (StorageException e) {
            why = e;
            if (wasProven) {
                LOG.warn("closing the link with {}: {}", link.peerName(), e.getMessage());
            }
            close(e.getMessage());
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            why = Failures.unexpected("serve the link with " + link.peerName(), e);
            close(why.getMessage());
        }
        while (closed == null) {
            gate.await(SECOND);
        }
        orders.ended();
        owner.ended(this, wasProven, why == null ? closed : why);
    }

    private void prove() throws StorageException {
        long deadline = context.clock().monotonicNanos() + handshakeNanos;
        reply(handshake.hello());
        while (!handshake.done()) {
            boolean last = closed != null;
            Link.Frame frame = link.poll();
            if (frame != null) {
                try {
                    reply(handshake.received(frame.content()));
                } finally {
                    frame.release();
                }
                continue;
            }
            long left = deadline - context.clock().monotonicNanos();
            if (last) {
                throw closed;
            }
            if (left <= 0) {
                throw new StorageException(
                        Reason.UNAVAILABLE,
                        "the peer " + link.peerName() + " did not prove who it is in time",
                        "check that a mirror runs there");
            }
            gate.await(left);
        }
    }

    private void reply(ByteBuffer frame) throws StorageException {
        if (frame != null && !trySend(frame) && closed == null) {
            // A link that takes not even the first two frames is none.
            throw new StorageException(Reason.UNAVAILABLE, "the link takes no frames", "look at the peer");
        }
    }

    private void follow() throws StorageException {
        while (true) {
            boolean last = closed != null;
            Link.Frame frame = link.poll();
            if (frame != null) {
                take(frame);
            }
            long untilClock = clock();
            if (frame == null) {
                if (last) {
                    return;
                }
                gate.await(untilClock);
            }
        }
    }

    private long clock() {
        long now = context.clock().monotonicNanos();
        if (now >= clockDueNanos && trySend(Encoder.encode(Wire.LINK_CHANNEL, clocks.message()))) {
            clockDueNanos = now + clockPeriod();
        }
        // More often as soon as there is something to mirror.
        clockDueNanos = Math.min(clockDueNanos, now + clockPeriod());
        return Math.max(clockDueNanos - now, SECOND / 100);
    }

    private long clockPeriod() {
        boolean idle =
                receivers.isEmpty() && sources.isEmpty() && clocks.offset().known();
        return idle ? IDLE_CLOCK_NANOS : SECOND;
    }

    private void take(Link.Frame frame) throws StorageException {
        if (isKept(frame.content())) {
            boolean taken = false;
            ByteBuffer content = frame.keep();
            try {
                taken = take(content, frame);
            } finally {
                if (!taken) {
                    frame.done();
                }
            }
            return;
        }
        try {
            take(frame.content(), null);
        } finally {
            frame.release();
        }
    }

    /** What is needed longer than other channels of the link should wait; the channel's window bounds that. */
    private static boolean isKept(ByteBuffer content) {
        int code = content.hasRemaining() ? content.get() & 0xff : 0;
        return code == Type.EVENTS.code() || code == Type.RANGE.code();
    }

    private boolean take(ByteBuffer content, Link.Frame kept) throws StorageException {
        int length = content.remaining();
        Decoder.Decoded decoded = Decoder.decode(content);
        Message message = decoded.message();
        int code = message.type().code();
        if (message instanceof Message.Clock clock) {
            clocks.received(clock);
        } else if (code < Type.OPEN.code()) {
            throw new StorageException(
                    Reason.CORRUPT, message.type() + " came again on a proven link", "update the older node");
        } else if (code < Type.OPENED.code()) {
            sources.take(decoded.channel(), message, length);
        } else if (message instanceof Order order) {
            orders.take(decoded.channel(), order);
        } else if (message instanceof Answer answer) {
            orders.take(decoded.channel(), answer);
        } else {
            Receiver receiver = receivers.get(decoded.channel());
            return receiver != null && receiver.deliver(this, decoded.channel(), new Said(message, length, kept));
        }
        return false;
    }
}
