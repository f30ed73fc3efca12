package io.tidemark.itests.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.felix.harness.Framework;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes, each in a framework of its own, that mirror images over a Unix socket; either may stop and come back. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class MirrorTest {
    private static final String STEP = "test.step";

    @TempDir
    Path scratch;

    private Framework a;
    private Framework b;

    private Framework start(String node) throws IOException {
        Path data = scratch.resolve(node);
        Path etc = data.resolve("etc");
        boolean again = Files.exists(etc);
        if (!again) {
            Files.createDirectories(data);
        }
        Framework framework = Framework.startNode(data, Map.of("tidemark.node", node, "tidemark.tcp.host", ""));
        if (!again) {
            Path transport = etc.resolve("io.tidemark.transport.tcp-default.cfg");
            Files.writeString(transport, "transport = tcp\nhost =\nunixSocket = link\n");
        }
        return framework;
    }

    private static String on(Framework node, String step) throws Exception {
        System.setProperty(STEP, step);
        try {
            return String.valueOf(node.inside("MirrorStep"));
        } finally {
            System.clearProperty(STEP);
        }
    }

    private static String failure(Framework node, String step) {
        Exception thrown = assertThrows(Exception.class, () -> on(node, step), step);
        return thrown.getMessage();
    }

    private void startBoth() throws Exception {
        a = start("a");
        b = start("b");
        String keyA = on(a, "key");
        String keyB = on(b, "key");
        assertNotEquals(keyA, keyB);
        assertEquals("[]", on(a, "addresses"), "nobody listens without a peer");
        on(a, "peer b " + keyB);
        String address = "unix:" + scratch.resolve("a/link");
        assertEquals(address, on(a, "address"));
        on(b, "peer a " + keyA + " " + address);
        assertEquals("b " + keyB, on(a, "linked b"));
        assertEquals("a " + keyA, on(b, "linked a"));
    }

    @AfterEach
    void stop() {
        for (Framework node : new Framework[] {a, b}) {
            if (node != null) {
                node.close();
            }
        }
    }

    private void awaitEqual(String image) throws Exception {
        on(b, "await " + image + " a UP_TO_DATE");
        on(b, "await-head " + image + " " + on(a, "head " + image));
        assertEquals(on(a, "sum " + image), on(b, "sum " + image));
    }

    @Test
    void anImageIsMirroredHeldAndComesBackAfterRestarts() throws Exception {
        startBoth();
        Path key = scratch.resolve("a/mirror.key");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(key)));
        on(a, "create disk");
        on(a, "write disk 200");
        assertEquals("PRIMARY", on(a, "enable disk b"));
        on(a, "write disk 200");
        awaitEqual("disk");
        assertEquals("READ_ONLY", on(b, "refused disk"));
        assertEquals("equal 8388608 skipped 0 different 0", on(b, "verify disk a"));
        assertEquals("equal 8388608 skipped 0 different 0", on(a, "verify disk b"));

        String held = on(b, "hold disk");
        on(a, "write disk 50");
        on(b, "await disk a HELD");
        assertEquals(held, on(b, "head disk"));
        assertNotEquals(on(a, "sum disk"), on(b, "sum disk"));
        String stepped = on(b, "step disk 7");
        assertEquals(sequence(held) + 7, sequence(stepped));
        assertEquals(stepped, on(b, "head disk"));

        b.close();
        on(a, "await disk b UNLINKED");
        on(a, "write disk 50");
        b = start("b");
        on(b, "await disk a HELD");
        assertEquals(stepped, on(b, "head disk"), "a hold survives a restart");
        on(b, "release disk");
        awaitEqual("disk");

        a.close();
        a = start("a");
        on(a, "write disk 20");
        awaitEqual("disk");
    }

    /** At the first rate it would take minutes, and the links stay. */
    @Test
    void theRateOfACopyIsConfiguredWhileItRuns() throws Exception {
        startBoth();
        on(a, "create disk");
        on(a, "write disk 600");
        on(a, "configure copyRate 8KiB");
        on(a, "enable disk b");
        on(a, "await disk b COPYING");
        assertTrue(on(a, "status").contains("COPYING"));
        on(a, "configure copyRate nonsense");
        on(a, "configure copyRate 0");
        awaitEqual("disk");
    }

    @Test
    void aRefusedConfigurationIsMendedWhileTheNodeRuns() throws Exception {
        a = start("a");
        String key = on(a, "key");
        a.close();
        Path file = scratch.resolve("a/etc/io.tidemark.mirror.cfg");
        Files.writeString(file, "copies = many\n");
        a = start("a");
        String refused = on(a, "await-refusal");
        assertTrue(refused.contains("copies") && refused.contains("until that is mended"), refused);
        on(a, "create disk");
        on(a, "write disk 20");

        Files.writeString(file, "copies = 3\n");
        assertEquals(key, on(a, "key"));
        assertEquals("0", on(a, "refusals"));
        a.close();

        // Whoever closes the key file again has to be told that this alone does not do.
        Path keyFile = scratch.resolve("a/mirror.key");
        Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-r--r--"));
        a = start("a");
        refused = on(a, "await-refusal");
        assertTrue(refused.contains("chmod 600") && refused.contains("until the node starts"), refused);
    }

    private static long sequence(String position) {
        return Long.parseLong(position.substring(position.indexOf(':') + 1));
    }

    private static String heard(Framework node, String step) throws Exception {
        System.setProperty(STEP, step);
        try {
            return String.valueOf(node.inside("Heard"));
        } finally {
            System.clearProperty(STEP);
        }
    }

    @Test
    void whatHappensIsPostedToEventAdmin() throws Exception {
        a = start("a");
        b = start("b");
        heard(a, "listen");
        heard(b, "listen");
        String keyA = on(a, "key");
        on(a, "peer b " + on(b, "key"));
        on(b, "peer a " + keyA + " unix:" + scratch.resolve("a/link"));
        heard(a, "await peer/LINKED peer=b");
        heard(b, "await peer/LINKED peer=a");
        on(a, "create disk");
        heard(a, "await image/STATE image=disk state=serving");
        on(a, "enable disk b");
        on(a, "write disk 100");
        awaitEqual("disk");
        heard(a, "await replica/COPIED image=disk peer=b role=primary");
        heard(b, "await replica/FOLLOWS image=disk peer=a role=replica");
        String copied = heard(b, "await replica/COPIED image=disk peer=a role=replica");
        assertTrue(
                copied.contains("position=") && copied.contains("timestamp=") && copied.contains("message="), copied);

        // Both write, and neither knows of the other one.
        String head = on(b, "head disk");
        b.close();
        on(a, "write disk 20");
        a.close();
        b = start("b");
        heard(b, "listen");
        on(b, "await-head disk " + head);
        on(b, "promote disk force");
        heard(b, "await image/ROLE image=disk role=primary");
        on(b, "write disk 20");
        a = start("a");
        heard(a, "listen");
        on(a, "await disk b REFUSED");
        on(a, "demote disk");
        heard(a, "await image/ROLE image=disk role=replica");
        on(b, "enable disk a");
        String split = heard(a, "await replica/SPLIT_BRAIN image=disk peer=b reason=split_brain");
        assertTrue(split.contains("fork="), split);
        heard(b, "await replica/SPLIT_BRAIN image=disk peer=a role=primary");

        // What only a has is given up by an order, and kept.
        assertTrue(
                failure(a, "resync disk b").contains("events that the one of b has not"),
                "nothing is lost without an order");
        assertEquals("[]", on(a, "branches"));
        on(a, "resync disk b discard");
        on(a, "await disk b UP_TO_DATE");
        on(a, "await-head disk " + on(b, "head disk"));
        assertEquals(on(b, "sum disk"), on(a, "sum disk"));
        heard(a, "await replica/FOLLOWS image=disk peer=b role=replica");
        assertTrue(on(a, "branches").startsWith("[disk."), on(a, "branches"));
        b.close();
        b = null;
        heard(a, "await peer/UNLINKED peer=b");
        assertFalse(heard(a, "all").contains("PRIVATE"), "nothing secret");
    }

    @Test
    void aDelayIsWishedAndChangedLive() throws Exception {
        startBoth();
        on(a, "create disk");
        on(a, "enable disk b 3600");
        on(b, "await disk a UP_TO_DATE");
        String before = on(b, "head disk");
        on(a, "write disk 20");
        on(b, "await disk a UP_TO_DATE");
        assertEquals(before, on(b, "head disk"));
        assertTrue(Files.readString(scratch.resolve("b/etc/io.tidemark.mirror.replica-disk.cfg"))
                .contains("delay = 1h"));
        assertEquals("0", on(b, "delay disk 0"));
        awaitEqual("disk");
    }

    @Test
    void rolesChangeWithoutLosingAWriteAndBack() throws Exception {
        startBoth();
        on(a, "create disk");
        on(a, "enable disk b");
        on(a, "write disk 100");
        assertTrue(failure(b, "promote disk").contains("is primary at a"), "nobody becomes primary beside another one");
        assertEquals("b lacks 0", on(a, "switch disk b"));
        assertEquals("READ_ONLY", on(a, "refused disk"));
        on(b, "write disk 100");
        on(a, "await-head disk " + on(b, "head disk"));
        on(a, "await disk b UP_TO_DATE");
        assertEquals(on(b, "sum disk"), on(a, "sum disk"));

        String end = on(b, "demote disk");
        on(a, "await-head disk " + end);
        assertEquals("a lacks 0", on(a, "promote disk"));
        on(a, "write disk 100");
        awaitEqual("disk");
    }

    @Test
    void aLostPrimaryIsReplacedByForceAndComesBackByResync() throws Exception {
        startBoth();
        on(a, "create disk");
        on(a, "enable disk b");
        on(a, "write disk 100");
        awaitEqual("disk");
        a.close();
        on(b, "await disk a UNLINKED");
        assertTrue(failure(b, "promote disk").contains("nobody can say whether"));
        assertEquals("b lacks -1", on(b, "promote disk force"));
        on(b, "write disk 100");
        a = start("a");
        on(a, "linked b");
        on(a, "await disk b REFUSED");
        assertEquals("READ_ONLY", on(a, "refused disk"));
        assertTrue(failure(a, "resync disk b").contains("it is primary here"));
        on(a, "resync disk b discard");
        on(a, "await disk b UP_TO_DATE");
        on(a, "await-head disk " + on(b, "head disk"));
        assertEquals(on(b, "sum disk"), on(a, "sum disk"));
    }

    @Test
    void mirroringEndsOnBothSidesAndRefusalsLeaveNothing() throws Exception {
        startBoth();
        assertTrue(failure(a, "enable disk b").contains("no image disk"));
        on(a, "create disk");
        on(b, "create disk");
        assertTrue(failure(a, "enable disk b").contains("another image disk"), "a name that is taken");
        assertEquals("[]", on(a, "status"));
        on(a, "create other");
        on(a, "enable other b");
        on(b, "await other a UP_TO_DATE");
        assertTrue(failure(a, "remove-peer b").contains("other"));
        assertEquals("true", on(a, "disable other b"));
        assertEquals("[]", on(a, "status"));
        assertEquals("[]", on(b, "status"));
        assertEquals("READ_ONLY", on(b, "refused other"), "the replica stays one");
        on(a, "remove-peer b");
        on(b, "remove-peer a");
        assertEquals("[]", on(a, "await-no-address"), "nobody listens any more");
    }
}
