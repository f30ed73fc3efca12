package io.tidemark.base.wish;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reads keys of a configuration. What is wrong is an {@link IllegalArgumentException} that begins with the key. */
public final class KeyReader {
    private final Map<String, String> properties;

    /**
     * A configuration.
     *
     * @param properties keys and values
     */
    public KeyReader(Map<String, String> properties) {
        this.properties = properties;
    }

    /**
     * Whether a key has a value.
     *
     * @param key which
     * @return false for an empty one, too
     */
    public boolean has(String key) {
        return !text(key, "").isEmpty();
    }

    /**
     * A value as it is.
     *
     * @param key which
     * @param fallback when it has none
     * @return without blanks around it
     */
    public String text(String key, String fallback) {
        String value = properties.getOrDefault(key, "").trim();
        return value.isEmpty() ? fallback : value;
    }

    /**
     * A value that is parsed.
     *
     * @param <T> what it becomes
     * @param key which
     * @param fallback when it has none
     * @param parser throws {@link IllegalArgumentException} for what it does not take
     * @return the value
     * @throws IllegalArgumentException beginning with the key
     */
    public <T> T value(String key, T fallback, Function<String, T> parser) {
        if (!has(key)) {
            return fallback;
        }
        try {
            return parser.apply(text(key, ""));
        } catch (IllegalArgumentException e) {
            throw wrong(key, e.getMessage());
        }
    }

    /**
     * A size, as in {@code 10G}.
     *
     * @param key which
     * @param fallback when it has none, bytes
     * @param least smallest that is taken, bytes
     * @return bytes
     * @throws IllegalArgumentException beginning with the key
     */
    public long size(String key, long fallback, long least) {
        long bytes = value(key, fallback, Sizes::parse);
        if (bytes < least) {
            throw wrong(key, Sizes.format(bytes) + " is too little; at least " + Sizes.format(least));
        }
        return bytes;
    }

    /**
     * A duration, as in {@code 30s}.
     *
     * @param key which
     * @param fallbackNanos when it has none
     * @param leastNanos shortest that is taken
     * @return nanoseconds
     * @throws IllegalArgumentException beginning with the key
     */
    public long nanos(String key, long fallbackNanos, long leastNanos) {
        long nanos = value(key, fallbackNanos, text -> {
            try {
                return Durations.parse(text).toNanos();
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("'" + text + "' is longer than 292 years", e);
            }
        });
        if (nanos < leastNanos) {
            throw wrong(key, Durations.format(nanos) + " is too short; at least " + Durations.format(leastNanos));
        }
        return nanos;
    }

    /**
     * A part, as in {@code 80%}.
     *
     * @param key which
     * @param fallback when it has none, as a fraction
     * @return a fraction, above 0 and at most 1
     * @throws IllegalArgumentException beginning with the key
     */
    public double percent(String key, double fallback) {
        return value(key, fallback, text -> {
            String number =
                    text.endsWith("%") ? text.substring(0, text.length() - 1).trim() : text;
            double percent;
            try {
                percent = Double.parseDouble(number);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("'" + text + "' is no percentage; write one as in 80%", e);
            }
            if (!(percent > 0 && percent <= 100)) {
                throw new IllegalArgumentException("'" + text + "' is not above 0% and at most 100%");
            }
            return percent / 100;
        });
    }

    /**
     * Names, separated by commas.
     *
     * @param key which
     * @return each once, in their order
     */
    public List<String> names(String key) {
        return List.of(text(key, "").split(",", -1)).stream()
                .map(String::trim)
                .filter(name -> !name.isEmpty())
                .distinct()
                .toList();
    }

    /**
     * What is thrown for a wrong value.
     *
     * @param key which
     * @param what is wrong with it
     * @return to throw
     */
    public static IllegalArgumentException wrong(String key, String what) {
        return new IllegalArgumentException(key + ": " + what);
    }
}
