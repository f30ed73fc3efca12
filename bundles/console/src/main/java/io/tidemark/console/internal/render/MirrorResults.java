package io.tidemark.console.internal.render;

import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.Verification;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What came of changes of roles and of comparing, as text and JSON. Stateless. */
public final class MirrorResults {
    /** More parts than anybody reads one by one; JSON has all that are known. */
    private static final int MOST_ROWS = 50;

    private MirrorResults() {}

    /**
     * What became of a promotion.
     *
     * @param promotion to tell
     * @return a line without its break
     */
    public static String promoted(Promotion promotion) {
        return promotion.image() + ": primary on " + promotion.node() + ", behind "
                + (promotion.at().sequence() == 0 ? "nothing" : "event " + promotion.at()) + ", in epoch "
                + promotion.epoch().number() + "; " + missing(promotion.missingEvents()) + others(promotion);
    }

    private static String others(Promotion promotion) {
        List<String> ahead = promotion.ahead();
        List<String> silent = promotion.notAsked();
        return (ahead.isEmpty()
                        ? ""
                        : "; " + Words.list(ahead) + (ahead.size() == 1 ? " has" : " have")
                                + " more, which this one has not: mirror:resync there")
                + (silent.isEmpty() ? "" : "; could not be asked whether they have more: " + Words.list(silent));
    }

    private static String missing(long events) {
        if (events < 0) {
            return "whether something of the primary before is missing is not known, because it could not be asked";
        }
        return events == 0
                ? "nothing is missing"
                : Words.count(events, "event") + " of the primary before " + (events == 1 ? "is" : "are")
                        + " missing: it still has " + (events == 1 ? "it" : "them") + ", on a branch of its own";
    }

    /**
     * A promotion for machines.
     *
     * @param promotion to tell
     * @return for JSON
     */
    public static Map<String, Object> json(Promotion promotion) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("image", promotion.image());
        out.put("node", promotion.node());
        out.put("at", promotion.at().toString());
        out.put("epoch", promotion.epoch().number());
        out.put("epochIdentity", promotion.epoch().identity().toString());
        out.put("missingEvents", promotion.missingEvents() < 0 ? null : Long.valueOf(promotion.missingEvents()));
        out.put("notAsked", promotion.notAsked());
        out.put("ahead", promotion.ahead());
        return out;
    }

    /**
     * What a comparison found.
     *
     * @param found to tell
     * @param took how long, and how fast
     * @return lines
     */
    public static String verified(Verification found, String took) {
        StringBuilder out = new StringBuilder(found.image())
                .append(" and that of ")
                .append(found.peer())
                .append(": ")
                .append(compared(found))
                .append(" (")
                .append(took)
                .append(")\n");
        if (found.skippedBytes() > 0) {
            out.append(Words.size(found.skippedBytes()))
                    .append(
                            " could not be compared, because they were written between the positions of the two sides; run it"
                                    + " again when less is written, and when the replica is not held or delayed\n");
        }
        return out.append(parts(found)).toString();
    }

    private static String compared(Verification found) {
        String equal = Words.size(found.equalBytes());
        if (found.differingBytes() > 0) {
            return Words.size(found.differingBytes()) + " differ, " + equal + " are equal, compared " + span(found);
        }
        if (found.skippedBytes() > 0) {
            return found.equalBytes() == 0 ? "nothing was compared" : equal + " are equal, compared " + span(found);
        }
        return "equal, " + equal + ", compared " + span(found);
    }

    private static String span(Verification found) {
        return found.from().equals(found.to())
                ? "at event " + found.to()
                : "from event " + found.from() + " to " + found.to();
    }

    private static String parts(Verification found) {
        if (found.differences().isEmpty()) {
            return "";
        }
        Table table = new Table().number("OFFSET").number("BYTES");
        found.differences().stream()
                .limit(MOST_ROWS)
                .forEach(part -> table.row(Long.toString(part.offset()), Long.toString(part.lengthBytes())));
        int more = found.differences().size() - MOST_ROWS;
        return table.render() + (more > 0 ? "and more: --json shows them\n" : "");
    }

    /**
     * A comparison for machines.
     *
     * @param found to tell
     * @return for JSON
     */
    public static Map<String, Object> json(Verification found) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("image", found.image());
        out.put("peer", found.peer());
        out.put("from", found.from().toString());
        out.put("to", found.to().toString());
        out.put("equalBytes", found.equalBytes());
        out.put("skippedBytes", found.skippedBytes());
        out.put("differingBytes", found.differingBytes());
        out.put(
                "differences",
                found.differences().stream().map(MirrorResults::json).toList());
        return out;
    }

    private static Map<String, Object> json(Verification.Difference part) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("offset", part.offset());
        out.put("lengthBytes", part.lengthBytes());
        return out;
    }
}
