package io.tidemark.mirror.internal.run;

import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.mirror.internal.wire.Message;

/**
 * What a source was told on a channel of how far a replica is. Never less than before: an image that lost what was not forced when
 * its stores went applies that again from its journal, and has it as before.
 */
final class ToldProgress {
    private long replayed;
    private Message.Progress told;

    /** A channel is asked for, and OPEN says how far the replica is. */
    void opens(Message.Open open) {
        replayed = open.replayed();
        told = null;
    }

    /** What is to be said; null when it was said already. */
    Message.Progress next(ReplicaProgress now) {
        replayed = Math.max(replayed, now.replayed());
        Message.Progress next = new Message.Progress(now.arrived(), now.received(), replayed);
        if (next.equals(told)) {
            return null;
        }
        told = next;
        return next;
    }
}
