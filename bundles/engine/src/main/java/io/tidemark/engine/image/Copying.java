package io.tidemark.engine.image;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Writes the source's bytes straight to the image of a replica that nobody reads yet. What is noted as copied was forced
 * before. For one thread at a time.
 */
final class Copying {
    private interface Work {
        void on(BlockImage image) throws StorageException;
    }

    private final Core core;
    private final Receiver receiver;
    private final Aftermath after = new Aftermath();
    /** The last event that the bytes may show that this one writes. */
    private Shown shown = Shown.NONE;

    Copying(Core core, Receiver receiver) {
        this.core = core;
        this.receiver = receiver;
    }

    private StorageException invalid(String what) {
        return new StorageException(Reason.INVALID, "image " + core.labels.name() + " " + what, "");
    }

    void write(long offset, ByteBuffer bytes) throws StorageException {
        checkRange(offset, bytes.remaining());
        Payload aligned = isWorthAligning(offset, bytes.remaining())
                ? core.context.payloads().tryTake(bytes.remaining())
                : null;
        if (aligned == null) {
            with(image -> image.write(offset, bytes), false);
            return;
        }
        try {
            ByteBuffer copy = aligned.buffer().put(bytes).flip();
            with(image -> image.write(offset, copy), false);
        } finally {
            aligned.release();
        }
    }

    /** Bytes of a frame lie anywhere; from where payload lies a store can write long ones past a cache. */
    private static boolean isWorthAligning(long offset, int length) {
        return length >= BlockImage.LONG_BYTES
                && length <= PayloadPool.MAX_PAYLOAD_BYTES
                && (offset | length) % StorageFile.DIRECT_ALIGNMENT_BYTES == 0;
    }

    void read(long offset, ByteBuffer destination) throws StorageException {
        checkRange(offset, destination.remaining());
        with(image -> image.read(offset, destination), false);
    }

    void zero(long offset, long length) throws StorageException {
        checkRange(offset, length);
        with(image -> image.discard(offset, length), false);
    }

    void shows(Shown last) {
        shown = shown.later(last);
    }

    void upTo(long nextOffset) throws StorageException {
        checkRange(nextOffset, 0);
        forceImage();
        Shown last = lastShown();
        note(kept -> kept.copying(nextOffset, last), () -> {});
    }

    /** Bytes that another source sent before may show more than this one says. */
    void end(Position consistentAt) throws StorageException {
        forceImage();
        Shown last = lastShown();
        Position at = last.at().sequence() > consistentAt.sequence() ? last.at() : consistentAt;
        note(kept -> kept.replaying(at, last), () -> {});
    }

    private Shown lastShown() {
        synchronized (core.lock) {
            return core.following.kept.shown().later(shown);
        }
    }

    /** What bytes show that is not on the branch is never replaced by an event of it. */
    boolean again(List<Epoch> branch) throws StorageException {
        synchronized (core.lock) {
            receiver.usable();
            Following following = core.following;
            if (following.consistency() == Consistency.CONSISTENT
                    || following.kept.shown().isOn(branch)) {
                return false;
            }
            // A clock that only the other branch was written by says nothing of this one.
            following.sourceNanos = 0;
        }
        shown = Shown.NONE;
        // A batch that is on its way to the image may overtake new bytes: what it brings was read, so later events mend
        // it.
        note(kept -> kept.copying(0, Shown.NONE), () -> core.following.headOfCopy = core.following.head);
        return true;
    }

    private void checkRange(long offset, long length) throws StorageException {
        if (offset < 0 || length < 0 || length > core.sizeBytes - offset) {
            throw Failures.beyondEnd(core.labels.name(), offset, length, core.sizeBytes);
        }
    }

    private void forceImage() throws StorageException {
        with(image -> core.steps.forceImage(image), true);
    }

    private void note(UnaryOperator<HeadProperties> change, Runnable then) throws StorageException {
        core.heads.store(head -> noted(head, change), () -> {
            core.following.kept = change.apply(core.following.kept);
            then.run();
        });
        synchronized (core.lock) {
            core.following.moved(after);
            core.wakeMover();
        }
        after.settle(core);
    }

    private ImageHead noted(ImageHead head, UnaryOperator<HeadProperties> change) {
        ImageHead next = HeadProperties.put(head, head.role(), change.apply(core.following.kept));
        return HeadProperties.since(next, core.following.sourceNanos);
    }

    private void with(Work work, boolean forces) throws StorageException {
        BlockImage image;
        synchronized (core.lock) {
            receiver.usable();
            if (core.following.kept.consistency() != Consistency.COPYING) {
                throw invalid("has its bytes already: nothing is copied to it any more");
            }
            image = core.image;
            core.enter();
        }
        StorageException failure =
                Failures.attempt(core.labels.name(), "copy bytes to the image", () -> work.on(image));
        synchronized (core.lock) {
            core.leave();
            boolean room = failure != null && failure.reason() == Reason.NO_SPACE && !forces;
            if (failure != null && !room) {
                core.failed(ImageListener.Part.IMAGE, failure, after);
            }
        }
        after.settle(core);
        if (failure != null) {
            throw failure;
        }
    }
}
