package io.tidemark.base.net;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads keys and certificates as OpenSSL and GnuTLS write them. */
final class PemFiles {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final String[] ALGORITHMS = {"RSA", "EC", "EdDSA", "RSASSA-PSS"};
    private static final byte[] RSA_ALGORITHM = {
        0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
    };

    private PemFiles() {}

    /** All certificates of a file, in order. */
    static List<X509Certificate> certificates(Path file) throws IOException, GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> found = new ArrayList<>();
        for (Block block : blocks(file)) {
            if (block.type.equals("CERTIFICATE")) {
                Certificate certificate = factory.generateCertificate(new ByteArrayInputStream(block.content));
                found.add((X509Certificate) certificate);
            }
        }
        if (found.isEmpty()) {
            throw new IOException("no certificate in it");
        }
        return found;
    }

    /** The private key of a file. */
    static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        for (Block block : blocks(file)) {
            switch (block.type) {
                case "PRIVATE KEY" -> {
                    return pkcs8(block.content);
                }
                case "RSA PRIVATE KEY" -> {
                    return pkcs8(wrappedRsa(block.content));
                }
                case "EC PRIVATE KEY" ->
                    throw new IOException(
                            "it is in the old form for elliptic curves; convert it with: openssl pkcs8 -topk8 -nocrypt");
                case "ENCRYPTED PRIVATE KEY" ->
                    throw new IOException(
                            "it is encrypted; decrypt it with: openssl pkcs8, or use a PKCS #12 file with a password");
                default -> {}
            }
        }
        throw new IOException("no private key in it");
    }

    private static PrivateKey pkcs8(byte[] encoded) throws GeneralSecurityException {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
            } catch (InvalidKeySpecException e) {
                // It is a key for another algorithm.
            }
        }
        throw new InvalidKeySpecException("the key is of no kind that is known here");
    }

    /** PKCS #1 in PKCS #8: version, algorithm, and the key as an octet string. */
    private static byte[] wrappedRsa(byte[] key) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(new byte[] {0x02, 0x01, 0x00});
        content.writeBytes(RSA_ALGORITHM);
        content.writeBytes(tagged(0x04, key));
        return tagged(0x30, content.toByteArray());
    }

    private static byte[] tagged(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = content.length;
        if (length < 0x80) {
            out.write(length);
        } else {
            int bytes = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
            out.write(0x80 | bytes);
            for (int i = bytes - 1; i >= 0; i--) {
                out.write(length >>> (8 * i));
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static final class Block {
        final String type;
        final byte[] content;

        Block(String type, byte[] content) {
            this.type = type;
            this.content = content;
        }
    }

    private static List<Block> blocks(Path file) throws IOException {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        while (matcher.find()) {
            try {
                blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
            } catch (IllegalArgumentException e) {
                throw new IOException("the block " + matcher.group(1) + " is not in base 64", e);
            }
        }
        return blocks;
    }
}
