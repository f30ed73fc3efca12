package io.tidemark.mirror.internal.run;

import io.tidemark.api.image.ImageHead;
import io.tidemark.api.news.News.Topic;
import io.tidemark.base.news.NewsDesk;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says once that an image is stuck on its way to or from a peer, and once that it goes on. By one thread at a time. */
final class StuckNews {
    private static final Logger LOG = LoggerFactory.getLogger(StuckNews.class);

    private final NewsDesk news;
    private final String image;
    private final String peer;
    private final ImageHead.Role role;
    private boolean stuck;

    StuckNews(NewsDesk news, String image, String peer, ImageHead.Role role) {
        this.news = news;
        this.image = image;
        this.peer = peer;
        this.role = role;
    }

    /**
     * How it is now.
     *
     * @param words what is said of it while it is stuck; empty while it is not
     */
    void look(String words) {
        boolean now = !words.isEmpty();
        if (now == stuck) {
            return;
        }
        stuck = now;
        String way = role == ImageHead.Role.REPLICA ? "from " : "to ";
        String line = "the image '" + image + "' on its way " + way + peer + (now ? " is " + words : " goes on")
                + (now ? "; look at mirror:status and the log at " + peer + ", and at the network" : "");
        if (now) {
            LOG.warn(line);
        } else {
            LOG.info(line);
        }
        news.tell(
                now ? Topic.REPLICA_STUCK : Topic.REPLICA_GOES_ON,
                image,
                peer,
                line,
                Map.of("role", role.name().toLowerCase(Locale.ROOT)));
    }
}
