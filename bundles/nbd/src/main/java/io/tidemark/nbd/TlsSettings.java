package io.tidemark.nbd;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;

/**
 * TLS as configured. Holds a secret: {@link #toString} leaves it out.
 *
 * @param mode whether it is offered or demanded
 * @param certificate PEM file with the server's certificate and those that it is signed with, or a PKCS #12 file that holds
 *     the key too; null where the mode is OFF
 * @param key PEM file with the private key, unencrypted; null where the certificate's file is PKCS #12 or has it too
 * @param password of the PKCS #12 file; empty for PEM
 * @param clientAuthority PEM file with the certificates that sign clients; null when clients need none
 * @param clientCertificates whether clients that use TLS must show a certificate; NONE where the mode is OFF
 * @param tlsOnlyExports exports that are hidden from clients without TLS where the mode is OPTIONAL
 */
public record TlsSettings(
        TlsMode mode,
        Path certificate,
        Path key,
        String password,
        Path clientAuthority,
        ClientCertificates clientCertificates,
        Set<String> tlsOnlyExports) {
    /** No TLS. */
    public static final TlsSettings OFF =
            new TlsSettings(TlsMode.OFF, null, null, "", null, ClientCertificates.NONE, Set.of());

    /** What is asked of clients. */
    public enum ClientCertificates {
        /** Nothing. */
        NONE,
        /** A certificate is checked where the client shows one. */
        OPTIONAL,
        /** No client that uses TLS gets in without a certificate. Of those without TLS, where the mode is OPTIONAL, none is asked. */
        REQUIRED
    }

    /** Checks that nothing contradicts itself. */
    public TlsSettings {
        Objects.requireNonNull(mode, "mode");
        tlsOnlyExports = Set.copyOf(tlsOnlyExports);
        if (mode == TlsMode.OFF) {
            if (!tlsOnlyExports.isEmpty()) {
                throw new IllegalArgumentException("tlsOnlyExports: named, but tls is off; set tls to optional");
            }
            if (clientCertificates != ClientCertificates.NONE) {
                throw new IllegalArgumentException("tlsClientCertificates: " + lower(clientCertificates)
                        + ", but tls is off; set tls to required, or tlsClientCertificates to none");
            }
        } else if (certificate == null) {
            throw new IllegalArgumentException("tlsCertificate: missing, but tls is " + lower(mode)
                    + "; name a PEM or PKCS #12 file with the server's certificate");
        } else if (clientAuthority != null && clientCertificates == ClientCertificates.NONE) {
            throw new IllegalArgumentException(
                    "tlsClientAuthority: named, but tlsClientCertificates is none, and everybody"
                            + " would be let in without a certificate; set tlsClientCertificates to required, or remove"
                            + " tlsClientAuthority");
        }
        if (clientCertificates != ClientCertificates.NONE && clientAuthority == null) {
            throw new IllegalArgumentException("tlsClientAuthority: missing, but tlsClientCertificates is "
                    + lower(clientCertificates) + "; name a PEM file with the certificates that sign clients");
        }
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return "TlsSettings[" + mode + ", certificate=" + certificate + ", clients=" + clientCertificates + "]";
    }
}
