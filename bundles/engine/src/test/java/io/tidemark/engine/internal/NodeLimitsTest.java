package io.tidemark.engine.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NodeLimitsTest {
    private static final long DIRECT_BYTES = 192L << 20;

    private static void refused(NodeLimits limits, String start) {
        assertEquals(1, limits.refusals().size(), limits.toString());
        assertTrue(limits.refusals().get(0).startsWith(start), limits.toString());
    }

    @Test
    void whatFitsIsTaken() {
        NodeLimits limits = NodeLimits.of("191MiB", "5s", DIRECT_BYTES);
        assertEquals(new NodeLimits(191L << 20, 5_000_000_000L, List.of()), limits);
    }

    @Test
    void payloadThatDirectMemoryCannotHoldIsRefusedWithBothNames() {
        NodeLimits limits = NodeLimits.of("192MiB", "60s", DIRECT_BYTES);
        assertEquals(128L << 20, limits.payloadBytes());
        refused(
                limits,
                "refused: payload.capacity: 192 MiB is not less than -XX:MaxDirectMemorySize (192 MiB): lower it");
    }

    @Test
    void whatIsUsedInsteadFitsAVerySmallMachineToo() {
        NodeLimits limits = NodeLimits.of("128MiB", "60s", 64L << 20);
        assertEquals(32L << 20, limits.payloadBytes());
        refused(limits, "refused: payload.capacity: 128 MiB");
    }

    @Test
    void wrongValuesAreNamedWithTheirKey() {
        refused(NodeLimits.of("much", "60s", DIRECT_BYTES), "refused: payload.capacity: 'much'");
        refused(NodeLimits.of("1MiB", "60s", DIRECT_BYTES), "refused: payload.capacity: 1 MiB is too little");
        NodeLimits never = NodeLimits.of("128MiB", "never", DIRECT_BYTES);
        refused(never, "refused: stop.timeout: 'never'");
        assertEquals(60_000_000_000L, never.stopNanos());
    }

    /** A mistyped key would leave its default in force, and nobody would know. */
    @Test
    void aKeyThatNobodyReadsIsRefusedWithTheNearestOne() {
        NodeLimits limits = NodeLimits.of("64MiB", "60s", DIRECT_BYTES);
        assertEquals(limits, limits.withKeys(Map.of("payload.capacity", "64MiB", "service.pid", EngineComponent.PID)));
        NodeLimits mistyped = limits.withKeys(Map.of("payload.capacty", "64MiB"));
        refused(mistyped, "refused: payload.capacty: there is no such key; write payload.capacity; correct ");
        assertEquals(64L << 20, mistyped.payloadBytes(), "images are served all the same");
        assertEquals(
                Arrays.stream(EngineSettings.class.getDeclaredMethods())
                        .map(method -> method.getName().replace('_', '.'))
                        .collect(Collectors.toSet()),
                NodeLimits.KEYS);
    }

    @Test
    void thisMachineTellsItsBound() {
        long bytes = DirectMemory.limitBytes();
        assertTrue(bytes > 0 && bytes < Long.MAX_VALUE, "" + bytes);
    }
}
