package io.tidemark.itests.nodes.harness;

import java.util.List;

/**
 * How a program ended.
 *
 * @param command what was run
 * @param exit its status
 * @param out its standard output
 * @param err its standard error
 */
public record Outcome(List<String> command, int exit, String out, String err) {
    private static final int MOST_LINES = 25;

    /**
     * Fails unless the program succeeded.
     *
     * @return this
     */
    public Outcome ok() {
        return exits(0);
    }

    /**
     * Fails unless the program ended with a status.
     *
     * @param expected the status
     * @return this
     */
    public Outcome exits(int expected) {
        if (exit != expected) {
            throw new AssertionError("expected exit status " + expected + " of " + this);
        }
        return this;
    }

    /**
     * Fails unless the program failed.
     *
     * @return this
     */
    public Outcome fails() {
        if (exit == 0) {
            throw new AssertionError("expected a failure of " + this);
        }
        return this;
    }

    /**
     * Fails unless a text is in the output or the errors.
     *
     * @param text looked for
     * @return this
     */
    public Outcome says(String text) {
        if (!out.contains(text) && !err.contains(text)) {
            throw new AssertionError("expected \"" + text + "\" from " + this);
        }
        return this;
    }

    /** The end of what it said, because there it says what went wrong. */
    @Override
    public String toString() {
        String line = String.join(" ", command);
        String shown = line.length() < 600 ? line : line.substring(0, 600) + " ...";
        return shown + "\nexit status " + exit + "\n--- output\n" + Evidence.last(out, MOST_LINES) + "\n--- errors\n"
                + Evidence.last(err, MOST_LINES);
    }
}
