package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.Branch;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.Split;
import io.tidemark.api.mirror.Verification.Difference;
import io.tidemark.console.internal.FakeJournal;
import io.tidemark.console.internal.FakeMirrors;
import io.tidemark.console.internal.FakeNode;
import io.tidemark.console.internal.Following;
import io.tidemark.console.internal.JsonText;
import io.tidemark.console.internal.Typed;
import io.tidemark.console.internal.command.Failure.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MirrorCommandsTest {
    private static final long HOUR = 3_600_000_000_000L;

    private final FakeNode node = new FakeNode();
    private final FakeMirrors mirrors = node.mirrors;

    @BeforeEach
    void images() {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        node.images.put("vm2", FakeNode.replica("vm2", new Position(3, 104_000), new Position(3, 104_211)));
    }

    private Failure refused(Kind kind, String line) {
        Failure failure = assertThrows(Failure.class, () -> Typed.run(node, line), line);
        assertEquals(kind, failure.kind(), failure.getMessage());
        return failure;
    }

    /** Nobody is there to confirm it, so nothing is done; the text of the question. */
    private String asks(String line) {
        String message = refused(Kind.FAILED, line).getMessage();
        told();
        assertTrue(message.endsWith("say --yes to go on. Nothing was done."), message);
        return message.substring(0, message.indexOf(" Nobody is there"));
    }

    private void told(String... lines) {
        assertEquals(List.of(lines), mirrors.told);
        mirrors.told.clear();
    }

    // ---- peers

    @Test
    void theOwnKeyIsShown() throws Exception {
        assertEquals("ed25519:00ff\ntakes links at 127.0.0.1:10810\n", Typed.run(node, "mirror:key"));
        assertEquals(
                Map.of("key", "ed25519:00ff", "addresses", List.of("127.0.0.1:10810")),
                JsonText.object(Typed.run(node, "mirror:key --json")));
    }

    @Test
    void peersAreAddedWithAKeyOrOnTrust() throws Exception {
        Failure undecided = refused(Kind.USAGE, "mirror:peer-add siteb h:1");
        assertEquals(
                "say either --key KEY, as mirror:key shows it on the peer, or --trust-first. Nothing was done.",
                undecided.getMessage());
        refused(Kind.USAGE, "mirror:peer-add siteb h:1 --key k --trust-first");
        told();
        assertEquals(
                "siteb: opens a link\nmirror:peer-list shows when it is linked\n",
                Typed.run(node, "mirror:peer-add siteb h:1 --key ed25519:01 --no-placing"));
        Map<String, Object> json =
                JsonText.object(Typed.run(node, "mirror:peer-add --trust-first sitec h:2 --transport quic --json"));
        assertEquals("sitec", json.get("name"));
        assertEquals("quic", json.get("transport"));
        assertEquals(true, json.get("mayPlace"));
        told(
                "add siteb PeerSettings[transport=tcp, address=h:1, fingerprint=, key=ed25519:01, mayPlace=false]",
                "add sitec PeerSettings[transport=quic, address=h:2, fingerprint=, key=, mayPlace=true]");
        Typed.run(node, "mirror:peer-add here --transport local");
        told("add here PeerSettings[transport=local, address=, fingerprint=, key=, mayPlace=true]");
        mirrors.failure = new StorageException(Reason.EXISTS, "there is a peer siteb", "take another name");
        assertEquals(
                "there is a peer siteb; take another name",
                refused(Kind.FAILED, "mirror:peer-add siteb --key k").getMessage());
    }

    @Test
    void peersAreListed() throws Exception {
        assertEquals(
                "No peers. mirror:peer-add adds one; mirror:key shows what it has to know of this node.\n",
                Typed.run(node, "mirror:peer-list"));
        mirrors.peers.add(FakeMirrors.peer("siteb", "ed25519:0b"));
        Typed.run(node, "mirror:peer-add sitec --key ed25519:0c");
        assertEquals("""
                NAME   NODE  ADDRESS          LINK          IMAGES  ROUND TRIP  CLOCK  KEY
                siteb  b     192.0.2.7:10810  linked             1         2ms  -31ms  ed25519:0b
                sitec  -     -                opens a link       0           -      -  ed25519:0c
                """, Typed.run(node, "mirror:peer-list"));
        List<Map<String, Object>> json = JsonText.objects(Typed.run(node, "mirror:peer-list --json"));
        assertEquals(-31_000_000L, json.get(0).get("clockOffsetNanos"));
        assertEquals(true, json.get(0).get("linked"));
        assertEquals(List.of("vm1"), json.get(0).get("mayHave"));
        assertEquals(null, json.get(1).get("roundTripNanos"));
    }

    @Test
    void peersAreForgottenOnlyWhenItIsConfirmed() throws Exception {
        mirrors.peers.add(FakeMirrors.peer("siteb", "ed25519:0b"));
        assertEquals(
                "This ends the link with siteb and forgets it with the key ed25519:0b.",
                asks("mirror:peer-remove siteb"));
        assertThrows(Failure.class, () -> Typed.run(node, "mirror:peer-remove siteb", "n"));
        told();
        assertEquals(
                "siteb: forgotten\n",
                Typed.run(node, "mirror:peer-remove siteb", "y").text());
        told("remove siteb");
        assertEquals(
                "there is no peer siteb; look at mirror:peer-list",
                refused(Kind.FAILED, "mirror:peer-remove siteb --yes").getMessage());
        mirrors.peers.add(FakeMirrors.peer("siteb", "ed25519:0b"));
        assertEquals(
                Map.of("name", "siteb"), JsonText.object(Typed.run(node, "mirror:peer-remove siteb --yes --json")));
    }

    // ---- enable and disable

    @Test
    void replicasAreEnabledWithWhatTheyAreToBe() throws Exception {
        assertEquals(
                "say which peer, with --to PEER; mirror:peer-list shows those that there are. Nothing was done.",
                refused(Kind.USAGE, "mirror:enable vm1").getMessage());
        mirrors.after = Following.source("vm1")
                .state(MirrorStatus.State.STARTING, "linked, and the peer does not ask for the image now")
                .status();
        assertEquals(
                "vm1 to siteb: linked, and the peer does not ask for the image now; mirror:status vm1 shows how it goes"
                        + " on\n",
                Typed.run(node, "mirror:enable vm1 --to siteb"));
        Map<String, Object> json = JsonText.object(Typed.run(
                node, "mirror:enable vm1 --to siteb --delay 1h --name vm9 --pool slow --set trim.age=1h --json"));
        assertEquals("starting", json.get("state"));
        told(
                "enable vm1 siteb ReplicaOptions[name=, delayNanos=-1, properties={}, seed=false]",
                "enable vm1 siteb ReplicaOptions[name=vm9, delayNanos=3600000000000, properties="
                        + Map.copyOf(Map.of("pool", "slow", "trim.age", "1h")) + ", seed=false]");
        assertEquals(
                "This makes the image vm9 of siteb a replica of vm1. What it is itself there is given up.",
                asks("mirror:enable vm1 --to siteb --name vm9 --seed"));
        told();
        Typed.run(node, "mirror:enable vm1 --to siteb --name vm9 --seed --yes");
        told("enable vm1 siteb ReplicaOptions[name=vm9, delayNanos=-1, properties={}, seed=true]");
        assertTrue(refused(Kind.USAGE, "mirror:enable vm1 --to siteb --seed --pool slow --yes")
                .getMessage()
                .contains("leave out pool"));
        Typed.run(node, "mirror:enable vm1 --to siteb --journal-pool fast");
        told("enable vm1 siteb ReplicaOptions[name=, delayNanos=-1, properties={journalPool=fast}, seed=false]");
        Typed.run(node, "mirror:enable vm1 --to siteb --shared both");
        told("enable vm1 siteb ReplicaOptions[name=, delayNanos=-1, properties={shared=both}, seed=false]");
        Typed.run(node, "mirror:enable vm1 --to siteb --delay 0s");
        told("enable vm1 siteb ReplicaOptions[name=, delayNanos=0, properties={}, seed=false]");
        assertTrue(refused(Kind.USAGE, "mirror:enable vm1 --to siteb --delay soon")
                .getMessage()
                .startsWith("--delay: 'soon' is no duration"));
        assertTrue(refused(Kind.USAGE, "mirror:enable vm1 --to siteb --delay 999999d")
                .getMessage()
                .startsWith("--delay: 999999 days are more than a delay can be"));
        told();
    }

    @Test
    void aTransportThatThePeerDoesNotHaveIsRefused() throws Exception {
        mirrors.peers.add(FakeMirrors.peer("siteb", "ed25519:0b"));
        mirrors.after = Following.source("vm1").status();
        assertEquals(
                "--transport: the peer siteb is reached by tcp, which carries all images that go to it, and not by local; leave the"
                        + " option out, or add the peer anew with --transport local. Nothing was done.",
                refused(Kind.USAGE, "mirror:enable vm1 --to siteb --transport local")
                        .getMessage());
        told();
        Typed.run(node, "mirror:enable vm1 --to siteb --transport tcp");
        told("enable vm1 siteb ReplicaOptions[name=, delayNanos=-1, properties={}, seed=false]");
    }

    @Test
    void mirroringEndsWhenItIsConfirmed() throws Exception {
        mirrors.images.add(Following.source("vm1").status());
        String question =
                "This ends the mirroring of vm1 with siteb. Nothing is deleted, but nothing is kept for the replica"
                        + " any more: to follow again, it may have to be copied anew.";
        assertEquals(question, asks("mirror:disable vm1"));
        assertEquals(question, asks("mirror:disable vm1 --with siteb"));
        assertEquals("vm1: no longer mirrored with siteb\n", Typed.run(node, "mirror:disable vm1 --yes"));
        mirrors.reachable = false;
        assertEquals("""
                vm1: no longer mirrored with siteb
                siteb could not be told: run mirror:disable there, too, when it is back
                """, Typed.run(node, "mirror:disable vm1 --yes"));
        assertEquals(
                Map.of("image", "vm1", "peer", "siteb", "peerTold", false),
                JsonText.object(Typed.run(node, "mirror:disable vm1 --yes --json")));
        told("disable vm1 siteb", "disable vm1 siteb", "disable vm1 siteb");
    }

    /** Nobody can say whom it follows, so nobody can be named. */
    @Test
    void aReplicaWhoseConfigurationIsRefusedIsEndedWithoutAName() throws Exception {
        String words = "refused: delay: 'soon' is no duration; correct or remove etc/r.cfg";
        mirrors.images.add(Following.replica("vm2")
                .peer("")
                .state(MirrorStatus.State.REFUSED, words)
                .status());
        assertEquals(
                "vm2 is to follow another image, and that is " + words
                        + ". Run mirror:disable vm2 first, which removes it, or say --force. Nothing was done.",
                refused(Kind.FAILED, "image:delete vm2 --yes").getMessage());
        String shown = Typed.run(node, "mirror:status");
        assertTrue(shown.contains("vm2 from ?: " + words), shown);
        assertEquals(
                "",
                JsonText.objects(Typed.run(node, "mirror:status --json")).get(0).get("peer"));
        assertEquals(
                "This ends the mirroring of vm2 with its source. Nothing is deleted, but nothing is kept for the replica"
                        + " any more: to follow again, it may have to be copied anew.",
                asks("mirror:disable vm2"));
        mirrors.reachable = false;
        assertEquals("""
                vm2: no longer mirrored with its source
                its source could not be told: run mirror:disable there, too, when it is back
                """, Typed.run(node, "mirror:disable vm2 --yes"));
        told("disable vm2 ");
        // What it is mirrored to can be named, and goes first.
        mirrors.images.add(Following.source("vm2").peer("sitec").status());
        Typed.run(node, "mirror:disable vm2 --yes");
        told("disable vm2 sitec");
    }

    @Test
    void whereThereAreSeveralPeersOneHasToBeNamed() throws Exception {
        assertEquals(
                "the image vm1 is not mirrored; mirror:enable begins it",
                refused(Kind.FAILED, "mirror:disable vm1").getMessage());
        mirrors.images.add(Following.source("vm1").status());
        mirrors.images.add(Following.source("vm1").peer("sitec").status());
        String several =
                "vm1 is mirrored with siteb, sitec; say which one is meant, with --with PEER. Nothing was done.";
        assertEquals(several, refused(Kind.USAGE, "mirror:disable vm1 --yes").getMessage());
        assertEquals(several, refused(Kind.USAGE, "mirror:verify vm1").getMessage());
        Typed.run(node, "mirror:disable vm1 --with sitec --yes");
        told("disable vm1 sitec");
    }

    // ---- status

    @Test
    void statusIsShownOrToldToMachines() throws Exception {
        assertEquals(
                "No mirrored images. mirror:enable IMAGE --to PEER has a peer follow one.\n",
                Typed.run(node, "mirror:status"));
        mirrors.images.add(Following.source("vm1").status());
        mirrors.images.add(
                Following.source("vm1").peer("sitec").lacks(3, 0, HOUR, HOUR).status());
        mirrors.images.add(Following.replica("vm2").status());
        assertEquals(4, Typed.run(node, "mirror:status").lines().count());
        String both = Typed.run(node, "mirror:status vm1");
        assertTrue(both.startsWith("vm1 to siteb is idle: idle, has everything\n"), both);
        assertTrue(both.contains("\n\nvm1 to sitec is "), both);
        List<Map<String, Object>> json = JsonText.objects(Typed.run(node, "mirror:status --json"));
        assertEquals(3, json.size());
        assertEquals(3L, json.get(1).get("unreceivedEvents"));
        assertEquals(
                1, JsonText.objects(Typed.run(node, "mirror:status vm2 --json")).size());
        assertEquals(
                "the image vm3 is not mirrored; mirror:enable begins it",
                refused(Kind.FAILED, "mirror:status vm3").getMessage());
        node.mirrors = null;
        assertEquals(
                "the mirror of this node does not run, so there are no peers and replicas to act on; image:list says"
                        + " so when its configuration is refused; else look at bundle:list and log:display",
                refused(Kind.FAILED, "mirror:status").getMessage());
    }

    @Test
    void watchingGoesOnUntilNobodyLooks() throws Exception {
        mirrors.images.add(Following.source("vm1").status());
        String once = Typed.run(node, "mirror:status");
        assertEquals(
                once + "\n" + once,
                Typed.watch(node, "mirror:status --watch", 0, 2).text());
        String clear = "\u001b[H\u001b[2J";
        assertEquals(
                clear + once + clear + once,
                Typed.watch(node, "mirror:status --watch", 120, 2).text());
        String json =
                Typed.watch(node, "mirror:status vm1 --watch --json", 120, 2).text();
        assertEquals(2, JsonText.values(json).size());
    }

    // ---- the head

    @Test
    void theHeadIsHeldSteppedAndReleased() throws Exception {
        mirrors.after = Following.replica("vm2")
                .lacks(0, 211, 0, HOUR)
                .held(new Position(3, 104_000))
                .state(MirrorStatus.State.HELD, "held at 3:104000, 211 events received above")
                .status();
        FakeJournal journal = new FakeJournal();
        journal.trimmed = 103_999;
        journal.add(EventKind.WRITE, 0, 0, 512, "").add(EventKind.MARK, 0, 0, 0, "before-Test");
        node.journals.put("vm2", journal);
        String held = "vm2: held at event 3:104000; 211 events more received\n";
        assertEquals(held, Typed.run(node, "mirror:hold vm2"));
        assertEquals(held, Typed.run(node, "mirror:step vm2"));
        assertEquals(held, Typed.run(node, "mirror:step vm2 100"));
        assertEquals(held, Typed.run(node, "mirror:step vm2 3:104000"));
        assertEquals(held, Typed.run(node, "mirror:step vm2 before-Test"));
        assertEquals(held, Typed.run(node, "mirror:step vm2 2026-01-01T00:00:01.5Z"));
        for (String command :
                List.of("mirror:hold vm2", "mirror:step vm2", "mirror:release vm2", "mirror:delay vm2 1h")) {
            assertEquals(
                    "3:104000",
                    JsonText.object(Typed.run(node, command + " --json")).get("heldAt"),
                    command);
        }
        told(
                "hold vm2",
                "step vm2 1",
                "step vm2 100",
                "step vm2 to 3:104000",
                "step vm2 to 3:104001",
                "step vm2 to 3:104000",
                "hold vm2",
                "step vm2 1",
                "release vm2",
                "delay vm2 3600000000000");
        for (String nowhere : List.of("-", "3:x", ":", "x", "3:1x")) {
            String message = refused(Kind.USAGE, "mirror:step vm2 " + nowhere).getMessage();
            assertTrue(message.startsWith("'" + nowhere + "' is no moment"), message);
        }
        for (String none : List.of("0", "99999999999999999999")) {
            String message = refused(Kind.USAGE, "mirror:step vm2 " + none).getMessage();
            assertTrue(message.contains("no number of events"), message);
        }
        assertTrue(refused(Kind.FAILED, "mirror:step vm2 3:7").getMessage().contains("no event at 3:7"));
        // A moment that begins with a dash is no option.
        assertTrue(refused(Kind.FAILED, "mirror:step vm2 -1s").getMessage().contains("no event at -1s"));
        told();
    }

    @Test
    void theDelayChangesAndReturnsAfterAHold() throws Exception {
        mirrors.after = Following.replica("vm2")
                .delay(HOUR)
                .trouble("no link; look at siteb")
                .status();
        assertEquals(
                "vm2: follows, 1h behind its source\nlast error: no link; look at siteb\n",
                Typed.run(node, "mirror:delay vm2 1h"));
        assertEquals(
                "vm2: follows again, 1h behind its source\nlast error: no link; look at siteb\n",
                Typed.run(node, "mirror:release vm2"));
        mirrors.after =
                Following.replica("vm2").delay(HOUR).held(new Position(3, 5)).status();
        assertEquals(
                "vm2: held; when it is released, it follows, 1h behind its source\n",
                Typed.run(node, "mirror:delay vm2 1h"));
        mirrors.after = Following.replica("vm2").status();
        assertEquals("vm2: follows, in real time\n", Typed.run(node, "mirror:delay vm2 0s"));
        assertEquals("vm2: follows again, in real time\n", Typed.run(node, "mirror:release vm2"));
        mirrors.told.clear();
        assertTrue(refused(Kind.USAGE, "mirror:delay vm2 soon").getMessage().startsWith("DURATION: 'soon'"));
        refused(Kind.USAGE, "mirror:delay vm2");
        told();
        mirrors.failure = new StorageException(Reason.MISMATCH, "the image vm2 is primary", "");
        node.journals.put("vm2", new FakeJournal().add(EventKind.FLUSH, 0, 0, 0, ""));
        for (String command : List.of("hold vm2", "release vm2", "step vm2", "step vm2 3:1", "delay vm2 1h")) {
            assertEquals(
                    "the image vm2 is primary",
                    refused(Kind.FAILED, "mirror:" + command).getMessage());
        }
    }

    // ---- roles

    @Test
    void aPromotionSaysWhatIsMissing() throws Exception {
        assertEquals(
                "vm2: primary on sitea, behind event 3:104211, in epoch 4; nothing is missing\n",
                Typed.run(node, "mirror:promote vm2"));
        told("promote vm2");
        mirrors.missingEvents = -1;
        assertTrue(Typed.run(node, "mirror:promote vm2 --force --yes")
                .endsWith("; whether something of the primary before is missing is not known, because it could not be"
                        + " asked\n"));
        mirrors.missingEvents = 1;
        assertTrue(Typed.run(node, "mirror:promote vm2 --force", "y")
                .text()
                .endsWith("; 1 event of the primary before is missing: it still has it, on a branch of its own\n"));
        mirrors.missingEvents = 7;
        Map<String, Object> json = JsonText.object(Typed.run(node, "mirror:promote vm2 --force --yes --json"));
        assertEquals(7L, json.get("missingEvents"));
        mirrors.notAsked = List.of("sitec", "sited");
        mirrors.ahead = List.of("sitee");
        assertTrue(Typed.run(node, "mirror:promote vm2 --force --yes")
                .endsWith("; sitee has more, which this one has not: mirror:resync there; could not be asked whether"
                        + " they have more: sitec, sited\n"));
        json = JsonText.object(Typed.run(node, "mirror:promote vm2 --force --yes --json"));
        assertEquals(List.of("sitec", "sited"), json.get("notAsked"));
        assertEquals(List.of("sitee"), json.get("ahead"));
        assertEquals(4L, json.get("epoch"));
        assertEquals("3:104211", json.get("at"));
        told(
                "promote vm2 by force",
                "promote vm2 by force",
                "promote vm2 by force",
                "promote vm2 by force",
                "promote vm2 by force");
        mirrors.failure =
                new StorageException(Reason.MISMATCH, "the image vm2 is primary at siteb", "run mirror:switch");
        assertEquals(
                "the image vm2 is primary at siteb; run mirror:switch",
                refused(Kind.FAILED, "mirror:promote vm2").getMessage());
    }

    @Test
    void aForcedPromotionSaysBeforehandWhatIsKnownToBeLost() {
        assertEquals(
                "This makes vm2 primary here, with what it has received. Nobody knows what it lacks. If it is primary elsewhere,"
                        + " both are written until they are linked, and only one of the two can be kept.",
                asks("mirror:promote vm2 --force"));
        String begins = "This makes vm2 primary here, with what it has received. ";
        String ends = " If siteb is still alive, both are written until they are linked, and only one of the two can be"
                + " kept.";
        Following following = Following.replica("vm2");
        mirrors.images.add(following.status());
        assertEquals(
                begins + "It has everything that siteb is known to have." + ends, asks("mirror:promote vm2 --force"));
        mirrors.images.set(0, following.lacks(11, 0, 1, 1).status());
        assertEquals(
                begins + "It lacks 11 events of siteb, which are lost." + ends, asks("mirror:promote vm2 --force"));
        following.state(MirrorStatus.State.UNLINKED, "not linked");
        mirrors.images.set(0, following.status());
        assertEquals(
                begins + "It lacks at least 11 events of siteb, which are lost." + ends,
                asks("mirror:promote vm2 --force"));
        mirrors.images.set(0, following.lacks(0, 0, 0, 0).status());
        assertEquals(
                begins + "What siteb had acknowledged since they were linked last is lost." + ends,
                asks("mirror:promote vm2 --force"));
    }

    @Test
    void aPromotionAtAMomentSaysWhatItGivesUp() throws Exception {
        FakeJournal journal = new FakeJournal();
        journal.trimmed = 10;
        for (int i = 0; i < 6; i++) {
            boolean mark = i == 2;
            journal.add(mark ? EventKind.MARK : EventKind.WRITE, 0, 0, mark ? 0 : 512, mark ? "Tuesday" : "");
        }
        node.journals.put("vm1", journal);
        String asked =
                "This makes vm1 primary here as it was at event 3:13, and gives up 3 events that were received after it;"
                        + " they are kept in a file. Every other replica that has more, and its source, have to be copied"
                        + " anew to follow it.";
        for (String moment : List.of("3:13", "13", "2026-01-01T00:00:03Z", "Tuesday")) {
            assertEquals(asked, asks("mirror:promote vm1 --at " + moment));
        }
        assertEquals(
                asked
                        + " If it is primary elsewhere, both are written until they are linked, and only one of the two can be"
                        + " kept.",
                asks("mirror:promote vm1 --at 3:13 --force"));
        told();
        mirrors.missingEvents = 3;
        assertTrue(Typed.run(node, "mirror:promote vm1 --at 3:13 --yes")
                .endsWith("; 3 events of the primary before are"
                        + " missing: it still has them, on a branch of its own\n"));
        Typed.run(node, "mirror:promote vm1 --at 3:13 --force --yes");
        told("promote vm1 at 3:13", "promote vm1 at 3:13 by force");
        assertTrue(asks("mirror:promote vm1 --at 3:13 --no-keep")
                .contains("that were received after it; nothing of them is kept. Every other"));
        Typed.run(node, "mirror:promote vm1 --at 3:13 --no-keep --yes");
        told("promote vm1 at 3:13 keeping nothing");
        assertEquals(
                "--no-keep says what becomes of what --at gives up; say both. Nothing was done.",
                refused(Kind.USAGE, "mirror:promote vm1 --no-keep --yes").getMessage());
        assertTrue(refused(Kind.FAILED, "mirror:promote vm1 --at 3:17")
                .getMessage()
                .contains("no event at 3:17"));
        assertTrue(refused(Kind.FAILED, "mirror:promote vm1 --at 2:13")
                .getMessage()
                .contains("here it is 3:13"));
        for (String none : List.of("yesterday", "''")) {
            assertTrue(refused(Kind.USAGE, "mirror:promote vm1 --yes --at " + none)
                    .getMessage()
                    .contains("is no moment"));
        }
        told();
    }

    @Test
    void writesAreAdmittedWithoutAnAnswerAfterAQuestion() throws Exception {
        assertTrue(asks("mirror:admit vm1").contains("both are written until they are linked"));
        assertEquals("vm1: admits writes\n", Typed.run(node, "mirror:admit vm1 --yes"));
        assertEquals(Map.of("image", "vm1"), JsonText.object(Typed.run(node, "mirror:admit vm1 --yes --json")));
        told("admit vm1", "admit vm1");
    }

    @Test
    void aDemotionNamesTheClientsThatWillNotice() throws Exception {
        assertEquals(
                "This ends writing to vm1 (1 client connected: nbd 127.0.0.1:40312). Nobody can write it anywhere until it is"
                        + " promoted, here or at a peer.",
                asks("mirror:demote vm1"));
        assertEquals(
                "vm1: a replica, which ends at event 3:104211; mirror:promote vm1 at a peer, or here, goes on from there\n",
                Typed.run(node, "mirror:demote vm1 --yes"));
        assertEquals(
                Map.of("image", "vm1", "end", "3:104211"),
                JsonText.object(Typed.run(node, "mirror:demote vm1 --yes --json")));
        told("demote vm1", "demote vm1");
        assertEquals(
                "there is no image vm9; image:list shows those that there are",
                refused(Kind.FAILED, "mirror:demote vm9 --yes").getMessage());
    }

    @Test
    void rolesAreSwitchedInOneCommand() throws Exception {
        refused(Kind.USAGE, "mirror:switch vm1 --yes");
        assertEquals(
                "This ends writing to vm1 here (1 client connected: nbd 127.0.0.1:40312), and goes on with it at siteb.",
                asks("mirror:switch vm1 --to siteb"));
        assertEquals("""
                vm1: primary on siteb, behind event 3:104211, in epoch 4; nothing is missing
                Clients connect to it at siteb from now on; here it can be read
                """, Typed.run(node, "mirror:switch vm1 --to siteb --yes"));
        assertEquals(
                "siteb",
                JsonText.object(Typed.run(node, "mirror:switch vm1 --to siteb --yes --json"))
                        .get("node"));
        told("switch vm1 siteb", "switch vm1 siteb");
    }

    // ---- comparing and copying anew

    @Test
    void equalSidesAreSaidToBeEqual() throws Exception {
        mirrors.images.add(Following.source("vm1").status());
        String text = Typed.run(node, "mirror:verify vm1 --with siteb");
        assertTrue(
                text.startsWith("vm1 and that of siteb: equal, 10 MiB, compared from event 3:104200 to 3:104211 ("),
                text);
        assertEquals(
                text.lines().count(),
                Typed.run(node, "mirror:verify vm1").lines().count());
        mirrors.skippedBytes = 1 << 20;
        text = Typed.run(node, "mirror:verify vm1");
        assertTrue(text.startsWith("vm1 and that of siteb: 9 MiB are equal, compared "), text);
        assertTrue(text.contains("\n1 MiB could not be compared, because they were written between"), text);
        Map<String, Object> json = JsonText.object(Typed.run(node, "mirror:verify vm1 --json"));
        assertEquals(1L << 20, json.get("skippedBytes"));
        assertEquals(List.of(), json.get("differences"));
    }

    @Test
    void differencesAreNamedAndHaveAnExitStatusOfTheirOwn() throws Exception {
        mirrors.images.add(Following.source("vm1").status());
        mirrors.differences.add(new Difference(8192, 4096));
        mirrors.differences.add(new Difference(1 << 20, 65_536));
        Typed typed = Typed.failing(node, "mirror:verify vm1");
        assertTrue(typed.text().startsWith("vm1 and that of siteb: 68 KiB differ, 9.9 MiB are equal, "), typed.text());
        assertTrue(typed.text().endsWith("""
                 OFFSET  BYTES
                   8192   4096
                1048576  65536
                """), typed.text());
        assertEquals(Kind.DIFFERENT, typed.failure().kind());
        assertEquals(5, typed.failure().kind().exitStatus());
        assertTrue(typed.failure().getMessage().startsWith("vm1 is not what siteb has. Find out which side is right"));
        Typed forMachines = Typed.failing(node, "mirror:verify vm1 --json");
        assertEquals(Kind.DIFFERENT, forMachines.failure().kind());
        assertEquals(
                List.of(
                        Map.of("offset", 8192L, "lengthBytes", 4096L),
                        Map.of("offset", 1048576L, "lengthBytes", 65536L)),
                JsonText.object(forMachines.text()).get("differences"));
    }

    /** Whoever asks in a script whether both are the same is not told so. */
    @Test
    void whereNothingCouldBeComparedThatHasAnExitStatusOfItsOwn() throws Exception {
        mirrors.images.add(Following.source("vm1").status());
        mirrors.skippedBytes = 10 << 20;
        Typed typed = Typed.failing(node, "mirror:verify vm1");
        assertTrue(typed.text().startsWith("vm1 and that of siteb: nothing was compared ("), typed.text());
        assertTrue(typed.text().contains("\n10 MiB could not be compared, because they were written"), typed.text());
        assertEquals(6, typed.failure().kind().exitStatus());
        assertEquals(
                "Nothing of vm1 could be compared with what siteb has. Release the replica if it is held"
                        + " (mirror:release) or take away its delay (mirror:delay), and run this again",
                typed.failure().getMessage());
        Typed forMachines = Typed.failing(node, "mirror:verify vm1 --json");
        assertEquals(6, forMachines.failure().kind().exitStatus());
        assertEquals(10L << 20, JsonText.object(forMachines.text()).get("skippedBytes"));
        assertEquals(0L, JsonText.object(forMachines.text()).get("equalBytes"));
    }

    @Test
    void manyDifferencesAreCutShortForPeopleOnly() throws Exception {
        mirrors.images.add(Following.source("vm1").status());
        for (int i = 0; i < 60; i++) {
            mirrors.differences.add(new Difference(8192L * i, 4096));
        }
        String text = Typed.failing(node, "mirror:verify vm1").text();
        assertEquals(1 + 1 + 50 + 1, text.lines().count(), text);
        assertTrue(text.endsWith("\nand more: --json shows them\n"), text);
        String json = Typed.failing(node, "mirror:verify vm1 --json").text();
        assertEquals(60, ((List<?>) JsonText.object(json).get("differences")).size());
    }

    @Test
    void aComparisonShowsHowFarItIs() throws Exception {
        mirrors.images.add(Following.source("vm1").status());
        Typed typed = Typed.watch(node, "mirror:verify vm1", 80, Integer.MAX_VALUE);
        assertFalse(typed.text().isEmpty());
        assertTrue(typed.steps().contains("reads the events between the two sides"), () -> typed.steps()
                .toString());
        mirrors.failure = new StorageException(Reason.UNAVAILABLE, "siteb is not linked", "look at mirror:peer-list");
        assertEquals(
                "siteb is not linked; look at mirror:peer-list",
                refused(Kind.FAILED, "mirror:verify vm1").getMessage());
    }

    @Test
    void anImageIsCopiedAnewOnlyWhenItIsClearWhatIsLost() throws Exception {
        refused(Kind.USAGE, "mirror:resync vm2");
        String meanwhile =
                " Until that is done, it takes no clients here, and this node cannot take over. Its journal begins"
                        + " anew: there is no going back to a moment before.";
        assertEquals(
                "This gives up the replica vm2 (10 GiB) on this node and makes it equal to that of siteb." + meanwhile,
                asks("mirror:resync vm2 --from siteb"));
        assertEquals(
                "This deletes the replica vm2 (10 GiB) on this node and copies it anew from siteb." + meanwhile,
                asks("mirror:resync vm2 --from siteb --full"));
        assertEquals(
                "This gives up the PRIMARY vm1 (10 GiB) on this node, keeps the events that only this node has in a file, and"
                        + " makes it equal to that of siteb." + meanwhile,
                asks("mirror:resync vm1 --from siteb --discard"));
        assertEquals(
                "This deletes the PRIMARY vm1 (10 GiB) on this node for good, with everything that only this node has, and"
                        + " copies it anew from siteb." + meanwhile,
                asks("mirror:resync vm1 --from siteb --discard --no-keep --full"));
        refused(Kind.USAGE, "mirror:resync vm1 --from siteb --no-keep --yes");
        assertEquals(
                "there is no image vm9; image:list shows those that there are",
                refused(Kind.FAILED, "mirror:resync vm9 --from siteb --yes").getMessage());
        assertEquals(
                "vm2: begun anew from siteb; mirror:status vm2 shows how far it is\n",
                Typed.run(node, "mirror:resync vm2 --from siteb --yes"));
        assertEquals(
                "vm1",
                JsonText.object(Typed.run(node, "mirror:resync vm1 --from siteb --yes --discard --json"))
                        .get("image"));
        Typed.run(node, "mirror:resync vm1 --from siteb --yes --discard --no-keep");
        Typed.run(node, "mirror:resync vm2 --from siteb --yes --full");
        told(
                "resync vm2 siteb",
                "resync vm1 siteb discarding",
                "resync vm1 siteb discarding, keeping nothing",
                "resync vm2 siteb as a whole");
    }

    @Test
    void aMirroredImageIsDeletedByForceOnly() throws Exception {
        mirrors.images.add(Following.source("vm1").peer("sitec").status());
        mirrors.images.add(Following.source("vm1").peer("siteb").status());
        mirrors.images.add(Following.replica("vm2").peer("siteb").status());
        assertEquals(
                "vm1 is mirrored with siteb, sitec, where its replicas would follow nothing any more. Run mirror:disable vm1"
                        + " --with siteb and --with sitec first, or say --force. Nothing was done.",
                refused(Kind.FAILED, "image:delete vm1 --yes").getMessage());
        assertEquals(
                "vm2 follows siteb, and would be copied anew from there. Run mirror:disable vm2 --with siteb first, or say"
                        + " --force. Nothing was done.",
                refused(Kind.FAILED, "image:delete vm2 --yes").getMessage());
        assertTrue(node.images.keySet().containsAll(List.of("vm1", "vm2")));
        assertEquals("vm1: deleted\n", Typed.run(node, "image:delete vm1 --force --yes"));
        mirrors.images.remove(2);
        assertEquals("vm2: deleted\n", Typed.run(node, "image:delete vm2 --yes"));
    }

    /** As where its configuration is refused: its replicas may still lack what only this image has. */
    @Test
    void whereNoMirrorRunsTheJournalSaysWhetherAnImageIsMirrored() throws Exception {
        node.mirrors = null;
        FakeJournal journal = new FakeJournal();
        node.journals.put("vm1", journal);
        journal.clients.clear();
        journal.client("mirror:0b0b0b0b:vm1", 7, JournalClient.State.EXPIRED);
        assertEquals(
                "the mirror of this node does not run, so there are no peers and replicas to act on; image:list says so when"
                        + " its configuration is refused; else look at bundle:list and log:display. The journal of vm1 knows"
                        + " replica at b, which would follow nothing any more. Run mirror:disable vm1 when the mirror runs, or"
                        + " say --force. Nothing was done.",
                refused(Kind.FAILED, "image:delete vm1 --yes").getMessage());
        node.images.put("vm2", FakeNode.image("vm2", State.SUSPENDED, "no journal store for pool nas"));
        String unknown = refused(Kind.FAILED, "image:delete vm2 --yes").getMessage();
        assertTrue(
                unknown.startsWith("nobody can say whether vm2 has replicas: the journal of vm2 is not open"), unknown);
        assertTrue(node.images.keySet().containsAll(List.of("vm1", "vm2")));

        node.images.put("late", FakeNode.replica("late", new Position(3, 7), new Position(3, 9)));
        FakeJournal relay = new FakeJournal();
        relay.clients.clear();
        node.journals.put("late", relay);
        String copied = refused(Kind.FAILED, "image:delete late --yes").getMessage();
        assertTrue(copied.contains("late is a replica, of which a new copy would be made"), copied);
        assertEquals("late: deleted\n", Typed.run(node, "image:delete late --force --yes"));

        // Others read journals, too, and nothing is lost to them.
        journal.clients.clear();
        journal.client("backup", 7, JournalClient.State.CONNECTED);
        assertEquals("vm1: deleted\n", Typed.run(node, "image:delete vm1 --yes"));
        assertEquals("vm2: deleted\n", Typed.run(node, "image:delete vm2 --force --yes"));
    }

    // ---- branches

    private static KeptBranch kept(String file) {
        return new KeptBranch(
                "vm1.3-1042-1060.20260501T140307Z",
                "vm1",
                new Position(3, 1042),
                1060,
                9000,
                1_767_225_600_000_000_000L,
                file);
    }

    @Test
    void whatIsGivenUpIsKeptListedExportedAndDiscarded(@TempDir Path directory) throws Exception {
        assertTrue(Typed.run(node, "mirror:branch-list").startsWith("No branches are kept."));
        Path file = directory.resolve("kept");
        Files.writeString(file, "events");
        mirrors.keeping.add(kept(file.toString()));
        assertEquals(
                "vm1: begun anew from siteb; mirror:status vm1 shows how far it is\n"
                        + "18 events of vm1 behind 3:1042 are kept as vm1.3-1042-1060.20260501T140307Z, 8.8 KiB;"
                        + " mirror:branch-export takes them elsewhere, mirror:branch-discard deletes them\n",
                Typed.run(node, "mirror:resync vm1 --from siteb --yes --discard"));
        told("resync vm1 siteb discarding");
        assertEquals(
                "NAME IMAGE BEHIND EVENTS SIZE KEPT AT\n"
                        + "vm1.3-1042-1060.20260501T140307Z vm1 3:1042 18 8.8 KiB 2026-01-01 00:00:00Z\n",
                Typed.run(node, "mirror:branch-list").replaceAll(" +", " "));
        String name = kept("").name();
        assertEquals(
                "no branch vm2 is kept here; mirror:branch-list shows those that are",
                refused(Kind.FAILED, "mirror:branch-export vm2 x").getMessage());
        Path out = directory.resolve("out");
        Path other = Files.writeString(directory.resolve("out.part"), "somebody else's");
        Typed.run(node, "mirror:branch-export " + name + " " + out);
        assertEquals("somebody else's", Files.readString(other));
        assertEquals("events", Files.readString(out));
        assertTrue(refused(Kind.FAILED, "mirror:branch-export " + name + " " + out)
                .getMessage()
                .contains("is there already"));
        Files.writeString(file, "other events");
        Typed.run(node, "mirror:branch-export " + name + " " + out + " --force");
        assertEquals("other events", Files.readString(out));
        Path nowhere = directory.resolve("nowhere/out");
        assertEquals(
                "cannot copy " + file + " to " + nowhere
                        + ": its directory does not exist; the branch stays kept; take another place",
                refused(Kind.FAILED, "mirror:branch-export " + name + " " + nowhere)
                        .getMessage());
        assertEquals("This deletes 18 events of vm1 behind 3:1042 for good.", asks("mirror:branch-discard " + name));
        assertEquals(name + ": discarded\n", Typed.run(node, "mirror:branch-discard " + name + " --yes"));
        assertTrue(Typed.run(node, "mirror:branch-list").startsWith("No branches are kept."));
        told("discard " + name);
    }

    @Test
    void anImageThatPartedSaysHowFarEachSideWent() throws Exception {
        mirrors.images.add(Following.replica("vm1")
                .state(MirrorStatus.State.REFUSED, "refused by siteb")
                .status());
        mirrors.splits.add(new Split(
                "vm1",
                "siteb",
                "vm1",
                new Position(3, 1042),
                Optional.of(new Branch(1060, 0, 4, 65536, true, 90_000)),
                Optional.of(new Branch(1100, 8, 1, 4096, false, 0)),
                ""));
        String shown = Typed.run(node, "mirror:status");
        String told = "vm1 and that of siteb parted behind event 3:1042:\n"
                + "  here: 18 events changed 4 extents, 64 KiB\n"
                + "  at siteb: 58 events changed about 1 extent, about 4 KiB and what the first 8 events changed, which the"
                + " journal no longer has\n"
                + "  Nothing is resolved by itself. mirror:resync vm1 --from siteb --discard gives up the branch here; the"
                + " same at siteb gives up the one there\n";
        assertTrue(shown.endsWith(told), shown);
        assertTrue(Typed.run(node, "mirror:status vm1").endsWith(told), shown);
        mirrors.splits.clear();
        mirrors.splits.add(new Split(
                "vm1", "siteb", "vm1", Position.NONE, Optional.empty(), Optional.empty(), "nobody knows where"));
        assertTrue(Typed.run(node, "mirror:status").endsWith("vm1 and that of siteb parted: nobody knows where\n"));
    }

    @Test
    void everyCommandSaysWhenNoMirrorRuns() throws Exception {
        node.mirrors = null;
        for (ConsoleCommand command : Commands.all()) {
            if (command.spec().scope().equals("mirror")) {
                Example example = command.spec().examples().get(0);
                String yes = command.spec().option("--yes") == null ? "" : " --yes";
                String line = example.line().replace("--yes", "").stripTrailing() + yes;
                assertTrue(
                        refused(Kind.FAILED, line).getMessage().startsWith("the mirror of this node does not run"),
                        line);
            }
        }
    }
}
