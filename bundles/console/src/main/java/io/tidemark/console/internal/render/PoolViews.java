package io.tidemark.console.internal.render;

import io.tidemark.api.admin.PoolStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Pools as tables, facts and JSON. Stateless. */
public final class PoolViews {
    private PoolViews() {}

    /**
     * All pools.
     *
     * @param pools sorted
     * @return lines
     */
    public static String list(List<PoolStatus> pools) {
        if (pools.isEmpty()) {
            return "No pools. A pool is a file in etc/: see the commented ones that are there.\n";
        }
        Table table = new Table()
                .text("NAME")
                .text("FOR")
                .text("KIND")
                .number("FREE")
                .number("TOTAL")
                .number("HOLDS")
                .text("WHERE");
        for (PoolStatus pool : pools) {
            table.row(
                    pool.name(),
                    pool.sort() + "s",
                    pool.kind(),
                    Words.size(pool.usableBytes()),
                    Words.size(pool.totalBytes()),
                    Integer.toString(pool.members().size()),
                    pool.description());
        }
        StringBuilder out = new StringBuilder(table.render());
        for (PoolStatus pool : pools) {
            if (!pool.problem().isEmpty()) {
                out.append(pool.sort())
                        .append(" pool ")
                        .append(pool.name())
                        .append(": ")
                        .append(pool.problem())
                        .append('\n');
            }
        }
        return out.toString();
    }

    /**
     * One pool.
     *
     * @param pool to show
     * @return lines
     */
    public static String info(PoolStatus pool) {
        String free = pool.usableBytes() < 0 || pool.totalBytes() <= 0
                ? Words.size(pool.usableBytes())
                : Words.size(pool.usableBytes()) + " of " + Words.size(pool.totalBytes()) + " ("
                        + Words.percent(pool.usableBytes(), pool.totalBytes()) + ")";
        return new Facts()
                .group(pool.sort() + " pool " + pool.name())
                .fact("problem", pool.problem())
                .fact("kind", pool.kind())
                .fact("where", pool.description())
                .fact("free", free)
                .fact("holds", Words.list(pool.members()))
                .render();
    }

    /**
     * A pool for machines.
     *
     * @param pool to show
     * @return for JSON
     */
    public static Map<String, Object> json(PoolStatus pool) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", pool.name());
        out.put("sort", pool.sort());
        out.put("kind", pool.kind());
        out.put("description", pool.description());
        out.put("totalBytes", known(pool.totalBytes()));
        out.put("usableBytes", known(pool.usableBytes()));
        out.put("members", pool.members());
        out.put("problem", pool.problem());
        return out;
    }

    private static Long known(long bytes) {
        return bytes < 0 ? null : Long.valueOf(bytes);
    }
}
