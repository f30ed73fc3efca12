package io.tidemark.engine.manage;

import io.tidemark.api.context.Workers;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** Asks a plugin on a thread of its own, so that one that hangs or throws costs a time-out and nothing else. */
final class Ask {
    /**
     * What came of it.
     *
     * @param value the answer; null when there was none
     * @param problem why there was none
     */
    record Answer<T>(T value, String problem) {}

    private Ask() {}

    static <T> Answer<T> of(Workers workers, String whom, long timeoutNanos, Supplier<T> question) {
        AtomicReference<Answer<T>> answer = new AtomicReference<>();
        Workers.Gate answered = workers.newGate();
        workers.start("ask-" + whom, () -> {
            try {
                T value = question.get();
                answer.set(new Answer<>(value, value == null ? "answered nothing" : ""));
            } catch (RuntimeException | Error e) {
                answer.set(new Answer<>(null, "failed: " + e));
            } finally {
                answered.open();
            }
        });
        answered.await(timeoutNanos);
        Answer<T> result = answer.get();
        return result != null
                ? result
                : new Answer<>(null, "did not answer within " + timeoutNanos / 1_000_000 + " ms");
    }
}
