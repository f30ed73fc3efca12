package io.tidemark.journal.flash.internal;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;

/** The buffers in which journals of a pool put batches together. They are large, so they go from one journal to the next. */
final class BatchBuffers {
    private static final int KEPT = 4;

    /** Beyond the two that every journal has, in all journals; bounds what busy journals take. */
    private static final int MOST_FURTHER = 4;

    private final int batchBytes;
    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
    private int further;
    private boolean stopped;

    BatchBuffers(int batchBytes) {
        this.batchBytes = batchBytes;
    }

    ByteBuffer take() {
        synchronized (this) {
            if (!free.isEmpty()) {
                return free.pop();
            }
        }
        return BatchBuilder.allocate(batchBytes);
    }

    /** One that makes a journal faster; null when other journals have them all. */
    ByteBuffer takeFurther() {
        synchronized (this) {
            if (further == MOST_FURTHER) {
                return null;
            }
            further++;
        }
        ByteBuffer taken = null;
        try {
            taken = take();
            return taken;
        } finally {
            if (taken == null) {
                // Memory is short now; it need not be so the next time.
                give(null, 1);
            }
        }
    }

    /** What one journal had; null when somebody may still use it. */
    synchronized void give(List<ByteBuffer> buffers, int ofThemFurther) {
        further -= ofThemFurther;
        if (buffers == null || stopped) {
            return;
        }
        for (ByteBuffer buffer : buffers) {
            if (free.size() < KEPT) {
                free.push(buffer.clear());
            }
        }
    }

    synchronized void stop() {
        stopped = true;
        free.clear();
    }
}
