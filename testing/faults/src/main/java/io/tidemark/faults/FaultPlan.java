package io.tidemark.faults;

import java.nio.file.Path;

/** Decides which file calls fail. Asked once per call, by the worker that makes it; may remember what it was asked. */
@FunctionalInterface
public interface FaultPlan {
    /** A disk that does what it is told. */
    FaultPlan NONE = (operation, path) -> Verdict.PROCEED;

    /** What a file call does. */
    enum Operation {
        /** Opens a file. */
        OPEN,
        /** Reads. */
        READ,
        /** Writes. */
        WRITE,
        /** Writes past the cache. */
        WRITE_THROUGH,
        /** Forces a file. */
        FORCE,
        /** Forces a directory. */
        FORCE_DIRECTORY,
        /** Reserves blocks. */
        ALLOCATE,
        /** Frees blocks. */
        PUNCH,
        /** Changes a size. */
        SET_SIZE,
        /** Renames. */
        RENAME,
        /** Deletes. */
        DELETE
    }

    /** What becomes of a call. */
    enum Verdict {
        /** It works. */
        PROCEED,
        /** It fails with an I/O error, half done where that is possible. */
        FAIL_IO,
        /** It fails for lack of room. */
        FAIL_NO_SPACE,
        /**
         * It does nothing and says that it worked: a lying disk, or code that forgot the call. Reserving, punching
         * and writing past the cache say that the file system cannot.
         */
        SKIP,
        /**
         * What is written past the cache gets no further than into it, and that is called durable: code that forgot to ask for it.
         * Calls of other kinds work.
         */
        STAY_CACHED
    }

    /**
     * Decides about one call.
     *
     * @param operation what is called
     * @param path on which file or directory
     * @return what becomes of it
     */
    Verdict decide(Operation operation, Path path);

    /**
     * A plan by which calls of one kind fail from the n-th on, counted from now.
     *
     * @param operation which calls
     * @param pathContains part of the paths that count
     * @param after how many still work
     * @param times how many fail then
     * @param verdict what becomes of those
     * @return the plan
     */
    static FaultPlan nth(Operation operation, String pathContains, int after, int times, Verdict verdict) {
        int[] count = {0};
        return (called, path) -> {
            if (called != operation || !path.toString().contains(pathContains)) {
                return Verdict.PROCEED;
            }
            count[0]++;
            return count[0] > after && count[0] <= after + times ? verdict : Verdict.PROCEED;
        };
    }
}
