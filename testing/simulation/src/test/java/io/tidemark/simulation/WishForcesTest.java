package io.tidemark.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.base.wish.EtcWishStore;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishKind;
import io.tidemark.faults.ForceAudit;
import io.tidemark.faults.SimulatedMachine;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Each force of the files of configurations is missed when it is left out: what a command has reported as done is lost. */
class WishForcesTest {
    private static final Path ETC = Path.of("/etc");
    private static final WishKind KIND = new WishKind("io.tidemark.image", "image", "");
    private static final int SEEDS = 20;

    @TestFactory
    Stream<DynamicTest> eachForceIsMissed() {
        ForceAudit audit = new ForceAudit()
                .sources(Path.of("../../bundles/base/src/main/java"), EtcWishStore.class.getName())
                .story("what was added and changed is there", SEEDS, WishForcesTest::changed)
                .story("what was removed is gone", SEEDS, WishForcesTest::removed);
        return audit.checks().entrySet().stream()
                .map(check -> DynamicTest.dynamicTest(check.getKey(), check.getValue()::run));
    }

    private static EtcWishStore store(SimulatedMachine machine) {
        return new EtcWishStore(KIND, machine.boot("node").files(), ETC);
    }

    private static void changed(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ETC);
        EtcWishStore store = store(machine);
        Wish wish = store.add(new Wish("", "disk", Map.of("commit", "journal")));
        if (machine.seed() % 2 == 0) {
            store.change(wish, Map.of("commit", "volatile"));
        }
        machine.losePower();
        String expected = machine.seed() % 2 == 0 ? "volatile" : "journal";
        String text = text(machine.boot("next").files(), store.file("disk"));
        assertTrue(text.contains("commit = " + expected), text);
    }

    private static void removed(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ETC);
        EtcWishStore store = store(machine);
        store.remove(store.add(new Wish("", "disk", Map.of())));
        machine.losePower();
        assertFalse(machine.boot("next").files().exists(store.file("disk")), "the image comes back");
    }

    private static String text(Files files, Path path) throws Exception {
        try (StorageFile file = files.open(path, Files.Mode.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            assertEquals(bytes.capacity(), file.read(bytes, 0));
            return new String(bytes.array(), StandardCharsets.ISO_8859_1);
        }
    }
}
