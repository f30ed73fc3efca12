package io.tidemark.itests.felix.inside;

import io.tidemark.api.device.SessionListener;

/** Listens and does nothing. */
final class Silent implements SessionListener {
    @Override
    public void swept() {
        // Nobody waits for a reply.
    }

    @Override
    public void closed(String why) {
        // Requests end by themselves.
    }
}
