package io.tidemark.api.mirror;

import org.osgi.annotation.versioning.ConsumerType;

/** Is told how far long work is, and may end it. Called on the thread of the one who called, some times a second. */
@ConsumerType
@FunctionalInterface
public interface WorkListener {
    /** Shows nothing and goes on to the end. */
    WorkListener QUIET = (step, done, total) -> true;

    /**
     * The work is so far.
     *
     * @param step what is being done, in plain words
     * @param done so much of it: bytes or events, as the method says
     * @param total all of it; negative when unknown
     * @return false to give up. The method then undoes what it did, where it says so, and fails with CLOSED
     */
    boolean progress(String step, long done, long total);
}
