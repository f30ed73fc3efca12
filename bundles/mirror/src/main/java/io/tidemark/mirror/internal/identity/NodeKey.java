package io.tidemark.mirror.internal.identity;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The key by which peers know this node. Kept in a file that nobody else can read; says nothing of the private part. */
public final class NodeKey {
    private static final Set<PosixFilePermission> OWN =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    private static final int MAX_FILE_BYTES = 4096;
    private static final String PROBE = "tidemark";

    private final PrivateKey secret;
    private final byte[] open;

    private NodeKey(PrivateKey secret, byte[] open) {
        this.secret = secret;
        this.open = open;
    }

    /**
     * A new key that is kept nowhere.
     *
     * @return the key
     */
    public static NodeKey generate() {
        return generate(new SecureRandom());
    }

    /**
     * A new key of what is drawn from a source, that is kept nowhere.
     *
     * @param random one that cannot be guessed, or one that always draws the same for a run that is to be the same each time
     * @return the key
     */
    public static NodeKey generate(SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(PublicKeys.ALGORITHM);
            generator.initialize(NamedParameterSpec.ED25519, random);
            return of(generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no " + PublicKeys.ALGORITHM, e);
        }
    }

    private static NodeKey of(KeyPair pair) throws GeneralSecurityException {
        return new NodeKey(pair.getPrivate(), PublicKeys.raw(pair.getPublic()));
    }

    /**
     * The key of a file, made when the file is missing.
     *
     * @param file where; its directory exists
     * @return the key
     * @throws StorageException INVALID when the file can be read by others or is no key, IO
     */
    public static NodeKey loadOrCreate(Path file) throws StorageException {
        try {
            if (!Files.exists(file)) {
                create(file);
            }
            return load(file);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw refused(
                    file,
                    "is no key of a node: " + e.getMessage(),
                    "restore it from a backup, or move it away " + "for a new key, which peers have to be told");
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            throw new StorageException(
                    Reason.IO, "the key file " + file + " cannot be used: " + e, "check the directory", e);
        }
    }

    private static StorageException refused(Path file, String why, String remedy) {
        return new StorageException(Reason.INVALID, "the key file " + file + " " + why, remedy);
    }

    private static void create(Path file) throws IOException, GeneralSecurityException {
        KeyPair pair = KeyPairGenerator.getInstance(PublicKeys.ALGORITHM).generateKeyPair();
        String text = block("PRIVATE KEY", pair.getPrivate().getEncoded())
                + block("PUBLIC KEY", pair.getPublic().getEncoded());
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        try (FileChannel out = FileChannel.open(
                temporary,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(OWN))) {
            ByteBuffer bytes = StandardCharsets.US_ASCII.encode(text);
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        Path directory = file.toAbsolutePath().getParent();
        try (FileChannel folder = FileChannel.open(directory, StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    private static String block(String type, byte[] content) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + type
                + "-----\n";
    }

    private static NodeKey load(Path file) throws IOException, GeneralSecurityException {
        Set<PosixFilePermission> permissions = EnumSet.copyOf(Files.getPosixFilePermissions(file));
        permissions.removeAll(OWN);
        if (!permissions.isEmpty()) {
            throw refused(
                    file,
                    "is open to others (" + PosixFilePermissions.toString(Files.getPosixFilePermissions(file)) + ")",
                    "run chmod 600, and take a new key if others may have read it");
        }
        if (Files.size(file) > MAX_FILE_BYTES) {
            throw new InvalidKeySpecException("it is too long");
        }
        String text = Files.readString(file, StandardCharsets.US_ASCII);
        KeyFactory keys = KeyFactory.getInstance(PublicKeys.ALGORITHM);
        PublicKey open = keys.generatePublic(new X509EncodedKeySpec(content(text, "PUBLIC KEY")));
        NodeKey key = new NodeKey(
                keys.generatePrivate(new PKCS8EncodedKeySpec(content(text, "PRIVATE KEY"))), PublicKeys.raw(open));
        byte[] probe = PROBE.getBytes(StandardCharsets.US_ASCII);
        if (!PublicKeys.verify(key.open, probe, key.sign(probe))) {
            throw new InvalidKeySpecException("its two halves do not belong together");
        }
        return key;
    }

    private static byte[] content(String text, String type) throws InvalidKeySpecException {
        Matcher block = Pattern.compile("-----BEGIN " + type + "-----([A-Za-z0-9+/=\\s]+)-----END " + type + "-----")
                .matcher(text);
        if (!block.find()) {
            throw new InvalidKeySpecException("there is no " + type + " in it");
        }
        return Base64.getMimeDecoder().decode(block.group(1));
    }

    /**
     * The public part.
     *
     * @return a copy, 32 bytes
     */
    public byte[] publicKey() {
        return open.clone();
    }

    byte[] sign(byte[] message) {
        try {
            Signature signature = Signature.getInstance(PublicKeys.ALGORITHM);
            signature.initSign(secret);
            signature.update(message);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot sign with the node's own key", e);
        }
    }

    /** The public part: this may be in a log. */
    @Override
    public String toString() {
        return PublicKeys.text(open);
    }
}
