package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** No peer keeps a closed link for long, whatever it does. */
class FarewellTest {
    private static final long BEGAN = Long.MAX_VALUE - 1000;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long WINDOW = 1 << 20;

    private final Farewell polite = Farewell.polite(BEGAN, 5 * SECOND, WINDOW);

    @Test
    void aSilentPeerIsLeft() {
        assertEquals(5 * SECOND, polite.leftNanos(BEGAN));
        assertFalse(polite.isOver(BEGAN + 5 * SECOND - 1));
        assertTrue(polite.isOver(BEGAN + 5 * SECOND));
    }

    @Test
    void aSlowPeerIsWaitedForButNotForEver() {
        for (int i = 1; i <= 3; i++) {
            polite.sent(BEGAN + (4 * i - 2) * SECOND);
            polite.read(1, BEGAN + 4 * i * SECOND);
            assertFalse(polite.isOver(BEGAN + 4 * i * SECOND));
        }
        assertEquals(3 * SECOND, polite.leftNanos(BEGAN + 12 * SECOND));
        polite.sent(BEGAN + 15 * SECOND - 1);
        assertTrue(polite.isOver(BEGAN + 15 * SECOND));
    }

    @Test
    void aPeerThatDoesNotStopSendingIsLeft() {
        polite.read((int) WINDOW, BEGAN);
        polite.read((int) WINDOW, BEGAN);
        assertFalse(polite.isOver(BEGAN), "what it had credit for, and more");
        polite.read(1, BEGAN);
        assertTrue(polite.isOver(BEGAN));
    }

    @Test
    void whoBrokeTheProtocolIsToldAndNoMore() {
        Farewell curt = Farewell.curt(BEGAN, WINDOW);
        curt.read(1, BEGAN + 2 * SECOND - 1);
        curt.sent(BEGAN + 2 * SECOND - 1);
        assertFalse(curt.isOver(BEGAN + 2 * SECOND - 1));
        assertTrue(curt.isOver(BEGAN + 2 * SECOND));
    }
}
