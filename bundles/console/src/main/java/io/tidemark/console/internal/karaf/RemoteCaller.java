package io.tidemark.console.internal.karaf;

import java.io.IOException;

/** What a session knows of somebody who calls from outside the shell. Lies in the session under {@link #VARIABLE}. */
public interface RemoteCaller {
    /** Name of the session's variable. */
    String VARIABLE = ".tidemark.caller";

    /**
     * Width of the terminal.
     *
     * @return columns; 0 when standard output is none
     */
    int columns();

    /**
     * Asks.
     *
     * @param question ending with a blank
     * @return the answer without its line break; null when nobody is there to answer
     * @throws IOException when the caller went away
     */
    String ask(String question) throws IOException;
}
