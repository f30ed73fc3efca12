package io.tidemark.mirror.internal.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.base.event.EventCodec;
import io.tidemark.base.event.export.ExportReader;
import io.tidemark.faults.ForceAudit;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.mirror.internal.run.MemoryJournal;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What an order gives up is given up when it is kept, and not before: so what is kept has to survive a power loss. */
class KeptBranchesForcesTest {
    private static final Path ROOT = Path.of("/tm");
    private static final Path BRANCHES = ROOT.resolve("branches");
    private static final Position FORK = new Position(1, 3);
    private static final int EVENTS = 40;
    private static final int SEEDS = 20;

    @TestFactory
    Stream<DynamicTest> eachForceIsMissed() {
        ForceAudit audit = new ForceAudit()
                .sources(Path.of("src/main/java"))
                .story("a branch that was kept is there, to its end", SEEDS, KeptBranchesForcesTest::kept)
                .story("a branch that was discarded is gone", SEEDS, KeptBranchesForcesTest::discarded);
        return audit.checks().entrySet().stream()
                .map(check -> DynamicTest.dynamicTest(check.getKey(), check.getValue()::run));
    }

    private static KeptBranches branches(StorageContext context) {
        return new KeptBranches(context, new Mirrors.Branches(BRANCHES, 1 << 30));
    }

    private static Journal journal() throws StorageException {
        MemoryJournal journal = new MemoryJournal(new UUID(7, 7), 0);
        journal.startEpoch(new Epoch(1, new UUID(1, 1), 1, Epoch.NO_PREDECESSOR, 0, "a"));
        for (long sequence = 1; sequence <= EVENTS; sequence++) {
            ByteBuffer body = ByteBuffer.allocate(EventCodec.MAX_HEAD_BYTES + EventCodec.TAIL_BYTES);
            EventCodec.putHead(body, EventKind.ZERO, sequence * 4096, 4096, 0, "");
            EventCodec.putTail(body, sequence);
            body.flip();
            Position at = new Position(1, sequence);
            journal.put(
                    new EventHeader(at, EventKind.ZERO, 0, sequence, sequence * 4096, 4096, body.remaining()), body);
        }
        journal.force();
        return journal;
    }

    private static KeptBranch keep(SimulatedMachine machine, KeptBranches branches) throws StorageException {
        machine.disk().makeDirectories(ROOT);
        return branches.keep("disk", journal(), FORK);
    }

    private static void kept(SimulatedMachine machine) throws Exception {
        KeptBranch branch = keep(machine, branches(machine.boot("node")));
        machine.losePower();
        StorageContext next = machine.boot("next");
        assertEquals(
                List.of(branch.name()),
                branches(next).all().stream().map(KeptBranch::name).toList());
        try (ExportReader reader = new ExportReader(new ByteArrayInputStream(bytes(next.files(), branch)), "it")) {
            for (long sequence = FORK.sequence() + 1; sequence <= EVENTS; sequence++) {
                assertEquals(new Position(1, sequence), reader.next().position());
            }
            assertNull(reader.next());
        }
    }

    private static byte[] bytes(Files files, KeptBranch branch) throws StorageException {
        try (StorageFile file = files.open(Path.of(branch.file()), Files.Mode.READ)) {
            ByteBuffer all = ByteBuffer.allocate((int) file.size());
            file.read(all, 0);
            return all.array();
        }
    }

    private static void discarded(SimulatedMachine machine) throws Exception {
        KeptBranches branches = branches(machine.boot("node"));
        branches.discard(keep(machine, branches).name());
        machine.losePower();
        assertEquals(List.of(), branches(machine.boot("next")).all());
    }
}
