package io.tidemark.base.wish;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Reads keys of a configuration. What is wrong is an {@link IllegalArgumentException} that begins with the key. */
public final class KeyReader {
    private final Map<String, String> properties;

    /** Where relative paths begin. */
    private final Path directory;

    /**
     * A configuration.
     *
     * @param properties keys and values
     */
    public KeyReader(Map<String, String> properties) {
        this(properties, Path.of(""));
    }

    private KeyReader(Map<String, String> properties, Path directory) {
        this.properties = properties;
        this.directory = directory;
    }

    /**
     * The configuration of a component. Read by hand and not by the container, because a value that the container cannot
     * convert would make the component vanish instead of naming the key.
     *
     * @param properties as Configuration Admin gives them
     * @param framework properties of the framework, null where there is none; {@code tidemark.data} is where relative paths
     *     begin
     * @param started for keys that the start script may say: their names in the framework. They count where the configuration
     *     does not have the key
     * @return its reader
     */
    public static KeyReader of(
            Map<String, ?> properties, UnaryOperator<String> framework, Map<String, String> started) {
        Map<String, String> texts = new TreeMap<>();
        started.forEach((key, name) -> {
            String value = framework.apply(name);
            if (value != null && !value.isBlank()) {
                texts.put(key, value);
            }
        });
        properties.forEach((key, value) -> texts.put(key, String.valueOf(value)));
        String data = framework.apply("tidemark.data");
        return new KeyReader(texts, Path.of(data == null ? "" : data));
    }

    /**
     * Refuses keys that nobody reads, but for those that the container adds or reads itself, and a file beside which there is
     * another one for the same configuration: which of them counts would be an accident.
     *
     * @param keys that there are
     * @throws IllegalArgumentException beginning with the key, or with the name of the file
     */
    public void checkKeys(Set<String> keys) {
        for (String key : properties.keySet()) {
            if (!Configurations.isContainers(key) && !keys.contains(key)) {
                throw wrong(key, "there is no such key" + nearest(key, keys));
            }
        }
        String file = properties.get(Configurations.FILE);
        String twin = file == null ? "" : Configurations.twin(Configurations.file(file));
        if (!twin.isEmpty()) {
            throw new IllegalArgumentException(twin);
        }
    }

    /**
     * What to say of a key that there is not.
     *
     * @param key that somebody wrote
     * @param keys that there are
     * @return words that follow the complaint: the key that was probably meant, or else all of them
     */
    public static String nearest(String key, Set<String> keys) {
        String best = "";
        // What differs in a third of its letters was hardly meant.
        int least = key.length() / 3 + 1;
        for (String known : new TreeSet<>(keys)) {
            int edits = edits(folded(key), folded(known));
            if (edits < least) {
                least = edits;
                best = known;
            }
        }
        return best.isEmpty() ? "; there are " + String.join(", ", new TreeSet<>(keys)) : "; write " + best;
    }

    private static String folded(String key) {
        return key.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
    }

    /** How many letters have to be added, removed or replaced to make one text of the other. */
    private static int edits(String from, String to) {
        int[] row = new int[to.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
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
     * A value for which to be empty means something.
     *
     * @param key which
     * @param fallback when the configuration does not have it
     * @return without blanks around it, maybe empty
     */
    public String given(String key, String fallback) {
        return properties.getOrDefault(key, fallback).trim();
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
     * A whole number.
     *
     * @param key which
     * @param fallback when it has none
     * @return the number
     * @throws IllegalArgumentException beginning with the key
     */
    public int integer(String key, int fallback) {
        return value(key, fallback, text -> {
            try {
                return Integer.parseInt(text);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("'" + text + "' is no whole number", e);
            }
        });
    }

    /**
     * Yes or no.
     *
     * @param key which
     * @param fallback when it has none
     * @return whether it is {@code true}
     * @throws IllegalArgumentException beginning with the key
     */
    public boolean truth(String key, boolean fallback) {
        return value(key, fallback, text -> {
            if (!text.equalsIgnoreCase("true") && !text.equalsIgnoreCase("false")) {
                throw new IllegalArgumentException("'" + text + "' is neither true nor false");
            }
            return text.equalsIgnoreCase("true");
        });
    }

    /**
     * One of a few words.
     *
     * @param <E> the words
     * @param key which
     * @param type the words, which are written in any case
     * @param fallback when it has none
     * @return the word
     * @throws IllegalArgumentException beginning with the key
     */
    public <E extends Enum<E>> E choice(String key, Class<E> type, E fallback) {
        return value(key, fallback, text -> {
            for (E each : type.getEnumConstants()) {
                if (each.name().equalsIgnoreCase(text)) {
                    return each;
                }
            }
            throw new IllegalArgumentException("'" + text + "' is none of "
                    + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
        });
    }

    /**
     * A path. A relative one begins in the node's data, the fallback too.
     *
     * @param key which
     * @param fallback when it has none; may be null
     * @return null when there is no fallback either
     * @throws IllegalArgumentException beginning with the key
     */
    public Path path(String key, String fallback) {
        String text = text(key, fallback);
        try {
            return text == null ? null : directory.resolve(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(key + ": '" + text + "' is no path", e);
        }
    }

    /**
     * A secret, which does not stand in the configuration but in a file that it names.
     *
     * @param key of the file, as in {@link #path}
     * @return the text in it without blanks around it; empty when the key has no value
     * @throws IllegalArgumentException beginning with the key
     */
    public String secret(String key) {
        Path file = path(key, null);
        try {
            return file == null
                    ? ""
                    : Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new IllegalArgumentException(key + ": cannot read " + file + ": " + e, e);
        }
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
