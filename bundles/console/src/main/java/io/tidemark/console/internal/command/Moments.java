package io.tidemark.console.internal.command;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.Clock;
import io.tidemark.api.journal.Journal;
import io.tidemark.base.text.Durations;
import io.tidemark.console.internal.render.Words;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Moments as people write them: a position, a sequence, a time, how long ago, or a mark's name. Stateless. */
final class Moments {
    /** For help texts. */
    static final String FORMS =
            "a position (3:1042), a time in UTC (2026-05-01T14:03:07Z), how long ago by this node's clock (-10m) or the name of a"
                    + " mark";

    /**
     * Nothing is offered for them: the journal keeps no list of its marks, and only a walk through all of it finds them, which is too
     * long for a finger on Tab. A walk through its newest part would have older marks look as if they were not there. {@code
     * journal:inspect --marks} lists them.
     */
    static final Completion COMPLETION = Completion.NONE;

    /** So many of those that have one name are said. */
    private static final int MOST_NAMED = 5;

    private static final long NANOS = 1_000_000_000L;

    /** What nanoseconds since 1970 reach to. */
    private static final long MOST_SECONDS = Long.MAX_VALUE / NANOS - 1;

    private Moments() {}

    /**
     * The first event at or behind a moment.
     *
     * @param call knows the clock, and is looked at now and then: a mark is looked for in the whole journal
     * @param journal to look in
     * @param text the moment
     * @param whole whether a time has to be one that the journal still reaches back to
     * @return its sequence, above trimmed; at most one above durable
     * @throws Failure USAGE when it is no moment, FAILED when it is trimmed, of another branch, in the future or not the only one of
     *     its name
     */
    static long firstAt(Call call, Journal journal, String text, boolean whole) throws Failure, StorageException {
        long trimmed = journal.trimmed();
        OptionalLong nanos = timeNanos(call.node().clock(), journal, text);
        if (nanos.isPresent()) {
            if (whole) {
                refuseBefore(journal, text, nanos.getAsLong());
            }
            return Math.max(trimmed, journal.sequenceAt(nanos.getAsLong() - 1)) + 1;
        }
        long sequence = sequence(call, journal, text);
        if (sequence <= trimmed) {
            throw Failure.failed("event " + text + " is no longer in the journal, which begins behind " + trimmed
                    + "; take a later one");
        }
        refuseBranch(text, here(journal, sequence));
        return Math.min(sequence, journal.durable() + 1);
    }

    /** What is left would look like all that there was since. Where nothing is trimmed, it is. */
    private static void refuseBefore(Journal journal, String text, long nanos) throws Failure, StorageException {
        try (JournalScan scan = JournalScan.open(journal, 0)) {
            EventHeader first = scan.next();
            if (scan.first() == 1 || (first != null && first.timeNanos() <= nanos)) {
                return;
            }
            if (first == null) {
                throw Failure.failed("the journal " + journal.name() + " has no event any more: what was before "
                        + scan.first() + " is trimmed, so nobody knows what there was since " + text);
            }
            throw Failure.failed(text + " is before " + Words.isoTime(first.timeNanos()) + ", where the journal "
                    + journal.name() + " begins now (event " + first.position() + "): what was earlier is trimmed;"
                    + " take that time or a later one, or leave it out for all that is left");
        }
    }

    /**
     * The last event at or before a moment.
     *
     * @param call knows the clock, and is looked at now and then: a mark is looked for in the whole journal
     * @param journal to look in
     * @param head of the image, which may be the last event that is no longer in the journal
     * @param text the moment
     * @return its position
     * @throws Failure USAGE when it is no moment, FAILED when the journal has no such event, or several of that name, or it is in the
     *     future
     */
    static Position lastAt(Call call, Journal journal, Position head, String text) throws Failure, StorageException {
        OptionalLong nanos = timeNanos(call.node().clock(), journal, text);
        long sequence = nanos.isPresent() ? journal.sequenceAt(nanos.getAsLong()) : sequence(call, journal, text);
        Position found = sequence == head.sequence() ? head : inside(journal, sequence);
        if (found.equals(Position.NONE)) {
            throw Failure.failed("the journal " + journal.name() + " has no event at " + text + "; it has those behind "
                    + journal.trimmed() + " up to " + journal.durable());
        }
        if (nanos.isEmpty()) {
            refuseBranch(text, found);
        }
        return found;
    }

    private static Position inside(Journal journal, long sequence) {
        boolean there = sequence > journal.trimmed() && sequence <= journal.durable();
        return there ? here(journal, sequence) : Position.NONE;
    }

    /** What a sequence is in this journal, or will be. */
    private static Position here(Journal journal, long sequence) {
        Position found = Position.NONE;
        for (Epoch epoch : journal.epochs()) {
            if (epoch.firstSequence() <= sequence) {
                found = new Position(epoch.number(), sequence);
            }
        }
        return found;
    }

    /** The positions of two branches have the same sequences. */
    private static void refuseBranch(String text, Position here) throws Failure {
        if (text.indexOf(':') > 0 && !here.toString().equals(text)) {
            throw Failure.failed("event " + text + " is of another branch; here it is " + here);
        }
    }

    private static long sequence(Call call, Journal journal, String text) throws Failure, StorageException {
        return isName(text) ? marked(call, journal, text).sequence() : position(text);
    }

    /** Marks begin with a letter, and nothing else does. */
    private static boolean isName(String text) {
        return !text.isEmpty() && Character.isLetter(text.charAt(0));
    }

    /** Headers come from the journal's indexes, and a body is read of what has a name only: most of the journal is not. */
    private static Position marked(Call call, Journal journal, String name) throws Failure, StorageException {
        List<Position> found = new ArrayList<>();
        try (JournalScan scan = JournalScan.open(journal, 0)) {
            for (EventHeader event = scan.next(); event != null; event = scan.next()) {
                if (scan.name(event).equals(name) && found.size() <= MOST_NAMED) {
                    found.add(event.position());
                }
                if (call.caller().cancelled()) {
                    throw Failure.cancelled("cancelled while the mark " + name + " was looked for; nothing was done");
                }
            }
        }
        if (found.isEmpty()) {
            throw Failure.usage("'" + name + "' is no moment, and the journal " + journal.name()
                    + " has no mark of that name; write " + FORMS);
        }
        if (found.size() > 1) {
            throw Failure.failed("'" + name + "' is the name of several marks, at "
                    + Words.list(found.stream()
                            .limit(MOST_NAMED)
                            .map(Position::toString)
                            .toList())
                    + (found.size() > MOST_NAMED ? " and more" : "") + "; write the position of the one that is meant");
        }
        return found.get(0);
    }

    /** Empty for a position and for a name. */
    private static OptionalLong timeNanos(Clock clock, Journal journal, String text) throws Failure {
        if (text.startsWith("-")) {
            return OptionalLong.of(clock.wallNanos() - ago(text));
        }
        if (isName(text) || text.indexOf('T') <= 0) {
            return OptionalLong.empty();
        }
        long nanos = time(text);
        refuseFuture(clock.wallNanos(), journal, text, nanos);
        return OptionalLong.of(nanos);
    }

    /**
     * The journal would answer its end, which nobody means who writes a time: a local one with a Z, say. Events have the time of
     * their source, whose clock may be ahead of this node's.
     */
    private static void refuseFuture(long now, Journal journal, String text, long nanos) throws Failure {
        long newest = journal.status().newestTimeNanos();
        if (nanos > Math.max(now, newest)) {
            throw Failure.failed("'" + text + "' is in the future: it is " + Words.isoTime(now)
                    + " by the clock of this node, and the newest event of the journal " + journal.name() + " is "
                    + (newest == 0 ? "trimmed" : "of " + Words.isoTime(newest)) + ". Times are in UTC.");
        }
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
            if (Math.abs(instant.getEpochSecond()) > MOST_SECONDS) {
                return instant.getEpochSecond() > 0 ? Long.MAX_VALUE : 0;
            }
            return instant.getEpochSecond() * NANOS + instant.getNano();
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
