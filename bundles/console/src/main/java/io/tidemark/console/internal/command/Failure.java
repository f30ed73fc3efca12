package io.tidemark.console.internal.command;

/** A command did not do what it was asked for. The message is what its user reads: what, why and what to do next. */
public final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    /** How a command can end without success. */
    public enum Kind {
        /** It was tried and did not work. */
        FAILED(1),
        /** The command line makes no sense; nothing was tried. */
        USAGE(2),
        /** It was done, and found two things different that should be equal. */
        DIFFERENT(5),
        /** It was done, and there was nothing that it could compare. */
        NOT_COMPARED(6),
        /** Its user took it back. */
        CANCELLED(130);

        private final int exitStatus;

        Kind(int exitStatus) {
            this.exitStatus = exitStatus;
        }

        /**
         * What {@code ./tm} exits with.
         *
         * @return 1 to 255
         */
        public int exitStatus() {
            return exitStatus;
        }
    }

    private final Kind kind;

    private Failure(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /**
     * It did not work.
     *
     * @param message what, why, and what to do
     * @return to be thrown
     */
    public static Failure failed(String message) {
        return new Failure(Kind.FAILED, message, null);
    }

    /**
     * It did not work.
     *
     * @param message what, why, and what to do
     * @param cause for the log
     * @return to be thrown
     */
    public static Failure failed(String message, Throwable cause) {
        return new Failure(Kind.FAILED, message, cause);
    }

    /**
     * The command line makes no sense.
     *
     * @param message what is wrong with it
     * @return to be thrown
     */
    public static Failure usage(String message) {
        return new Failure(Kind.USAGE, message, null);
    }

    /**
     * Two things that should be equal are not.
     *
     * @param message what differs, and what to do
     * @return to be thrown
     */
    public static Failure different(String message) {
        return new Failure(Kind.DIFFERENT, message, null);
    }

    /**
     * Nobody knows whether two things are equal.
     *
     * @param message what could not be compared, and what to do
     * @return to be thrown
     */
    public static Failure notCompared(String message) {
        return new Failure(Kind.NOT_COMPARED, message, null);
    }

    /**
     * Taken back.
     *
     * @param message how far it came
     * @return to be thrown
     */
    public static Failure cancelled(String message) {
        return new Failure(Kind.CANCELLED, message, null);
    }

    /**
     * The sort.
     *
     * @return never null
     */
    public Kind kind() {
        return kind;
    }
}
