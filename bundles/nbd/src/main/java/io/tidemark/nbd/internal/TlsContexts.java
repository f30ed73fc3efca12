package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import io.tidemark.nbd.TlsMode;
import io.tidemark.nbd.TlsSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** From the files that the configuration names to TLS engines. */
public final class TlsContexts {
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    private TlsContexts() {}

    /**
     * Loads keys and certificates.
     *
     * @return null where TLS is off
     * @throws StorageException INVALID, naming the configuration key and the file
     */
    public static SSLContext load(TlsSettings settings) throws StorageException {
        if (settings.mode() == TlsMode.OFF) {
            return null;
        }
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys(settings), trust(settings), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw problem("tlsCertificate", settings.certificate(), e);
        }
    }

    public static void apply(TlsSettings settings, SSLEngine engine) {
        engine.setEnabledProtocols(PROTOCOLS);
        switch (settings.clientCertificates()) {
            case REQUIRED -> engine.setNeedClientAuth(true);
            case OPTIONAL -> engine.setWantClientAuth(true);
            case NONE -> {}
        }
    }

    private static KeyManager[] keys(TlsSettings settings) throws StorageException, GeneralSecurityException {
        Path file = settings.certificate();
        String name = file.toString().toLowerCase(Locale.ROOT);
        boolean pkcs12 = name.endsWith(".p12") || name.endsWith(".pfx");
        char[] password = settings.password().toCharArray();
        KeyStore store = pkcs12 ? keyStore(file, password) : pemKeys(settings, password);
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        return factory.getKeyManagers();
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

    private static KeyStore pemKeys(TlsSettings settings, char[] password)
            throws StorageException, GeneralSecurityException {
        List<X509Certificate> chain = certificates("tlsCertificate", settings.certificate());
        Path keyFile = settings.key() == null ? settings.certificate() : settings.key();
        PrivateKey key;
        try {
            key = PemFiles.privateKey(keyFile);
        } catch (IOException | GeneralSecurityException e) {
            throw problem("tlsKey", keyFile, e);
        }
        KeyStore store = empty();
        store.setKeyEntry("server", key, password, chain.toArray(new Certificate[0]));
        return store;
    }

    private static TrustManager[] trust(TlsSettings settings) throws StorageException, GeneralSecurityException {
        if (settings.clientAuthority() == null) {
            return null;
        }
        KeyStore store = empty();
        int number = 0;
        for (X509Certificate certificate : certificates("tlsClientAuthority", settings.clientAuthority())) {
            store.setCertificateEntry("authority-" + number++, certificate);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
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
