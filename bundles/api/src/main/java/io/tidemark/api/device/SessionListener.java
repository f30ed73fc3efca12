package io.tidemark.api.device;

import org.osgi.annotation.versioning.ConsumerType;

/** What a device tells the front end of one client. Called under no lock, on any thread; must not block. */
@ConsumerType
public interface SessionListener {
    /** One or more completions of this session were called since the last time; now is the time to send them together. */
    void swept();

    /**
     * The device goes away (deleted, node stopping). Requests under way are completed first or fail.
     *
     * @param why for people
     */
    void closed(String why);

    /**
     * Whether its reads and maps wait while the image is suspended. Who keeps something meanwhile that others wait for had better be
     * told.
     *
     * @return false where they fail with UNAVAILABLE then
     */
    default boolean readsWait() {
        return true;
    }
}
