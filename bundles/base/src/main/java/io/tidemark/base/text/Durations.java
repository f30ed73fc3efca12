package io.tidemark.base.text;

import java.time.Duration;
import java.util.Locale;

/** Durations as people write them: {@code 250ms}, {@code 30s}, {@code 10m}, {@code 1h}, {@code 7d}. */
public final class Durations {
    private Durations() {}

    /**
     * Reads a duration.
     *
     * @param text a whole number and a unit: ms, s, m, h or d
     * @return not negative
     * @throws IllegalArgumentException when it is none; the message says what to write
     */
    public static Duration parse(String text) {
        String trimmed = text.trim().toLowerCase(Locale.ROOT);
        int digits = 0;
        while (digits < trimmed.length() && Character.isDigit(trimmed.charAt(digits))) {
            digits++;
        }
        try {
            long number = Long.parseLong(trimmed.substring(0, digits));
            return switch (trimmed.substring(digits).trim()) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m", "min" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                case "d" -> Duration.ofDays(number);
                default -> throw new NumberFormatException("unit");
            };
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no duration; write a whole number with ms, s, m, h or d, as in 30s or 1h", e);
        }
    }

    /**
     * Writes a duration for people.
     *
     * @param nanos not negative
     * @return two units at most: {@code 1h 5m}, {@code 10m}, {@code 3.2s}, {@code 140ms}, {@code 85us}
     */
    public static String format(long nanos) {
        if (nanos < 1_000_000) {
            return nanos / 1000 + "us";
        }
        if (nanos < 1_000_000_000) {
            return nanos / 1_000_000 + "ms";
        }
        long seconds = nanos / 1_000_000_000;
        if (seconds < 60) {
            return String.format(Locale.ROOT, "%.1fs", nanos / 1e9);
        }
        if (seconds < 3600) {
            return units(seconds / 60, "m", seconds % 60, "s");
        }
        if (seconds < 86400) {
            return units(seconds / 3600, "h", seconds % 3600 / 60, "m");
        }
        return units(seconds / 86400, "d", seconds % 86400 / 3600, "h");
    }

    private static String units(long large, String unit, long small, String smallUnit) {
        return large + unit + (small == 0 ? "" : " " + small + smallUnit);
    }
}
