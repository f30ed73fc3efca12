package io.tidemark.engine.internal;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.KeyReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the engine's configuration says of memory and time, checked. A value that is refused is replaced by one that fits, so
 * that the images are served all the same, and every image shows why.
 *
 * @param payloadBytes most payload memory
 * @param stopNanos so long a stopping node waits
 * @param refusals why values were refused, each beginning with {@code refused:} and the key
 */
record NodeLimits(long payloadBytes, long stopNanos, List<String> refusals) {
    /** Of {@link EngineSettings}. */
    static final Set<String> KEYS = Set.of("node", "payload.capacity", "stop.timeout");

    private static final long MIN_PAYLOAD_BYTES = 4L << 20;
    private static final long DEFAULT_PAYLOAD_BYTES = 128L << 20;
    private static final long DEFAULT_STOP_NANOS = 60_000_000_000L;

    /** Copies the list. */
    NodeLimits {
        refusals = List.copyOf(refusals);
    }

    /**
     * Reads and checks.
     *
     * @param payloadCapacity as configured
     * @param stopTimeout as configured
     * @param directBytes most direct memory of the Java machine, {@link Long#MAX_VALUE} when unknown
     * @return what is in force, and what is refused
     */
    static NodeLimits of(String payloadCapacity, String stopTimeout, long directBytes) {
        List<String> refusals = new ArrayList<>();
        // Journals and front ends take direct memory beside the payload.
        long fitting = DEFAULT_PAYLOAD_BYTES < directBytes ? DEFAULT_PAYLOAD_BYTES : directBytes / 2;
        long payloadBytes = fitting;
        try {
            payloadBytes = payload(payloadCapacity, directBytes);
        } catch (IllegalArgumentException e) {
            refusals.add(refused("payload.capacity", e, Sizes.format(fitting)));
        }
        long stopNanos = DEFAULT_STOP_NANOS;
        try {
            stopNanos = Durations.parse(stopTimeout).toNanos();
        } catch (IllegalArgumentException | ArithmeticException e) {
            refusals.add(refused("stop.timeout", e, "60s"));
        }
        return new NodeLimits(payloadBytes, stopNanos, refusals);
    }

    /**
     * Refuses keys that nobody reads, because what was meant by them stays at its default.
     *
     * @param properties of the configuration
     * @return the same, with one refusal more if there is such a key
     */
    NodeLimits withKeys(Map<String, ?> properties) {
        try {
            KeyReader.of(properties, key -> null, Map.of()).checkKeys(KEYS);
            return this;
        } catch (IllegalArgumentException e) {
            List<String> more = new ArrayList<>(refusals);
            more.add("refused: " + e.getMessage() + "; correct " + EngineComponent.PID
                    + ".cfg, the node reads it at its next start");
            return new NodeLimits(payloadBytes, stopNanos, more);
        }
    }

    private static long payload(String text, long directBytes) {
        long bytes = Sizes.parse(text);
        if (bytes < MIN_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    Sizes.format(bytes) + " is too little; at least " + Sizes.format(MIN_PAYLOAD_BYTES));
        }
        if (bytes >= directBytes) {
            throw new IllegalArgumentException(Sizes.format(bytes) + " is not less than -XX:MaxDirectMemorySize ("
                    + Sizes.format(directBytes) + "): lower it, or raise that option in jvm.options");
        }
        return bytes;
    }

    private static String refused(String key, RuntimeException why, String used) {
        return "refused: " + key + ": " + why.getMessage() + "; until the node starts with a better one in "
                + EngineComponent.PID + ".cfg, " + used + " is used";
    }
}
