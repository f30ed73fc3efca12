package io.tidemark.itests.felix.inside;

import java.util.Arrays;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.osgi.framework.BundleContext;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;

/**
 * Handles the node's events, and answers what came: the property {@code test.step} is {@code listen}, {@code await TOPIC
 * KEY=VALUE...}, which answers the first such event, or {@code all}.
 */
public final class Heard extends Scenario {
    /** Keeps what came, as a service, for the steps behind. */
    private static final class Handler implements EventHandler {
        private final Queue<String> events = new ConcurrentLinkedQueue<>();

        @Override
        public void handleEvent(Event event) {
            TreeMap<String, Object> properties = new TreeMap<>();
            for (String name : event.getPropertyNames()) {
                properties.put(name, event.getProperty(name));
            }
            events.add(properties.toString());
        }
    }

    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public Heard(BundleContext context) {
        super(context);
    }

    @Override
    public Object call() {
        List<String> words = Arrays.asList(context().getProperty("test.step").split(" "));
        return switch (words.get(0)) {
            case "listen" -> listen();
            case "await" -> awaitEvent(words.subList(1, words.size()));
            case "all" -> handler().events.toString();
            default -> throw new IllegalArgumentException(words.get(0));
        };
    }

    private Object listen() {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(EventConstants.EVENT_TOPIC, "io/tidemark/*");
        context().registerService(EventHandler.class, new Handler(), properties);
        return "";
    }

    private Handler handler() {
        return (Handler) service(EventHandler.class);
    }

    private Object awaitEvent(List<String> words) {
        List<String> parts = words.stream()
                .map(word -> word.indexOf('=') < 0 ? "event.topics=io/tidemark/" + word : word)
                .toList();
        String[] found = new String[1];
        await("an event with " + parts + " among " + handler().events, () -> {
            found[0] = handler().events.stream()
                    .filter(event -> parts.stream().allMatch(event::contains))
                    .findFirst()
                    .orElse(null);
            return found[0] != null;
        });
        return found[0];
    }
}
