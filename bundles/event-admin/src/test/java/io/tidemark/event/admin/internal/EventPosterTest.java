package io.tidemark.event.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.news.News;
import io.tidemark.api.news.News.Topic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.osgi.service.event.Event;

/** What an event says, and that the reference has all topics. */
class EventPosterTest {
    @Test
    void newsAreEventsWithProperties() {
        Event event = EventPoster.event(new News(
                Topic.REPLICA_FOLLOWS, 1_500_000_000L, "disk", "b", "follows from 3:7 on", Map.of("position", "3:7")));
        assertEquals("io/tidemark/replica/FOLLOWS", event.getTopic());
        assertEquals(1500L, event.getProperty("timestamp"));
        assertEquals("follows from 3:7 on", event.getProperty("message"));
        assertEquals("disk", event.getProperty("image"));
        assertEquals("b", event.getProperty("peer"));
        assertEquals("3:7", event.getProperty("position"));
        Event bare = EventPoster.event(new News(Topic.PEER_REFUSED, 1, "", "", "no", Map.of()));
        assertFalse(bare.containsProperty("image") || bare.containsProperty("peer"));
    }

    @Test
    void withoutAnAdminNewsAreDropped() {
        new EventPoster().told(new News(Topic.IMAGE_STATE, 1, "disk", "", "", Map.of()));
    }

    @Test
    void theReferenceHasAllTopics() throws IOException {
        String reference = Files.readString(Path.of("../../docs/reference/events.md"));
        for (Topic topic : Topic.values()) {
            assertTrue(reference.contains("| `" + EventPoster.TOPICS + topic.path() + "` |"), topic.path());
        }
    }
}
