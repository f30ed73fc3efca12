package io.tidemark.engine.manage;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reads keys of a configuration. What is wrong is an {@link IllegalArgumentException} that begins with the key. */
final class KeyReader {
    private final Map<String, String> properties;

    KeyReader(Map<String, String> properties) {
        this.properties = properties;
    }

    boolean has(String key) {
        return !text(key, "").isEmpty();
    }

    String text(String key, String fallback) {
        String value = properties.getOrDefault(key, "").trim();
        return value.isEmpty() ? fallback : value;
    }

    <T> T value(String key, T fallback, Function<String, T> parser) {
        if (!has(key)) {
            return fallback;
        }
        try {
            return parser.apply(text(key, ""));
        } catch (IllegalArgumentException e) {
            throw wrong(key, e.getMessage());
        }
    }

    long size(String key, long fallback, long least) {
        long bytes = value(key, fallback, Sizes::parse);
        if (bytes < least) {
            throw wrong(key, Sizes.format(bytes) + " is too little; at least " + Sizes.format(least));
        }
        return bytes;
    }

    long nanos(String key, long fallbackNanos, long leastNanos) {
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

    double percent(String key, double fallback) {
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

    List<String> names(String key) {
        return List.of(text(key, "").split(",", -1)).stream()
                .map(String::trim)
                .filter(name -> !name.isEmpty())
                .distinct()
                .toList();
    }

    static IllegalArgumentException wrong(String key, String what) {
        return new IllegalArgumentException(key + ": " + what);
    }
}
