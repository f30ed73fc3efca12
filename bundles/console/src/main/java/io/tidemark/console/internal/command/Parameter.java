package io.tidemark.console.internal.command;

/**
 * A word of a command line that stands for itself, not behind an option.
 *
 * @param name in capitals, as help shows it
 * @param help one sentence
 * @param optional whether it may be left out
 * @param repeated whether it takes all words that follow
 * @param completion what Tab offers
 */
public record Parameter(String name, String help, boolean optional, boolean repeated, Completion completion) {
    /**
     * How the usage line shows it.
     *
     * @return as {@code NAME}, {@code [NAME]} or {@code KEY=VALUE...}
     */
    public String usage() {
        String shown = repeated ? name + "..." : name;
        return optional ? "[" + shown + "]" : shown;
    }
}
