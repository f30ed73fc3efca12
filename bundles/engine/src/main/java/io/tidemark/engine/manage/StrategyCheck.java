package io.tidemark.engine.manage;

import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.base.wish.KeyReader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the trim strategies that a configuration names have to say about it. */
final class StrategyCheck {
    private static final long ASK_NANOS = 1_000_000_000L;

    /**
     * Of one strategy.
     *
     * @param problem why it cannot work with the configuration; empty when it can
     * @param keys that it reads
     */
    private record Opinion(String problem, Set<String> keys) {}

    private StrategyCheck() {}

    /**
     * Checks a configuration against the strategies that are there.
     *
     * @throws IllegalArgumentException beginning with the key that is wrong, or that nobody reads
     */
    static void check(Host host, ImageConfig config) {
        Set<String> read = new TreeSet<>();
        boolean known = true;
        for (String each : config.trim()) {
            TrimStrategy strategy = host.strategies().best(each).orElse(null);
            Opinion opinion = strategy == null ? null : ask(host, config, each, strategy);
            if (opinion == null) {
                // It may read any key.
                known = false;
            } else if (opinion.problem().isEmpty()) {
                read.addAll(opinion.keys());
            } else {
                throw new IllegalArgumentException(opinion.problem());
            }
        }
        if (known) {
            checkRead(config, read);
        }
    }

    /** Null when it does not answer. */
    private static Opinion ask(Host host, ImageConfig config, String name, TrimStrategy strategy) {
        return host.ask()
                .of(strategy, config.name() + "-check-" + name, ASK_NANOS, () -> {
                    try {
                        strategy.check(config.properties());
                        return new Opinion("", Set.copyOf(strategy.keys()));
                    } catch (IllegalArgumentException e) {
                        return new Opinion(String.valueOf(e.getMessage()), Set.of());
                    }
                })
                .value();
    }

    private static void checkRead(ImageConfig config, Set<String> read) {
        KeyReader reader = new KeyReader(config.properties());
        for (String key : new TreeMap<>(config.properties()).keySet()) {
            if (key.startsWith(ImageKeys.STRATEGY_PREFIX) && reader.has(key) && !isRead(key, read)) {
                throw KeyReader.wrong(
                        key,
                        "it has no effect, because no strategy of " + ImageKeys.TRIM + "="
                                + String.join(",", config.trim()) + " reads it; what they read: "
                                + (read.isEmpty() ? "nothing" : String.join(", ", read)));
            }
        }
    }

    private static boolean isRead(String key, Set<String> read) {
        return read.stream().anyMatch(each -> each.endsWith(".") ? key.startsWith(each) : key.equals(each));
    }
}
