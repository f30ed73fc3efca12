package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A call to the disk fails while a replica is promoted at an earlier moment, and what it had received behind that is kept. */
class KeptBranchSitesTest {
    private static final int SEEDS = 8;

    /** The promotion is in force, and the image cannot be opened at once: the branch is all that is left of what came later. */
    @Test
    void whatIsKeptStaysWhereTheJournalCannotBeReplacedAtOnce() {
        int inForce = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            Held held = new Held(seed, EnumSet.of(Operation.OPEN), "/b/journals", (int) seed % 4);
            held.play();
            inForce += held.refused != null && held.promoted ? 1 : 0;
        }
        assertTrue(inForce > 0, "it always failed before it was in force, or not at all");
    }

    /** It is held already where it is promoted, so that nothing but the role is stored; the device may have that. */
    @Test
    void whatIsKeptStaysUnlessTheReplicaIsOneStill() {
        int undone = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            Held held =
                    new Held(seed, EnumSet.of(Operation.WRITE, Operation.FORCE), "/b/images/disk/head", (int) seed % 2);
            held.play();
            undone += held.refused != null && !held.promoted ? 1 : 0;
        }
        assertTrue(undone > 0, "it never failed");
    }

    /** One replica that is held behind what it has received, and a disk of which one call fails once the branch is kept. */
    private static final class Held extends Scene {
        private final Site source = new Site("a", KEYS.get(0), this);
        private final Site replica = new Site("b", KEYS.get(1), this);
        private final Set<Operation> calls;
        private final String where;
        private int left;
        private boolean isKept;
        private boolean failed;

        private StorageException refused;
        private boolean promoted;

        /**
         * Another one.
         *
         * @param calls that count
         * @param where how the paths begin that count
         * @param after so many calls to them still work
         */
        Held(long seed, Set<Operation> calls, String where, int after) {
            super(seed, Defect.NONE);
            this.calls = calls;
            this.where = where;
            this.left = after;
        }

        void play() {
            machine.run(() -> {
                mirror();
                source.markOften();
                machine.sleep(Site.SECOND);
                replica.hold();
                long held = replica.facts().replica().head();
                machine.sleep(Site.SECOND);
                long received = replica.facts().watermarks().durable();
                machine.disk().plan(this::decide);
                promote(held);
                failed = true;
                assertTrue(machine.awaitUntil(() -> replica.facts() != null, 60 * Site.SECOND), "it is open again");
                promoted = replica.isPrimary();
                check(received);
            });
        }

        private void promote(long held) {
            try {
                replica.mirrors.promoteAt(Site.IMAGE, new Position(1, held), true, GivenUp.KEPT);
            } catch (StorageException e) {
                refused = e;
            }
        }

        /** Of what it had received nothing is gone. */
        private void check(long received) throws StorageException {
            List<KeptBranch> kept = replica.mirrors.keptBranches();
            if (!promoted) {
                long now = replica.facts().watermarks().durable();
                assertTrue(now >= received, "has " + now + " of " + received);
                return;
            }
            assertEquals(1, kept.size(), () -> "kept of what was given up, and told: " + refused);
            assertTrue(kept.get(0).last() >= received, kept.get(0).last() + " of " + received);
            if (refused != null) {
                assertTrue(refused.getMessage().contains(kept.get(0).name()), refused.getMessage());
            }
        }

        private Verdict decide(Operation operation, Path path) {
            isKept |= operation == Operation.FORCE_DIRECTORY && path.endsWith("branches");
            boolean fails = isKept && !failed && calls.contains(operation) && path.startsWith(where) && left-- == 0;
            failed |= fails;
            return fails ? Verdict.FAIL_IO : Verdict.PROCEED;
        }

        @Override
        List<Site> sites() {
            return List.of(source, replica);
        }
    }
}
