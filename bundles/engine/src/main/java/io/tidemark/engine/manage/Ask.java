package io.tidemark.engine.manage;

import io.tidemark.api.context.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Asks plugins and pools on threads of their own, so that one that hangs or throws costs a time-out and one thread: as long as
 * it owes an answer it is not asked again. Safe for all threads.
 */
final class Ask {
    /**
     * What came of it.
     *
     * @param value the answer; null when there was none
     * @param problem why there was none
     */
    record Answer<T>(T value, String problem) {}

    private final Workers workers;

    /** Whose askers have gone on without an answer. Guarded by this. */
    private final List<Question<?>> owed = new ArrayList<>();

    Ask(Workers workers) {
        this.workers = workers;
    }

    /**
     * Asks, and waits for the answer.
     *
     * @param plugin that is asked; another one of the same name owes nothing
     * @param whom names the question
     * @param timeoutNanos how long to wait; not at all while an earlier one of this name is not answered
     * @param question run on another thread; null is no answer
     */
    <T> Answer<T> of(Object plugin, String whom, long timeoutNanos, Supplier<T> question) {
        Answer<T> none = new Answer<>(null, "did not answer within " + timeoutNanos / 1_000_000 + " ms");
        if (isOwed(plugin, whom)) {
            return none;
        }
        Question<T> asked = new Question<>(plugin, whom, question, workers.newGate());
        try {
            workers.start("ask-" + whom, asked);
        } catch (VirtualMachineError | LinkageError e) {
            return new Answer<>(null, "could not be asked: " + e);
        }
        asked.answered.await(timeoutNanos);
        synchronized (this) {
            if (asked.answer == null) {
                owed.add(asked);
            }
            return asked.answer == null ? none : asked.answer;
        }
    }

    private synchronized boolean isOwed(Object plugin, String whom) {
        return owed.stream().anyMatch(each -> each.plugin == plugin && each.whom.equals(whom));
    }

    private final class Question<T> implements Runnable {
        private final Object plugin;
        private final String whom;
        private final Supplier<T> question;
        private final Workers.Gate answered;

        /** Guarded by the asker. */
        private Answer<T> answer;

        Question(Object plugin, String whom, Supplier<T> question, Workers.Gate answered) {
            this.plugin = plugin;
            this.whom = whom;
            this.question = question;
            this.answered = answered;
        }

        @Override
        public void run() {
            Answer<T> found = new Answer<>(null, "failed");
            try {
                T value = question.get();
                found = new Answer<>(value, value == null ? "answered nothing" : "");
            } catch (RuntimeException | Error e) {
                found = new Answer<>(null, "failed: " + e);
            } finally {
                synchronized (Ask.this) {
                    answer = found;
                    owed.remove(this);
                }
                answered.open();
            }
        }
    }
}
