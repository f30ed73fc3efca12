package io.tidemark.console.internal.command;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.Clock;
import io.tidemark.api.journal.Journal;
import io.tidemark.base.text.Durations;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.OptionalLong;

/** Moments as people write them: a position, a sequence, a time, or how long ago. Stateless. */
final class Moments {
    /** For help texts. */
    static final String FORMS = "a position (3:1042), a time (2026-05-01T14:03:07Z) or how long ago (-10m)";

    private Moments() {}

    /**
     * The first event at or behind a moment.
     *
     * @param journal to look in
     * @param clock for how long ago
     * @param text the moment
     * @return its sequence, above trimmed; at most one above durable
     * @throws Failure USAGE when it is no moment, or when it is trimmed
     */
    static long firstAt(Journal journal, Clock clock, String text) throws Failure, StorageException {
        long trimmed = journal.trimmed();
        OptionalLong nanos = timeNanos(clock, text);
        long sequence = nanos.isPresent() ? journal.sequenceAt(nanos.getAsLong()) + 1 : position(text);
        if (nanos.isEmpty() && sequence <= trimmed) {
            throw Failure.failed("event " + text + " is no longer in the journal, which begins behind " + trimmed
                    + "; take a later one");
        }
        return Math.max(trimmed + 1, Math.min(sequence, journal.durable() + 1));
    }

    /**
     * The last event at or before a moment.
     *
     * @param journal to look in
     * @param clock for how long ago
     * @param head of the image, which may be the last event that is no longer in the journal
     * @param text the moment
     * @return its position
     * @throws Failure USAGE when it is no moment, FAILED when the journal has no such event
     */
    static Position lastAt(Journal journal, Clock clock, Position head, String text) throws Failure, StorageException {
        OptionalLong nanos = timeNanos(clock, text);
        long sequence = nanos.isPresent() ? journal.sequenceAt(nanos.getAsLong()) : position(text);
        Position found = sequence == head.sequence() ? head : inside(journal, sequence);
        if (found.equals(Position.NONE)) {
            throw Failure.failed("the journal " + journal.name() + " has no event at " + text + "; it has those behind "
                    + journal.trimmed() + " up to " + journal.durable());
        }
        if (nanos.isEmpty() && text.indexOf(':') > 0 && !found.toString().equals(text)) {
            throw Failure.failed("event " + text + " is of another branch; here it is " + found);
        }
        return found;
    }

    private static Position inside(Journal journal, long sequence) {
        Position found = Position.NONE;
        for (Epoch epoch : journal.epochs()) {
            if (epoch.firstSequence() <= sequence && sequence <= journal.durable()) {
                found = new Position(epoch.number(), sequence);
            }
        }
        return sequence > journal.trimmed() ? found : Position.NONE;
    }

    /** Empty for a position. */
    private static OptionalLong timeNanos(Clock clock, String text) throws Failure {
        if (text.startsWith("-")) {
            return OptionalLong.of(clock.wallNanos() - ago(text));
        }
        return text.indexOf('T') > 0 ? OptionalLong.of(time(text)) : OptionalLong.empty();
    }

    private static long ago(String text) throws Failure {
        try {
            return Durations.parse(text.substring(1)).toNanos();
        } catch (IllegalArgumentException e) {
            throw noMoment(text);
        }
    }

    private static long time(String text) throws Failure {
        try {
            Instant instant = Instant.parse(text);
            return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
        } catch (DateTimeParseException e) {
            throw noMoment(text);
        }
    }

    private static long position(String text) throws Failure {
        try {
            return text.indexOf(':') < 0
                    ? Long.parseLong(text)
                    : Position.parse(text).sequence();
        } catch (IllegalArgumentException e) {
            throw noMoment(text);
        }
    }

    private static Failure noMoment(String text) {
        return Failure.usage("'" + text + "' is no moment; write " + FORMS);
    }
}
