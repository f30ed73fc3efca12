package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkAcceptor;
import io.tidemark.api.transport.LinkFigures;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.base.net.ByteLink;
import io.tidemark.base.net.PlainLink;
import io.tidemark.base.net.TlsFiles;
import io.tidemark.base.net.TlsLink;
import io.tidemark.base.text.Durations;
import io.tidemark.transport.tcp.TcpSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLException;

/**
 * A link from its first byte to its last. One thread at a time works on it: whoever has something for it calls
 * {@link #schedule}, and it gets its turn on the reactor's thread, or on one of the crew when it needs the processor.
 */
final class TcpLink implements Link, Reactor.Ready, Inbound.Sink {
    static final long NEVER = Long.MAX_VALUE;

    /** So long a peer that takes nothing any more may still be read: it may have said why. */
    private static final long LAST_WORDS_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** Then others get their turn. */
    private static final int TURN_BYTES = 1 << 20;
    /** After so many turns without a compressed frame a link needs little again. */
    private static final int LIGHT_AFTER = 100;

    private enum Phase {
        DIALING,
        TLS,
        GREETING,
        OPEN,
        LINGERING,
        ENDED
    }

    private enum Turn {
        NONE,
        WAITING,
        RUNNING,
        AGAIN
    }

    private final Shared shared;
    private final Reactor reactor;
    private final TlsParty tls;
    private final LinkAcceptor acceptor;
    private final Dial dial;
    private final String wantedFingerprint;
    private final Runnable whenEnded;
    private final Runnable whenOpened;
    private final AtomicReference<Turn> turn = new AtomicReference<>(Turn.NONE);
    private final AtomicReference<Ending> wish = new AtomicReference<>();
    private final CompressionChoice choice;
    private final SendSide send;
    private final ReceiveSide receive;
    private final byte[] ownNonce;
    private final long startedNanos = System.nanoTime();

    // Of the thread that works on it.
    private Phase phase;
    private SocketChannel channel;
    private SelectionKey key;
    private ByteLink bytes;
    private Inbound inbound;
    private Ending ending;
    private LinkListener listener;
    private boolean toldOpened;
    private boolean toldEnd;
    private final byte[] greeting = new byte[Wire.GreetingFields.SIZE];
    private int greetingBytes;
    private boolean greeted;
    private boolean found;
    private int interest;
    private long endsByNanos;
    private long pingAtNanos;
    private long pingedNanos;
    private boolean pinging;
    private SendSide.Wait waiting = SendSide.Wait.NOTHING;
    private Farewell farewell;
    private boolean shut;
    private int lightTurns;

    /** Why nothing can be sent any more; null as long as it can. */
    private IOException unsendable;

    private volatile String name;
    private volatile String fingerprint = "";
    private volatile boolean heavy;
    private volatile boolean givenUp;
    private volatile boolean abandoned;
    private volatile boolean open;
    private volatile long dueNanos = NEVER;
    private volatile long heardNanos = startedNanos;
    private volatile long busyNanos = startedNanos;
    private volatile long roundTripNanos = -1;
    private final LongAdder wireReceived = new LongAdder();

    /** One that is to be opened, when {@code dial} is there, or was taken. */
    private TcpLink(
            Shared shared,
            TlsParty tls,
            LinkAcceptor acceptor,
            Dial dial,
            String name,
            String wantedFingerprint,
            Runnable whenOpened,
            Runnable whenEnded) {
        this.shared = shared;
        this.reactor = shared.reactor;
        this.tls = tls;
        this.acceptor = acceptor;
        this.dial = dial;
        this.name = name;
        this.wantedFingerprint = wantedFingerprint;
        this.whenOpened = whenOpened;
        this.whenEnded = whenEnded;
        this.phase = dial == null ? Phase.TLS : Phase.DIALING;
        TcpSettings settings = shared.settings;
        this.choice = new CompressionChoice(settings.limits().compression(), startedNanos);
        this.send = new SendSide(
                settings.limits().sendBytes(), shared.buffers, shared.frames, shared.bandwidth, choice, startedNanos);
        this.receive = new ReceiveSide(settings.limits().windowBytes(), shared.frames, this::schedule);
        this.ownNonce = shared.nonce();
        this.endsByNanos = startedNanos + settings.times().negotiation().toNanos();
        this.dueNanos = endsByNanos;
    }

    /** Begins to open a link. */
    static TcpLink dial(Shared shared, TlsParty tls, Dial dial, String wantedFingerprint, LinkInitiator initiator) {
        TcpLink link =
                new TcpLink(shared, tls, initiator, dial, dial.toString(), wantedFingerprint, () -> {}, () -> {});
        link.reactor.links().add(link);
        link.reactor.lookAt(link.dueNanos);
        dial.find(link.reactor.crew().names(), link::schedule);
        return link;
    }

    /** Goes on with a connection that a peer opened. On the reactor's thread. */
    static TcpLink accepted(
            Shared shared,
            TlsParty tls,
            LinkAcceptor acceptor,
            SocketChannel channel,
            String name,
            Runnable whenOpened,
            Runnable whenEnded)
            throws IOException {
        TcpLink link = new TcpLink(shared, tls, acceptor, null, name, "", whenOpened, whenEnded);
        link.key = shared.reactor.register(channel, 0, link);
        link.channel = channel;
        link.reactor.links().add(link);
        link.reactor.lookAt(link.dueNanos);
        link.connected();
        link.schedule();
        return link;
    }

    // ---- turns

    @Override
    public void ready(SelectionKey ready) {
        // Until its turn is over.
        ready.interestOps(0);
        schedule();
    }

    /** It gets a turn soon. Any thread. */
    void schedule() {
        while (true) {
            Turn now = turn.get();
            if (now == Turn.WAITING || now == Turn.AGAIN) {
                return;
            }
            boolean idle = now == Turn.NONE;
            if (turn.compareAndSet(now, idle ? Turn.WAITING : Turn.AGAIN)) {
                if (idle) {
                    reactor.execute(this);
                }
                return;
            }
        }
    }

    boolean heavy() {
        return heavy;
    }

    long dueNanos() {
        return dueNanos;
    }

    void run(Scratch scratch) {
        turn.set(Turn.RUNNING);
        try {
            if (phase != Phase.ENDED) {
                work(scratch);
                tell();
                settle();
            }
        } finally {
            // Whatever happened: without a turn it would never end, and so keep its peer from opening another one.
            if (!turn.compareAndSet(Turn.RUNNING, Turn.NONE)) {
                turn.set(Turn.WAITING);
                reactor.execute(this);
            }
        }
    }

    private void work(Scratch scratch) {
        try {
            advance(scratch);
        } catch (Violation e) {
            end(violated(e));
        } catch (IOException e) {
            end(broken(e));
        } catch (RuntimeException | Error e) {
            // A node that is out of direct memory goes on without this link.
            Shared.LOG.error("{}: the link with {} met a fault", shared.name, name, e);
            end(broken(new IOException("a fault of this node: " + e, e)));
        }
        if (phase == Phase.LINGERING) {
            linger(scratch);
        }
    }

    private void advance(Scratch scratch) throws IOException {
        if (abandoned) {
            end(new Ending(stale(), null, true));
            return;
        }
        Ending wished = wish.get();
        if (ending == null && wished != null) {
            end(wished);
        }
        if (ending != null) {
            return;
        }
        if (givenUp && phase.compareTo(Phase.OPEN) < 0) {
            end(new Ending(
                    new StorageException(Reason.CLOSED, "the attempt to reach " + name + " was given up", ""),
                    null,
                    true));
            return;
        }
        long now = System.nanoTime();
        if (phase.compareTo(Phase.OPEN) < 0 && now - endsByNanos >= 0) {
            end(late());
            return;
        }
        if (phase == Phase.DIALING && !dialed()) {
            return;
        }
        if (phase == Phase.TLS && !secured()) {
            return;
        }
        if (phase == Phase.GREETING) {
            if (greet(scratch)) {
                // Whoever waits for it is told before anything else happens to it.
                schedule();
            }
            return;
        }
        carry(scratch, now);
    }

    private void settle() {
        if (phase == Phase.ENDED || phase == Phase.DIALING) {
            return;
        }
        int wanted = phase == Phase.TLS ? interest : SelectionKey.OP_READ;
        if (waiting == SendSide.Wait.SOCKET) {
            wanted |= SelectionKey.OP_WRITE;
        }
        long now = System.nanoTime();
        dueNanos = now + leftNanos(now);
        reactor.lookAt(dueNanos);
        if (waiting == SendSide.Wait.TURN) {
            schedule();
        }
        try {
            key.interestOps(wanted);
            reactor.wake();
        } catch (CancelledKeyException e) {
            schedule();
        }
    }

    /** Until it has to be looked at, whatever the socket says. */
    private long leftNanos(long now) {
        TcpSettings.Times times = shared.settings.times();
        long left = endsByNanos - now;
        if (phase == Phase.LINGERING) {
            left = farewell.leftNanos(now);
        } else if (phase == Phase.OPEN && unsendable == null) {
            left = Math.min(pingAtNanos - now, heardNanos + times.dead().toNanos() - now);
        }
        return waiting == SendSide.Wait.BANDWIDTH
                ? Math.min(
                        left,
                        Math.min(shared.bandwidth.waitNanos(), times.ping().toNanos()))
                : left;
    }

    // ---- how it comes to be

    private boolean dialed() throws IOException {
        if (!found && dial.isFound()) {
            found = true;
            // Name servers that took their time have not taken the peer's.
            endsByNanos =
                    System.nanoTime() + shared.settings.times().negotiation().toNanos();
            dueNanos = endsByNanos;
            reactor.lookAt(dueNanos);
        }
        channel = dial.step(reactor, this);
        if (channel == null) {
            return false;
        }
        key = dial.key();
        connected();
        return true;
    }

    private void connected() {
        if (tls == null) {
            bytes = new PlainLink(channel);
            phase = Phase.GREETING;
            return;
        }
        bytes = new TlsLink(
                channel,
                dial == null ? tls.acceptor() : tls.initiator(dial.host(), dial.port(), !wantedFingerprint.isEmpty()));
        phase = Phase.TLS;
        heavy = true;
        // The reactor's thread leaves it to the crew from here on.
        schedule();
    }

    private boolean secured() throws IOException {
        TlsLink link = (TlsLink) bytes;
        interest = link.handshake();
        if (interest != 0) {
            return false;
        }
        Optional<Certificate> certificate = link.peerCertificate();
        if (certificate.isPresent()) {
            fingerprint = TlsFiles.fingerprint(certificate.get());
            if (certificate.get() instanceof X509Certificate x509) {
                name = name + " (" + x509.getSubjectX500Principal().getName() + ")";
            }
        }
        if (!wantedFingerprint.isEmpty() && !wantedFingerprint.equals(fingerprint)) {
            throw Violation.mismatch(
                    "it shows the certificate " + fingerprint + ", and not the pinned " + wantedFingerprint,
                    "check that it is the right node; pin its certificate anew if it was replaced");
        }
        phase = Phase.GREETING;
        return true;
    }

    /** The initiator greets first. True when both have greeted. */
    private boolean greet(Scratch scratch) throws IOException {
        if (dial != null) {
            sayGreeting(scratch);
        }
        ByteBuffer in = scratch.in.clear().limit(greeting.length - greetingBytes);
        int count = bytes.read(in);
        if (count < 0) {
            throw new IOException(
                    dial == null
                            ? "it ended the connection before it greeted"
                            : "it ended the connection without a greeting; its log says why");
        }
        in.flip().get(greeting, greetingBytes, in.limit());
        greetingBytes += in.limit();
        if (!Greeting.plausible(greeting, greetingBytes)) {
            throw Violation.mismatch(
                    "it is no Tidemark node: it does not greet like one", "check the address, and tls on both nodes");
        }
        if (greetingBytes < greeting.length) {
            return false;
        }
        Greeting theirs = Greeting.decode(greeting);
        sayGreeting(scratch);
        theirs.check();
        open(theirs);
        return true;
    }

    private void sayGreeting(Scratch scratch) throws IOException {
        if (!greeted) {
            greeted = true;
            TcpSettings.Limits limits = shared.settings.limits();
            send.greet(
                    Greeting.own(receive.windowBytes(), limits.compression() != TcpSettings.Compression.OFF, ownNonce)
                            .encode());
        }
        waiting = send.send(bytes, scratch);
    }

    private void open(Greeting theirs) {
        boolean initiator = dial != null;
        byte[] first = initiator ? ownNonce : theirs.nonce();
        byte[] second = initiator ? theirs.nonce() : ownNonce;
        boolean compression =
                theirs.compression() && shared.settings.limits().compression() != TcpSettings.Compression.OFF;
        inbound = new Inbound(
                new Checksum(first, second, !initiator), Wire.MAX_FRAME_BYTES, compression, shared.frames, this);
        send.open(theirs.windowBytes(), compression, new Checksum(first, second, initiator));
        phase = Phase.OPEN;
        open = true;
        long now = System.nanoTime();
        heardNanos = now;
        busyNanos = now;
        pingAtNanos = now;
        whenOpened.run();
        String secured = bytes.tls().isEmpty() ? "" : ", " + bytes.tls();
        shared.link(dial == null, false, shared.name + ": the link with " + name + " is open" + secured);
    }

    // ---- how it carries frames

    private void carry(Scratch scratch, long now) throws IOException {
        if (receive(scratch)) {
            schedule();
        }
        if (ending != null) {
            return;
        }
        if (unsendable != null) {
            if (now - endsByNanos >= 0) {
                throw unsendable;
            }
            return;
        }
        TcpSettings settings = shared.settings;
        if (now - heardNanos >= settings.times().dead().toNanos()) {
            end(dead(settings.times().dead()));
            return;
        }
        if (now - pingAtNanos >= 0) {
            pingAtNanos = now + settings.times().ping().toNanos();
            if (!pinging) {
                pinging = true;
                pingedNanos = System.nanoTime();
                send.sayPing(pingedNanos);
            }
        }
        choice.mode(settings.limits().compression());
        long credit = receive.creditToSay();
        if (credit >= 0) {
            send.sayCredit(credit);
        }
        try {
            waiting = send.send(bytes, scratch);
        } catch (IOException e) {
            // It has gone, but what it said before, and why it went, may be there still.
            unsendable = e;
            waiting = SendSide.Wait.NOTHING;
            endsByNanos = now + LAST_WORDS_NANOS;
            schedule();
        }
        weigh();
    }

    /** True when there may be more. */
    private boolean receive(Scratch scratch) throws IOException {
        for (int total = 0; total < TURN_BYTES; ) {
            ByteBuffer in = scratch.in.clear();
            int count = bytes.read(in);
            if (count < 0) {
                throw new IOException("it ended the connection without a word");
            }
            if (count == 0) {
                return false;
            }
            total += count;
            heardNanos = System.nanoTime();
            wireReceived.add(count);
            inbound.take(in.flip(), scratch);
            if (ending != null) {
                return false;
            }
            if (count < in.capacity()) {
                return bytes.hasBufferedInput();
            }
        }
        return true;
    }

    /** Whether it needs the crew. */
    private void weigh() {
        if (tls != null) {
            return;
        }
        if (send.compressing()) {
            heavy = true;
            lightTurns = 0;
        } else if (heavy && ++lightTurns > LIGHT_AFTER) {
            heavy = false;
        }
    }

    @Override
    public void admit(int plainBytes) throws Violation {
        receive.admit(plainBytes);
    }

    @Override
    public void data(Content plain, boolean compressed) {
        busyNanos = heardNanos;
        if (compressed) {
            heavy = true;
            lightTurns = 0;
        }
        receive.add(plain);
    }

    @Override
    public void credit(long releasedBytes) throws Violation {
        send.credit(releasedBytes);
    }

    @Override
    public void ping(long token) {
        send.sayPong(token);
    }

    @Override
    public void pong(long token) {
        if (pinging && token == pingedNanos) {
            pinging = false;
            roundTripNanos = System.nanoTime() - token;
        }
    }

    @Override
    public void closedByPeer(String reason) {
        end(new Ending(
                new StorageException(Reason.CLOSED, "the peer " + name + " closed the link: " + reason, ""),
                null,
                true));
    }

    // ---- how it ends

    private void end(Ending how) {
        if (ending != null) {
            return;
        }
        ending = how;
        open = false;
        boolean was = phase == Phase.OPEN;
        log(how.why(), was);
        send.end(how.say() == null ? "" : how.say(), how.drop());
        if (was && how.say() != null) {
            phase = Phase.LINGERING;
            long now = System.nanoTime();
            farewell = how.drop()
                    ? Farewell.curt(now, receive.windowBytes())
                    : Farewell.polite(now, shared.settings.times().dead().toNanos(), receive.windowBytes());
        } else {
            finish();
        }
    }

    private void log(StorageException why, boolean was) {
        if (was) {
            boolean broke = why.reason() != Reason.CLOSED && why.reason() != Reason.STALE_SERVICE;
            shared.link(dial == null, broke, shared.name + ": " + why.getMessage());
        } else if (why.reason() != Reason.CLOSED && (dial == null || why.reason() == Reason.MISMATCH)) {
            // Who dials tells its caller; attempts that go on for days are not for the log.
            shared.stranger(shared.name + ": " + why.getMessage());
        }
    }

    private void linger(Scratch scratch) {
        try {
            if (!shut) {
                sayLastWords(scratch);
            }
            boolean over = throwAway(scratch) || farewell.isOver(System.nanoTime());
            if (abandoned || over) {
                finish();
            }
        } catch (IOException e) {
            finish();
        } catch (RuntimeException | Error e) {
            Shared.LOG.error("{}: the link with {} met a fault at its end", shared.name, name, e);
            finish();
        }
    }

    private void sayLastWords(Scratch scratch) throws IOException {
        long before = send.handedOver();
        waiting = send.send(bytes, scratch);
        if (send.handedOver() > before) {
            farewell.sent(System.nanoTime());
        }
        if (send.saidClose() && waiting == SendSide.Wait.NOTHING) {
            shut = true;
            bytes.sayGoodbye();
            channel.shutdownOutput();
        }
    }

    /** What the peer still sends. True when it has ended. */
    private boolean throwAway(Scratch scratch) throws IOException {
        for (int total = 0; total < TURN_BYTES; ) {
            int count = channel.read(scratch.in.clear());
            if (count <= 0) {
                return count < 0;
            }
            total += count;
            farewell.read(count, System.nanoTime());
        }
        schedule();
        return false;
    }

    private void finish() {
        phase = Phase.ENDED;
        dueNanos = NEVER;
        try {
            send.close();
            if (dial != null) {
                dial.close();
            }
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            Shared.LOG.debug("{}: closing the socket of {} failed", shared.name, name, e);
        }
        reactor.links().remove(this);
        whenEnded.run();
    }

    /** The transport ends now: whatever it is doing, it gets a last turn. Any thread. */
    void abandon() {
        abandoned = true;
        schedule();
    }

    private Ending violated(Violation violation) {
        String what = (phase == Phase.OPEN ? "the link with " : "no link with ")
                + name
                + (phase == Phase.OPEN ? " is closed: " : ": ")
                + violation.getMessage();
        return new Ending(
                new StorageException(violation.reason, what, violation.remedy, violation),
                "it broke the protocol: " + violation.getMessage(),
                true);
    }

    private Ending broken(IOException cause) {
        String why = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        if (phase == Phase.OPEN) {
            return new Ending(
                    new StorageException(
                            Reason.UNAVAILABLE,
                            "the link with " + name + " broke: " + why,
                            "look at the network and at the peer",
                            cause),
                    null,
                    true);
        }
        if (cause instanceof SSLException) {
            return new Ending(
                    new StorageException(
                            Reason.MISMATCH,
                            "no link with " + name + ": TLS failed: " + why,
                            "check certificates, authorities and tls on both nodes",
                            cause),
                    null,
                    true);
        }
        return new Ending(
                new StorageException(
                        Reason.UNAVAILABLE,
                        (dial == null ? "no link with " : "cannot open a link to ") + name + ": " + why,
                        dial == null
                                ? ""
                                : "check that the node there runs, that its transport listens at this address, and the"
                                        + " network in between",
                        cause),
                null,
                true);
    }

    private Ending late() {
        String within = " within "
                + Durations.format(shared.settings.times().negotiation().toNanos());
        return broken(new IOException(
                dial == null || dial.isFound()
                        ? "nothing came to be" + within
                        : "no name server said" + within + " where the host '" + dial.host() + "' is"));
    }

    private Ending dead(Duration after) {
        String what =
                "the link with " + name + " broke: nothing came from there for " + Durations.format(after.toNanos());
        return new Ending(
                new StorageException(Reason.UNAVAILABLE, what, "look at the network and at the peer"), null, true);
    }

    StorageException stale() {
        return new StorageException(
                Reason.STALE_SERVICE,
                "the link with " + name + " is closed: the transport " + shared.name + " stops",
                "open another one when it is there again");
    }

    /** Gives up an attempt; a link that is open stays so. Any thread. */
    void giveUp() {
        givenUp = true;
        schedule();
    }

    boolean isOpen() {
        return open;
    }

    /** Asks it to end. Any thread; the first one counts. */
    void end(StorageException why, String say, boolean drop) {
        if (wish.compareAndSet(null, new Ending(why, say, drop))) {
            schedule();
        }
    }

    // ---- callbacks

    private void tell() {
        try {
            if (!toldOpened && ending == null && phase == Phase.OPEN) {
                toldOpened = true;
                listener = acceptor.opened(this);
                if (listener == null) {
                    close("the node refuses the link");
                }
            } else if (!toldOpened && ending != null) {
                toldOpened = true;
                if (acceptor instanceof LinkInitiator initiator) {
                    initiator.failed(ending.why());
                }
            }
            if (listener != null && !toldEnd) {
                tellListener();
            }
        } catch (RuntimeException | Error e) {
            Shared.LOG.error("{}: who uses the link with {} failed when called back", shared.name, name, e);
            close("the node has a fault");
        }
    }

    private void tellListener() {
        if (receive.readableDue()) {
            listener.readable();
        }
        if (send.writableDue()) {
            listener.writable();
        }
        if (ending != null) {
            toldEnd = true;
            listener.closed(ending.why());
        }
    }

    // ---- what its user calls

    @Override
    public String peerName() {
        return name;
    }

    @Override
    public Optional<String> peerFingerprint() {
        return fingerprint.isEmpty() ? Optional.empty() : Optional.of(fingerprint);
    }

    @Override
    public int maxFrameBytes() {
        return Wire.MAX_FRAME_BYTES;
    }

    @Override
    public boolean trySend(ByteBuffer... parts) {
        return trySend(Urgency.NORMAL, parts);
    }

    @Override
    public boolean trySend(Urgency urgency, ByteBuffer... parts) {
        long length = 0;
        for (ByteBuffer part : parts) {
            length += part.remaining();
        }
        if (length > Wire.MAX_FRAME_BYTES) {
            throw new IllegalArgumentException(
                    "a frame of " + length + " bytes is longer than " + Wire.MAX_FRAME_BYTES);
        }
        if (!send.offer(urgency, parts, (int) length)) {
            return false;
        }
        busyNanos = System.nanoTime();
        schedule();
        return true;
    }

    @Override
    public Frame poll() {
        return receive.poll();
    }

    @Override
    public LinkFigures figures() {
        long now = System.nanoTime();
        SendSide.Counts counts = send.counts();
        return new LinkFigures(
                counts.frames(),
                counts.bytes(),
                counts.wireBytes(),
                receive.frames(),
                receive.bytes(),
                wireReceived.sum(),
                counts.compressed(),
                counts.savedBytes(),
                counts.queuedBytes(),
                counts.creditBytes(),
                roundTripNanos,
                Math.max(0, now - busyNanos),
                Math.max(0, now - heardNanos));
    }

    @Override
    public void close(String reason) {
        receive.drop();
        send.refuse();
        end(
                new StorageException(Reason.CLOSED, "the link with " + name + " was closed here: " + reason, ""),
                reason,
                false);
    }

    @Override
    public String toString() {
        return "link with " + name;
    }
}
