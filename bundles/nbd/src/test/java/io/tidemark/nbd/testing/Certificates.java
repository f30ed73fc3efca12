package io.tidemark.nbd.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.util.Arrays;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Self-signed certificates for tests, made with the JDK's keytool. */
public final class Certificates {
    /** Password of all stores. */
    public static final String PASSWORD = "not-for-logs-4711";

    private final Path directory;

    /** Makes none yet. */
    public Certificates(Path directory) {
        this.directory = directory;
    }

    /** A PKCS #12 file with a new key and certificate. */
    public Path store(String name, String algorithm) throws IOException, InterruptedException {
        Path file = directory.resolve(name + ".p12");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        name,
                        "-keyalg",
                        algorithm,
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-validity",
                        "30",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("keytool failed: " + output);
        }
        return file;
    }

    /** The certificate of a store as a PEM file. */
    public Path certificate(Path store) throws IOException, GeneralSecurityException {
        Path file = Path.of(store + ".crt.pem");
        Files.writeString(
                file, "a comment\n" + pem("CERTIFICATE", entry(load(store)).getEncoded()));
        return file;
    }

    /** The key of a store as a PEM file, in PKCS #8. */
    public Path key(Path store) throws IOException, GeneralSecurityException {
        Path file = Path.of(store + ".key.pem");
        Files.writeString(file, pem("PRIVATE KEY", privateKey(store).getEncoded()));
        return file;
    }

    /** The RSA key of a store as a PEM file, in the older PKCS #1. */
    public Path oldKey(Path store) throws IOException, GeneralSecurityException {
        byte[] encoded = privateKey(store).getEncoded();
        Path file = Path.of(store + ".oldkey.pem");
        // Version, algorithm and the header of the octet string take 26 bytes for a key of 2048 bits or more.
        Files.writeString(file, pem("RSA PRIVATE KEY", Arrays.copyOfRange(encoded, 26, encoded.length)));
        return file;
    }

    private PrivateKey privateKey(Path store) throws IOException, GeneralSecurityException {
        KeyStore keys = load(store);
        return (PrivateKey) keys.getKey(keys.aliases().nextElement(), PASSWORD.toCharArray());
    }

    private static String pem(String type, byte[] content) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + type
                + "-----\n";
    }

    private static Certificate entry(KeyStore store) throws GeneralSecurityException {
        return store.getCertificate(store.aliases().nextElement());
    }

    private static KeyStore load(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    /** A client's context: trusts a server, and shows a certificate where one is given. */
    public static SSLContext client(Path server, Path own) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", entry(load(server)));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        if (own != null) {
            keys.init(load(own), PASSWORD.toCharArray());
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
