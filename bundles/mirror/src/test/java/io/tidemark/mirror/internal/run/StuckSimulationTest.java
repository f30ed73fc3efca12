package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.news.News;
import io.tidemark.api.news.News.Topic;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A replica that lacks events and gets none is said to be stuck once at both sides, and once to go on. */
class StuckSimulationTest {
    private static final long SECOND = 1_000_000_000L;

    private static void watch(TwoSites.Site site, List<News> told) {
        site.engine.news.add(one -> {
            if (one.topic() == Topic.REPLICA_STUCK || one.topic() == Topic.REPLICA_GOES_ON) {
                told.add(one);
            }
        });
    }

    private static void is(List<News> told, Topic... topics) {
        assertEquals(List.of(topics), told.stream().map(News::topic).toList(), told.toString());
    }

    @Test
    void isSaidOnceAtBothSidesUntilItGoesOn() {
        TwoSites.play(1200, 4, sites -> {
            List<News> source = new ArrayList<>();
            List<News> replica = new ArrayList<>();
            MemoryImage image = sites.following("disk");
            watch(sites.a, source);
            watch(sites.b, replica);
            sites.write(image, 3, 512);
            sites.awaitEqual("disk", 5 * SECOND);
            for (int round = 0; round < 2; round++) {
                source.clear();
                replica.clear();
                image.journal.withhold();
                sites.write(image, 3, 512);
                sites.machine.sleep(5 * SECOND);
                is(source);
                is(replica);
                sites.machine.sleep(60 * SECOND);
                is(source, Topic.REPLICA_STUCK);
                is(replica, Topic.REPLICA_STUCK);
                News there = replica.get(0);
                assertEquals("disk", there.image());
                assertEquals("a", there.peer());
                assertEquals("replica", there.facts().get("role"));
                assertTrue(there.words().contains("the source has 3 events more"), there.words());
                assertTrue(source.get(0).words().contains("lacks 3 events"), source.toString());
                assertTrue(source.get(0).words().contains("look at mirror:status"), source.toString());
                if (round == 1) {
                    // It is said of the replica, whatever link it has.
                    sites.network.reset("a", "b");
                }
                image.journal.giveAll();
                sites.awaitEqual("disk", 30 * SECOND);
                sites.machine.sleep(10 * SECOND);
                is(source, Topic.REPLICA_STUCK, Topic.REPLICA_GOES_ON);
                is(replica, Topic.REPLICA_STUCK, Topic.REPLICA_GOES_ON);
            }
        });
    }
}
