package io.tidemark.event.admin.internal;

import io.tidemark.api.news.News;
import io.tidemark.api.news.NewsListener;
import java.util.HashMap;
import java.util.Map;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.osgi.service.event.EventConstants;

/** Makes each of the news an event. */
@Component(immediate = true)
public final class EventPoster implements NewsListener {
    /** Before the topic of the news. */
    static final String TOPICS = "io/tidemark/";

    private static final long NANOS_PER_MILLISECOND = 1_000_000L;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile EventAdmin admin;

    @Override
    public void told(News news) {
        EventAdmin now = admin;
        if (now != null) {
            now.postEvent(event(news));
        }
    }

    static Event event(News news) {
        Map<String, Object> properties = new HashMap<>(news.facts());
        properties.put(EventConstants.TIMESTAMP, news.timeNanos() / NANOS_PER_MILLISECOND);
        properties.put(EventConstants.MESSAGE, news.words());
        if (!news.image().isEmpty()) {
            properties.put("image", news.image());
        }
        if (!news.peer().isEmpty()) {
            properties.put("peer", news.peer());
        }
        return new Event(TOPICS + news.topic().path(), properties);
    }
}
