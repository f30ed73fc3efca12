package io.tidemark.simulation;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import java.nio.ByteBuffer;

/** An appender that does what the one below does, and tells what was appended; for those that watch a journal. */
public abstract class AppenderOver implements JournalAppender {
    /** The one below. */
    protected final JournalAppender below;

    private final Journal journal;

    /**
     * The appender of a journal.
     *
     * @param journal of it
     */
    protected AppenderOver(Journal journal) {
        this.journal = journal;
        this.below = journal.appender();
    }

    /**
     * An event was appended, in the journal's newest epoch.
     *
     * @param header as readers will see it
     * @param body its bytes, the receiver's own
     * @param payloadOffset where in them the payload begins
     * @param payloadBytes how long that is
     */
    protected abstract void appended(EventHeader header, byte[] body, int payloadOffset, int payloadBytes);

    @Override
    public long append(
            EventKind kind,
            int flags,
            long timeNanos,
            long offset,
            long length,
            ByteBuffer head,
            ByteBuffer payload,
            ByteBuffer tail)
            throws StorageException {
        long place = below.append(kind, flags, timeNanos, offset, length, head, payload, tail);
        if (place >= 0) {
            int payloadBytes = payload == null ? 0 : payload.remaining();
            ByteBuffer body = ByteBuffer.allocate(head.remaining() + payloadBytes + tail.remaining());
            body.put(head.duplicate());
            if (payload != null) {
                body.put(payload.duplicate());
            }
            body.put(tail.duplicate());
            long epoch = journal.epochs().get(journal.epochs().size() - 1).number();
            Position position = new Position(epoch, below.appended());
            appended(
                    new EventHeader(position, kind, flags, timeNanos, offset, length, body.capacity()),
                    body.array(),
                    head.remaining(),
                    payloadBytes);
        }
        return place;
    }

    @Override
    public long force() throws StorageException {
        return below.force();
    }

    @Override
    public long commit() throws StorageException {
        return below.commit();
    }

    @Override
    public boolean overlaps() {
        return below.overlaps();
    }

    @Override
    public void expectReading(boolean expected) {
        below.expectReading(expected);
    }

    @Override
    public long appended() {
        return below.appended();
    }

    @Override
    public long unforcedBytes() {
        return below.unforcedBytes();
    }
}
