package io.tidemark.console.internal.command;

import java.nio.file.Path;

/** Who sits in front of a command: a terminal, a script behind {@code ./tm}, or a test. */
public interface Caller {
    /**
     * Prints to standard output.
     *
     * @param text as it is
     */
    void out(String text);

    /**
     * Prints to standard output, unless nobody has taken anything of what was printed before for some seconds: for commands that hold
     * something meanwhile.
     *
     * @param text as it is
     * @return false when it is still to be printed
     */
    default boolean outSoon(String text) {
        out(text);
        return true;
    }

    /**
     * Replaces the line that shows progress. Without a terminal nothing is shown.
     *
     * @param line without a line break
     */
    void progress(String line);

    /**
     * Width of the terminal.
     *
     * @return columns; 0 when standard output is none
     */
    int columns();

    /**
     * Asks a question.
     *
     * @param question ending with a blank
     * @return the answer without its line break; null when nobody is there to answer
     */
    String ask(String question);

    /**
     * Where relative file names count from.
     *
     * @return absolute
     */
    Path directory();

    /**
     * Whether the command was taken back. Long work looks at it at least ten times a second.
     *
     * @return true from then on
     */
    boolean cancelled();

    /**
     * Lets time pass.
     *
     * @param millis how long
     * @return true when it has passed; false at once when the command is, or was, taken back
     */
    boolean pause(long millis);
}
