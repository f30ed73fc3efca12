package io.tidemark.base.net;

import io.tidemark.api.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** From the files that a configuration names to TLS. Problems are named by the keys {@code tlsCertificate} and {@code tlsKey}. */
public final class TlsFiles {
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    private static final byte[] PROBE = {'t', 'i', 'd', 'e'};
    private static final PSSParameterSpec PSS =
            new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, PSSParameterSpec.TRAILER_FIELD_BC);

    private TlsFiles() {}

    /**
     * What the files gave.
     *
     * @param context to make engines from
     * @param certificate that peers are shown
     */
    public record Loaded(SSLContext context, X509Certificate certificate) {}

    /**
     * Loads the own key and certificate.
     *
     * @param certificate PEM file with the certificate and those that it is signed with, or a PKCS #12 file (.p12, .pfx) that
     *     holds the key too
     * @param key PEM file with the private key, unencrypted; null where the certificate's file is PKCS #12 or has it too
     * @param password of the PKCS #12 file; empty for PEM
     * @param trust who is trusted; null for Java's own authorities
     * @return the context
     * @throws StorageException INVALID, naming the configuration key and the file
     */
    public static Loaded load(Path certificate, Path key, String password, TrustManager[] trust)
            throws StorageException {
        String name = certificate.toString().toLowerCase(Locale.ROOT);
        boolean pkcs12 = name.endsWith(".p12") || name.endsWith(".pfx");
        char[] secret = password.toCharArray();
        try {
            KeyStore store = pkcs12 ? keyStore(certificate, secret) : pemKeys(certificate, key, secret);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, secret);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(factory.getKeyManagers(), trust, null);
            return new Loaded(context, shown(certificate, store));
        } catch (GeneralSecurityException e) {
            throw problem("tlsCertificate", certificate, e);
        }
    }

    /**
     * Loads the certificates that sign peers.
     *
     * @param configurationKey for messages
     * @param authority PEM file with one or more
     * @return for {@link #load}
     * @throws StorageException INVALID, naming the configuration key and the file
     */
    public static TrustManager[] trust(String configurationKey, Path authority) throws StorageException {
        try {
            KeyStore store = empty();
            int number = 0;
            for (X509Certificate certificate : certificates(configurationKey, authority)) {
                store.setCertificateEntry("authority-" + number++, certificate);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return factory.getTrustManagers();
        } catch (GeneralSecurityException e) {
            throw problem(configurationKey, authority, e);
        }
    }

    /**
     * Leaves an engine no version below 1.2.
     *
     * @param engine not yet begun
     */
    public static void restrict(SSLEngine engine) {
        engine.setEnabledProtocols(PROTOCOLS);
    }

    /**
     * Names a certificate.
     *
     * @param certificate any
     * @return {@code sha256:} and the digest of its DER form, 64 hexadecimal digits
     */
    public static String fingerprint(Certificate certificate) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return "sha256:" + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
            throw new IllegalStateException("a certificate without a fingerprint", e);
        }
    }

    private static X509Certificate shown(Path file, KeyStore store) throws StorageException, GeneralSecurityException {
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias) && store.getCertificate(alias) instanceof X509Certificate found) {
                return found;
            }
        }
        throw problem("tlsCertificate", file, new IOException("no private key with a certificate in it"));
    }

    private static KeyStore keyStore(Path file, char[] password) throws StorageException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, password);
            return store;
        } catch (IOException e) {
            throw problem("tlsCertificate", file, e);
        }
    }

    private static KeyStore pemKeys(Path certificate, Path key, char[] password)
            throws StorageException, GeneralSecurityException {
        List<X509Certificate> chain = certificates("tlsCertificate", certificate);
        Path keyFile = key == null ? certificate : key;
        PrivateKey secret;
        try {
            secret = PemFiles.privateKey(keyFile);
        } catch (IOException | GeneralSecurityException e) {
            throw problem("tlsKey", keyFile, e);
        }
        if (!fits(secret, chain.get(0).getPublicKey())) {
            throw new StorageException(
                    StorageException.Reason.INVALID,
                    "tlsKey: " + keyFile + ": it is not the key of the first certificate in " + certificate,
                    "name the key and the certificate of one pair; in a chain the own certificate comes first");
        }
        KeyStore store = empty();
        store.setKeyEntry("node", secret, password, chain.toArray(new Certificate[0]));
        return store;
    }

    /** Whether a certificate says of a key that it is its own; else every peer would be turned away. */
    private static boolean fits(PrivateKey key, PublicKey certified) throws GeneralSecurityException {
        Signature signing = signature(key);
        signing.initSign(key);
        signing.update(PROBE);
        byte[] signed = signing.sign();
        try {
            Signature verifying = signature(key);
            verifying.initVerify(certified);
            verifying.update(PROBE);
            return verifying.verify(signed);
        } catch (InvalidKeyException | SignatureException e) {
            // It is of another kind or length.
            return false;
        }
    }

    private static Signature signature(PrivateKey key) throws GeneralSecurityException {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> key.getAlgorithm();
                };
        Signature signature = Signature.getInstance(algorithm);
        if (algorithm.equals("RSASSA-PSS")) {
            AlgorithmParameterSpec own = ((RSAKey) key).getParams();
            signature.setParameter(own == null ? PSS : own);
        }
        return signature;
    }

    private static List<X509Certificate> certificates(String key, Path file) throws StorageException {
        try {
            return PemFiles.certificates(file);
        } catch (IOException | GeneralSecurityException e) {
            throw problem(key, file, e);
        }
    }

    private static KeyStore empty() throws GeneralSecurityException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /** Says which file and why. Messages of the security classes carry no secrets; passwords are never put in. */
    private static StorageException problem(String key, Path file, Exception cause) {
        String why =
                cause instanceof NoSuchFileException ? "there is no such file" : String.valueOf(cause.getMessage());
        return new StorageException(
                StorageException.Reason.INVALID, key + ": " + file + ": " + why, "give a readable file", cause);
    }
}
