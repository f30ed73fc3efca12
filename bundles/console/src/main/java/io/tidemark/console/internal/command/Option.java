package io.tidemark.console.internal.command;

/**
 * An option of a command.
 *
 * @param name with its dashes: {@code --pool}
 * @param value what follows it, in capitals; empty for a switch
 * @param help one sentence
 * @param completion what Tab offers for the value
 * @param repeated whether it may be given several times
 * @param needed whether the command does nothing without it
 */
public record Option(String name, String value, String help, Completion completion, boolean repeated, boolean needed) {
    /** What follows it is any text. */
    static final String TEXT = "TEXT";

    /** Every command has it. */
    static final Option HELP = new Option("--help", "", "Shows this text.", Completion.NONE, false, false);

    /**
     * Whether it stands alone.
     *
     * @return true for a switch
     */
    public boolean isSwitch() {
        return value.isEmpty();
    }

    /**
     * Whether an empty value says something.
     *
     * @return true for a text, which may be none
     */
    boolean mayBeEmpty() {
        return value.equals(TEXT);
    }

    /**
     * How help shows it.
     *
     * @return as {@code --pool POOL} or {@code --json}
     */
    public String usage() {
        return isSwitch() ? name : name + " " + value;
    }
}
