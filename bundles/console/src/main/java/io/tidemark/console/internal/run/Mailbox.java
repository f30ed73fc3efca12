package io.tidemark.console.internal.run;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Hands messages from a command's thread to the one that faces its caller, a bounded number at a time, so that a slow
 * terminal holds back a fast command.
 */
final class Mailbox {
    private static final int MOST = 256;
    private static final int MOST_CHARACTERS = 1 << 16;

    private final Deque<Message> messages = new ArrayDeque<>();
    private boolean abandoned;

    /** What is handed over. */
    sealed interface Message {
        /** For standard output. */
        record Text(String text) implements Message {}

        /** How far it is. */
        record Step(String line) implements Message {}

        /** To be answered. */
        record Question(String text, Reply reply) implements Message {}

        /** The end; the failure is null after success. */
        record End(Throwable failure) implements Message {}
    }

    /** Takes the answer to a question. */
    static final class Reply {
        private String answer;
        private boolean given;

        synchronized void give(String text) {
            answer = text;
            given = true;
            notifyAll();
        }

        synchronized String await() {
            while (!given) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    // Nobody interrupts this thread; if somebody does, the question counts as not answered.
                    return null;
                }
            }
            return answer;
        }
    }

    /** Waits for room; only what says how far a command is does not: it goes on while nobody looks, and the next step tells all. */
    synchronized void put(Message message) {
        if (!(message instanceof Message.Step) || messages.size() < MOST) {
            put(message, Long.MAX_VALUE);
        }
    }

    /** Waits for room, at most for a time; false when there was none until then. */
    synchronized boolean put(Message message, long mostMillis) {
        long began = System.nanoTime();
        while (messages.size() >= MOST && !abandoned) {
            long leftMillis = mostMillis - (System.nanoTime() - began) / 1_000_000;
            if (leftMillis <= 0) {
                return false;
            }
            try {
                wait(leftMillis);
            } catch (InterruptedException e) {
                return true;
            }
        }
        if (abandoned) {
            if (message instanceof Message.Question question) {
                question.reply().give(null);
            }
            return true;
        }
        messages.add(message);
        notifyAll();
        return true;
    }

    /** Waits for a message; null when the time ran out. */
    synchronized Message take(long timeoutMillis) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
        while (messages.isEmpty()) {
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                return null;
            }
            wait(leftMillis);
        }
        Message message = messages.poll();
        if (message instanceof Message.Text text && messages.peek() instanceof Message.Text) {
            message = joined(text);
        }
        notifyAll();
        return message;
    }

    /** Texts that wait are printed together: a line each would cost a system call each. */
    private Message.Text joined(Message.Text first) {
        StringBuilder all = new StringBuilder(first.text());
        while (all.length() < MOST_CHARACTERS && messages.peek() instanceof Message.Text next) {
            all.append(next.text());
            messages.poll();
        }
        return new Message.Text(all.toString());
    }

    /** From now on everything is dropped. */
    synchronized void abandon() {
        abandoned = true;
        for (Message message : messages) {
            if (message instanceof Message.Question question) {
                question.reply().give(null);
            }
        }
        messages.clear();
        notifyAll();
    }
}
