package io.tidemark.api.context;

import org.osgi.annotation.versioning.ProviderType;

/** Time. Safe for all threads. */
@ProviderType
public interface Clock {
    /**
     * The wall clock, which may step.
     *
     * @return nanoseconds since 1970-01-01T00:00Z
     */
    long wallNanos();

    /**
     * A clock that never goes back, for measuring.
     *
     * @return nanoseconds since some instant
     */
    long monotonicNanos();
}
