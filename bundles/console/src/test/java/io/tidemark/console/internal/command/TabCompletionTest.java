package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.console.internal.FakeMirrors;
import io.tidemark.console.internal.FakeNode;
import io.tidemark.console.internal.Following;
import io.tidemark.console.internal.Typed;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TabCompletionTest {
    private final FakeNode node = new FakeNode();

    @BeforeEach
    void images() {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        node.images.put("vm2", FakeNode.image("vm2", State.SERVING, ""));
        node.images.put("db", FakeNode.image("db", State.REFUSED, "x"));
    }

    /** What Tab offers at the end of a line. */
    private List<String> tab(String line) {
        List<String> words = new ArrayList<>(List.of(line.split(" ", -1)));
        Spec spec = Typed.command(words.remove(0)).spec();
        String word = words.remove(words.size() - 1);
        return TabCompletion.candidates(spec, node, words, word).stream()
                .map(Candidate::value)
                .toList();
    }

    @Test
    void imagesAreOffered() {
        assertEquals(List.of("vm1", "vm2"), tab("image:info v"));
        assertEquals(List.of("db", "vm1", "vm2"), tab("journal:export "));
        assertEquals(List.of(), tab("journal:export vm1 "));
        assertEquals(List.of("vm1", "vm2"), tab("image:delete --yes v"));
        assertEquals(List.of("vm1", "vm2"), tab("image:delete -- v"));
    }

    @Test
    void options() {
        assertEquals(List.of("--journal-pool", "--journal-limit", "--journal-full"), tab("image:create vm3 10G --jou"));
        assertEquals(List.of("--json"), tab("image:info vm1 --j"));
        assertEquals(List.of(), tab("image:info vm1 --json --j"));
        assertTrue(tab("image:list ").containsAll(List.of("--json", "--help")));
    }

    @Test
    void valuesOfOptions() {
        assertEquals(List.of("default", "slow"), tab("image:create vm3 10G --pool "));
        assertEquals(List.of("default"), tab("image:create vm3 --journal-pool "));
        assertEquals(List.of("--pool=slow"), tab("image:create vm3 --pool=s"));
        assertEquals(List.of("journal", "journal+image"), tab("image:create vm3 10G --commit j"));
        assertEquals(List.of("age", "clients", "size"), tab("image:create vm3 10G --trim "));
        assertEquals(List.of("age,clients", "age,size"), tab("image:create vm3 10G --trim age,"));
    }

    @Test
    void settings() {
        assertEquals(List.of("checkpoint.bytes=", "checkpoint.interval=", "commit="), tab("image:set vm1 c"));
        assertEquals(List.of("commit=journal", "commit=journal+image"), tab("image:set vm1 commit=j"));
        assertEquals(List.of("pool=default", "pool=slow"), tab("image:set vm1 commit=journal pool="));
    }

    @Test
    void keysWithFewValuesOfferThem() {
        assertEquals(List.of("peer.slow=hold", "peer.slow=warn", "peer.slow=expire"), tab("image:set vm1 peer.slow="));
        assertEquals(
                List.of("peer.missing=hold", "peer.missing=fail", "peer.missing=journal"),
                tab("image:set vm1 peer.missing="));
        assertEquals(List.of("peer.ask=serve", "peer.ask=wait"), tab("image:set vm1 peer.ask="));
        assertEquals(List.of("relay=on", "relay=off"), tab("image:set vm1 relay="));
        assertEquals(List.of("journal.full=hold", "journal.full=fail"), tab("image:set vm1 journal.full="));
        assertEquals(List.of(), tab("image:set vm1 peer.timeout="));
    }

    @Test
    void pools() {
        assertEquals(List.of("slow"), tab("pool:info s"));
    }

    @Test
    void theMirrorOffersWhatFits() {
        node.images.put("copy", FakeNode.replica("copy", Position.NONE, Position.NONE));
        node.mirrors.peers.add(FakeMirrors.peer("siteb", FakeMirrors.KEY_B));
        node.mirrors.peers.add(FakeMirrors.peer("sitec", "ed25519:0c"));
        node.mirrors.images.add(Following.source("vm1").status());
        node.mirrors.images.add(Following.source("vm1").peer("sitec").status());
        node.mirrors.images.add(Following.replica("copy").status());
        assertEquals(List.of("copy", "db", "vm1", "vm2"), tab("mirror:enable "));
        assertEquals(List.of("copy"), tab("mirror:hold "));
        assertEquals(List.of("copy"), tab("mirror:promote --force "));
        assertEquals(List.of("vm1"), tab("mirror:switch vm1"));
        assertEquals(List.of("vm1", "copy"), tab("mirror:verify "));
        assertEquals(List.of("vm1"), tab("mirror:status v"));
        assertEquals(List.of("siteb", "sitec"), tab("mirror:enable vm1 --to "));
        assertEquals(List.of("--from=siteb", "--from=sitec"), tab("mirror:resync vm1 --from="));
        assertEquals(List.of("sitec"), tab("mirror:peer-remove sitec"));
        assertEquals(List.of("10m", "1h"), tab("mirror:enable vm1 --delay "));
        assertEquals(List.of("30s", "30m", "30h", "30d"), tab("mirror:delay copy 30"));
        assertEquals(List.of(), tab("mirror:delay copy soon"));
        assertEquals(List.of(), tab("mirror:peer-add "));
        assertEquals(List.of("tcp", "local"), tab("mirror:peer-add siteb --transport "));
        node.mirrors = null;
        assertEquals(List.of(), tab("mirror:peer-add siteb --transport "));
        assertEquals(List.of(), tab("mirror:enable vm1 --to "));
        assertEquals(List.of(), tab("mirror:status "));
        assertEquals(List.of("copy"), tab("mirror:hold "));
    }

    @Test
    void ordersForOneRoleOfferTheImagesThatHaveIt() {
        node.images.put("copy", FakeNode.replica("copy", Position.NONE, Position.NONE));
        node.mirrors.images.add(Following.source("vm1").status());
        node.mirrors.images.add(Following.replica("copy").status());
        assertEquals(List.of("copy"), tab("mirror:release "));
        assertEquals(List.of("copy"), tab("mirror:step "));
        assertEquals(List.of("copy"), tab("mirror:delay "));
        assertEquals(List.of("vm1", "vm2"), tab("mirror:demote v"));
        assertEquals(List.of("vm1", "vm2"), tab("mirror:admit --yes v"));
        assertEquals(List.of(), tab("mirror:demote c"));
        assertEquals(List.of(), tab("mirror:admit c"));
        assertEquals(List.of("vm1", "copy"), tab("mirror:disable "));
        // A mark is found by a walk through the journal only.
        assertEquals(List.of("--json", "--help"), tab("mirror:step copy "));
        assertEquals(List.of(), tab("mirror:promote copy --at "));
    }

    @Test
    void keptBranchesAreOffered() {
        for (String name : List.of("copy.3-42-60.20260501T140307Z", "vm1.3-1042-1060.20260501T140307Z")) {
            node.mirrors.branches.add(
                    new KeptBranch(name, name.replaceAll("[.].*", ""), new Position(3, 42), 60, 9000, 1, "/kept"));
        }
        assertEquals(List.of("vm1.3-1042-1060.20260501T140307Z"), tab("mirror:branch-discard v"));
        assertEquals(List.of("copy.3-42-60.20260501T140307Z"), tab("mirror:branch-export --force c"));
        assertEquals(2, tab("mirror:branch-export ").size());
        assertEquals(List.of(), tab("mirror:branch-export vm1.3-1042-1060.20260501T140307Z /"));
    }

    /** Also one that somebody has added. */
    @Test
    void transportsThatThereAreAreOffered() {
        node.mirrors.transports.add(0, "quic");
        assertEquals(List.of("quic", "tcp", "local"), tab("mirror:peer-add siteb --transport "));
        assertEquals(List.of("--transport=quic"), tab("mirror:enable vm1 --transport=q"));
    }

    @Test
    void aNodeWithoutEngineOffersNothing() {
        node.engine = false;
        assertEquals(List.of(), tab("image:info v"));
    }
}
