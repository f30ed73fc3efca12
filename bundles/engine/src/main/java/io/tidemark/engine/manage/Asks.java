package io.tidemark.engine.manage;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Who is told when an image begins to ask its replicas. Safe for all threads. */
final class Asks {
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** Until it is closed. The same listener may be there twice. */
    AutoCloseable add(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    void tell() {
        listeners.forEach(Runnable::run);
    }
}
