package io.tidemark.transport.tcp;

import java.nio.file.Path;

/**
 * TLS as configured. Holds a secret: {@link #toString} leaves it out.
 *
 * @param required whether every link is under TLS, with certificates of both sides; else none is
 * @param certificate PEM file with this node's certificate and those that it is signed with, or a PKCS #12 file that holds the
 *     key too; null where TLS is not required
 * @param key PEM file with the private key, unencrypted; null where the certificate's file is PKCS #12 or has it too
 * @param password of the PKCS #12 file; empty for PEM
 * @param authority PEM file with the certificates that sign peers; null where peers are known by their fingerprints alone
 */
public record TlsSettings(boolean required, Path certificate, Path key, String password, Path authority) {
    /** No TLS. */
    public static final TlsSettings OFF = new TlsSettings(false, null, null, "", null);

    /** Checks that nothing is missing. */
    public TlsSettings {
        if (required && certificate == null) {
            throw new IllegalArgumentException(
                    "tlsCertificate: missing, but tls is required; name a PEM or PKCS #12 file"
                            + " with this node's certificate");
        }
    }

    @Override
    public String toString() {
        return "TlsSettings[" + (required ? "required" : "off") + ", certificate=" + certificate + ", authority="
                + authority + "]";
    }
}
