package io.tidemark.console.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.console.internal.endpoint.Readiness;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RehearsalTest {
    private static final Readiness SERVING = new Readiness(Readiness.State.SERVING, "serving: 1 image");
    private static final Readiness LOADING =
            new Readiness(Readiness.State.STARTING, "starting: the console is being loaded");
    private static final Readiness BROKEN = new Readiness(Readiness.State.BROKEN, "not serving: port is in use");

    private final AtomicLong clock = new AtomicLong(7);
    private final CountDownLatch gate = new CountDownLatch(1);
    private Readiness node = SERVING;
    private final Rehearsal rehearsal = new Rehearsal(() -> node, clock::get);

    private void pass() {
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void awaitServing() {
        while (!rehearsal.get().equals(SERVING)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aNodeServesWhenItsConsoleIsLoaded() {
        AtomicInteger rounds = new AtomicInteger();
        rehearsal.start(() -> {
            pass();
            rounds.incrementAndGet();
        });
        assertEquals(LOADING, rehearsal.get());
        node = BROKEN;
        assertEquals(BROKEN, rehearsal.get());
        node = SERVING;
        gate.countDown();
        awaitServing();
        assertEquals(5, rounds.get());
    }

    @Test
    void aCommandThatHangsKeepsNobodyFromServing() {
        rehearsal.start(this::pass);
        clock.addAndGet(2_999_999_999L);
        assertEquals(LOADING, rehearsal.get());
        clock.incrementAndGet();
        assertEquals(SERVING, rehearsal.get());
        gate.countDown();
    }

    @Test
    void aCommandThatFailsDoesNeither() {
        rehearsal.start(() -> {
            throw new IllegalStateException("stopped");
        });
        awaitServing();
    }
}
