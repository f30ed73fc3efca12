package io.tidemark.mirror.internal.run;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers;
import io.tidemark.faults.SeededRandom;

/** While it lasts, some of what takes memory or threads fails. */
final class Shortage {
    private final SeededRandom random;
    /** One of so many attempts fails; 0 for none. */
    int share;

    int failed;

    Shortage(SeededRandom random) {
        this.random = random;
    }

    void meet() {
        if (share > 0 && random.below(share) == 0) {
            failed++;
            throw new OutOfMemoryError("a shortage in a test");
        }
    }

    StorageContext around(StorageContext context) {
        return new Short(context);
    }

    private final class Short implements StorageContext, Workers {
        private final StorageContext context;

        Short(StorageContext context) {
            this.context = context;
        }

        @Override
        public Worker start(String name, Runnable body) {
            meet();
            return context.workers().start(name, body);
        }

        @Override
        public Gate newGate() {
            return context.workers().newGate();
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
}
