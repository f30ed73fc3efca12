package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.transport.tcp.TcpSettings.Compression;
import org.junit.jupiter.api.Test;

/** A link in numbers: what the network takes, what the processor compresses, how much content shrinks. */
class CompressionChoiceTest {
    private static final int FRAME = 4096;

    /** Goes on from one run to the next. */
    private double now;

    /**
     * Sends frames as fast as network and processor let it.
     *
     * @return how many of them were compressed
     */
    private int run(
            CompressionChoice choice, int frames, double networkBytesPerNano, double cpuBytesPerNano, double ratio) {
        int compressed = 0;
        for (int i = 0; i < frames; i++) {
            boolean compresses = choice.compresses(FRAME);
            int wire = compresses ? (int) (FRAME * ratio) : FRAME;
            double network = wire / networkBytesPerNano;
            double processor = 100 + (compresses ? FRAME / cpuBytesPerNano : 0);
            compressed += compresses ? 1 : 0;
            if (network > processor) {
                choice.blocked((long) (network - processor));
            }
            now += Math.max(network, processor);
            choice.sent(FRAME, wire, (long) now);
        }
        return compressed;
    }

    private static CompressionChoice adaptive() {
        return new CompressionChoice(Compression.ADAPTIVE, 0);
    }

    @Test
    void aSlowNetworkIsHelped() {
        int compressed = run(adaptive(), 20_000, 0.01, 0.1, 0.3);
        assertTrue(compressed > 18_000, compressed + " compressed");
    }

    @Test
    void itGivesWayWhenTheProcessorIsSlower() {
        int compressed = run(adaptive(), 1_000_000, 0.2, 0.1, 0.3);
        assertTrue(compressed < 10_000, compressed + " compressed");
    }

    @Test
    void itGivesWayWhenContentDoesNotShrink() {
        int compressed = run(adaptive(), 100_000, 0.01, 0.1, 0.97);
        assertTrue(compressed < 2_000, compressed + " compressed");
    }

    @Test
    void aNetworkThatBecomesSlowIsHelpedAtOnce() {
        CompressionChoice choice = adaptive();
        assertTrue(run(choice, 1_000_000, 0.2, 0.1, 0.3) < 10_000);
        assertTrue(run(choice, 20_000, 0.01, 0.1, 0.3) > 18_000);
    }

    @Test
    void aNetworkThatKeepsUpIsLeftAlone() {
        assertEquals(0, run(adaptive(), 10_000, 50, 0.1, 0.3));
    }

    @Test
    void aNetworkThatBecomesFasterIsNoticed() {
        CompressionChoice choice = adaptive();
        assertTrue(run(choice, 20_000, 0.01, 0.1, 0.3) > 18_000);
        int later = run(choice, 1_000_000, 10, 0.1, 0.3);
        assertTrue(later < 150_000, later + " compressed");
    }

    @Test
    void theModeIsObeyed() {
        assertEquals(0, run(new CompressionChoice(Compression.OFF, 0), 1000, 0.01, 0.1, 0.3));
        assertEquals(1000, run(new CompressionChoice(Compression.ALWAYS, 0), 1000, 10, 0.1, 0.9));
        CompressionChoice choice = new CompressionChoice(Compression.ALWAYS, 0);
        assertFalse(choice.compresses(100), "too short");
        choice.mode(Compression.OFF);
        assertFalse(choice.compresses(FRAME));
    }
}
