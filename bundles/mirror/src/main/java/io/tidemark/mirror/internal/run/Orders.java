package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.Order;
import io.tidemark.mirror.internal.wire.Outcome;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Orders over one link, in both directions. Each that was given here gets a worker of its own, because it may wait; there are
 * only so many at once. Those that compare images may take hours, and have places of their own: who asks whether an image was
 * taken over waits for none of them. Who gives one waits on its own thread.
 */
final class Orders {
    private static final Logger LOG = LoggerFactory.getLogger(Orders.class);
    private static final int MOST_AT_ONCE = 32;
    private static final long SECOND = 1_000_000_000L;
    private static final long LOOK_NANOS = SECOND / 5;
    /** After the listener gave up: so that it is known what became of it. */
    private static final long PATIENCE_NANOS = 10 * SECOND;

    private final StorageContext context;
    private final PeerLink link;
    private final Master master;
    private final Map<Integer, Asked> asked = new ConcurrentHashMap<>();
    private final Map<Integer, GivenOrder> given = new ConcurrentHashMap<>();
    private final AtomicInteger numbers = new AtomicInteger();

    /** An order of this node until it is answered. */
    private static final class Asked {
        final Gate gate;
        final AtomicReference<Answer.Working> working = new AtomicReference<>();
        volatile Answer answer;

        Asked(Gate gate) {
            this.gate = gate;
        }
    }

    Orders(StorageContext context, PeerLink link, Master master) {
        this.context = context;
        this.link = link;
        this.master = master;
    }

    // ---- by the link's worker

    void take(int number, Order order) {
        if (order instanceof Order.Quit) {
            GivenOrder known = given.get(number);
            if (known != null) {
                known.quit();
            }
            return;
        }
        Gate gate = context.workers().newGate();
        Gate sending = context.workers().newGate();
        GivenOrder one = new GivenOrder(link, number, order, gate, sending);
        long before = given.values().stream()
                .filter(other -> compares(other.order()) == compares(order))
                .count();
        if (before >= MOST_AT_ONCE || given.putIfAbsent(number, one) != null) {
            // Tried once: who asks for so much may wait for an answer in vain.
            link.trySend(Encoder.encode(
                    number, new Answer.Answered(Outcome.AWAY, before + " orders are under way already; try again")));
            return;
        }
        try {
            context.workers().start("mirror-order", () -> obey(number, one));
        } catch (RuntimeException | VirtualMachineError e) {
            given.remove(number);
            String why = Failures.unexpected("begin " + order, e).getMessage();
            link.trySend(Encoder.encode(number, new Answer.Answered(Outcome.AWAY, why)));
        }
    }

    private static boolean compares(Order order) {
        return order instanceof Order.Verify || order instanceof Order.Sums || order instanceof Order.Branch;
    }

    void take(int number, Answer answer) {
        Asked waiting = asked.get(number);
        if (waiting == null) {
            return; // not waited for any more
        }
        if (answer instanceof Answer.Working working) {
            waiting.working.set(working);
        } else {
            waiting.answer = answer;
        }
        waiting.gate.open();
    }

    /** The link has ended: nobody waits any more. */
    void ended() {
        given.values().forEach(GivenOrder::quit);
    }

    private void obey(int number, GivenOrder one) {
        Answer answer;
        try {
            answer = master.obey(one);
        } catch (StorageException e) {
            LOG.info("{} of {} is not done: {}", one.order(), one.peer(), e.getMessage());
            answer = new Answer.Answered(Outcome.of(e), e.getMessage());
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            String why = Failures.unexpected("do " + one.order() + " of " + one.peer(), e)
                    .getMessage();
            answer = new Answer.Answered(Outcome.FAILED, why);
        } finally {
            given.remove(number);
        }
        one.answer(answer);
    }

    // ---- by whoever asks

    /**
     * Gives an order and waits for the answer.
     *
     * @param order what
     * @param timeoutNanos so long without a word about it
     * @param listener told how far it is
     * @return the last answer; never one that says that it was not done
     * @throws StorageException what the peer says; CLOSED when the listener gave up and nothing was done; UNAVAILABLE when it did
     *     not go out; STALE_SERVICE when nobody knows what became of it
     */
    Answer ask(Order order, long timeoutNanos, WorkListener listener) throws StorageException {
        Asked waiting = new Asked(context.workers().newGate());
        int number = numbers.updateAndGet(before -> Math.max(1, before + 1));
        asked.put(number, waiting);
        try {
            if (!link.send(waiting.gate, number, order)) {
                throw new StorageException(
                        Reason.UNAVAILABLE, "the link with " + link.peer() + " has just ended", "try again");
            }
            link.wakeAtEnd(waiting.gate);
            return understood(await(waiting, number, timeoutNanos, listener));
        } finally {
            link.sleepsNoMore(waiting.gate);
            asked.remove(number);
        }
    }

    private Answer await(Asked waiting, int number, long timeoutNanos, WorkListener listener) throws StorageException {
        long deadline = context.clock().monotonicNanos() + timeoutNanos;
        Answer.Working shown = new Answer.Working(0, -1, "waits for " + link.peer());
        boolean quit = false;
        while (true) {
            boolean last = !link.isOpen();
            if (waiting.answer != null) {
                return waiting.answer;
            }
            long now = context.clock().monotonicNanos();
            if (last || now >= deadline) {
                if (!last && !quit) {
                    // Before whatever is asked next: it is not to be done any more.
                    link.send(waiting.gate, number, new Order.Quit("not waited for any more"));
                }
                throw unknown(last ? "the link ended" : "it did not answer in time");
            }
            Answer.Working news = waiting.working.getAndSet(null);
            if (news != null) {
                shown = news;
                deadline = quit ? deadline : now + timeoutNanos;
            }
            if (!quit && !listener.progress(shown.words(), shown.done(), shown.total())) {
                quit = true;
                deadline = now + PATIENCE_NANOS;
                link.send(waiting.gate, number, new Order.Quit("given up"));
                link.wakeAtEnd(waiting.gate);
            }
            waiting.gate.await(Math.min(LOOK_NANOS, deadline - now));
        }
    }

    private StorageException unknown(String why) {
        return new StorageException(
                Reason.STALE_SERVICE,
                "nobody knows whether " + link.peer() + " did it: " + why,
                "look there before you try again");
    }

    private Answer understood(Answer answer) throws StorageException {
        if (answer instanceof Answer.Answered answered && answered.outcome() != Outcome.DONE) {
            throw new StorageException(answered.outcome().reason(), link.peer() + " says: " + answered.words(), "");
        }
        return answer;
    }
}
