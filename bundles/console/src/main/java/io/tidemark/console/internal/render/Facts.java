package io.tidemark.console.internal.render;

import java.util.ArrayList;
import java.util.List;

/** One thing, a fact per line: {@code name   value}. Groups are set off by an empty line and a heading. */
public final class Facts {
    private static final int INDENT = 2;
    private static final int WIDEST_NAME = 34;

    private final List<String[]> lines = new ArrayList<>();

    /**
     * Starts a group.
     *
     * @param heading of the group
     * @return this
     */
    public Facts group(String heading) {
        lines.add(new String[] {heading});
        return this;
    }

    /**
     * Adds a fact.
     *
     * @param name of it
     * @param value for people; one without text is left out
     * @return this
     */
    public Facts fact(String name, String value) {
        if (!value.isEmpty()) {
            lines.add(new String[] {name, value});
        }
        return this;
    }

    /**
     * All of it, as wide as it gets. Groups without facts are left out.
     *
     * @return lines, each with a line break
     */
    public String render() {
        return render(Integer.MAX_VALUE);
    }

    /**
     * All of it. Groups without facts are left out.
     *
     * @param width where long values are wrapped
     * @return lines, each with a line break
     */
    public String render(int width) {
        int names = lines.stream()
                .filter(line -> line.length == 2)
                .mapToInt(line -> line[0].length())
                .filter(length -> length <= WIDEST_NAME)
                .max()
                .orElse(0);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            String[] line = lines.get(i);
            if (line.length == 2) {
                fact(out, line[0], line[1], names, width);
            } else if (i + 1 < lines.size() && lines.get(i + 1).length == 2) {
                out.append(out.isEmpty() ? "" : "\n").append(line[0]).append('\n');
            }
        }
        return out.toString();
    }

    private static void fact(StringBuilder out, String name, String value, int names, int width) {
        String indent = " ".repeat(INDENT + names + 2);
        out.append(" ".repeat(INDENT)).append(name);
        out.append(name.length() > names ? "\n" + indent : " ".repeat(names - name.length() + 2));
        int used = indent.length();
        for (String word : value.split(" ", -1)) {
            if (used > indent.length() && used + 1 + word.length() > width) {
                out.append('\n').append(indent);
                used = indent.length();
            }
            String gap = used == indent.length() ? "" : " ";
            out.append(gap).append(word);
            used += gap.length() + word.length();
        }
        out.append('\n');
    }
}
