package io.tidemark.engine.manage;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.EventSource;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.Workers;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.base.event.Event;
import io.tidemark.base.event.EventCodec;
import io.tidemark.base.text.Sizes;
import io.tidemark.engine.image.JournaledImage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Applies events to an image as a client would: they are journaled again. For one thread. */
final class Replay implements SessionListener {
    /** Requests that may be under way; enough to gather a batch while the one before is forced. */
    private static final long MAX_UNDER_WAY = 64;

    /** Changes the size of the image. */
    interface Resizer {
        /**
         * Changes it.
         *
         * @param sizeBytes the new size
         * @throws StorageException as {@link JournaledImage#resize}
         */
        void resize(long sizeBytes) throws StorageException;
    }

    private final JournaledImage image;
    private final Resizer resizer;
    private final Workers.Gate gate;
    private final AtomicLong underWay = new AtomicLong();
    private final AtomicReference<StorageException> failure = new AtomicReference<>();

    /**
     * A replay.
     *
     * @param image that gets the events
     * @param workers whose gates it waits at
     * @param resizer what changes the image's size, and whatever says what that is
     */
    Replay(JournaledImage image, Workers workers, Resizer resizer) {
        this.image = image;
        this.resizer = resizer;
        this.gate = workers.newGate();
    }

    long run(EventSource source) throws StorageException {
        long events = 0;
        try (DeviceSession session = image.connect("replay", this)) {
            for (EventHeader header = source.next(); header != null; header = source.next()) {
                events += replay(session, EventCodec.decode(header, source.body())) ? 1 : 0;
                settle(session, MAX_UNDER_WAY, true);
            }
            settle(session, 0, false);
            underWay.incrementAndGet();
            session.flush(this::completed);
            settle(session, 0, false);
        }
        return events;
    }

    /** Whether there was something to do. */
    private boolean replay(DeviceSession session, Event event) throws StorageException {
        if (event.kind() == null) {
            return false;
        }
        switch (event.kind()) {
            case WRITE -> {
                checkRange(event);
                write(session, event);
            }
            case DISCARD -> {
                checkRange(event);
                underWay.incrementAndGet();
                session.discard(event.offset(), event.length(), false, this::completed);
            }
            case ZERO -> {
                checkRange(event);
                underWay.incrementAndGet();
                // Those whose space need not stay were journaled as discarded.
                session.zero(event.offset(), event.length(), true, false, this::completed);
            }
            case FLUSH -> {
                underWay.incrementAndGet();
                session.flush(this::completed);
            }
            case RESIZE -> {
                settle(session, 0, false);
                resizer.resize(event.length());
            }
            default -> {
                // Epochs, checkpoints and marks are those of the journal that the event comes from.
                return false;
            }
        }
        return true;
    }

    private void checkRange(Event event) throws StorageException {
        if (event.length() > image.sizeBytes() - event.offset()) {
            throw new StorageException(
                    Reason.INVALID,
                    "an event reaches to byte " + (event.offset() + event.length()) + ", but image " + image.name()
                            + " has " + image.sizeBytes() + " (" + Sizes.format(image.sizeBytes()) + ")",
                    "resize it first, or choose another image");
        }
    }

    private void write(DeviceSession session, Event event) throws StorageException {
        ByteBuffer bytes = event.payload().duplicate();
        List<Payload> payloads = new ArrayList<>();
        boolean handedOver = false;
        try {
            while (bytes.hasRemaining()) {
                int count = Math.min(bytes.remaining(), PayloadPool.MAX_PAYLOAD_BYTES);
                Payload payload = session.take(count);
                payloads.add(payload);
                payload.buffer().put(bytes.slice(bytes.position(), count));
                bytes.position(bytes.position() + count);
            }
            handedOver = true;
        } finally {
            if (!handedOver) {
                payloads.forEach(Payload::release);
            }
        }
        underWay.incrementAndGet();
        session.write(event.offset(), payloads.toArray(new Payload[0]), false, this::completed);
    }

    private void settle(DeviceSession session, long most, boolean moreExpected) throws StorageException {
        if (underWay.get() > most || !moreExpected) {
            session.drive(false);
        }
        while (underWay.get() > most) {
            gate.await(Long.MAX_VALUE);
        }
        StorageException first = failure.get();
        if (first != null) {
            throw first;
        }
    }

    private void completed(StorageException outcome) {
        if (outcome != null) {
            failure.compareAndSet(null, outcome);
        }
        underWay.decrementAndGet();
        gate.open();
    }

    @Override
    public void swept() {
        // Each completion opens the gate itself: a completion may come without a sweep behind it.
    }

    @Override
    public void closed(String why) {
        failure.compareAndSet(
                null, new StorageException(Reason.CLOSED, "image " + image.name() + " was closed: " + why, ""));
        gate.open();
    }
}
