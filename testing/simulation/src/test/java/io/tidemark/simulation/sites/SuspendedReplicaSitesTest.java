package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.replica.ImageFacts;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.SeededRandom;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The store of a replica's image fails under load, so that the image applies again what it had: the channel to its source goes on. */
class SuspendedReplicaSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final SeededRandom random = machine.random("driver");
    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);
    private boolean writing;
    private boolean failing;
    private long replayed;
    private int wentBack;

    SuspendedReplicaSitesTest() {
        super(85, Defect.NONE);
    }

    /** Over the link, and beside a journal that is read here. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anImageThatGoesBackEndsNoChannel(boolean shared) {
        if (shared) {
            replica.shares(source);
        }
        machine.run(() -> {
            for (Site site : sites()) {
                site.boot(new SeededRandom(random.bits()));
            }
            introduce();
            source.create(false);
            machine.sleep(SECOND);
            source.mirrors.enable(Site.IMAGE, "b", replica.options(source));
            assertTrue(machine.awaitUntil(replica::isConsistent, 60 * SECOND), "it is copied");
            machine.disk().plan(this::decide);
            machine.sleep(5 * SECOND);
            int begun = replica.begun;
            writing = true;
            for (int i = 0; i < 5 || (i < 20 && wentBack == 0); i++) {
                machine.sleep(SECOND);
                failing = true;
                watch();
                failing = false;
                watch();
            }
            writing = false;
            // With the journal at hand it may be as far again before anybody looks.
            assertTrue(shared || wentBack > 0, "the image never went back");
            assertEquals(begun, replica.begun, "a channel ended");
            long last = source.facts().watermarks().durable();
            assertTrue(machine.awaitUntil(() -> replayed() == last, 60 * SECOND), "at " + replica.facts());
        });
    }

    private Verdict decide(Operation operation, Path path) {
        return failing && operation != Operation.READ && path.startsWith("/b/images")
                ? Verdict.FAIL_IO
                : Verdict.PROCEED;
    }

    private void watch() {
        for (int i = 0; i < 500; i++) {
            machine.sleep(SECOND / 1000);
            long now = replayed();
            wentBack += now < replayed ? 1 : 0;
            replayed = now;
        }
    }

    private long replayed() {
        ImageFacts facts = replica.facts();
        return facts == null ? replayed : facts.replica().replayed();
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }

    @Override
    boolean writing() {
        return writing;
    }
}
