package io.tidemark.console.internal.endpoint;

import io.tidemark.console.internal.karaf.RemoteCaller;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/** What runs command lines: Karaf's shell, or something else in tests. Safe for all threads. */
public interface Shell {
    /**
     * Whether the node serves. Does not wait.
     *
     * @return the answer
     */
    Readiness readiness();

    /**
     * Makes a session for one command.
     *
     * @param caller who calls
     * @param directory where relative file names count from, absolute
     * @param out gets standard output
     * @param err gets standard error, failures included
     * @return the session; the caller closes it
     */
    ShellSession open(RemoteCaller caller, Path directory, OutputStream out, OutputStream err);

    /** A session for one command. */
    interface ShellSession extends AutoCloseable {
        /**
         * Runs a command.
         *
         * @param words name and arguments
         * @return exit status; whatever is to say about it was written
         */
        int run(List<String> words);

        /** Takes the command back that runs now. From any thread; does not wait. */
        void cancel();

        @Override
        void close();
    }
}
