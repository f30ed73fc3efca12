package io.tidemark.base.machine;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers;
import java.security.SecureRandom;
import java.time.Instant;

/** The real machine. One for a node; owns no threads of its own while nobody has started one. Safe for all threads. */
public final class MachineContext implements StorageContext {
    private final Clock clock = new MachineClock();
    private final Workers workers = new MachineWorkers();
    private final Files files;
    private final PayloadPool payloads;
    private final SecureRandom random = new SecureRandom();

    /**
     * A context with its own payload memory.
     *
     * @param payloadCapacityBytes most memory for the payload of writes, at least 4 MiB; taken from the direct memory of
     *     the process as it is needed and then kept
     */
    public MachineContext(long payloadCapacityBytes) {
        this(payloadCapacityBytes, new MachineFiles());
    }

    /**
     * A context over another file layer, for fault injection around the real one.
     *
     * @param payloadCapacityBytes as above
     * @param files the file layer
     */
    public MachineContext(long payloadCapacityBytes, Files files) {
        this.payloads = new SlabPayloadPool(payloadCapacityBytes);
        this.files = files;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public Workers workers() {
        return workers;
    }

    @Override
    public Files files() {
        return files;
    }

    @Override
    public PayloadPool payloads() {
        return payloads;
    }

    @Override
    public long randomBits() {
        return random.nextLong();
    }

    private static final class MachineClock implements Clock {
        @Override
        public long wallNanos() {
            Instant now = Instant.now();
            return now.getEpochSecond() * 1_000_000_000L + now.getNano();
        }

        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }
    }
}
