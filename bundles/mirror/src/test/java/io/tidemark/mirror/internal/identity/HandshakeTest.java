package io.tidemark.mirror.internal.identity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Octets;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A link begins only between two nodes that pinned each other's key, have it, and speak a common version. */
class HandshakeTest {
    private static final NodeKey A = NodeKey.generate();
    private static final NodeKey B = NodeKey.generate();
    private static final NodeKey C = NodeKey.generate();

    private final Random random = new Random(5);

    private static Pins only(NodeKey key, String name) {
        return (shown, said) -> {
            if (!Arrays.equals(shown, key.publicKey())) {
                throw new StorageException(
                        Reason.MISMATCH, "the key " + PublicKeys.text(shown) + " is not pinned", "add the peer");
            }
            return name;
        };
    }

    private byte[] nonce() {
        byte[] nonce = new byte[Wire.NONCE_BYTES];
        random.nextBytes(nonce);
        return nonce;
    }

    private Handshake side(NodeKey key, boolean initiator, Pins pins, int least, int most, String own, String peer) {
        return new Handshake(
                new Handshake.Self(key, "node", least, most),
                initiator,
                nonce(),
                Optional.of(own),
                Optional.of(peer),
                pins);
    }

    private Handshake a(Pins pins) {
        return side(A, true, pins, 1, 1, "sha256:a", "sha256:b");
    }

    private Handshake b(Pins pins) {
        return side(B, false, pins, 1, 1, "sha256:b", "sha256:a");
    }

    private static StorageException refused(Handshake side, ByteBuffer frame) {
        StorageException refused = assertThrows(StorageException.class, () -> side.received(frame));
        assertFalse(side.done());
        return refused;
    }

    @Test
    void bothProveWhoTheyAre() throws StorageException {
        Handshake a = a(only(B, "berlin"));
        Handshake b = b(only(A, "aachen"));
        ByteBuffer proofOfB = b.received(a.hello());
        ByteBuffer proofOfA = a.received(b.hello());
        assertFalse(a.done());
        assertNull(a.received(proofOfB));
        assertNull(b.received(proofOfA));
        assertTrue(a.done() && b.done());
        assertEquals("berlin", a.peer());
        assertEquals("aachen", b.peer());
        assertEquals(1, a.version());
        assertArrayEquals(A.publicKey(), b.peerKey());
        assertThrows(IllegalStateException.class, () -> a.received(proofOfB));
    }

    @Test
    void anUnknownKeyIsRefusedBeforeAnythingIsProven() {
        StorageException why = refused(b(only(C, "cork")), a(only(B, "berlin")).hello());
        assertEquals(Reason.MISMATCH, why.reason());
        assertTrue(why.getMessage().contains(A.toString()), why.getMessage());
    }

    /** Somebody shows the key of A and has another one. */
    @Test
    void aKeyThatIsNotHadIsRefused() throws StorageException {
        Handshake b = b(only(A, "aachen"));
        Message hello = new Message.Hello(1, 1, Octets.of(A.publicKey()), Octets.of(nonce()), "a");
        b.received(Encoder.encode(0, hello));
        Message proof = new Message.Prove(Octets.of(C.sign(new byte[100])));
        StorageException why = refused(b, Encoder.encode(0, proof));
        assertEquals(Reason.MISMATCH, why.reason());
        assertTrue(why.getMessage().contains("aachen"), why.getMessage());
    }

    @Test
    void anOldSessionPlayedAgainIsRefused() throws StorageException {
        Handshake a = a(only(B, "berlin"));
        Handshake b = b(only(A, "aachen"));
        b.received(a.hello());
        ByteBuffer proof = a.received(b.hello());
        b.received(proof.duplicate());
        assertTrue(b.done());
        Handshake later = b(only(A, "aachen"));
        later.received(a.hello());
        assertEquals(Reason.MISMATCH, refused(later, proof).reason());
    }

    /** Somebody in the middle passes everything on, over two links with certificates of its own. */
    @Test
    void aProofForOtherCertificatesIsRefused() throws StorageException {
        Handshake a = side(A, true, only(B, "berlin"), 1, 1, "sha256:a", "sha256:m");
        Handshake b = side(B, false, only(A, "aachen"), 1, 1, "sha256:b", "sha256:m");
        ByteBuffer proofOfB = b.received(a.hello());
        ByteBuffer proofOfA = a.received(b.hello());
        assertEquals(Reason.MISMATCH, refused(a, proofOfB).reason());
        assertEquals(Reason.MISMATCH, refused(b, proofOfA).reason());
    }

    /** What a side says is no answer to itself. */
    @Test
    void aMirroredSessionIsRefused() {
        Handshake a = a((key, said) -> "anybody");
        StorageException why = refused(a, a.hello());
        assertTrue(why.getMessage().contains("this node itself"), why.getMessage());
    }

    @Test
    void versionsThatDoNotMeetAreNamed() throws StorageException {
        Handshake old = side(A, true, only(B, "berlin"), 1, 2, "", "");
        Handshake fresh = side(B, false, only(A, "aachen"), 3, 4, "", "");
        StorageException why = refused(fresh, old.hello());
        assertEquals(Reason.MISMATCH, why.reason());
        assertTrue(why.getMessage().contains("versions 1 to 2, this node in 3 to 4"), why.getMessage());
        assertTrue(refused(old, fresh.hello()).getMessage().contains("versions 3 to 4, this node in 1 to 2"));
        Handshake wide = side(A, true, only(B, "berlin"), 1, 3, "", "");
        Handshake wider = side(B, false, only(A, "aachen"), 2, 9, "", "");
        wider.received(wide.hello());
        assertEquals(3, wider.version());
    }

    /** Nobody in the middle can make two nodes speak an older version than they could. */
    @Test
    void changedHellosBreakTheProof() throws StorageException {
        Handshake a = side(A, true, only(B, "berlin"), 1, 2, "", "");
        Handshake b = side(B, false, only(A, "aachen"), 1, 2, "", "");
        byte[] hello = new byte[a.hello().remaining()];
        a.hello().get(hello);
        hello[Wire.HEADER_BYTES + 10] = 1;
        ByteBuffer proofOfB = b.received(ByteBuffer.wrap(hello));
        ByteBuffer proofOfA = a.received(b.hello());
        assertEquals(1, b.version());
        refused(a, proofOfB);
        refused(b, proofOfA);
    }

    @Test
    void nothingElseIsTakenBeforeTheProof() throws StorageException {
        Message early = new Message.Progress(1, 1, 1);
        assertTrue(
                refused(b(only(A, "a")), Encoder.encode(7, early)).getMessage().contains("PROGRESS came where HELLO"));
        assertTrue(refused(b(only(A, "a")), Encoder.encode(0, new Message.Prove(Octets.of(new byte[64]))))
                .getMessage()
                .contains("PROVE came where HELLO"));
        Handshake b = b(only(A, "a"));
        ByteBuffer hello = a(only(B, "b")).hello();
        b.received(hello.duplicate());
        assertTrue(refused(b, hello).getMessage().contains("HELLO came where PROVE"));
        assertTrue(refused(b, Encoder.encode(7, early)).getMessage().contains("PROGRESS came where PROVE"));
    }

    @Test
    void garbageIsRefused() {
        for (int round = 0; round < 2_000; round++) {
            byte[] garbage = new byte[random.nextInt(200)];
            random.nextBytes(garbage);
            assertEquals(
                    Reason.CORRUPT,
                    refused(b(only(A, "a")), ByteBuffer.wrap(garbage)).reason());
        }
        assertTrue(refused(b(only(A, "a")), ByteBuffer.allocate(Wire.MAX_STRANGER_FRAME_BYTES + 1))
                .getMessage()
                .contains("1025 bytes"));
    }
}
