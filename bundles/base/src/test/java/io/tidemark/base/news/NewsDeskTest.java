package io.tidemark.base.news;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.news.News;
import io.tidemark.api.news.News.Topic;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.faults.ForwardingContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** News are told in order, to all, by somebody else, and never without a bound. */
class NewsDeskTest {
    private final NewsDesk desk = new NewsDesk(new MachineContext(4L << 20), "news");
    private final List<News> told = Collections.synchronizedList(new ArrayList<>());
    private final Semaphore came = new Semaphore(0);

    private void hear(News news) {
        told.add(news);
        came.release();
    }

    private void tell(String words) {
        desk.tell(Topic.IMAGE_STATE, "disk", "", words, Map.of("state", words));
    }

    private void await(int count) throws InterruptedException {
        assertTrue(came.tryAcquire(count, 20, TimeUnit.SECONDS), () -> "told " + told);
    }

    private List<String> words() {
        return told.stream().map(News::words).toList();
    }

    @Test
    void whoListensIsToldInOrderAndWhoDoesNotIsNot() throws Exception {
        tell("before");
        desk.add(this::hear);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            tell("news " + i);
            expected.add("news " + i);
        }
        await(100);
        assertEquals(expected, words());
        assertEquals("news 0", told.get(0).facts().get("state"));
        assertEquals("disk", told.get(0).image());
        assertTrue(told.get(0).timeNanos() > 0);
    }

    @Test
    void aListenerThatHangsCostsTheOldestNewsAndNothingElse() throws Exception {
        CountDownLatch hangs = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        desk.add(news -> {
            hangs.countDown();
            try {
                assertTrue(go.await(20, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        desk.add(this::hear);
        tell("first");
        assertTrue(hangs.await(20, TimeUnit.SECONDS));
        for (int i = 0; i < NewsDesk.MOST_WAITING + 7; i++) {
            tell("news " + i);
        }
        go.countDown();
        await(1 + NewsDesk.MOST_WAITING);
        assertEquals("first", told.get(0).words());
        assertEquals("news 7", told.get(1).words(), "the oldest are dropped");
        assertEquals("7", told.get(1).facts().get(News.LOST));
        assertFalse(told.get(2).facts().containsKey(News.LOST));
        assertEquals(
                "news " + (NewsDesk.MOST_WAITING + 6), told.get(told.size() - 1).words());
    }

    static Stream<Throwable> failures() {
        return Stream.of(new IllegalStateException("on purpose"), new AssertionError("on purpose"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aListenerThatFailsKeepsNobodyFromBeingTold(Throwable failure) throws Exception {
        desk.add(news -> {
            if (failure instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failure;
        });
        desk.add(this::hear);
        tell("one");
        await(1);
        tell("two");
        await(1);
        assertEquals(List.of("one", "two"), words());
    }

    @Test
    void whoTellsDoesNotFailWhereNoThreadCanBeStarted() throws Exception {
        AtomicBoolean fails = new AtomicBoolean(true);
        NewsDesk poor = new NewsDesk(
                new ForwardingContext(new MachineContext(4L << 20)) {
                    @Override
                    public Worker start(String name, Runnable body) {
                        if (fails.get()) {
                            throw new OutOfMemoryError("on purpose");
                        }
                        return super.start(name, body);
                    }
                },
                "news");
        poor.add(this::hear);
        poor.tell(Topic.IMAGE_STATE, "disk", "", "one", Map.of());
        fails.set(false);
        poor.tell(Topic.IMAGE_STATE, "disk", "", "two", Map.of());
        await(2);
        assertEquals(List.of("one", "two"), words(), "what could not be told waits");
    }

    @Test
    void whoIsRemovedIsToldNoMore() throws Exception {
        var listener = (io.tidemark.api.news.NewsListener) this::hear;
        desk.add(listener);
        tell("one");
        await(1);
        desk.remove(listener);
        tell("two");
        desk.add(listener);
        tell("three");
        await(1);
        assertEquals(List.of("one", "three"), words());
    }
}
