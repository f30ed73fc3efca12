package io.tidemark.console.internal.render;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/** Values as people read them. Stateless. */
public final class Words {
    /** What stands where there is nothing. */
    public static final String NONE = "-";

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter EVENT_TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final long NANOS = 1_000_000_000L;

    private Words() {}

    /**
     * A constant's name in lower case.
     *
     * @param constant of an enumeration
     * @return as {@code serving}
     */
    public static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /**
     * A size that may be unknown.
     *
     * @param bytes negative when unknown
     * @return as {@code 1.5 GiB}
     */
    public static String size(long bytes) {
        return bytes < 0 ? NONE : Sizes.format(bytes);
    }

    /**
     * A number.
     *
     * @param number any
     * @return with commas between thousands
     */
    public static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /**
     * A number of things.
     *
     * @param number how many
     * @param one as {@code event}; more get an s
     * @return as {@code 1 event} or {@code 1,200 events}
     */
    public static String count(long number, String one) {
        return number(number) + " " + one + (number == 1 ? "" : "s");
    }

    /**
     * A part of a whole.
     *
     * @param part of it
     * @param whole of it
     * @return as {@code 3 %}; empty when there is no whole
     */
    public static String percent(long part, long whole) {
        return whole <= 0 ? "" : Math.round(100.0 * part / whole) + " %";
    }

    /**
     * A time to the second.
     *
     * @param nanos nanoseconds since 1970; 0 when there is none
     * @return in UTC
     */
    public static String time(long nanos) {
        return nanos == 0 ? NONE : TIME.format(instant(nanos)) + "Z";
    }

    /**
     * The time of an event, as commands take it for a moment: cut off anywhere it would mean the event before.
     *
     * @param nanos nanoseconds since 1970; 0 when there is none
     * @return in UTC, always as long
     */
    public static String eventTime(long nanos) {
        return nanos == 0 ? NONE : EVENT_TIME.format(instant(nanos)) + "Z";
    }

    /**
     * A time for machines.
     *
     * @param nanos nanoseconds since 1970; 0 when there is none
     * @return ISO 8601 in UTC; null when there is none
     */
    public static String isoTime(long nanos) {
        return nanos == 0 ? null : instant(nanos).toString();
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
    }

    /**
     * A list.
     *
     * @param items of it
     * @return separated by commas
     */
    public static String list(List<String> items) {
        return items.isEmpty() ? NONE : String.join(", ", items);
    }

    /**
     * A duration that may be unknown.
     *
     * @param nanos negative when unknown
     * @return as {@code 3.2s} or {@code 0s}
     */
    public static String duration(long nanos) {
        return nanos < 0 ? NONE : nanos == 0 ? "0s" : Durations.format(nanos);
    }

    /**
     * A figure by its name: its unit is in the name.
     *
     * @param name ending in {@code Bytes} or {@code Nanos}, or another
     * @param value of it
     * @return for people
     */
    public static String figure(String name, long value) {
        if (name.endsWith("Bytes")) {
            return size(value);
        }
        if (name.endsWith("Nanos")) {
            return value < 0 ? NONE : Durations.format(value);
        }
        return number(value);
    }
}
