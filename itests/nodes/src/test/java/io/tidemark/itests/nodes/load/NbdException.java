package io.tidemark.itests.nodes.load;

import java.io.IOException;

/** The server said no. */
public final class NbdException extends IOException {
    private static final long serialVersionUID = 1L;
    private final int error;

    NbdException(String message, int error) {
        super(message);
        this.error = error;
    }

    /**
     * The protocol's number of the error.
     *
     * @return an option's reply type or a command's error
     */
    public int error() {
        return error;
    }
}
