package io.tidemark.engine.image;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.BlockImage;

/**
 * Sees to it that what is acknowledged can be applied. Each event that may need new blocks in the image counts against what
 * the image's pool has provided; an event that is not covered is not appended.
 *
 * <p>While there is plenty this is an addition per event, and a question to the pool for every some megabytes. When the pool
 * has no more the image is <i>tight</i>: its applier brings everything to the image, so that nothing is owed, and then
 * reserves the ranges of the writes that wait, one by one. Overwriting what has its blocks goes on so on a full file system.
 * Fields are guarded by the image's lock.
 */
final class Space {
    /** What is provided while nothing is owed, so that the first write does not wait. */
    private static final long IDLE_BYTES = 1 << 20;

    /** How much more than what is owed is asked for. */
    private static final long STEP_BYTES = 32 << 20;

    /** Most bytes that are admitted one by one before they are applied. */
    private static final long ROUND_BYTES = 16 << 20;

    private static final long BLOCK_BYTES = 4096;
    private static final long RETRY_NANOS = 50_000_000L;
    private static final long RETRY_MAX_NANOS = 500_000_000L;

    private final Core core;
    private long activeBytes;
    private long frozenBytes;
    private long providedBytes;
    private boolean asking;
    private boolean low;
    private boolean tight;
    private boolean blocked;

    /** A range that was reserved may have been given back. */
    private boolean discarded;

    private long retryNanos = RETRY_NANOS;

    Space(Core core) {
        this.core = core;
    }

    /** The new blocks that an event may need. */
    static long needOf(EventKind kind, long offset, long length) {
        if (length == 0 || (kind != EventKind.WRITE && kind != EventKind.ZERO)) {
            return 0;
        }
        long end = (offset + length + BLOCK_BYTES - 1) & -BLOCK_BYTES;
        return end - (offset & -BLOCK_BYTES);
    }

    // ---------------------------------------------------------------- under the lock

    long needBytes() {
        return activeBytes + frozenBytes;
    }

    long providedBytes() {
        return providedBytes;
    }

    /** Whether the pool has less to give than a busy image would like: what is owed is applied early then. */
    boolean isLow() {
        return low || tight;
    }

    boolean isTight() {
        return tight;
    }

    /** Whether writes wait for space that is not there. */
    boolean isBlocked() {
        return blocked;
    }

    /** Whether an event of so much need may be appended. */
    boolean covers(long bytes, Aftermath after) {
        long sum = needBytes() + bytes;
        if (sum > providedBytes) {
            if (!tight) {
                after.spaceWanted();
            }
            return false;
        }
        if (!low && sum > providedBytes - STEP_BYTES / 2) {
            after.spaceWanted();
        }
        return true;
    }

    void appended(EventKind kind, long bytes) {
        activeBytes += bytes;
        discarded |= kind == EventKind.DISCARD;
    }

    void frozen() {
        frozenBytes = activeBytes;
        activeBytes = 0;
    }

    void applied(Aftermath after) {
        frozenBytes = 0;
        if (low || activeBytes == 0 || providedBytes > activeBytes + 2 * STEP_BYTES) {
            after.spaceWanted();
        }
    }

    /** Other stores, or another overlay: counts what is owed, and begins with nothing provided. */
    void restart(Aftermath after) {
        activeBytes = needOf(core.active);
        frozenBytes = core.frozen == null ? 0 : needOf(core.frozen);
        providedBytes = 0;
        tight = false;
        blocked = false;
        after.spaceWanted();
    }

    private static long needOf(ExtentMap map) {
        long bytes = 0;
        ExtentMap.Cursor cursor = map.cursor();
        while (cursor.next()) {
            if (cursor.place() != ExtentMap.PLACE_DISCARD) {
                bytes += needOf(EventKind.WRITE, cursor.offset(), cursor.length());
            }
        }
        return bytes;
    }

    /** The need of the request that waits first. */
    private long headNeed() {
        Request head = core.held.peek();
        if (core.following != null) {
            return core.following.needBytes;
        }
        return head == null || head.reserved ? 0 : needOf(head.kind, head.offset + head.done, head.length - head.done);
    }

    // ---------------------------------------------------------------- without the lock

    /** Asks the pool for what is owed and waits, and some more; or gives back what is not needed any more. */
    void renew(Aftermath after) {
        boolean again = true;
        while (again) {
            long asked;
            long needed;
            BlockImage image;
            synchronized (core.lock) {
                if (asking || core.suspended || core.image == null) {
                    return;
                }
                asking = true;
                needed = needBytes() + headNeed();
                asked = needed == 0 ? IDLE_BYTES : needed + STEP_BYTES;
                // First nobody counts on it any more, then it is given back.
                providedBytes = Math.min(providedBytes, asked);
                image = core.image;
                core.enter();
            }
            long provided = ask(image, needed, asked);
            long wall = core.context.clock().wallNanos();
            synchronized (core.lock) {
                core.leave();
                asking = false;
                providedBytes = provided;
                low = provided < asked;
                long before = core.appended;
                core.admitHeld(wall, after);
                core.wakeMover();
                if (core.appended > before) {
                    core.committer.wake();
                }
                boolean uncovered = needBytes() + headNeed() > providedBytes;
                again = uncovered && !low;
                // Where writes fail nobody waits, and it is as full as before.
                boolean stillFull = blocked && providedBytes < BLOCK_BYTES;
                setTight(low && (uncovered || stillFull), after);
            }
        }
    }

    private static long ask(BlockImage image, long needed, long asked) {
        try {
            return image.provide(needed, asked);
        } catch (StorageException | RuntimeException | VirtualMachineError | LinkageError e) {
            // A store that cannot say what it has provides nothing; whether it works is seen when it is used.
            return 0;
        }
    }

    private void setTight(boolean now, Aftermath after) {
        if (!now) {
            setBlocked(false, after);
            retryNanos = RETRY_NANOS;
        }
        if (now && !tight) {
            // From then on it looks by itself: who asks the pool in its rounds is the applier.
            core.applier.wake();
        }
        tight = now;
    }

    private void setBlocked(boolean now, Aftermath after) {
        if (now != blocked) {
            blocked = now;
            core.updateState(after);
        }
    }

    /**
     * One round of a tight image, by the applier.
     *
     * @return 0 when there is something to apply, or else how long to wait; {@link Long#MAX_VALUE} when it is not tight
     */
    long round(Aftermath after) {
        synchronized (core.lock) {
            if (!tight || core.suspended || core.stopping || core.image == null || core.readable() > core.applied) {
                return Long.MAX_VALUE;
            }
            if (core.checkpointed < core.applied) {
                // What the journal can forget makes room.
                core.wantCheckpoint();
            }
            if (discarded) {
                discarded = false;
                core.held.forEach(request -> request.reserved = false);
            }
        }
        renew(after);
        after.settle(core);
        long admitted = 0;
        while (admitted < ROUND_BYTES) {
            long bytes = reserveHead(after);
            after.settle(core);
            if (bytes < 0) {
                break;
            }
            admitted += bytes;
        }
        synchronized (core.lock) {
            if (core.readable() > core.applied || !tight) {
                retryNanos = RETRY_NANOS;
                return 0;
            }
            retryNanos = Math.min(2 * retryNanos, RETRY_MAX_NANOS);
            return retryNanos;
        }
    }

    /** Reserves the range of the request that waits first and lets it in; its bytes, or -1 when it has to wait on. */
    private long reserveHead(Aftermath after) {
        Request head;
        BlockImage image;
        long offset;
        long length;
        boolean reserved;
        synchronized (core.lock) {
            head = core.held.peek();
            if (!tight || head == null || core.suspended || core.image == null) {
                return -1;
            }
            image = core.image;
            offset = head.offset + head.done;
            length = head.length - head.done;
            reserved = headNeed() == 0;
            core.enter();
        }
        StorageException failure = null;
        if (!reserved) {
            try {
                reserved = image.reserve(offset, length);
            } catch (StorageException e) {
                failure = e;
            } catch (RuntimeException | VirtualMachineError | LinkageError e) {
                failure = Failures.unexpected(core.labels.name(), "reserve space in the image", e);
            }
        }
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            core.leave();
            if (failure != null && failure.reason() != Reason.NO_SPACE) {
                core.failed(ImageListener.Part.IMAGE, failure, after);
                return -1;
            }
            if (core.held.peek() != head) {
                return 0;
            }
            if (!reserved) {
                setBlocked(true, after);
                return fails(head, after) ? 0 : -1;
            }
            head.reserved = true;
            setBlocked(false, after);
            core.admitHeld(wall, after);
            return core.held.peek() == head ? -1 : length;
        }
    }

    private boolean fails(Request head, Aftermath after) {
        if (core.settings.journalFull() != ImageSettings.JournalFull.FAIL) {
            return false;
        }
        core.held.remove();
        core.end(head, Failures.noSpaceForWrite(core.labels.name()), after);
        core.room.signal();
        return true;
    }
}
