package io.tidemark.console.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.console.internal.command.Arguments;
import io.tidemark.console.internal.command.Call;
import io.tidemark.console.internal.command.Caller;
import io.tidemark.console.internal.command.ConsoleCommand;
import io.tidemark.console.internal.command.Failure;
import io.tidemark.console.internal.command.Help;
import io.tidemark.console.internal.command.Node;
import io.tidemark.console.internal.run.Mailbox.Message;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Runs one command on a thread of its own. The calling thread prints, asks and may be interrupted, which cancels the
 * command: a shell interrupts at Ctrl-C, and an interrupt inside the engine would close files for everybody.
 */
public final class Execution {
    private static final long GRACE_MILLIS = 5_000;
    private static final long LOOK_MILLIS = 500;
    private static final long SOON_MILLIS = 2_000;

    private final ConsoleCommand command;
    private final Node node;
    private final Front front;
    private final Mailbox mailbox = new Mailbox();
    private final CountDownLatch cancellation = new CountDownLatch(1);
    private boolean progressShown;

    /**
     * Prepares.
     *
     * @param command to run
     * @param node to run it on
     * @param front who called
     */
    public Execution(ConsoleCommand command, Node node, Front front) {
        this.command = command;
        this.node = node;
        this.front = front;
    }

    /**
     * Runs, and returns when the command has succeeded.
     *
     * @param words behind the command's name
     * @throws Failure what the user has to know; CANCELLED after an interrupt
     */
    public void run(List<String> words) throws Failure {
        Arguments arguments = Arguments.parse(command.spec(), words);
        if (arguments.has("--help")) {
            front.out(Help.of(command.spec(), front.columns()));
            return;
        }
        Call call = new Call(arguments, node, new MailingCaller(front.columns(), front.directory()));
        Thread thread = new Thread(() -> work(call), "tm " + command.spec().fullName());
        thread.setDaemon(true);
        thread.start();
        try {
            pump();
        } finally {
            mailbox.abandon();
        }
    }

    private void work(Call call) {
        Throwable failure = null;
        try {
            command.run(call);
        } catch (Failure | StorageException | RuntimeException | Error e) {
            failure = e;
        }
        mailbox.put(new Message.End(failure));
    }

    private void pump() throws Failure {
        long giveUp = Long.MAX_VALUE;
        while (true) {
            try {
                Message message = mailbox.take(LOOK_MILLIS);
                if (message instanceof Message.End end) {
                    hideProgress();
                    finish(end.failure());
                    return;
                }
                if (message != null) {
                    handle(message);
                }
            } catch (InterruptedException e) {
                cancellation.countDown();
            }
            boolean cancelled = cancelled();
            if (cancelled && giveUp == Long.MAX_VALUE) {
                giveUp = System.nanoTime() + GRACE_MILLIS * 1_000_000;
            }
            if (cancelled && System.nanoTime() - giveUp > 0) {
                throw Failure.cancelled(command.spec().fullName()
                        + " was let go, but is in the middle of something that it cannot break off; it ends by itself."
                        + " Look at the result with "
                        + ("mirror".equals(command.spec().scope()) ? "mirror:status" : "image:list"));
            }
        }
    }

    private boolean cancelled() {
        return cancellation.getCount() == 0;
    }

    private void handle(Message message) {
        if (message instanceof Message.Question question) {
            ask(question);
        } else if (message instanceof Message.Text text && !cancelled()) {
            hideProgress();
            if (!front.out(text.text())) {
                cancellation.countDown();
            }
        } else if (message instanceof Message.Step step && !cancelled() && front.columns() > 0) {
            front.progress(step.line());
            progressShown = true;
        }
    }

    private void ask(Message.Question question) {
        hideProgress();
        String answer = null;
        try {
            answer = cancelled() ? null : front.ask(question.text());
        } catch (IOException e) {
            cancellation.countDown();
        }
        question.reply().give(answer);
    }

    private void hideProgress() {
        if (progressShown) {
            front.progress("");
            progressShown = false;
        }
    }

    private void finish(Throwable failure) throws Failure {
        if (failure == null) {
            return;
        }
        if (failure instanceof Failure known) {
            throw known;
        }
        if (cancelled() && failure instanceof StorageException) {
            throw Failure.cancelled(failure.getMessage());
        }
        if (failure instanceof StorageException storage) {
            throw Failure.failed(storage.getMessage(), storage);
        }
        throw Failure.failed(
                "internal error in " + command.spec().fullName() + ": " + failure + "; the log has the details",
                failure);
    }

    /** The command's side. */
    private final class MailingCaller implements Caller {
        private final int columns;
        private final Path directory;

        MailingCaller(int columns, Path directory) {
            this.columns = columns;
            this.directory = directory;
        }

        @Override
        public void out(String text) {
            mailbox.put(new Message.Text(text));
        }

        @Override
        public boolean outSoon(String text) {
            return mailbox.put(new Message.Text(text), SOON_MILLIS);
        }

        @Override
        public void progress(String line) {
            mailbox.put(new Message.Step(line));
        }

        @Override
        public int columns() {
            return columns;
        }

        @Override
        public String ask(String question) {
            Mailbox.Reply reply = new Mailbox.Reply();
            mailbox.put(new Message.Question(question, reply));
            return reply.await();
        }

        @Override
        public Path directory() {
            return directory;
        }

        @Override
        public boolean cancelled() {
            return Execution.this.cancelled();
        }

        @Override
        public boolean pause(long millis) {
            try {
                return !cancellation.await(millis, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                // Nobody interrupts a command; one that is interrupted all the same has to end.
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }
}
