package io.tidemark.mirror.internal.identity;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.mirror.internal.wire.Decoder;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Octets;
import io.tidemark.mirror.internal.wire.Wire;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The beginning of one link: who is there, and do we speak the same version. Frames in, frames out; for one thread. Until {@link
 * #done} nothing else may be taken from the link, and after an exception nothing at all.
 */
public final class Handshake {
    private static final byte[] PURPOSE = "tidemark-mirror".getBytes(StandardCharsets.US_ASCII);
    private static final byte INITIATOR = 1;
    private static final byte ACCEPTOR = 2;

    /**
     * What this side brings.
     *
     * @param key of the node
     * @param name of the node, for people
     * @param leastVersion lowest version that it speaks
     * @param version highest one
     */
    public record Self(NodeKey key, String name, int leastVersion, int version) {}

    private final Self self;
    private final boolean initiator;
    private final String ownFingerprint;
    private final String peerFingerprint;
    private final Pins pins;
    private final byte[] ownHello;
    private byte[] peerHello;
    private byte[] peerKey;
    private String peer;
    private String said = "";
    private int version;
    private boolean done;

    /**
     * A link that has just been opened.
     *
     * @param self this side
     * @param initiator whether this side opened it
     * @param nonce random, of this link, {@link Wire#NONCE_BYTES}
     * @param ownFingerprint of the certificate that this side showed
     * @param peerFingerprint of the one that the peer showed
     * @param pins who may be there
     */
    public Handshake(
            Self self,
            boolean initiator,
            byte[] nonce,
            Optional<String> ownFingerprint,
            Optional<String> peerFingerprint,
            Pins pins) {
        this.self = self;
        this.initiator = initiator;
        this.ownFingerprint = ownFingerprint.orElse("");
        this.peerFingerprint = peerFingerprint.orElse("");
        this.pins = pins;
        Message hello = new Message.Hello(
                self.leastVersion(), self.version(), Octets.of(self.key().publicKey()), Octets.of(nonce), self.name());
        this.ownHello = bytes(Encoder.encode(Wire.LINK_CHANNEL, hello));
    }

    /**
     * What to send first.
     *
     * @return a frame
     */
    public ByteBuffer hello() {
        return ByteBuffer.wrap(ownHello).asReadOnlyBuffer();
    }

    /**
     * Takes the next frame of the peer.
     *
     * @param frame as received
     * @return what to send now; null for nothing
     * @throws StorageException CORRUPT when it is not what belongs here, MISMATCH when it is the wrong peer or no version fits:
     *     the link is to be closed with the message
     */
    public ByteBuffer received(ByteBuffer frame) throws StorageException {
        if (done) {
            throw new IllegalStateException("the hand-shake is over");
        }
        if (frame.remaining() > Wire.MAX_STRANGER_FRAME_BYTES) {
            throw broken("a frame of " + frame.remaining() + " bytes came before the peer proved who it is");
        }
        Message message = Decoder.decode(frame).message();
        if (message instanceof Message.Hello hello && peerHello == null) {
            return greeted(hello, bytes(frame));
        }
        if (message instanceof Message.Prove prove && peerHello != null) {
            proven(prove);
            return null;
        }
        throw broken(message.type() + " came where " + (peerHello == null ? "HELLO" : "PROVE") + " belongs");
    }

    private ByteBuffer greeted(Message.Hello hello, byte[] frame) throws StorageException {
        int common = Math.min(hello.version(), self.version());
        if (common < Math.max(hello.leastVersion(), self.leastVersion())) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the peer speaks the mirror's protocol in versions " + hello.leastVersion() + " to "
                            + hello.version() + ", this node in " + self.leastVersion() + " to " + self.version(),
                    "update the older node");
        }
        if (Arrays.equals(hello.key().toArray(), self.key().publicKey())) {
            throw new StorageException(
                    Reason.MISMATCH, "the peer shows the key of this node itself", "correct the peer's address");
        }
        peer = pins.peerOf(hello.key().toArray(), hello.name());
        said = hello.name();
        peerKey = hello.key().toArray();
        peerHello = frame;
        version = common;
        byte[] signature = self.key().sign(statement(initiator));
        return Encoder.encode(Wire.LINK_CHANNEL, new Message.Prove(Octets.of(signature)));
    }

    private void proven(Message.Prove prove) throws StorageException {
        if (!PublicKeys.verify(peerKey, statement(!initiator), prove.signature().toArray())) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the peer does not prove that it has the key of '" + peer + "'",
                    "somebody pretends to be it, plays an old session again, or sits between the nodes: look at the"
                            + " network");
        }
        done = true;
    }

    /** What a side signs: nothing in it can be used for another link or the other direction. */
    private byte[] statement(boolean ofInitiator) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(PURPOSE);
        out.write(ofInitiator ? INITIATOR : ACCEPTOR);
        out.writeBytes(initiator ? ownHello : peerHello);
        out.writeBytes(initiator ? peerHello : ownHello);
        fingerprint(out, initiator ? ownFingerprint : peerFingerprint);
        fingerprint(out, initiator ? peerFingerprint : ownFingerprint);
        return out.toByteArray();
    }

    private static void fingerprint(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        out.write(bytes.length);
        out.write(bytes.length >> 8);
        out.writeBytes(bytes);
    }

    private static byte[] bytes(ByteBuffer frame) {
        byte[] bytes = new byte[frame.remaining()];
        frame.duplicate().get(bytes);
        return bytes;
    }

    private static StorageException broken(String what) {
        return new StorageException(Reason.CORRUPT, what, "check that a mirror is at the other end");
    }

    /**
     * Whether the peer has proven who it is.
     *
     * @return true from then on
     */
    public boolean done() {
        return done;
    }

    /**
     * Who it is.
     *
     * @return the name that it was added with here; only when done
     */
    public String peer() {
        return peer;
    }

    /**
     * What it calls itself. Proves nothing.
     *
     * @return for people; only when done
     */
    public String said() {
        return said;
    }

    /**
     * Its key.
     *
     * @return 32 bytes; only when done
     */
    public byte[] peerKey() {
        return peerKey.clone();
    }

    /**
     * What is spoken.
     *
     * @return highest common version; only when done
     */
    public int version() {
        return version;
    }
}
