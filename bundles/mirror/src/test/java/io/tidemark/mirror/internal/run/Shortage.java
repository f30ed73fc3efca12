package io.tidemark.mirror.internal.run;

import io.tidemark.api.context.StorageContext;
import io.tidemark.faults.ForwardingContext;
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
        return new ForwardingContext(context) {
            @Override
            public Worker start(String name, Runnable body) {
                meet();
                return super.start(name, body);
            }
        };
    }
}
