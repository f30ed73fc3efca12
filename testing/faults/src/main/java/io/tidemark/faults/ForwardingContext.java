package io.tidemark.faults;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers;

/** Another context, but for what a subclass does otherwise: starting threads and making gates, too, are methods of its own. */
public abstract class ForwardingContext implements StorageContext, Workers {
    private final StorageContext real;

    /**
     * A context that forwards.
     *
     * @param real to whom
     */
    protected ForwardingContext(StorageContext real) {
        this.real = real;
    }

    @Override
    public Clock clock() {
        return real.clock();
    }

    @Override
    public Workers workers() {
        return this;
    }

    @Override
    public Worker start(String name, Runnable body) {
        return real.workers().start(name, body);
    }

    @Override
    public Gate newGate() {
        return real.workers().newGate();
    }

    @Override
    public Files files() {
        return real.files();
    }

    @Override
    public PayloadPool payloads() {
        return real.payloads();
    }

    @Override
    public long randomBits() {
        return real.randomBits();
    }
}
