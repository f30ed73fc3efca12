package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A source fails while it is demoted: a replica that is promoted without force, because nobody can be asked, is the only primary. */
class DemotedSitesTest {
    private static final long SECOND = Site.SECOND;
    private static final int MOST_CALLS = 100;
    private static final int ENOUGH = 12;

    /** Its disk fails at each call in turn; then it dies, or its disk works again. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoeverHasTheDemotionIsTheOnlyPrimary(boolean dies) {
        int promoted = 0;
        int calls = 0;
        // Behind the event it closes its image, and opens it again.
        while (promoted < ENOUGH) {
            assertTrue(calls < MOST_CALLS, promoted + " were promoted");
            Demotion demotion = new Demotion(calls, dies);
            demotion.play();
            promoted += demotion.promoted ? 1 : 0;
            calls++;
        }
        assertTrue(promoted < calls, "nobody was refused");
    }

    private static final class Demotion extends Scene {
        private final Site source = new Site("a", KEYS.get(0), this);
        private final Site replica = new Site("b", KEYS.get(1), this);
        private final boolean dies;
        private final int calls;
        private int left = Integer.MAX_VALUE;
        private boolean ended;
        boolean promoted;

        Demotion(int calls, boolean dies) {
            super(87, Defect.NONE);
            this.calls = calls;
            this.dies = dies;
        }

        void play() {
            machine.run(() -> {
                mirror();
                writing = true;
                machine.sleep(SECOND);
                writing = false;
                machine.sleep(SECOND);
                machine.disk().plan(this::decide);
                demote();
                network.cut("a", "b");
                if (dies) {
                    source.kill();
                }
                left = Integer.MAX_VALUE;
                machine.sleep(10 * SECOND);
                takeOver();
                if (dies) {
                    boot(source);
                }
                assertTrue(machine.awaitUntil(() -> source.facts() != null, 60 * SECOND), "it is open again");
                assertFalse(promoted && source.isPrimary(), "two are primary, behind " + calls + " calls");
                assertEquals(promoted, replica.isPrimary());
            });
        }

        private void demote() {
            left = calls;
            source.spawn("operator", () -> {
                try {
                    source.mirrors.demote(Site.IMAGE);
                } catch (StorageException e) {
                    machine.note("no-demotion", e.getMessage(), 0, 0);
                }
                ended = true;
            });
            assertTrue(machine.awaitUntil(() -> ended, 60 * SECOND), "it ends");
            // What is durable there comes here.
            machine.sleep(SECOND);
        }

        private void takeOver() {
            try {
                replica.mirrors.promote(Site.IMAGE, false);
                promoted = true;
            } catch (StorageException e) {
                assertEquals(StorageException.Reason.UNAVAILABLE, e.reason(), e.getMessage());
            }
        }

        private Verdict decide(Operation operation, Path path) {
            boolean counts = path.startsWith("/a") && operation != Operation.READ && left < Integer.MAX_VALUE;
            if (!counts) {
                return Verdict.PROCEED;
            }
            left = Math.max(-1, left - 1);
            return left < 0 ? Verdict.FAIL_IO : Verdict.PROCEED;
        }

        @Override
        List<Site> sites() {
            return List.of(source, replica);
        }
    }
}
