package io.tidemark.engine.image;

import io.tidemark.api.EventKind;
import io.tidemark.api.context.Payload;
import io.tidemark.api.device.Completion;

/**
 * A client's request on its way into the journal. A session reuses one as long as nothing has to wait; one that is held is
 * given away. Guarded by the image's lock once it is held.
 */
final class Request {
    EventKind kind;
    long offset;
    long length;
    Payload[] payloads;
    boolean forceUnitAccess;
    Completion completion;
    Session session;
    long startNanos;

    /** Index of the next payload to append. */
    int next;

    /** What is left of it has its space in the image. */
    boolean reserved;

    /** Bytes that are appended already. */
    long done;

    void clear() {
        payloads = null;
        completion = null;
        next = 0;
        done = 0;
        reserved = false;
    }

    /** Bytes of payload that are not appended yet. */
    long waitingBytes() {
        long bytes = 0;
        if (payloads != null) {
            for (int i = next; i < payloads.length; i++) {
                bytes += payloads[i].length();
            }
        }
        return bytes;
    }

    /** Releases the payload that was not appended. Not to be called under a lock. */
    void releaseRest() {
        if (payloads != null) {
            for (int i = next; i < payloads.length; i++) {
                payloads[i].release();
            }
            next = payloads.length;
        }
    }
}
