package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.console.internal.FakeNode;
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
    void pools() {
        assertEquals(List.of("slow"), tab("pool:info s"));
    }

    @Test
    void aNodeWithoutEngineOffersNothing() {
        node.engine = false;
        assertEquals(List.of(), tab("image:info v"));
    }
}
