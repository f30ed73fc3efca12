package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.base.work.Standby;

/**
 * Forces what was applied to the image and then stores how far that is, by bytes, by time, and when somebody asks. Beside
 * the applier, so that applying goes on meanwhile: what it writes during a force counts for the next one.
 */
final class Checkpointer implements Runnable {
    private static final long RETRY_NANOS = 1_000_000_000L;

    private final Core core;
    private final Standby gate;
    private final Aftermath after = new Aftermath();
    private volatile boolean stop;

    // Guarded by the image's lock.
    private long pendingBytes;
    private long lastNanos;
    private long notBeforeNanos = Long.MIN_VALUE;

    Checkpointer(Core core) {
        this.core = core;
        this.gate = new Standby(core.context.workers(), "checkpoint-" + core.labels.name());
        this.lastNanos = core.context.clock().monotonicNanos();
    }

    void start() {
        gate.start(this);
    }

    void wake() {
        gate.open();
    }

    void stop() {
        stop = true;
        gate.close();
    }

    void join(long timeoutNanos) {
        gate.join(timeoutNanos);
    }

    /** Under the lock: a batch of so many bytes of events has reached the image. */
    void applied(long bytes) {
        pendingBytes += bytes;
        gate.open();
    }

    /** Under the lock: bytes of events that were applied since the last checkpoint. */
    long pendingBytes() {
        return pendingBytes;
    }

    @Override
    public void run() {
        while (!stop) {
            long timeout = due(core.context.clock().monotonicNanos());
            if (timeout <= 0) {
                checkpoint();
            } else if (!gate.rest(timeout)) {
                return;
            }
        }
    }

    /** 0 when it is time to force; else how long to wait. */
    private long due(long now) {
        synchronized (core.lock) {
            if (core.suspended || core.image == null) {
                return Long.MAX_VALUE;
            }
            if (waited()) {
                return 0;
            }
            if (core.checkpointed >= core.applied || core.resizing || core.headStoring) {
                return Long.MAX_VALUE;
            }
            if (now < notBeforeNanos) {
                return notBeforeNanos - now;
            }
            return headDue(now) ? 0 : Math.max(1, lastNanos + core.settings.checkpointNanos() - now);
        }
    }

    private boolean waited() {
        return core.checkpointWaiters.firstSequence() <= core.applied;
    }

    private boolean headDue(long now) {
        boolean asked = core.checkpointWanted > core.checkpointed && core.applied >= core.checkpointWanted;
        return core.checkpointed < core.applied
                && !core.resizing
                && !core.headStoring
                && now >= notBeforeNanos
                && (asked
                        || pendingBytes >= core.settings.checkpointBytes()
                        || now - lastNanos >= core.settings.checkpointNanos());
    }

    private void checkpoint() {
        BlockImage image;
        ImageHead head;
        long target;
        long bytes;
        boolean store;
        long before = core.context.clock().monotonicNanos();
        synchronized (core.lock) {
            if (core.suspended || core.image == null) {
                return;
            }
            image = core.image;
            target = core.applied;
            bytes = pendingBytes;
            head = core.headAt(target, core.sizeBytes);
            store = headDue(before);
            core.headStoring |= store;
            core.enter();
        }
        StorageException failure =
                Failures.attempt(core.labels.name(), "force the image", () -> core.steps.forceImage(image));
        long now = core.context.clock().monotonicNanos();
        if (failure == null) {
            synchronized (core.lock) {
                core.imageForced = Math.max(core.imageForced, target);
                int from = after.sweep.count();
                core.checkpointWaiters.sweep(core.imageForced, after.sweep);
                core.figures.acknowledged(after.sweep, from, now);
                core.figures.imageForced(now - before);
            }
            after.settle(core);
        }
        StorageException unstored = failure == null && store ? HeadKeeper.attempt(core, image, head) : null;
        synchronized (core.lock) {
            core.headStoring &= !store;
            core.leave();
            if (failure != null) {
                core.failed(ImageListener.Part.IMAGE, failure, after);
            } else if (unstored != null) {
                headFailed(unstored, now);
            } else if (store) {
                stored(head, target, bytes, before);
            }
            core.changed.signal();
        }
        after.settle(core);
    }

    private void stored(ImageHead head, long target, long bytes, long now) {
        core.head = head;
        core.checkpointed = target;
        core.headFailure = null;
        core.figures.checkpoints++;
        pendingBytes -= bytes;
        lastNanos = now;
        after.trimWanted();
    }

    /** The old head stays and is as true as before; only replay gets longer and the journal cannot be trimmed. */
    private void headFailed(StorageException failure, long now) {
        if (failure.reason() == Reason.STALE_SERVICE || failure.reason() == Reason.CLOSED) {
            core.failed(ImageListener.Part.IMAGE, failure, after);
            return;
        }
        notBeforeNanos = now + RETRY_NANOS;
        core.headFailure = failure;
        core.figures.failures++;
        after.warning("image " + core.labels.name() + ": the checkpoint could not be stored: " + failure.getMessage()
                + "; it is tried again");
    }

    /** Forgets what was applied and not forced, because it is applied again. Under the lock. */
    void restart() {
        pendingBytes = 0;
        notBeforeNanos = Long.MIN_VALUE;
        core.headFailure = null;
        gate.open();
    }
}
