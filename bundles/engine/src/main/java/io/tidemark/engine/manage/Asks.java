package io.tidemark.engine.manage;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Who is told when an image begins to ask its replicas. Safe for all threads. */
final class Asks {
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** Until it is closed. The same listener may be there twice. */
    AutoCloseable add(Runnable listener) {
        Runnable own = listener::run;
        listeners.add(own);
        return () -> listeners.remove(own);
    }

    void tell() {
        listeners.forEach(Runnable::run);
    }
}
