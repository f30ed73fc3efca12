package io.tidemark.base.news;

import io.tidemark.api.context.StorageContext;
import io.tidemark.api.news.News;
import io.tidemark.api.news.News.Topic;
import io.tidemark.api.news.NewsListener;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands news to listeners on a thread of its own, which is there while there is something to tell. Whoever tells never waits, and
 * where nobody listens it costs a look. Bounded: of too many news the oldest are dropped, and counted. Safe for all threads.
 */
public final class NewsDesk {
    /** So many news wait at most. */
    public static final int MOST_WAITING = 1024;

    private static final Logger LOG = LoggerFactory.getLogger(NewsDesk.class);

    private final StorageContext context;
    private final String name;
    private final List<NewsListener> listeners = new CopyOnWriteArrayList<>();
    private final Object lock = new Object();
    private final ArrayDeque<News> waiting = new ArrayDeque<>();
    private long lost;
    private boolean running;

    /**
     * A desk without listeners.
     *
     * @param context clock and threads
     * @param name of the thread, for people
     */
    public NewsDesk(StorageContext context, String name) {
        this.context = context;
        this.name = name;
    }

    /**
     * Somebody listens from now on.
     *
     * @param listener told of what comes
     */
    public void add(NewsListener listener) {
        listeners.add(listener);
    }

    /**
     * Somebody listens no longer; a call that is under way may still be.
     *
     * @param listener as added
     */
    public void remove(NewsListener listener) {
        listeners.remove(listener);
    }

    /**
     * Something happened. Returns at once; may be called under a lock.
     *
     * @param topic what sort of thing
     * @param image that it is about; empty for none
     * @param peer that it is about; empty for none
     * @param words one line for people
     * @param facts for programs
     */
    public void tell(Topic topic, String image, String peer, String words, Map<String, String> facts) {
        if (listeners.isEmpty()) {
            return;
        }
        News news = new News(topic, context.clock().wallNanos(), image, peer, words, facts);
        synchronized (lock) {
            if (waiting.size() >= MOST_WAITING) {
                waiting.remove();
                lost++;
            }
            waiting.add(news);
            if (running) {
                return;
            }
            running = true;
        }
        start();
    }

    /** Whoever tells must not fail because nobody can be told: the news wait, and the next one tries again. */
    private void start() {
        try {
            context.workers().start(name, this::run);
        } catch (RuntimeException | VirtualMachineError e) {
            synchronized (lock) {
                running = false;
            }
            LOG.error("News wait, because no thread could be started to tell them: {}", e.toString());
        }
    }

    private void run() {
        for (News news = next(); news != null; news = next()) {
            for (NewsListener listener : listeners) {
                tell(listener, news);
            }
        }
    }

    private News next() {
        synchronized (lock) {
            News news = waiting.poll();
            running = news != null;
            if (news == null || lost == 0) {
                return news;
            }
            Map<String, String> facts = new HashMap<>(news.facts());
            facts.put(News.LOST, Long.toString(lost));
            lost = 0;
            return new News(news.topic(), news.timeNanos(), news.image(), news.peer(), news.words(), facts);
        }
    }

    private static void tell(NewsListener listener, News news) {
        try {
            listener.told(news);
        } catch (RuntimeException | Error e) {
            // Whatever it is: were the thread to end here, nobody would be told anything any more.
            LOG.warn("A listener of news failed at {}: {}", news.topic().path(), e.toString());
        }
    }
}
