package io.tidemark.mirror.internal.manage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.JournalReader;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

class TouchesTest {
    private static final int PART = 100;

    /** Events that were put in before. */
    private static final class Reader implements JournalReader {
        private final Deque<EventHeader> events = new ArrayDeque<>();
        private long sequence;

        void put(EventKind kind, long offset, long length) {
            events.add(new EventHeader(new Position(1, ++sequence), kind, 0, 1, offset, length, 0));
        }

        @Override
        public EventHeader next() {
            return events.poll();
        }

        @Override
        public long place() {
            return 0;
        }

        @Override
        public ByteBuffer body() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void whenReadable(Runnable listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    private static long[] last(Touches touches, int parts) {
        long[] last = new long[parts];
        for (int i = 0; i < parts; i++) {
            last[i] = touches.last(i);
        }
        return last;
    }

    @Test
    void eachPartKnowsTheLastEventThatChangedIt() throws StorageException {
        Reader reader = new Reader();
        reader.put(EventKind.WRITE, 0, 1000);
        reader.put(EventKind.WRITE, 250, 100);
        reader.put(EventKind.DISCARD, 399, 1);
        reader.put(EventKind.FLUSH, 0, 0);
        reader.put(EventKind.ZERO, 0, 200);
        reader.put(EventKind.WRITE, 500, 0);
        Touches touches = new Touches(200, PART, 3);
        touches.scan(reader, 0, 6);
        assertArrayEquals(new long[] {2, 3, 1}, last(touches, 3));
        reader.put(EventKind.RESIZE, 0, 5000);
        touches.scan(reader, 6, 7);
        assertArrayEquals(new long[] {7, 7, 7}, last(touches, 3));
    }

    @Test
    void whatIsNotThereYetIsNotTakenForUntouched() {
        StorageException missing =
                assertThrows(StorageException.class, () -> new Touches(0, PART, 1).scan(new Reader(), 0, 1));
        assertEquals(Reason.UNAVAILABLE, missing.reason());
    }
}
