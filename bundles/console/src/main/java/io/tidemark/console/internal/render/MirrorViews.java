package io.tidemark.console.internal.render;

import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.Split;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Mirrored images as a table, facts and JSON. Stateless. */
public final class MirrorViews {
    private MirrorViews() {}

    /**
     * Mirrored images.
     *
     * @param all to show
     * @return lines: a table, and below it what the figures do not say
     */
    public static String list(List<MirrorStatus> all) {
        if (all.isEmpty()) {
            return "No mirrored images. mirror:enable IMAGE --to PEER has a peer follow one.\n";
        }
        Table table = new Table()
                .text("IMAGE")
                .text("ROLE")
                .text("PEER")
                .text("STATE")
                .number("TO RECEIVE")
                .number("TO APPLY")
                .number("LAG")
                .text("DELAY")
                .text("RATE")
                .text("RECEIVED IN");
        for (MirrorStatus one : all) {
            table.row(
                    one.image(),
                    Words.lower(one.role()),
                    MirrorWords.peer(one),
                    MirrorWords.state(one),
                    events(one, one.lag().unreceivedEvents()),
                    events(one, MirrorWords.toApply(one)),
                    MirrorWords.inconsistent(one) ? Words.NONE : Words.duration(MirrorWords.lagNanos(one)),
                    orNone(MirrorWords.purpose(one)),
                    orNone(MirrorWords.rate(one)),
                    orNone(MirrorWords.catchUp(one)));
        }
        StringBuilder out = new StringBuilder(table.render());
        all.forEach(one -> notes(out, one));
        return out.toString();
    }

    private static String events(MirrorStatus one, long events) {
        return events < 0 ? Words.NONE : Words.number(events) + MirrorWords.about(one, events);
    }

    private static String orNone(String text) {
        return text.isEmpty() ? Words.NONE : text;
    }

    private static void notes(StringBuilder out, MirrorStatus one) {
        String who = one.image() + " " + MirrorWords.peer(one) + ": ";
        if (!MirrorWords.speaksForItself(one)) {
            out.append(who).append(one.words()).append('\n');
        }
        if (!one.trouble().isEmpty() && !one.trouble().equals(one.words())) {
            out.append(who).append("last error: ").append(one.trouble()).append('\n');
        }
    }

    /**
     * All about one image and one peer.
     *
     * @param one to show
     * @return lines
     */
    public static String info(MirrorStatus one) {
        MirrorStatus.Marks marks = one.marks();
        Facts facts = new Facts()
                .group(one.image() + " " + MirrorWords.peer(one) + " is " + MirrorWords.state(one) + ": " + one.words())
                .fact("last error", one.trouble().equals(one.words()) ? "" : one.trouble())
                .fact("role here", Words.lower(one.role()))
                .fact("consistency", one.consistency().map(Words::lower).orElse(""))
                .fact("behind on purpose", MirrorWords.purpose(one))
                .fact("to receive", amount(one, one.lag().unreceivedEvents()))
                .fact("to apply", amount(one, MirrorWords.toApply(one)))
                .fact("lag", lag(one))
                .fact("a loss of the source now", MirrorWords.loss(one))
                .fact("rate", MirrorWords.rate(one))
                .fact("has received all in", MirrorWords.catchUp(one));
        one.copy().ifPresent(copy -> facts.fact("copy", copy(copy)));
        if (marks.durable() >= 0) {
            facts.fact("source is durable to", Words.number(marks.durable()))
                    .fact("replica has received", known(marks.received()))
                    .fact("replica shows", known(marks.head()))
                    .fact("replica has applied", known(marks.replayed()));
        }
        return facts.render();
    }

    private static String known(long sequence) {
        return sequence < 0 ? "" : Words.number(sequence);
    }

    private static String amount(MirrorStatus one, long events) {
        return events < 0 ? "" : events == 0 ? "nothing" : MirrorWords.amount(one, events);
    }

    private static String lag(MirrorStatus one) {
        long nanos = MirrorWords.lagNanos(one);
        return nanos < 0 || MirrorWords.inconsistent(one) ? "" : nanos == 0 ? "none" : Words.duration(nanos);
    }

    private static String copy(MirrorStatus.Copy copy) {
        String compared = copy.comparedBytes() < 0 ? "" : Words.size(copy.comparedBytes()) + " compared, of that ";
        return compared + Words.size(copy.copiedBytes()) + " copied, "
                + (copy.leftBytes() < 0 ? "more to come" : "about " + Words.size(copy.leftBytes()) + " left") + ", "
                + Words.size(copy.bytesPerSecond()) + "/s"
                + (copy.leftNanos() < 0 ? "" : ", " + Words.duration(copy.leftNanos()) + " to go");
    }

    /**
     * A mirrored image for machines. docs/reference/mirror.md says what each field means.
     *
     * @param one to show
     * @return for JSON
     */
    public static Map<String, Object> json(MirrorStatus one) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("image", one.image());
        out.put("peer", one.peer());
        out.put("peerImage", one.peerImage());
        out.put("role", Words.lower(one.role()));
        out.put("state", Words.lower(one.state()));
        out.put("words", one.words());
        out.put("stuck", one.state() == State.STUCK);
        out.put("consistency", one.consistency().map(Words::lower).orElse(null));
        out.put("durable", orNull(one.marks().durable()));
        out.put("arrived", orNull(one.marks().arrived()));
        out.put("received", orNull(one.marks().received()));
        out.put("head", orNull(one.marks().head()));
        out.put("replayed", orNull(one.marks().replayed()));
        out.put("behindEvents", orNull(one.lag().events()));
        out.put("behindBytes", orNull(one.lag().bytes()));
        out.put("behindNanos", orNull(one.lag().nanos()));
        out.put("unreceivedEvents", orNull(one.lag().unreceivedEvents()));
        out.put("unreceivedNanos", orNull(one.lag().unreceivedNanos()));
        out.put("lagNanos", orNull(MirrorWords.lagNanos(one)));
        out.put("eventsPerSecond", one.rate().eventsPerSecond());
        out.put("bytesPerSecond", one.rate().bytesPerSecond());
        out.put("catchUpNanos", orNull(one.catchUpNanos()));
        out.put("delayWantedNanos", orNull(one.delayWantedNanos()));
        out.put("delayActualNanos", orNull(one.delayActualNanos()));
        out.put("heldAt", one.heldAt().map(Object::toString).orElse(null));
        out.put("copy", one.copy().map(MirrorViews::json).orElse(null));
        out.put("trouble", one.trouble());
        out.put("split", null);
        return out;
    }

    /**
     * As {@link #json(MirrorStatus)}, with where it parted.
     *
     * @param one to show
     * @param splits of the image
     * @return for JSON
     */
    public static Map<String, Object> json(MirrorStatus one, List<Split> splits) {
        Map<String, Object> out = json(one);
        splits.stream()
                .filter(split ->
                        split.image().equals(one.image()) && split.peer().equals(one.peer()))
                .forEach(split -> out.put("split", BranchViews.json(split)));
        return out;
    }

    private static Map<String, Object> json(MirrorStatus.Copy copy) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("copiedBytes", copy.copiedBytes());
        out.put("leftBytes", orNull(copy.leftBytes()));
        out.put("bytesPerSecond", copy.bytesPerSecond());
        out.put("leftNanos", orNull(copy.leftNanos()));
        out.put("comparedBytes", orNull(copy.comparedBytes()));
        return out;
    }

    private static Long orNull(long number) {
        return number < 0 ? null : Long.valueOf(number);
    }
}
