package io.tidemark.tck.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * Events whose every byte follows from their sequence, and calls around journals that tests need again and again. For tests
 * of journal stores and of what uses them.
 */
public final class Events {
    /** Time of event 0; each later one is a millisecond younger. */
    public static final long START_NANOS = 1_767_225_600_000_000_000L;

    private static final int HEAD_BYTES = 30;
    private static final int TAIL_BYTES = 14;

    private Events() {}

    /**
     * Time of an event.
     *
     * @param sequence of the event
     * @return nanoseconds since 1970
     */
    public static long timeOf(long sequence) {
        return START_NANOS + sequence * 1_000_000;
    }

    /**
     * Bytes that follow from a sequence.
     *
     * @param sequence of the event
     * @param part which part of the event
     * @param length how many
     * @return direct, ready to be read
     */
    public static ByteBuffer bytes(long sequence, int part, int length) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        fill(buffer, sequence, part, length);
        return buffer.flip();
    }

    /** Eight at a time and copied together: tests write and compare them by the hundred MiB. */
    private static void fill(ByteBuffer buffer, long sequence, int part, int length) {
        long[] words = new long[(length + Long.BYTES - 1) / Long.BYTES];
        long state = sequence * 0x9E3779B97F4A7C15L + part;
        for (int i = 0; i < words.length; i++) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            words[i] = state;
        }
        int whole = length / Long.BYTES;
        buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(words, 0, whole);
        buffer.position(buffer.position() + whole * Long.BYTES);
        for (int left = length % Long.BYTES; left > 0; left--) {
            buffer.put((byte) state);
            state >>>= Byte.SIZE;
        }
    }

    /**
     * Starts the first epoch.
     *
     * @param journal new
     * @param first sequence of its first event
     * @return the epoch
     * @throws StorageException fails the test
     */
    public static Epoch begin(Journal journal, long first) throws StorageException {
        Epoch epoch = new Epoch(1, new UUID(1, 1), first, Epoch.NO_PREDECESSOR, START_NANOS, "test");
        journal.startEpoch(epoch);
        return epoch;
    }

    /**
     * Appends the next event, forcing where the journal asks for it.
     *
     * @param journal that has an epoch
     * @param payload bytes
     * @return its place, or FULL
     * @throws StorageException as the journal
     */
    public static long append(Journal journal, int payload) throws StorageException {
        return append(journal, EventKind.WRITE, payload);
    }

    /**
     * As {@link #append(Journal, int)} with a kind.
     *
     * @param journal that has an epoch
     * @param kind of the event
     * @param payload bytes
     * @return its place, or FULL
     * @throws StorageException as the journal
     */
    public static long append(Journal journal, EventKind kind, int payload) throws StorageException {
        JournalAppender appender = journal.appender();
        // A journal may ask for a force more than once: when a batch is full, and then when a segment has to be made
        // ready.
        for (int attempt = 0; attempt < 4; attempt++) {
            long sequence = appender.appended() + 1;
            long place = appender.append(
                    kind,
                    (int) (sequence & 1),
                    timeOf(sequence),
                    sequence * 4096,
                    payload,
                    bytes(sequence, 1, HEAD_BYTES),
                    payload == 0 ? null : bytes(sequence, 2, payload),
                    bytes(sequence, 3, TAIL_BYTES));
            if (place != JournalAppender.BATCH_FULL) {
                return place;
            }
            appender.force();
        }
        throw new AssertionError("the journal says BATCH_FULL again and again, although it is forced");
    }

    /**
     * Appends and forces.
     *
     * @param journal that has an epoch
     * @param count of events
     * @param payload bytes of each
     * @return places
     * @throws StorageException as the journal
     */
    public static long[] write(Journal journal, int count, int payload) throws StorageException {
        long[] places = new long[count];
        for (int i = 0; i < count; i++) {
            places[i] = append(journal, payload);
            if (places[i] < 0) {
                throw new AssertionError("the journal is full at event " + i);
            }
        }
        journal.appender().force();
        return places;
    }

    /**
     * Checks that an event is what {@link #append} made of its sequence.
     *
     * @param header as read
     * @param body as read
     * @param sequence expected
     */
    public static void check(EventHeader header, ByteBuffer body, long sequence) {
        assertNotNull(header, "event " + sequence + " is missing");
        assertEquals(sequence, header.position().sequence(), "sequence");
        assertEquals(timeOf(sequence), header.timeNanos(), "time of event " + sequence);
        assertEquals(sequence * 4096, header.offset(), "offset of event " + sequence);
        assertEquals((int) (sequence & 1), header.flags(), "flags of event " + sequence);
        int payload = (int) header.length();
        assertEquals(HEAD_BYTES + payload + TAIL_BYTES, header.bodyLength(), "body length of event " + sequence);
        assertEquals(body(sequence, payload), body, "body of event " + sequence);
    }

    /**
     * The whole body of an event.
     *
     * @param sequence of the event
     * @param payload bytes
     * @return head, payload and tail
     */
    public static ByteBuffer body(long sequence, int payload) {
        ByteBuffer body = ByteBuffer.allocate(HEAD_BYTES + payload + TAIL_BYTES);
        fill(body, sequence, 1, HEAD_BYTES);
        fill(body, sequence, 2, payload);
        fill(body, sequence, 3, TAIL_BYTES);
        return body.flip();
    }

    /**
     * Reads from a sequence to the end and checks every event.
     *
     * @param journal to read
     * @param from first sequence
     * @return the last one, {@code from - 1} when there was none
     * @throws StorageException as the journal
     */
    public static long readAll(Journal journal, long from) throws StorageException {
        try (JournalReader reader = journal.reader(from)) {
            long expected = from;
            for (EventHeader header = reader.next(); header != null; header = reader.next()) {
                check(header, reader.body(), expected);
                ByteBuffer again = ByteBuffer.allocate(header.bodyLength());
                journal.readBody(reader.place(), 0, again);
                assertEquals(reader.body(), again.flip(), "body by place of event " + expected);
                expected++;
            }
            return expected - 1;
        }
    }
}
