package io.tidemark.mirror.internal.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The node's key stays the same, stays private, and is not taken when it was not. */
class NodeKeyTest {
    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("node.key");
    }

    @Test
    void aKeyIsMadeOnceAndReadAgain() throws IOException {
        NodeKey made = NodeKey.loadOrCreate(file());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
        assertEquals(made.toString(), NodeKey.loadOrCreate(file()).toString());
        assertNotEquals(made.toString(), NodeKey.generate().toString());
        assertEquals(made.toString(), PublicKeys.text(PublicKeys.parse(made.toString())));
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(1, files.count(), "no temporary file stays");
        }
    }

    @Test
    void aKeyThatOthersMayReadIsRefused() throws IOException {
        NodeKey.loadOrCreate(file());
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-r-----"));
        StorageException refused = assertThrows(StorageException.class, () -> NodeKey.loadOrCreate(file()));
        assertEquals(Reason.INVALID, refused.reason());
        assertTrue(refused.getMessage().contains("chmod 600"), refused.getMessage());
    }

    @Test
    void halvesOfTwoKeysAreRefused() throws IOException {
        NodeKey.loadOrCreate(file());
        NodeKey.loadOrCreate(directory.resolve("other.key"));
        String one = Files.readString(file());
        String other = Files.readString(directory.resolve("other.key"));
        int cut = one.indexOf("-----BEGIN PUBLIC");
        Files.writeString(file(), one.substring(0, cut) + other.substring(cut));
        assertTrue(refusal().contains("do not belong together"));
        Files.writeString(file(), one.substring(0, cut));
        assertTrue(refusal().contains("no PUBLIC KEY"));
        Files.writeString(file(), "");
        assertFalse(refusal().contains("PRIVATE KEY-----"));
    }

    private String refusal() {
        StorageException refused = assertThrows(StorageException.class, () -> NodeKey.loadOrCreate(file()));
        assertEquals(Reason.INVALID, refused.reason());
        return refused.getMessage();
    }

    @Test
    void textThatIsNoKeyIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> PublicKeys.parse("ed25519:12"));
        assertThrows(IllegalArgumentException.class, () -> PublicKeys.parse("sha256:" + "0".repeat(64)));
    }
}
