package io.tidemark.faults;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkAcceptor;
import io.tidemark.api.transport.LinkFigures;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** One end of a simulated link. Touched by the baton's holder only; called back by the network's worker. */
final class SimulatedLink implements Link {
    private static final int FRAME_COST = 64;
    private static final int MOST_RECORDED = 64;
    private static final long RECORDED_BYTES = 1L << 20;
    private static final long PINGS_PER_DEATH = 4;

    private final SimulatedNetwork network;
    private final Scheduler scheduler;
    private final SimulatedTransport transport;
    private final String peerSite;
    private final String name;
    private final boolean initiator;
    private SimulatedLink peer;
    private LinkListener listener;
    /** Who is told that it is open, or that it will not be. */
    private LinkAcceptor opener;

    private boolean begun;
    private boolean open;
    private boolean closedHere;
    /** Nothing gets out any more, although nobody may know. */
    private boolean severed;

    private final ArrayDeque<byte[]> received = new ArrayDeque<>();
    private boolean wanted = true;
    private final List<byte[]> recorded = new ArrayList<>();
    private long recordedBytes;
    private long credit;
    private long refused;
    /** What is under way, in its order; each has one event that says that the first of them is there. */
    private final List<Transit> underWay = new ArrayList<>();

    private long sentNanos;
    private long lastArrivalNanos;

    private long heardNanos;
    private long busyNanos;
    private long roundTripNanos = -1;
    private long framesSent;
    private long bytesSent;
    private long framesReceived;
    private long bytesReceived;

    /** A frame of some urgency, or what the link itself says, which nothing overtakes. */
    private record Transit(Urgency urgency, Runnable arrival) {
        boolean givesWayTo(Urgency other) {
            return urgency != null && other != null && other.compareTo(urgency) < 0;
        }
    }

    private SimulatedLink(
            SimulatedNetwork network, SimulatedTransport transport, String peerSite, int number, boolean initiator) {
        this.network = network;
        this.scheduler = network.machine().scheduler();
        this.transport = transport;
        this.peerSite = peerSite;
        this.initiator = initiator;
        this.name = transport.site() + (initiator ? ">" : "<") + peerSite + "#" + number;
        this.credit = network.settings().windowBytes();
    }

    /** Opens both ends; the acceptor's first, as with a handshake. */
    static void open(
            SimulatedNetwork network,
            SimulatedTransport from,
            SimulatedTransport to,
            LinkAcceptor initiator,
            LinkAcceptor acceptor) {
        int number = network.nextLink();
        SimulatedLink near = new SimulatedLink(network, from, to.site(), number, true);
        SimulatedLink far = new SimulatedLink(network, to, from.site(), number, false);
        near.peer = far;
        far.peer = near;
        network.add(near);
        network.add(far);
        near.opener = initiator;
        far.opener = acceptor;
        // Before anything that the acceptor sends.
        far.transmit("opened", 0, near::begin);
        far.begin();
        network.after(network.settings().attemptNanos(), "timeout", () -> near.giveUp());
    }

    private void giveUp() {
        if (!begun) {
            end(new StorageException(
                    Reason.UNAVAILABLE,
                    "cannot open a link to " + SimulatedNetwork.SCHEME + peerSite + ": nothing came back",
                    "check that the node there runs"));
        }
    }

    /** An end whose peer is a tape. */
    static void replay(
            SimulatedNetwork network, SimulatedTransport victim, SimulatedLink session, LinkAcceptor acceptor) {
        int number = network.nextLink();
        SimulatedLink tape = new SimulatedLink(network, session.transport, victim.site(), number, true);
        SimulatedLink end = new SimulatedLink(network, victim, session.site(), number, false);
        tape.peer = end;
        end.peer = tape;
        tape.begun = true;
        tape.open = true;
        network.add(end);
        end.opener = acceptor;
        end.begin();
        for (byte[] frame : session.recorded) {
            tape.transmit("replayed " + end, frame.length, () -> end.arrive(frame));
        }
        tape.transmit("end of replay", 0, () -> end.end(SimulatedNetwork.broken(end, "the connection was reset")));
    }

    private void begin() {
        if (begun || transport.process().dead()) {
            return;
        }
        begun = true;
        long now = scheduler.nowNanos();
        open = true;
        heardNanos = now;
        busyNanos = now;
        listener = opener.opened(this);
        if (listener == null) {
            close("the node refuses the link");
            return;
        }
        if (severed) {
            end(SimulatedNetwork.broken(this, "the connection was reset"));
            return;
        }
        ping();
    }

    // ---- looked at by the network

    boolean isOpen() {
        return open;
    }

    boolean isInitiator() {
        return initiator;
    }

    String site() {
        return transport.site();
    }

    SimulatedTransport transport() {
        return transport;
    }

    SimulatedLink peer() {
        return peer;
    }

    List<byte[]> recorded() {
        return recorded;
    }

    void severed() {
        severed = true;
    }

    // ---- messages

    private void transmit(String what, int bytes, Runnable arrival) {
        transmit(what, bytes, null, arrival);
    }

    /**
     * Sends something to the other end, behind all that was sent before and is no less urgent; or loses it, and all after it.
     */
    private void transmit(String what, int bytes, Urgency urgency, Runnable arrival) {
        if (severed) {
            return;
        }
        long mishap = network.mishap(this);
        if (mishap < 0 || severed) {
            return;
        }
        NetworkSettings settings = network.settings();
        sentNanos = Math.max(sentNanos, scheduler.nowNanos()) + bytes * 1_000_000_000L / settings.bytesPerSecond();
        long arrives = Math.max(sentNanos, network.stalledUntil(site(), peerSite)) + network.delay() + mishap;
        lastArrivalNanos = Math.max(lastArrivalNanos, arrives);
        int place = underWay.size();
        while (place > 0 && underWay.get(place - 1).givesWayTo(urgency)) {
            place--;
        }
        underWay.add(place, new Transit(urgency, arrival));
        network.at(lastArrivalNanos, what, () -> deliver(what));
    }

    private void deliver(String what) {
        long until = network.stalledUntil(site(), peerSite);
        if (until > scheduler.nowNanos()) {
            network.at(until, what, () -> deliver(what));
            return;
        }
        Runnable arrival = underWay.remove(0).arrival();
        if (!severed && !peer.transport.process().dead()) {
            peer.heardNanos = scheduler.nowNanos();
            arrival.run();
        }
    }

    private void arrive(byte[] frame) {
        // A tape listens to nobody.
        if (closedHere || !open || listener == null) {
            return;
        }
        framesReceived++;
        bytesReceived += frame.length;
        busyNanos = scheduler.nowNanos();
        received.add(frame);
        if (wanted) {
            wanted = false;
            listener.readable();
        }
    }

    private void credited(long cost) {
        credit += cost;
        if (open && refused > 0 && credit >= refused) {
            refused = 0;
            listener.writable();
        }
    }

    private void ping() {
        if (!open || transport.process().dead()) {
            return;
        }
        long now = scheduler.nowNanos();
        if (now - heardNanos > network.settings().deadNanos()) {
            end(SimulatedNetwork.broken(this, "nothing came from there for so long that it is dead"));
            return;
        }
        transmit("ping", 0, () -> peer.answer(() -> roundTripNanos = scheduler.nowNanos() - now));
        network.after(network.settings().deadNanos() / PINGS_PER_DEATH, "ping " + name, this::ping);
    }

    private void answer(Runnable pong) {
        if (open) {
            transmit("pong", 0, pong);
        }
    }

    // ---- ends

    /** The process of this end is gone; what was under way still arrives, and then the news. */
    void orphaned() {
        SimulatedLink other = peer;
        transmit("reset", 0, () -> other.end(SimulatedNetwork.broken(other, "the connection was reset")));
    }

    /** On the network's worker. */
    void end(StorageException why) {
        if (!begun) {
            begun = true;
            severed = true;
            network.remove(this);
            if (opener instanceof LinkInitiator waiting && !transport.process().dead()) {
                waiting.failed(why);
            }
            return;
        }
        if (!open) {
            return;
        }
        open = false;
        severed = true;
        network.remove(this);
        if (listener != null && !transport.process().dead()) {
            listener.closed(why);
        }
    }

    void close(StorageException why, String said) {
        if (!open || closedHere) {
            return;
        }
        closedHere = true;
        received.clear();
        SimulatedLink other = peer;
        transmit(
                "close " + name,
                0,
                () -> other.end(new StorageException(
                        Reason.CLOSED, "the peer " + other.peerName() + " closed the link: " + said, "")));
        network.after(0, "closed " + name, () -> endHere(why));
    }

    /** What was sent before the close still arrives. */
    private void endHere(StorageException why) {
        boolean was = severed;
        end(why);
        severed = was;
    }

    @Override
    public void close(String reason) {
        scheduler.checkAlive(transport.process());
        close(
                new StorageException(Reason.CLOSED, "the link with " + peerName() + " was closed here: " + reason, ""),
                reason);
    }

    // ---- what its user calls

    @Override
    public String peerName() {
        return SimulatedNetwork.SCHEME + peerSite + " (CN=" + peerSite + ")";
    }

    @Override
    public Optional<String> peerFingerprint() {
        return Optional.of(SimulatedTransport.fingerprint(peerSite));
    }

    @Override
    public int maxFrameBytes() {
        return LEAST_MAX_FRAME_BYTES;
    }

    @Override
    public boolean trySend(ByteBuffer... parts) {
        return trySend(Urgency.NORMAL, parts);
    }

    @Override
    public boolean trySend(Urgency urgency, ByteBuffer... parts) {
        scheduler.checkAlive(transport.process());
        int length = 0;
        for (ByteBuffer part : parts) {
            length += part.remaining();
        }
        if (length > maxFrameBytes()) {
            throw new IllegalArgumentException("a frame of " + length + " bytes is longer than " + maxFrameBytes());
        }
        long cost = (long) length + FRAME_COST;
        if (!open || closedHere) {
            return false;
        }
        if (credit < cost) {
            refused = refused == 0 ? cost : Math.min(refused, cost);
            return false;
        }
        credit -= cost;
        byte[] frame = new byte[length];
        int at = 0;
        for (ByteBuffer part : parts) {
            part.get(part.position(), frame, at, part.remaining());
            at += part.remaining();
        }
        framesSent++;
        bytesSent += length;
        busyNanos = scheduler.nowNanos();
        record(frame);
        SimulatedLink other = peer;
        transmit("frame " + name, length, urgency, () -> other.arrive(frame));
        return true;
    }

    private void record(byte[] frame) {
        if (recorded.size() < MOST_RECORDED && recordedBytes + frame.length <= RECORDED_BYTES) {
            recorded.add(frame);
            recordedBytes += frame.length;
        }
    }

    @Override
    public Frame poll() {
        scheduler.checkAlive(transport.process());
        byte[] frame = received.poll();
        if (frame == null) {
            wanted = true;
            return null;
        }
        return new SimulatedFrame(frame);
    }

    /** Its memory gets other contents as soon as it may: whoever looks at it then shall notice. */
    private final class SimulatedFrame implements Frame {
        private static final byte OTHER = (byte) 0xDB;

        private final byte[] bytes;
        private boolean released;
        private boolean kept;

        SimulatedFrame(byte[] bytes) {
            this.bytes = bytes.clone();
        }

        @Override
        public ByteBuffer content() {
            if (released) {
                throw new IllegalStateException("the frame was released");
            }
            return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
        }

        @Override
        public void release() {
            giveCredit();
            Arrays.fill(bytes, OTHER);
        }

        private void giveCredit() {
            if (released) {
                throw new IllegalStateException("the frame was released before");
            }
            released = true;
            SimulatedLink other = peer;
            if (open) {
                transmit("credit " + name, 0, () -> other.credited(bytes.length + FRAME_COST));
            }
        }

        @Override
        public ByteBuffer keep() {
            giveCredit();
            kept = true;
            transport.keeps(bytes.length);
            return ByteBuffer.wrap(bytes);
        }

        @Override
        public void done() {
            if (!kept) {
                throw new IllegalStateException("the frame was not kept, or was done with before");
            }
            kept = false;
            transport.keeps(-bytes.length);
            Arrays.fill(bytes, OTHER);
        }
    }

    @Override
    public LinkFigures figures() {
        long now = scheduler.nowNanos();
        return new LinkFigures(
                framesSent,
                bytesSent,
                bytesSent,
                framesReceived,
                bytesReceived,
                bytesReceived,
                0,
                0,
                0,
                credit,
                roundTripNanos,
                now - busyNanos,
                now - heardNanos);
    }

    @Override
    public String toString() {
        return name;
    }
}
