package io.tidemark.console.internal.render;

import java.util.ArrayList;
import java.util.List;

/** Rows under headings, two blanks between columns. Numbers and sizes stand to the right. */
public final class Table {
    private static final String GAP = "  ";

    private final List<String> headings = new ArrayList<>();
    private final List<Boolean> right = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /**
     * Adds a column of text.
     *
     * @param heading in capitals
     * @return this
     */
    public Table text(String heading) {
        headings.add(heading);
        right.add(false);
        return this;
    }

    /**
     * Adds a column of numbers.
     *
     * @param heading in capitals
     * @return this
     */
    public Table number(String heading) {
        headings.add(heading);
        right.add(true);
        return this;
    }

    /**
     * Adds a row.
     *
     * @param cells one for each column
     * @return this
     */
    public Table row(String... cells) {
        if (cells.length != headings.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + headings.size() + " columns");
        }
        rows.add(List.of(cells));
        return this;
    }

    /**
     * Whether there is nothing to show.
     *
     * @return true without rows
     */
    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /**
     * The whole table.
     *
     * @return lines, each with a line break; no blanks at their ends
     */
    public String render() {
        int[] widths = new int[headings.size()];
        widen(widths, headings);
        rows.forEach(row -> widen(widths, row));
        StringBuilder out = new StringBuilder();
        line(out, headings, widths);
        rows.forEach(row -> line(out, row, widths));
        return out.toString();
    }

    private static void widen(int[] widths, List<String> cells) {
        for (int i = 0; i < widths.length; i++) {
            widths[i] = Math.max(widths[i], length(cells.get(i)));
        }
    }

    private static int length(String cell) {
        return cell.codePointCount(0, cell.length());
    }

    private void line(StringBuilder out, List<String> cells, int[] widths) {
        int start = out.length();
        for (int i = 0; i < widths.length; i++) {
            String pad = " ".repeat(widths[i] - length(cells.get(i)));
            out.append(i == 0 ? "" : GAP);
            out.append(right.get(i) ? pad + cells.get(i) : cells.get(i) + pad);
        }
        while (out.length() > start && out.charAt(out.length() - 1) == ' ') {
            out.setLength(out.length() - 1);
        }
        out.append('\n');
    }
}
