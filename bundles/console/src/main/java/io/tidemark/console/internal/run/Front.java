package io.tidemark.console.internal.run;

import java.io.IOException;
import java.nio.file.Path;

/** The side of a command that faces its caller. Used by the thread that called {@link Execution#run} only. */
public interface Front {
    /**
     * Prints to standard output.
     *
     * @param text as it is
     * @return false when nobody reads it any more
     */
    boolean out(String text);

    /**
     * Replaces the progress line.
     *
     * @param line without a line break; empty to take it away
     */
    void progress(String line);

    /**
     * Width of the terminal.
     *
     * @return columns; 0 when there is none
     */
    int columns();

    /**
     * Asks.
     *
     * @param question ending with a blank
     * @return the answer; null when nobody is there
     * @throws IOException when the caller went away, or broke off
     */
    String ask(String question) throws IOException;

    /**
     * Where relative file names count from.
     *
     * @return absolute
     */
    Path directory();
}
