package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Workers.Gate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchBuffersTest {
    /** Large, so that there are three. */
    private static final int LARGE = 16 << 20;

    private final Batches node = new Batches();
    private final BatchBuffers buffers = new BatchBuffers(node, LARGE);

    private static final class Bell implements Gate {
        private int opened;

        @Override
        public void open() {
            opened++;
        }

        @Override
        public boolean await(long timeoutNanos) {
            throw new AssertionError("nobody waits here");
        }
    }

    private List<BatchBuilder> takeAll() {
        return takeAll(buffers);
    }

    private static List<BatchBuilder> takeAll(BatchBuffers buffers) {
        List<BatchBuilder> taken = new ArrayList<>();
        for (BatchBuilder next = buffers.takeFurther(); next != null; next = buffers.takeFurther()) {
            taken.add(next);
        }
        return taken;
    }

    @Test
    void theyAreBoundedAndComeBack() {
        assertNull(buffers.takeFree());
        buffers.prepare();
        buffers.prepare();
        List<BatchBuilder> all = new ArrayList<>();
        all.add(buffers.takeFree());
        assertNotNull(all.get(0));
        assertNull(buffers.takeFree(), "only the first one is made in advance");
        all.addAll(takeAll());
        assertEquals(3, all.size());
        assertEquals(3 * Batches.bytes(LARGE), node.madeBytes());
        buffers.give(all.get(1));
        assertSame(all.get(1), buffers.takeFree());
        assertNull(buffers.takeFree());
        buffers.lost();
        assertNotNull(buffers.takeFurther());
        assertNull(buffers.takeFurther());
    }

    @Test
    void whoWaitsIsServedInTurnAndBeforeOthers() {
        List<BatchBuilder> all = takeAll();
        Bell first = new Bell();
        Bell second = new Bell();
        Batches.Ticket one = new Batches.Ticket(first);
        Batches.Ticket two = new Batches.Ticket(second);
        assertNull(buffers.take(one));
        assertNull(buffers.take(two));
        assertNull(buffers.take(one), "once in the queue");
        assertTrue(buffers.wanted());
        buffers.give(all.get(0));
        assertEquals(1, first.opened);
        assertEquals(0, second.opened);
        assertNull(buffers.take(two));
        assertNull(buffers.takeFree());
        assertNull(buffers.takeFurther());
        assertSame(all.get(0), buffers.take(one));
        buffers.give(all.get(1));
        assertEquals(1, first.opened);
        assertEquals(1, second.opened);
        assertFalse(buffers.wanted());
        // Whoever does not want it any more lets others have it.
        buffers.leave(two);
        assertSame(all.get(1), buffers.takeFree());
    }

    /** A write that may still go on keeps its memory; the next one gets other memory. */
    @Test
    void whatIsLostIsMadeAnew() {
        takeAll();
        Bell bell = new Bell();
        Batches.Ticket ticket = new Batches.Ticket(bell);
        assertNull(buffers.take(ticket));
        buffers.lost();
        assertEquals(1, bell.opened);
        assertNotNull(buffers.take(ticket));
        assertFalse(buffers.wanted());
    }

    /** No journal of the pool would ever get it. */
    @Test
    void oneThatCouldNotBeHadIsNotCounted() {
        BatchBuffers tooLarge = new BatchBuffers(node, Integer.MAX_VALUE);
        for (int i = 0; i < 5; i++) {
            assertThrows(IllegalArgumentException.class, tooLarge::takeFurther);
        }
    }

    /** Direct memory is the process's, and not a pool's. */
    @Test
    void poolsShareTheMemoryOfTheNode() {
        BatchBuffers others = new BatchBuffers(node, 1 << 20);
        List<BatchBuilder> all = takeAll();
        assertEquals(3, all.size());
        assertEquals(List.of(), takeAll(others));
        Bell bell = new Bell();
        Batches.Ticket ticket = new Batches.Ticket(bell);
        assertNull(others.take(ticket));
        assertTrue(buffers.wanted(), "whoever has one anywhere gives it back");
        buffers.give(all.get(0));
        assertEquals(1, bell.opened);
        BatchBuilder small = others.take(ticket);
        assertEquals(1 << 20, small.batchBytes());
        assertEquals(2 * Batches.bytes(LARGE) + Batches.bytes(1 << 20), node.madeBytes());
        // And back: what nobody uses makes room for another size.
        others.give(small);
        assertNotNull(buffers.takeFurther());
        assertEquals(3 * Batches.bytes(LARGE), node.madeBytes());
    }

    @Test
    void manyPoolsHaveNoMoreThanOneBetweenThem() {
        List<BatchBuffers> pools = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            pools.add(new BatchBuffers(node, 1 << 20));
        }
        pools.forEach(BatchBuffersTest::takeAll);
        assertTrue(node.madeBytes() <= 3 * Batches.bytes(LARGE), node.madeBytes() + " bytes");
        buffers.stop();
        buffers.stop();
        assertNull(pools.get(0).takeFurther(), "without the large one there is less");
    }

    @Test
    void theMemoryOfAPoolThatIsGoneServesOthers() {
        List<BatchBuilder> all = takeAll();
        BatchBuffers others = new BatchBuffers(node, 1 << 20);
        buffers.give(all.get(0));
        buffers.stop();
        assertEquals(2 * Batches.bytes(LARGE), node.madeBytes());
        buffers.give(all.get(1));
        buffers.give(all.get(2));
        assertEquals(0, node.madeBytes());
        assertNotNull(others.takeFurther());
    }
}
