package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import java.util.function.UnaryOperator;

/** Changes what the stored head says beside the checkpoint: role, order, how far bytes are copied. */
final class HeadKeeper {
    private final Core core;

    HeadKeeper(Core core) {
        this.core = core;
    }

    /**
     * Stores the head with a change. One at a time, and never beside a checkpoint.
     *
     * @param change what is to be different
     * @param then done under the lock as soon as the change is durable
     * @throws StorageException NO_SPACE or IO, and the old head stays; UNAVAILABLE
     */
    void store(UnaryOperator<ImageHead> change, Runnable then) throws StorageException {
        boolean[] mine = new boolean[1];
        core.changed.await(() -> {
            if (core.suspended || core.image == null) {
                return true;
            }
            mine[0] = !core.headStoring && !core.resizing;
            if (mine[0]) {
                core.headStoring = true;
                core.enter();
            }
            return mine[0];
        });
        BlockImage image;
        ImageHead next = null;
        StorageException failure = null;
        synchronized (core.lock) {
            if (!mine[0]) {
                throw core.stopping
                        ? Failures.closed(core.labels.name())
                        : Failures.unavailable(core.labels.name(), core.suspendedWhy);
            }
            image = core.image;
            try {
                next = change.apply(core.head);
            } catch (RuntimeException | VirtualMachineError | LinkageError e) {
                failure = Failures.unexpected(core.labels.name(), "change the image's head", e);
            }
        }
        finish(next, failure == null ? attempt(core, image, next) : failure, then);
    }

    /** Null when it is stored. */
    static StorageException attempt(Core core, BlockImage image, ImageHead next) {
        return Failures.attempt(core.labels.name(), "store the image's head", () -> core.steps.storeHead(image, next));
    }

    private void finish(ImageHead next, StorageException failure, Runnable then) throws StorageException {
        Aftermath after = new Aftermath();
        synchronized (core.lock) {
            core.headStoring = false;
            core.leave();
            if (failure == null) {
                core.head = next;
                then.run();
            } else if (failure.reason() == Reason.STALE_SERVICE || failure.reason() == Reason.CLOSED) {
                core.failed(ImageListener.Part.IMAGE, failure, after);
            }
            core.changed.signal();
            core.checkpointer.wake();
        }
        after.settle(core);
        if (failure != null) {
            throw failure;
        }
    }
}
