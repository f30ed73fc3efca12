package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.mirror.internal.run.Credit.Taker;
import java.util.ArrayDeque;
import org.junit.jupiter.api.Test;

/** The events and the copy of a channel share its window. */
class CreditTest {
    private static final long RANGE_BYTES = 262_157;
    private static final long LONG_EVENT_BYTES = 1_048_717;

    private final ArrayDeque<Long> underWay = new ArrayDeque<>();
    private long released;

    private boolean send(Credit credit, Taker who, long bytes) {
        boolean sent = credit.tryTake(who, bytes);
        if (sent) {
            underWay.add(bytes);
        }
        return sent;
    }

    /** The receiver is done with the oldest frame, and says so at once. */
    private void comeBack(Credit credit) {
        released += underWay.remove();
        assertTrue(credit.released(released));
    }

    /** Who takes first is quicker and was refused first. Returns how many frames of it still went before the first of the other. */
    private int before(Credit credit, Taker quick, long quickBytes, Taker slow, long slowBytes) {
        while (send(credit, quick, quickBytes)) {
            // Until the window is full.
        }
        int frames = 0;
        while (frames < 1000 && !send(credit, slow, slowBytes)) {
            comeBack(credit);
            while (send(credit, quick, quickBytes)) {
                frames++;
            }
        }
        return frames;
    }

    @Test
    void aLongEventGetsThroughWhileTheCopyFillsTheWindow() {
        assertEquals(1, before(new Credit(4 << 20), Taker.COPY, RANGE_BYTES, Taker.EVENTS, LONG_EVENT_BYTES));
    }

    @Test
    void theCopyGetsThroughWhileEventsFillTheWindow() {
        long window = MirrorSettings.LEAST_WINDOW_BYTES;
        assertEquals(1, before(new Credit(window), Taker.EVENTS, 4200, Taker.COPY, RANGE_BYTES));
    }

    @Test
    void theyTakeTurns() {
        Credit credit = new Credit(1000);
        assertTrue(send(credit, Taker.COPY, 1000));
        assertFalse(send(credit, Taker.EVENTS, 10));
        assertFalse(send(credit, Taker.COPY, 10));
        comeBack(credit);
        assertTrue(credit.owes(Taker.EVENTS));
        assertFalse(send(credit, Taker.COPY, 10));
        assertTrue(send(credit, Taker.EVENTS, 10));
        assertTrue(credit.owes(Taker.COPY));
        assertFalse(send(credit, Taker.EVENTS, 10));
        assertTrue(send(credit, Taker.COPY, 10));
        assertTrue(send(credit, Taker.EVENTS, 10));
        assertTrue(send(credit, Taker.EVENTS, 10));
        assertFalse(credit.owes(Taker.COPY));
    }

    /** Else it would keep the other one from the rest for ever. */
    @Test
    void whoWaitsForSomethingElseIsOwedNothing() {
        Credit credit = new Credit(1000);
        assertTrue(send(credit, Taker.COPY, 600));
        assertFalse(send(credit, Taker.EVENTS, 900));
        assertFalse(send(credit, Taker.COPY, 100));
        credit.passes(Taker.EVENTS);
        assertTrue(credit.owes(Taker.COPY));
        assertTrue(send(credit, Taker.COPY, 100));
        assertFalse(credit.owes(Taker.EVENTS));
        assertTrue(send(credit, Taker.COPY, 100));
    }

    @Test
    void anyLengthGoesWhileNothingIsUnderWay() {
        Credit credit = new Credit(1000);
        assertEquals(5000, credit.takeUpTo(Taker.EVENTS, 5000, 5000));
        assertEquals(0, credit.takeUpTo(Taker.EVENTS, 1, 1));
        credit.giveBack(4500);
        assertEquals(500, credit.takeUpTo(Taker.EVENTS, 1, 5000));
        assertFalse(credit.released(1001));
        assertTrue(credit.released(1000));
        assertFalse(credit.released(999));
    }
}
