package io.tidemark.faults;

import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Bounded payload memory. Released memory is overwritten and used again at once, so that whoever still reads it gets
 * garbage that the oracle notices; a release too many fails the run.
 */
final class SimulatedPayloads implements PayloadPool {
    private static final int LEAST_BYTES = 512;
    private static final byte[] POISON = poison();

    private final SimulatedMachine machine;
    private final long capacityBytes;
    private final List<Deque<ByteBuffer>> free = new ArrayList<>();
    private final List<Runnable> listeners = new ArrayList<>();
    private long usedBytes;

    SimulatedPayloads(SimulatedMachine machine, long capacityBytes) {
        this.machine = machine;
        this.capacityBytes = capacityBytes;
        for (int size = LEAST_BYTES; size <= MAX_PAYLOAD_BYTES; size *= 2) {
            free.add(new ArrayDeque<>());
        }
    }

    private static byte[] poison() {
        byte[] bytes = new byte[MAX_PAYLOAD_BYTES];
        Arrays.fill(bytes, (byte) 0xDB);
        return bytes;
    }

    private static int sizeClass(int lengthBytes) {
        return lengthBytes <= LEAST_BYTES ? 0 : 32 - Integer.numberOfLeadingZeros((lengthBytes - 1) / LEAST_BYTES);
    }

    @Override
    public synchronized Payload tryTake(int lengthBytes) {
        if (lengthBytes < 1 || lengthBytes > MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("payload of " + lengthBytes + " bytes");
        }
        if (usedBytes + lengthBytes > capacityBytes) {
            return null;
        }
        usedBytes += lengthBytes;
        ByteBuffer memory = free.get(sizeClass(lengthBytes)).pollLast();
        if (memory == null) {
            memory = ByteBuffer.allocateDirect(LEAST_BYTES << sizeClass(lengthBytes));
        }
        return new SimulatedPayload(memory, lengthBytes);
    }

    private void give(ByteBuffer memory, int lengthBytes) {
        List<Runnable> told;
        synchronized (this) {
            memory.put(0, POISON, 0, lengthBytes);
            free.get(sizeClass(lengthBytes)).addLast(memory);
            usedBytes -= lengthBytes;
            told = List.copyOf(listeners);
            listeners.clear();
        }
        told.forEach(Runnable::run);
    }

    @Override
    public synchronized void whenFreed(Runnable listener) {
        listeners.add(listener);
    }

    @Override
    public long capacityBytes() {
        return capacityBytes;
    }

    @Override
    public synchronized long usedBytes() {
        return usedBytes;
    }

    private final class SimulatedPayload implements Payload {
        private final ByteBuffer memory;
        private final int lengthBytes;
        private int references = 1;

        SimulatedPayload(ByteBuffer memory, int lengthBytes) {
            this.memory = memory;
            this.lengthBytes = lengthBytes;
        }

        private synchronized void change(int by) {
            if (references <= 0) {
                AssertionError error = new AssertionError("payload used after its last release");
                machine.fail(error);
                throw error;
            }
            references += by;
        }

        @Override
        public ByteBuffer buffer() {
            change(0);
            return memory.slice(0, lengthBytes);
        }

        @Override
        public int length() {
            return lengthBytes;
        }

        @Override
        public void retain() {
            change(1);
        }

        @Override
        public void release() {
            change(-1);
            if (references == 0) {
                give(memory, lengthBytes);
            }
        }
    }
}
