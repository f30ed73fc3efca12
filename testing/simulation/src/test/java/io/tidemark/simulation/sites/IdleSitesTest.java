package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.replica.ImageFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A mirrored image that nobody writes to has no threads, and is there at once when somebody does. */
class IdleSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);

    IdleSitesTest() {
        super(77, Defect.NONE);
    }

    @Test
    void anIdleImageHasNoThreadsAndGoesOnWhenItIsWrittenTo() {
        machine.run(() -> {
            mirror();
            for (int round = 0; round < 3; round++) {
                write();
                machine.sleep(90 * SECOND);
                idle();
            }
        });
    }

    private void write() throws Exception {
        long before = source.facts().watermarks().durable();
        writing = true;
        machine.sleep(5 * SECOND);
        writing = false;
        assertTrue(source.facts().watermarks().durable() > before, "something was written");
        assertTrue(machine.awaitUntil(this::isEven, 5 * SECOND), "the replica follows at once");
        assertArrayEquals(source.bytes(), replica.bytes());
    }

    private boolean isEven() {
        ImageFacts there = replica.facts();
        long durable = source.facts().watermarks().durable();
        return there != null && there.replica() != null && there.replica().replayed() == durable;
    }

    /** Whoever looks now and then needs a moment for it: so a look at each second finds hardly anybody. */
    private void idle() {
        Map<String, Integer> seen = new TreeMap<>();
        for (int second = 0; second < 180; second++) {
            machine.sleep(SECOND);
            machine.workers().stream()
                    .filter(name -> name.endsWith("-" + Site.IMAGE) || name.endsWith(" " + Site.IMAGE))
                    .forEach(name -> seen.merge(name, 1, Integer::sum));
        }
        assertEquals(
                List.of(),
                new ArrayList<>(seen.entrySet().stream()
                        .filter(each -> each.getValue() > 2)
                        .toList()),
                "seconds in which a thread of an idle image was there, of 180");
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }
}
