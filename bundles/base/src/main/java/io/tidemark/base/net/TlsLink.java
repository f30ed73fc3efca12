package io.tidemark.base.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.security.Principal;
import java.security.cert.Certificate;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** TLS over the channel. Reading and writing may happen on two threads; what both use is under the lock of the writing side. */
public final class TlsLink implements ByteLink {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    /** Records that go out in one system call. */
    private static final int RECORDS = 4;

    private final SocketChannel channel;
    private final SSLEngine engine;
    private final Object writing = new Object();
    /** Encrypted and not yet sent, from 0 to position. Under {@link #writing}. */
    private final ByteBuffer outgoing;
    /** Received and not yet decrypted, from 0 to position. */
    private final ByteBuffer incoming;
    /** Decrypted and not yet taken, from position to limit. */
    private final ByteBuffer decrypted;

    private boolean begun;
    private boolean mayDecrypt;
    private boolean ended;

    /** What broke the connection or TLS; what was decrypted before is taken first. */
    private IOException broken;

    /**
     * TLS that has not begun.
     *
     * @param channel not blocking
     * @param engine as client or server, set up, of one connection
     */
    public TlsLink(SocketChannel channel, SSLEngine engine) {
        this.channel = channel;
        this.engine = engine;
        int packet = engine.getSession().getPacketBufferSize();
        outgoing = ByteBuffer.allocate(RECORDS * packet);
        incoming = ByteBuffer.allocate(2 * packet);
        decrypted = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize())
                .limit(0);
    }

    /**
     * Goes on with the handshake, as far as the socket allows. To be called until it is done; only then read and write.
     *
     * @return 0 when it is done, else what to wait for before the next call: {@link SelectionKey#OP_READ} or
     *     {@link SelectionKey#OP_WRITE}
     * @throws IOException when there is no agreement; the peer was told as far as the socket took it
     */
    public int handshake() throws IOException {
        try {
            if (!begun) {
                begun = true;
                engine.beginHandshake();
            }
            while (true) {
                if (!write(NOTHING, null)) {
                    return SelectionKey.OP_WRITE;
                }
                switch (engine.getHandshakeStatus()) {
                    case FINISHED, NOT_HANDSHAKING -> {
                        return 0;
                    }
                    case NEED_TASK -> runTasks();
                    case NEED_WRAP -> wrapHandshake();
                    default -> {
                        if (!unwrapHandshake()) {
                            return SelectionKey.OP_READ;
                        }
                    }
                }
            }
        } catch (SSLException e) {
            alert();
            throw e;
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    private void wrapHandshake() throws IOException {
        synchronized (writing) {
            if (engine.wrap(NOTHING, outgoing).getStatus() == SSLEngineResult.Status.CLOSED) {
                flush();
                throw new SSLException("TLS was closed during its handshake");
            }
        }
    }

    /** False when the socket has to be waited for. */
    private boolean unwrapHandshake() throws IOException {
        decrypted.clear();
        SSLEngineResult result = unwrap(decrypted);
        decrypted.flip();
        switch (result.getStatus()) {
            case CLOSED -> throw new SSLException("the peer closed TLS during its handshake");
            case BUFFER_UNDERFLOW -> {
                int count = channel.read(incoming);
                if (count < 0) {
                    throw new SSLException("the connection ended during the TLS handshake");
                }
                return count > 0;
            }
            default -> mayDecrypt = incoming.position() > 0;
        }
        return true;
    }

    /** Tells the peer why, as far as the socket takes it. */
    private void alert() {
        try {
            synchronized (writing) {
                engine.wrap(NOTHING, outgoing);
                flush();
            }
        } catch (IOException e) {
            // The handshake failed already, with a better reason.
        }
    }

    private SSLEngineResult unwrap(ByteBuffer destination) throws SSLException {
        incoming.flip();
        try {
            return engine.unwrap(incoming, destination);
        } finally {
            incoming.compact();
        }
    }

    @Override
    public int read(ByteBuffer destination) throws IOException {
        int before = destination.position();
        drainDecrypted(destination);
        while (destination.hasRemaining() && !ended && broken == null && step(destination)) {
            drainDecrypted(destination);
        }
        int count = destination.position() - before;
        if (count == 0 && broken != null) {
            throw broken;
        }
        return count == 0 && ended ? -1 : count;
    }

    private void drainDecrypted(ByteBuffer destination) {
        int some = Math.min(destination.remaining(), decrypted.remaining());
        if (some > 0) {
            int limit = decrypted.limit();
            destination.put(decrypted.limit(decrypted.position() + some));
            decrypted.limit(limit);
        }
    }

    /** False when there is nothing to be had now. */
    private boolean step(ByteBuffer destination) {
        try {
            return decryptOrReceive(destination);
        } catch (IOException e) {
            broken = e;
            return false;
        }
    }

    /** Decrypts one record, or receives more. */
    private boolean decryptOrReceive(ByteBuffer destination) throws IOException {
        if (!mayDecrypt) {
            int count = channel.read(incoming);
            ended = count < 0;
            mayDecrypt = count > 0;
            return mayDecrypt;
        }
        SSLEngineResult result = unwrap(destination);
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            decrypted.clear();
            result = unwrap(decrypted);
            decrypted.flip();
        }
        switch (result.getStatus()) {
            case CLOSED -> ended = true;
            case BUFFER_UNDERFLOW -> mayDecrypt = false;
            default -> mayDecrypt = incoming.position() > 0;
        }
        afterUnwrap(result.getHandshakeStatus());
        return true;
    }

    /** Key updates and the like. */
    private void afterUnwrap(HandshakeStatus status) throws IOException {
        if (status == HandshakeStatus.NEED_TASK) {
            runTasks();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            synchronized (writing) {
                if (outgoing.remaining() >= engine.getSession().getPacketBufferSize()) {
                    engine.wrap(NOTHING, outgoing);
                }
                flush();
            }
        }
    }

    @Override
    public boolean write(ByteBuffer first, ByteBuffer second) throws IOException {
        synchronized (writing) {
            return wrapAll(first) && (second == null || wrapAll(second)) && flush();
        }
    }

    /** Whether all of it is encrypted; the last part of it may not be sent yet. */
    private boolean wrapAll(ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            if (outgoing.remaining() < engine.getSession().getPacketBufferSize() && !flush()) {
                return false;
            }
            SSLEngineResult result = engine.wrap(source, outgoing);
            if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                throw new SSLException("TLS is closed");
            }
        }
        return true;
    }

    private boolean flush() throws IOException {
        if (outgoing.position() == 0) {
            return true;
        }
        outgoing.flip();
        try {
            channel.write(outgoing);
        } finally {
            outgoing.compact();
        }
        return outgoing.position() == 0;
    }

    @Override
    public boolean hasBufferedInput() {
        return decrypted.hasRemaining() || mayDecrypt || broken != null;
    }

    @Override
    public String tls() {
        SSLSession session = engine.getSession();
        return session.getProtocol() + " " + session.getCipherSuite() + peer(session);
    }

    private static String peer(SSLSession session) {
        try {
            Principal subject = session.getPeerPrincipal();
            return " " + subject.getName();
        } catch (SSLPeerUnverifiedException e) {
            return "";
        }
    }

    /**
     * The certificate that the peer showed, verified as the engine was told to.
     *
     * @return empty when it showed none
     */
    public Optional<Certificate> peerCertificate() {
        try {
            Certificate[] chain = engine.getSession().getPeerCertificates();
            return chain.length == 0 ? Optional.empty() : Optional.of(chain[0]);
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }

    @Override
    public void sayGoodbye() {
        try {
            synchronized (writing) {
                engine.closeOutbound();
                if (flush()) {
                    engine.wrap(NOTHING, outgoing);
                    flush();
                }
            }
        } catch (IOException e) {
            // The connection ends either way.
        }
    }
}
