package io.tidemark.journal.flash.internal;

import java.util.concurrent.atomic.LongAdder;

/** What was made durable since the journal was opened. Batches that overlap count beside each other; read by anybody. */
final class Written {
    private final LongAdder forces = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder events = new LongAdder();

    /** One force. */
    void add(int ofBytes, int ofEvents) {
        forces.increment();
        bytes.add(ofBytes);
        events.add(ofEvents);
    }

    long forces() {
        return forces.sum();
    }

    long bytes() {
        return bytes.sum();
    }

    long events() {
        return events.sum();
    }
}
