package io.tidemark.mirror.internal;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers;
import java.util.ArrayList;
import java.util.List;

/** A context that knows whether workers are left, so that a bundle that stops can wait for its own. */
final class Crew implements StorageContext, Workers {
    private final StorageContext context;
    private final List<Worker> workers = new ArrayList<>();

    Crew(StorageContext context) {
        this.context = context;
    }

    @Override
    public Worker start(String name, Runnable body) {
        Worker worker = context.workers().start(name, body);
        synchronized (workers) {
            workers.removeIf(each -> each.join(0));
            workers.add(worker);
        }
        return worker;
    }

    @Override
    public Gate newGate() {
        return context.workers().newGate();
    }

    /**
     * Waits until all have ended.
     *
     * @param timeoutNanos at most so long
     * @return whether they have
     */
    boolean awaitEnded(long timeoutNanos) {
        long deadline = clock().monotonicNanos() + timeoutNanos;
        List<Worker> left;
        synchronized (workers) {
            left = List.copyOf(workers);
        }
        for (Worker worker : left) {
            if (!worker.join(Math.max(0, deadline - clock().monotonicNanos()))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public Clock clock() {
        return context.clock();
    }

    @Override
    public Workers workers() {
        return this;
    }

    @Override
    public Files files() {
        return context.files();
    }

    @Override
    public PayloadPool payloads() {
        return context.payloads();
    }

    @Override
    public long randomBits() {
        return context.randomBits();
    }
}
