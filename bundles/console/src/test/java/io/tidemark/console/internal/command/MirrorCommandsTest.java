package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.console.internal.FakeMirrors;
import io.tidemark.console.internal.FakeNode;
import io.tidemark.console.internal.Typed;
import io.tidemark.console.internal.command.Failure.Kind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MirrorCommandsTest {
    private final FakeNode node = new FakeNode();
    private final FakeMirrors mirrors = node.mirrors;

    private Failure refused(Kind kind, String line) {
        Failure failure = assertThrows(Failure.class, () -> Typed.run(node, line), line);
        assertEquals(kind, failure.kind(), failure.getMessage());
        return failure;
    }

    private static void assertHas(String text, String... parts) {
        for (String part : parts) {
            assertTrue(text.contains(part), () -> "'" + part + "' is missing in:\n" + text);
        }
    }

    private void told(String... lines) {
        assertEquals(List.of(lines), mirrors.told);
        mirrors.told.clear();
    }

    @Test
    void peersAreAddedWithAKeyOrOnTrust() throws Exception {
        assertHas(Typed.run(node, "mirror:key"), "ed25519:00ff", "127.0.0.1:10810");
        assertHas(Typed.run(node, "mirror:key --json"), "\"key\": \"ed25519:00ff\"");
        assertHas(Typed.run(node, "mirror:peer-list"), "No peers", "mirror:peer-add");
        assertHas(refused(Kind.USAGE, "mirror:peer-add siteb h:1").getMessage(), "--key", "--trust-first");
        refused(Kind.USAGE, "mirror:peer-add siteb h:1 --key k --trust-first");
        assertTrue(mirrors.told.isEmpty());
        assertHas(Typed.run(node, "mirror:peer-add siteb h:1 --key ed25519:01 --no-placing"), "siteb: opens a link");
        Typed.run(node, "mirror:peer-add sitec h:2 --trust-first");
        told(
                "add siteb PeerSettings[transport=tcp, address=h:1, fingerprint=, key=ed25519:01, mayPlace=false]",
                "add sitec PeerSettings[transport=tcp, address=h:2, fingerprint=, key=, mayPlace=true]");
        assertHas(Typed.run(node, "mirror:peer-list"), "siteb", "opens a link", "ed25519:01");
        assertHas(Typed.run(node, "mirror:peer-list --json"), "\"mayPlace\": false", "\"roundTripNanos\": null");
        assertHas(Typed.run(node, "mirror:peer-remove siteb"), "siteb: forgotten");
        assertHas(refused(Kind.FAILED, "mirror:peer-remove siteb").getMessage(), "no peer siteb");
    }

    @Test
    void replicasAreEnabledWithWhatTheyAreToBe() throws Exception {
        assertHas(refused(Kind.USAGE, "mirror:enable vm1").getMessage(), "--to");
        Typed.run(node, "mirror:enable vm1 --to siteb");
        Typed.run(node, "mirror:enable vm1 --to siteb --delay 1h --name vm2 --pool slow --set trim.age=1h");
        told(
                "enable vm1 siteb ReplicaOptions[name=, delayNanos=0, properties={}]",
                "enable vm1 siteb ReplicaOptions[name=vm2, delayNanos=3600000000000, properties="
                        + Map.copyOf(Map.of("pool", "slow", "trim.age", "1h")) + "]");
        assertHas(refused(Kind.FAILED, "mirror:disable vm1 --with siteb").getMessage(), "--yes", "Nothing was done");
        mirrors.reachable = false;
        assertHas(Typed.run(node, "mirror:disable vm1 --with siteb --yes"), "could not be told");
        told("disable vm1 siteb");
    }

    @Test
    void statusTellsIdleFromStuck() throws Exception {
        assertHas(Typed.run(node, "mirror:status"), "No mirrored images", "mirror:enable");
        mirrors.images.add(FakeMirrors.status("vm1", Role.PRIMARY, State.UP_TO_DATE, "up to date", ""));
        mirrors.images.add(
                FakeMirrors.status("vm2", Role.REPLICA, State.STUCK, "stuck: nothing comes for 40 s", "look at siteb"));
        String list = Typed.run(node, "mirror:status");
        assertHas(list, "to siteb", "from siteb", "up to date", "stuck: nothing comes", "vm2: look at siteb", "211");
        assertHas(
                Typed.run(node, "mirror:status vm1"),
                "vm1 to siteb: up to date",
                "211 events",
                "loses 11 events",
                "1h",
                "3 GiB copied, 1 GiB left",
                "104,211");
        String json = Typed.run(node, "mirror:status --json");
        assertHas(
                json, "\"state\": \"stuck\"", "\"stuck\": true", "\"behindEvents\": 211", "\"leftBytes\": 1073741824");
        node.mirrors = null;
        assertHas(refused(Kind.FAILED, "mirror:status").getMessage(), "the mirror of this node does not run");
    }

    @Test
    void theHeadIsHeldSteppedAndReleased() throws Exception {
        Typed.run(node, "mirror:hold vm1");
        Typed.run(node, "mirror:step vm1");
        Typed.run(node, "mirror:step vm1 100");
        Typed.run(node, "mirror:step vm1 3:104211");
        Typed.run(node, "mirror:release vm1");
        Typed.run(node, "mirror:delay vm1 10m");
        told("hold vm1", "step vm1 1", "step vm1 100", "step vm1 to 3:104211", "release vm1", "delay vm1 600000000000");
        refused(Kind.USAGE, "mirror:step vm1 0");
        refused(Kind.USAGE, "mirror:step vm1 3:x");
        refused(Kind.USAGE, "mirror:delay vm1 soon");
        assertTrue(mirrors.told.isEmpty());
    }

    @Test
    void rolesChangeOnlyByOrder() throws Exception {
        assertHas(Typed.run(node, "mirror:promote vm1"), "primary on sitea from 3:104211", "nothing is missing");
        refused(Kind.FAILED, "mirror:promote vm1 --force");
        refused(Kind.FAILED, "mirror:demote vm1");
        refused(Kind.FAILED, "mirror:switch vm1 --to siteb");
        told("promote vm1 false");
        mirrors.missingEvents = -1;
        assertHas(Typed.run(node, "mirror:promote vm1 --force --yes"), "nobody knows");
        mirrors.missingEvents = 7;
        assertHas(Typed.run(node, "mirror:promote vm1 --force --yes"), "7 events of the primary before are missing");
        assertHas(Typed.run(node, "mirror:demote vm1 --yes"), "ends at 3:104211");
        assertHas(Typed.run(node, "mirror:switch vm1 --to siteb --yes --json"), "\"node\": \"siteb\"");
        told("promote vm1 true", "promote vm1 true", "demote vm1", "switch vm1 siteb");
        assertHas(Typed.run(node, "mirror:switch vm1 --to siteb", "y").asked(), "writes to vm1 fail here", "Go on?");
    }

    @Test
    void comparingExitsWithoutSuccessWhereSomethingDiffers() throws Exception {
        assertHas(Typed.run(node, "mirror:verify vm1 --with siteb"), "1 MiB equal", "3:1 to 3:9");
        mirrors.differingBytes = 4096;
        assertHas(refused(Kind.FAILED, "mirror:verify vm1 --with siteb").getMessage(), "vm1 differs", "mirror:resync");
        refused(Kind.FAILED, "mirror:resync vm1 --from siteb");
        assertTrue(mirrors.told.isEmpty());
        Typed.run(node, "mirror:resync vm1 --from siteb --yes");
        Typed.run(node, "mirror:resync vm1 --from siteb --yes --discard");
        told("resync vm1 siteb false", "resync vm1 siteb true");
    }
}
