package io.tidemark.mirror.internal.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.base.wish.Wish;
import io.tidemark.mirror.internal.run.ReplicaWish;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What peers' and replicas' files say. */
class ConfigsTest {
    private static final String KEY = "ed25519:" + "0a".repeat(32);
    private static final long SECOND = 1_000_000_000L;

    private static PeerConfig peer(Map<String, String> properties) {
        return PeerConfig.read(new Wish("", "b", properties));
    }

    private static ReplicaWish replica(Map<String, String> properties) {
        return ReplicaConfig.read(new Wish("", "disk", properties));
    }

    private static void refused(String key, org.junit.jupiter.api.function.Executable read) {
        String why = assertThrows(IllegalArgumentException.class, read).getMessage();
        assertTrue(why.startsWith(key + ": "), why);
    }

    @Test
    void aPeerHasAnAddressOrAKey() {
        assertEquals(
                new PeerSettings("tcp", "h:1", "", "", true),
                peer(Map.of("address", "h:1")).settings());
        assertEquals(PeerSettings.of("", KEY), peer(Map.of("key", KEY)).settings());
        assertTrue(peer(Map.of("key", KEY)).wish().address().isEmpty());
        refused("key", () -> peer(Map.of()));
        refused("key", () -> peer(Map.of("key", "ed25519:00")));
        refused("fingerprint", () -> peer(Map.of("address", "h:1", "fingerprint", "sha1:00")));
        refused("mayPlace", () -> peer(Map.of("key", KEY, "mayPlace", "maybe")));
        refused("images", () -> peer(Map.of("key", KEY, "images", "a b")));
        refused("images", () -> peer(Map.of("key", KEY, "images", "a:")));
        refused("adress", () -> peer(Map.of("key", KEY, "adress", "h:1")));
    }

    /** mirror:peer-list shows the keys of a node's peers, and not its own. */
    @Test
    void aPeersKeyIsLookedUpWhereItIsShown() throws IOException {
        for (String file : List.of(
                "../../etc/io.tidemark.mirror.peer-NAME.cfg.example",
                "src/main/java/io/tidemark/mirror/internal/PeerConfigurationDefinition.java")) {
            assertTrue(Files.readString(Path.of(file)).contains("public key, as mirror:key shows it there"), file);
        }
    }

    @Test
    void whatIsWrittenOfAPeerIsReadAgain() {
        PeerSettings settings = new PeerSettings("other", "h:1", "sha256:" + "0a".repeat(32), KEY, false);
        assertEquals(settings, peer(PeerConfig.properties(settings)).settings());
    }

    @Test
    void imagesAreGivenAndTakenWithTheirNamesThere() {
        PeerConfig none = peer(Map.of("key", KEY));
        assertEquals(Map.of("images", "disk"), none.with("disk", "disk"));
        PeerConfig two = peer(Map.of("key", KEY, "images", "vm1, disk:copy"));
        assertEquals(Map.of("vm1", "vm1", "disk", "copy"), two.images());
        assertEquals(Map.of("images", "disk:copy, other, vm1"), two.with("other", "other"));
        assertEquals(Map.of("images", "disk, vm1"), two.with("disk", "disk"));
        assertNull(two.with("disk", "copy"));
        assertEquals(Map.of("images", "vm1"), two.without("disk"));
        assertNull(two.without("other"));
        assertEquals(
                Map.of("images", ""), peer(Map.of("key", KEY, "images", "vm1")).without("vm1"));
    }

    @Test
    void whatIsWrittenOfAReplicaIsReadAgain() {
        ReplicaWish whole = new ReplicaWish(
                "disk",
                "b",
                "vm1",
                90 * SECOND,
                "both",
                Map.of("pool", "fast", "journal.limit", "1G"),
                ReplicaWish.NO_SEED);
        assertEquals(whole, replica(ReplicaConfig.properties(whole)));
        ReplicaWish plain = new ReplicaWish("disk", "b", "disk", 0, Map.of());
        assertEquals(plain, replica(ReplicaConfig.properties(plain)));
        refused("peer", () -> replica(Map.of()));
        refused("delay", () -> replica(Map.of("peer", "b", "delay", "soon")));
        refused("delay", () -> replica(Map.of("peer", "b", "delay", "1h", "create.relay", "off")));
        refused("shared", () -> replica(Map.of("peer", "b", "shared", "a/b")));
        refused("image", () -> replica(Map.of("peer", "b", "image", "a/b")));
        refused("pool", () -> replica(Map.of("peer", "b", "pool", "fast")));
    }

    @Test
    void aDelayIsWrittenInTheLargestUnitAndNeverShorter() {
        assertEquals("", ReplicaConfig.delay(0));
        assertEquals("1ms", ReplicaConfig.delay(1));
        assertEquals("1500ms", ReplicaConfig.delay(3 * SECOND / 2));
        assertEquals("90s", ReplicaConfig.delay(90 * SECOND));
        assertEquals("2m", ReplicaConfig.delay(120 * SECOND));
        assertEquals("1h", ReplicaConfig.delay(3600 * SECOND));
        assertEquals("2d", ReplicaConfig.delay(48 * 3600 * SECOND));
    }
}
