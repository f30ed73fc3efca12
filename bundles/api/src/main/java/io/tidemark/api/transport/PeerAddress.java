package io.tidemark.api.transport;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Where a peer is reached, and who it has to be.
 *
 * @param text what the transport understands: for {@code tcp}, {@code HOST:PORT}, {@code [IPV6]:PORT} or {@code unix:PATH}
 * @param fingerprint of the certificate that it must show, in the form of {@link Link#peerFingerprint}; empty when any that
 *     the transport's configuration trusts will do
 */
public record PeerAddress(String text, String fingerprint) {
    private static final Pattern FINGERPRINT = Pattern.compile("sha256:[0-9a-f]{64}");

    /** Checks the form of the fingerprint. */
    public PeerAddress {
        Objects.requireNonNull(text, "text");
        if (!fingerprint.isEmpty() && !FINGERPRINT.matcher(fingerprint).matches()) {
            throw new IllegalArgumentException(
                    "'" + fingerprint + "' is no fingerprint; write sha256: and 64 hexadecimal digits in lower case");
        }
    }

    /**
     * An address whose certificate is not pinned.
     *
     * @param text what the transport understands
     * @return the address
     */
    public static PeerAddress of(String text) {
        return new PeerAddress(text, "");
    }

    @Override
    public String toString() {
        return text;
    }
}
