package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.api.device.SessionListener;
import io.tidemark.base.net.TlsLink;
import io.tidemark.base.text.Sizes;
import io.tidemark.nbd.TlsMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client, from its first byte to its last. Runs on a thread of its own. */
final class Connection implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
    private static final int FIRST_BYTES = 1 << 10;
    /** Many times as long as a client takes to choose an export, also one that is far away. */
    private static final long DAWDLE_NANOS = 1_000_000_000L;

    private final long id;
    private final String address;
    private final Terms terms;
    private final Shared shared;
    private final ConnectionIo io;
    private final Counters counters;
    private final long connectedWallNanos;
    private final long begunNanos = System.nanoTime();
    private boolean spoke;
    private volatile boolean dismissed;
    private volatile boolean enters;
    private volatile String export;
    private volatile String tls = "";

    /**
     * What a connection is served under, as configured when it came.
     *
     * @param exports what it may see
     * @param tlsMode whether it may or must use TLS
     * @param tlsContext null when TLS is off
     * @param engineSettings sets up each TLS engine
     * @param stopping whether the server stops
     * @param negotiationNanos how long it may negotiate
     * @param stallNanos how long it may stop in the middle of a request
     * @param maxRequests how many requests it may have in flight
     */
    record Terms(
            Exports exports,
            TlsMode tlsMode,
            SSLContext tlsContext,
            EngineSettings engineSettings,
            BooleanSupplier stopping,
            long negotiationNanos,
            long stallNanos,
            int maxRequests) {}

    /** Sets protocols and client authentication of an engine. */
    @FunctionalInterface
    interface EngineSettings {
        void apply(SSLEngine engine);
    }

    Connection(long id, SocketChannel channel, String address, Terms terms, Shared shared, long connectedWallNanos)
            throws IOException {
        this.id = id;
        this.address = address;
        this.terms = terms;
        this.shared = shared;
        this.io = new ConnectionIo(channel, terms.stallNanos());
        this.counters = new Counters(shared.totals);
        this.connectedWallNanos = connectedWallNanos;
    }

    @Override
    public void run() {
        String reason;
        try (io) {
            reason = serve();
            io.link().sayGoodbye();
        } catch (IOException e) {
            reason = String.valueOf(e.getMessage());
        } catch (RuntimeException | Error e) {
            LOG.error("nbd: connection {} of {} ended by a defect", id, address, e);
            return;
        }
        if (export != null) {
            LOG.info("nbd: client {} of {} is gone{}", address, export, reason.isEmpty() ? "" : ": " + reason);
        } else if (!reason.isEmpty()) {
            shared.totals.failedHandshakes.increment();
            turnedAway(reason);
        }
    }

    /** Whoever connects and says nothing looks whether somebody is there; at a stop all go. */
    private void turnedAway(String reason) {
        String line = "nbd: client " + address + " went during negotiation: " + Handshake.printable(reason);
        if (spoke && !terms.stopping().getAsBoolean()) {
            shared.stranger(line);
        } else {
            LOG.debug("{}", line);
        }
    }

    private String serve() throws IOException {
        long deadline = System.nanoTime() + terms.negotiationNanos();
        Handshake handshake = new Handshake(terms.exports(), terms.tlsMode(), terms.stopping());
        ByteBuffer in = ByteBuffer.allocate(FIRST_BYTES).limit(0);
        while (true) {
            io.sendAll(handshake.output(), deadline);
            switch (handshake.step(in)) {
                case MORE -> {
                    in = roomy(in.compact());
                    boolean open = receive(in, deadline);
                    in.flip();
                    if (!open) {
                        return in.hasRemaining() ? "the connection ended during negotiation" : "";
                    }
                }
                case ANSWERED -> {}
                case START_TLS -> {
                    io.sendAll(handshake.output(), deadline);
                    startTls(in, deadline);
                    handshake.tlsStarted();
                }
                case ENTER -> {
                    String reason = enter(handshake, in, deadline);
                    if (reason != null) {
                        return reason;
                    }
                }
                case CLOSE -> {
                    sendLast(handshake, deadline);
                    return handshake.closeReason();
                }
            }
        }
    }

    /** A client that aborts may be gone before it reads the answer. */
    private void sendLast(Handshake handshake, long deadline) throws IOException {
        try {
            io.sendAll(handshake.output(), deadline);
        } catch (IOException e) {
            if (!handshake.closeReason().isEmpty()) {
                throw e;
            }
        }
    }

    private static ByteBuffer roomy(ByteBuffer in) {
        if (in.hasRemaining()) {
            return in;
        }
        // The handshake consumes whole options and limits their length, so this ends.
        return ByteBuffer.allocate(Math.min(in.capacity() * 4, 2 * Handshake.MAX_OPTION_BYTES))
                .put(in.flip());
    }

    private boolean receive(ByteBuffer in, long deadline) throws IOException {
        int count = io.link().read(in);
        while (count == 0) {
            if (terms.stopping().getAsBoolean() && in.position() == 0) {
                return false;
            }
            io.awaitUntil(Waiter.READ, deadline);
            count = io.link().read(in);
        }
        spoke |= count > 0;
        return count > 0;
    }

    /** What came in plain text behind STARTTLS may be from somebody in between: it must not count as sent over TLS. */
    private void startTls(ByteBuffer in, long deadline) throws IOException {
        if (in.hasRemaining()) {
            throw new IOException("plain text behind STARTTLS");
        }
        SSLEngine engine = terms.tlsContext().createSSLEngine();
        engine.setUseClientMode(false);
        terms.engineSettings().apply(engine);
        TlsLink link = new TlsLink(io.channel(), engine);
        io.link(link);
        for (int wanted = link.handshake(); wanted != 0; wanted = link.handshake()) {
            io.awaitUntil(wanted, deadline);
        }
        tls = link.tls();
    }

    /** Null when the device refused and negotiation goes on. */
    private String enter(Handshake handshake, ByteBuffer in, long deadline) throws IOException {
        BlockDevice device = handshake.device();
        ConnectionBuffers buffers = shared.takeBuffers();
        if (buffers == null) {
            shared.shortage(
                    "nbd: client " + address + " of " + device.name() + " is refused: no direct memory is left for its "
                            + Sizes.format(ConnectionBuffers.totalBytes())
                            + "; raise -XX:MaxDirectMemorySize in jvm.options, or lower maxConnections");
            return refused(handshake, "the server has no memory for one more connection");
        }
        Replies replies = new Replies(handshake.structured());
        Outbox outbox = new Outbox(io.link(), replies, counters, buffers.encoded, io.waiter()::wake);
        DeviceSession session;
        enters = true;
        try {
            session = device.connect(address, listener(outbox));
        } catch (StorageException e) {
            enters = false;
            shared.giveBack(buffers);
            return refused(handshake, e.getMessage());
        }
        try (session) {
            handshake.accepted();
            export = device.name();
            io.sendAll(handshake.output(), deadline);
            LOG.info("nbd: client {} attached to {}{}", address, export, tls.isEmpty() ? "" : " over " + tls);
            RequestRules rules = new RequestRules(handshake.structured(), handshake.blockStatus());
            return new Transmission(io, device, session, rules, shared, counters, outbox, buffers, terms.maxRequests())
                    .run(in);
        } finally {
            outbox.close();
            shared.giveBack(buffers);
        }
    }

    private static String refused(Handshake handshake, String why) {
        return handshake.refused(why) == Handshake.Step.CLOSE ? handshake.closeReason() : null;
    }

    private SessionListener listener(Outbox outbox) {
        return new SessionListener() {
            @Override
            public void swept() {
                outbox.pump();
            }

            @Override
            public void closed(String why) {
                io.end(why);
            }
        };
    }

    /** Asks it to answer what is in flight and end. Any thread. */
    void end(String why) {
        io.end(why);
    }

    /** Ends it as it is. Any thread. */
    void abort() {
        io.abort();
    }

    /** Where it was never run. */
    void close() throws IOException {
        io.close();
    }

    long id() {
        return id;
    }

    /** Whether it has no image yet and has negotiated longer than anybody has to, at an instant of the monotonic clock. */
    boolean dawdles(long nowNanos) {
        return !enters && !dismissed && nowNanos - begunNanos > DAWDLE_NANOS;
    }

    /** Ends it, as {@link #abort}; it is found by {@link #dawdles} no more. */
    void dismiss() {
        dismissed = true;
        io.abort();
    }

    boolean attached() {
        return export != null;
    }

    FrontEnd.Client describe() {
        return new FrontEnd.Client(
                id,
                export,
                address,
                tls,
                connectedWallNanos,
                counters.requests(),
                counters.errors(),
                counters.readBytes(),
                counters.writtenBytes(),
                counters.inFlight(),
                counters.bytesInFlight());
    }
}
