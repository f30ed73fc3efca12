package io.tidemark.transport.tcp;

import io.tidemark.base.net.TlsFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;

/** Self-signed certificates, made with the JDK's keytool. */
final class Certificates {
    static final String PASSWORD = "not-for-logs-4711";

    private final Path directory;

    Certificates(Path directory) {
        this.directory = directory;
    }

    /** A PKCS #12 file with a new key and certificate, for localhost and 127.0.0.1 unless other names are given. */
    Path store(String name, String names) throws IOException, InterruptedException {
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
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=" + names,
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

    Path store(String name) throws IOException, InterruptedException {
        return store(name, "dns:localhost,ip:127.0.0.1");
    }

    /** The certificates of stores as one PEM file. */
    Path authority(String name, Path... stores) throws IOException, GeneralSecurityException {
        StringBuilder text = new StringBuilder();
        for (Path store : stores) {
            text.append(pem("CERTIFICATE", certificate(store).getEncoded()));
        }
        return Files.writeString(directory.resolve(name + ".pem"), text);
    }

    /** The key of a store as a PEM file, unencrypted. */
    Path key(Path store) throws IOException, GeneralSecurityException {
        KeyStore keys = load(store);
        byte[] key = keys.getKey(keys.aliases().nextElement(), PASSWORD.toCharArray())
                .getEncoded();
        return Files.writeString(Path.of(store + ".key.pem"), pem("PRIVATE KEY", key));
    }

    static String fingerprint(Path store) throws IOException, GeneralSecurityException {
        return TlsFiles.fingerprint(certificate(store));
    }

    static TlsSettings settings(Path store, Path authority) {
        return new TlsSettings(true, store, null, PASSWORD, authority);
    }

    private static String pem(String type, byte[] content) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + type
                + "-----\n";
    }

    private static Certificate certificate(Path store) throws IOException, GeneralSecurityException {
        KeyStore keys = load(store);
        return keys.getCertificate(keys.aliases().nextElement());
    }

    private static KeyStore load(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }
}
