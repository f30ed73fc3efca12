package io.tidemark.tck.tls;

import io.tidemark.base.net.TlsFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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

/** Self-signed certificates, made with the JDK's keytool. */
public final class Certificates {
    /** Password of all stores. */
    public static final String PASSWORD = "not-for-logs-4711";

    private static final String HERE = "dns:localhost,ip:127.0.0.1";

    private final Path directory;

    /**
     * Makes none yet.
     *
     * @param directory for their files
     */
    public Certificates(Path directory) {
        this.directory = directory;
    }

    /**
     * A store with a new key and certificate for this host.
     *
     * @param name of file and subject; one that is there is taken as it is
     * @return a PKCS #12 file
     * @throws IOException fails the test
     * @throws InterruptedException fails the test
     */
    public Path store(String name) throws IOException, InterruptedException {
        return store(name, "EC", HERE);
    }

    /**
     * The same with a key for {@link #oldKey}.
     *
     * @param name of file and subject
     * @return a PKCS #12 file
     * @throws IOException fails the test
     * @throws InterruptedException fails the test
     */
    public Path rsaStore(String name) throws IOException, InterruptedException {
        return store(name, "RSA", HERE);
    }

    /**
     * The same for other hosts.
     *
     * @param name of file and subject
     * @param hosts as keytool takes them: {@code dns:node.example}
     * @return a PKCS #12 file
     * @throws IOException fails the test
     * @throws InterruptedException fails the test
     */
    public Path store(String name, String hosts) throws IOException, InterruptedException {
        return store(name, "EC", hosts);
    }

    private Path store(String name, String algorithm, String hosts) throws IOException, InterruptedException {
        Path file = directory.resolve(name + ".p12");
        if (Files.exists(file)) {
            return file;
        }
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
                        "san=" + hosts,
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
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("keytool failed: " + output);
        }
        return file;
    }

    /**
     * The certificates of stores.
     *
     * @param name of the file
     * @param stores as {@link #store} gave them
     * @return a PEM file, with a comment
     * @throws IOException fails the test
     * @throws GeneralSecurityException fails the test
     */
    public Path authority(String name, Path... stores) throws IOException, GeneralSecurityException {
        StringBuilder text = new StringBuilder("a comment\n");
        for (Path store : stores) {
            text.append(pem("CERTIFICATE", certificateOf(load(store)).getEncoded()));
        }
        return Files.writeString(directory.resolve(name + ".pem"), text);
    }

    /**
     * The certificate of a store.
     *
     * @param store as {@link #store} gave it
     * @return a PEM file beside it
     * @throws IOException fails the test
     * @throws GeneralSecurityException fails the test
     */
    public Path certificate(Path store) throws IOException, GeneralSecurityException {
        return authority(store.getFileName() + ".crt", store);
    }

    /**
     * The key of a store.
     *
     * @param store as {@link #store} gave it
     * @return a PEM file, in PKCS #8, not encrypted
     * @throws IOException fails the test
     * @throws GeneralSecurityException fails the test
     */
    public Path key(Path store) throws IOException, GeneralSecurityException {
        return Files.writeString(
                Path.of(store + ".key.pem"),
                pem("PRIVATE KEY", privateKey(store).getEncoded()));
    }

    /**
     * The key of an RSA store in the older form.
     *
     * @param store as {@link #rsaStore} gave it
     * @return a PEM file, in PKCS #1, not encrypted
     * @throws IOException fails the test
     * @throws GeneralSecurityException fails the test
     */
    public Path oldKey(Path store) throws IOException, GeneralSecurityException {
        byte[] encoded = privateKey(store).getEncoded();
        // Version, algorithm and the header of the octet string take 26 bytes for a key of 2048 bits or more.
        return Files.writeString(
                Path.of(store + ".oldkey.pem"),
                pem("RSA PRIVATE KEY", Arrays.copyOfRange(encoded, 26, encoded.length)));
    }

    /**
     * What a peer is pinned by.
     *
     * @param store as {@link #store} gave it
     * @return the fingerprint of its certificate
     * @throws IOException fails the test
     * @throws GeneralSecurityException fails the test
     */
    public static String fingerprint(Path store) throws IOException, GeneralSecurityException {
        return TlsFiles.fingerprint(certificateOf(load(store)));
    }

    /**
     * One side of TLS.
     *
     * @param trusted store of the other side
     * @param own store whose certificate it shows; null for none
     * @return for engines and sockets
     * @throws IOException fails the test
     * @throws GeneralSecurityException fails the test
     */
    public static SSLContext context(Path trusted, Path own) throws IOException, GeneralSecurityException {
        KeyStore peers = KeyStore.getInstance("PKCS12");
        peers.load(null, null);
        peers.setCertificateEntry("peer", certificateOf(load(trusted)));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(peers);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        if (own != null) {
            keys.init(load(own), PASSWORD.toCharArray());
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static PrivateKey privateKey(Path store) throws IOException, GeneralSecurityException {
        KeyStore keys = load(store);
        return (PrivateKey) keys.getKey(keys.aliases().nextElement(), PASSWORD.toCharArray());
    }

    private static Certificate certificateOf(KeyStore store) throws GeneralSecurityException {
        return store.getCertificate(store.aliases().nextElement());
    }

    private static KeyStore load(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    private static String pem(String type, byte[] content) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + type
                + "-----\n";
    }
}
