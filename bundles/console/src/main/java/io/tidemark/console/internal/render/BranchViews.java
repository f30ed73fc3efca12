package io.tidemark.console.internal.render;

import io.tidemark.api.Position;
import io.tidemark.api.mirror.Branch;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.Split;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Branches of images that parted, and those that are kept, as text and JSON. Stateless. */
public final class BranchViews {
    private BranchViews() {}

    /**
     * An image that parted.
     *
     * @param split to tell
     * @return lines
     */
    public static String split(Split split) {
        String who = split.image() + " and that of " + split.peer();
        StringBuilder out = new StringBuilder(who).append(" parted");
        if (split.fork().equals(Position.NONE)) {
            return out.append(": ").append(split.trouble()).append('\n').toString();
        }
        out.append(" behind event ").append(split.fork()).append(":\n");
        split.here().ifPresent(branch -> out.append("  here: ").append(changed(split, branch)));
        split.there()
                .ifPresent(branch ->
                        out.append("  at ").append(split.peer()).append(": ").append(changed(split, branch)));
        if (!split.trouble().isEmpty()) {
            out.append("  not known: ").append(split.trouble()).append('\n');
        }
        return out.append("  Nothing is resolved by itself. mirror:resync ")
                .append(split.image())
                .append(" --from ")
                .append(split.peer())
                .append(" --discard gives up the branch here; the same at ")
                .append(split.peer())
                .append(" gives up the one there\n")
                .toString();
    }

    private static String changed(Split split, Branch branch) {
        long events = branch.last() - split.fork().sequence();
        String about = branch.exact() ? "" : "about ";
        String line = Words.count(events, "event") + " changed " + about + Words.count(branch.extents(), "extent")
                + ", " + about + Words.size(branch.bytes());
        return line + missing(branch) + '\n';
    }

    private static String missing(Branch branch) {
        return branch.missing() == 0
                ? ""
                : " and what the first " + Words.count(branch.missing(), "event")
                        + " changed, which the journal no longer has";
    }

    /**
     * An image that parted, for machines. docs/reference/mirror.md says what each field means.
     *
     * @param split to show
     * @return for JSON
     */
    public static Map<String, Object> json(Split split) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("fork", split.fork().equals(Position.NONE) ? null : split.fork().toString());
        out.put("here", split.here().map(branch -> json(split, branch)).orElse(null));
        out.put("there", split.there().map(branch -> json(split, branch)).orElse(null));
        out.put("trouble", split.trouble());
        return out;
    }

    private static Map<String, Object> json(Split split, Branch branch) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("last", branch.last());
        out.put("events", branch.last() - split.fork().sequence());
        out.put("missingEvents", branch.missing());
        out.put("extents", branch.extents());
        out.put("bytes", branch.bytes());
        out.put("exact", branch.exact());
        out.put("exportBytes", branch.exportBytes());
        return out;
    }

    /**
     * Branches that are kept.
     *
     * @param branches to show
     * @return lines
     */
    public static String list(List<KeptBranch> branches) {
        if (branches.isEmpty()) {
            return "No branches are kept. mirror:resync --discard and mirror:promote --at keep what they give up.\n";
        }
        Table table = new Table()
                .text("NAME")
                .text("IMAGE")
                .text("BEHIND")
                .number("EVENTS")
                .number("SIZE")
                .text("KEPT AT");
        for (KeptBranch branch : branches) {
            table.row(
                    branch.name(),
                    branch.image(),
                    branch.fork().toString(),
                    Words.number(branch.last() - branch.fork().sequence()),
                    Words.size(branch.fileBytes()),
                    Words.time(branch.keptNanos()));
        }
        return table.render();
    }

    /**
     * That a branch is kept.
     *
     * @param branch to tell
     * @return one line
     */
    public static String kept(KeptBranch branch) {
        long events = branch.last() - branch.fork().sequence();
        return Words.count(events, "event") + " of " + branch.image() + " behind " + branch.fork()
                + (events == 1 ? " is" : " are") + " kept as " + branch.name() + ", " + Words.size(branch.fileBytes())
                + "; mirror:branch-export takes them elsewhere, mirror:branch-discard deletes them";
    }

    /**
     * A branch that is kept, for machines.
     *
     * @param branch to show
     * @return for JSON
     */
    public static Map<String, Object> json(KeptBranch branch) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", branch.name());
        out.put("image", branch.image());
        out.put("fork", branch.fork().toString());
        out.put("last", branch.last());
        out.put("events", branch.last() - branch.fork().sequence());
        out.put("fileBytes", branch.fileBytes());
        out.put("keptNanos", branch.keptNanos());
        out.put("file", branch.file());
        return out;
    }
}
