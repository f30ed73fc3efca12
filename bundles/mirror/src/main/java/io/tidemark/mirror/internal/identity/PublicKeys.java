package io.tidemark.mirror.internal.identity;

import io.tidemark.mirror.internal.wire.Wire;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;

/** Public keys of Ed25519 as they go over the wire and as people type them. */
public final class PublicKeys {
    static final String ALGORITHM = "Ed25519";
    private static final String PREFIX = "ed25519:";

    /** SubjectPublicKeyInfo of Ed25519 (RFC 8410) up to the key itself. */
    private static final byte[] X509_HEAD = HexFormat.of().parseHex("302a300506032b6570032100");

    private PublicKeys() {}

    /**
     * As people type it.
     *
     * @param key 32 bytes
     * @return {@code ed25519:} and 64 hexadecimal digits in lower case
     */
    public static String text(byte[] key) {
        return PREFIX + HexFormat.of().formatHex(key);
    }

    /**
     * Reads what {@link #text} writes.
     *
     * @param text typed
     * @return 32 bytes
     * @throws IllegalArgumentException when it is no key
     */
    public static byte[] parse(String text) {
        if (text.matches(PREFIX + "[0-9a-f]{64}")) {
            return HexFormat.of().parseHex(text.substring(PREFIX.length()));
        }
        throw new IllegalArgumentException("'" + text + "' is no key; write " + PREFIX
                + " and 64 hexadecimal digits in lower case, as the other node shows it");
    }

    static byte[] raw(PublicKey key) throws GeneralSecurityException {
        byte[] encoded = key.getEncoded();
        if (encoded.length != X509_HEAD.length + Wire.KEY_BYTES) {
            throw new GeneralSecurityException("a public key of " + encoded.length + " bytes");
        }
        return java.util.Arrays.copyOfRange(encoded, X509_HEAD.length, encoded.length);
    }

    static boolean verify(byte[] key, byte[] message, byte[] signature) {
        try {
            byte[] encoded = new byte[X509_HEAD.length + key.length];
            System.arraycopy(X509_HEAD, 0, encoded, 0, X509_HEAD.length);
            System.arraycopy(key, 0, encoded, X509_HEAD.length, key.length);
            Signature verifier = Signature.getInstance(ALGORITHM);
            verifier.initVerify(KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded)));
            verifier.update(message);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false; // no point of the curve, or no signature: not by the owner of this key
        }
    }
}
