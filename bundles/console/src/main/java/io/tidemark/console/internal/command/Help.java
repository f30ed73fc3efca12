package io.tidemark.console.internal.command;

import io.tidemark.console.internal.render.Facts;

/** What {@code --help} prints. Stateless. */
public final class Help {
    private static final int WIDTH = 100;

    private Help() {}

    /**
     * The help of a command.
     *
     * @param spec of it
     * @param columns of the terminal; 0 for none
     * @return lines
     */
    public static String of(Spec spec, int columns) {
        int width = columns <= 0 ? WIDTH : Math.max(40, Math.min(columns, WIDTH));
        StringBuilder out = new StringBuilder();
        out.append("Usage: ").append(spec.usage()).append("\n\n");
        wrap(out, spec.summary() + (spec.detail().isEmpty() ? "" : " " + spec.detail()), width, "");
        Facts facts = new Facts().group("Arguments");
        spec.parameters().forEach(p -> facts.fact(p.name(), p.help()));
        facts.group("Options");
        spec.options().forEach(o -> facts.fact(o.usage(), o.help()));
        facts.fact(Option.HELP.usage(), Option.HELP.help());
        out.append('\n').append(facts.render(width)).append("\nExamples\n");
        for (Example example : spec.examples()) {
            out.append("  ").append(example.line()).append('\n');
            wrap(out, example.says(), width, "      ");
        }
        return out.toString();
    }

    private static void wrap(StringBuilder out, String text, int width, String indent) {
        int used = 0;
        for (String word : text.split(" ", -1)) {
            if (used > 0 && used + 1 + word.length() > width) {
                out.append('\n');
                used = 0;
            }
            String gap = used == 0 ? indent : " ";
            out.append(gap).append(word);
            used += gap.length() + word.length();
        }
        out.append('\n');
    }
}
