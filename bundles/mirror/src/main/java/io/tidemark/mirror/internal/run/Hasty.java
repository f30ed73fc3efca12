package io.tidemark.mirror.internal.run;

import io.tidemark.api.device.SessionListener;

/** Of a session that reads for others who wait for the same place: while the image is suspended it is told so, and does not wait. */
public class Hasty implements SessionListener {
    @Override
    public void swept() {
        // One request at a time, which has a completion of its own.
    }

    @Override
    public void closed(String why) {
        // The request under way says so.
    }

    @Override
    public final boolean readsWait() {
        return false;
    }
}
