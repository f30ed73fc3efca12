package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A delayed replica that has caught up, so that its events count by their source's clock, and a clock that steps then. */
class SteppedClockSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;
    private static final long HOUR = 3600 * SECOND;
    private static final long DELAY = 60 * SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);
    private final Map<String, Long> skews = new HashMap<>(Map.of("a", 0L, "b", -2 * HOUR));

    SteppedClockSitesTest() {
        super(81, Defect.NONE);
    }

    /** Each event is shown when its time has come, and as late as it came at the most: the site itself looks for early ones. */
    @ParameterizedTest
    @CsvSource({"a, 2, false", "a, -2, false", "b, 2, false", "b, -2, false", "a, 2, true", "a, -2, true", "b, 2, true"
    })
    void whatWasCaughtUpIsShownNeitherEarlyNorNever(String site, int hours, boolean apart) {
        machine.run(() -> {
            backlog();
            long head = replica.facts().replica().head();
            long received = replica.facts().watermarks().durable();
            assertTrue(received > head + 20, "a backlog from " + head + " to " + received);
            if (apart) {
                network.cut("a", "b");
                machine.sleep(5 * SECOND);
            }
            skews.merge(site, hours * HOUR, Long::sum);
            if (apart) {
                network.heal("a", "b");
            }
            // Has it look at once, before it can know of the step.
            replica.follow(DELAY + SECOND);
            machine.sleep(20 * SECOND);
            assertTrue(replica.facts().replica().head() == head, "nothing was due");
            machine.sleep(DELAY);
            assertTrue(replica.facts().replica().head() >= received, "at " + replica.facts());
        });
    }

    /** A replica starts with what it has received, and knows how the clocks differ. */
    private void backlog() throws StorageException {
        mirror();
        machine.sleep(SECOND);
        replica.follow(DELAY);
        writing = true;
        machine.sleep(5 * SECOND);
        writing = false;
        machine.sleep(SECOND);
        replica.kill();
        boot(replica);
        machine.sleep(5 * SECOND);
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }

    @Override
    long skewNanos(String site) {
        return skews.get(site);
    }
}
