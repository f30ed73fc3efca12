package io.tidemark.transport.tcp.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that waits for all sockets of a transport, and works on those links that need little: what takes the processor goes
 * to the {@link Crew}.
 */
final class Reactor {
    /** So long links may take to say goodbye when the transport ends. */
    private static final long ENDING_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What a key is for. */
    interface Ready {
        /** Its socket is ready. On the reactor's thread. */
        void ready(SelectionKey key);
    }

    private final Selector selector;
    private final Crew crew;
    private final Thread thread;
    private final ConcurrentLinkedQueue<TcpLink> turns = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Runnable> orders = new ConcurrentLinkedQueue<>();
    private final Set<TcpLink> links = ConcurrentHashMap.newKeySet();
    private final long originNanos = System.nanoTime();
    /** Since the origin. */
    private final AtomicLong nextLook = new AtomicLong(Long.MAX_VALUE);
    /** Taken before there is anybody who needs it. */
    private final Scratch scratch = new Scratch();

    private volatile boolean ending;
    private volatile long endNanos;

    /** Nobody takes turns from the queue any more. */
    private volatile boolean over;

    Reactor(String name, int workers) {
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open a selector: is the limit of open files reached?", e);
        }
        crew = new Crew("tidemark-" + name, workers);
        thread = new Thread(this::loop, "tidemark-" + name + "-selector");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    Crew crew() {
        return crew;
    }

    Set<TcpLink> links() {
        return links;
    }

    /** Does something on the reactor's thread. */
    void order(Runnable order) {
        orders.add(order);
        selector.wakeup();
    }

    SelectionKey register(SelectableChannel channel, int operations, Ready ready) throws IOException {
        channel.configureBlocking(false);
        return channel.register(selector, operations, ready);
    }

    /** Gives a link its turn. */
    void execute(TcpLink link) {
        if (link.heavy() && crew.execute(link::run)) {
            return;
        }
        turns.add(link);
        wake();
        if (over) {
            // A link that was at work when the others were ended, and has not ended itself.
            try (Scratch last = new Scratch()) {
                runTurns(last);
            }
        }
    }

    /** The interest of a link changed. */
    void wake() {
        if (Thread.currentThread() != thread) {
            selector.wakeup();
        }
    }

    /** Links are looked at again not later than this. */
    void lookAt(long nanos) {
        long wanted = nanos - originNanos;
        if (wanted < nextLook.get() && nextLook.accumulateAndGet(wanted, Math::min) == wanted) {
            wake();
        }
    }

    /** Ends by itself when the links have said goodbye, or soon. */
    void end() {
        endNanos = System.nanoTime() + ENDING_NANOS;
        ending = true;
        selector.wakeup();
    }

    private void loop() {
        try (selector;
                scratch) {
            while (!ended()) {
                round();
            }
            links.forEach(TcpLink::abandon);
            over = true;
            runTurns(scratch);
        } catch (IOException e) {
            Shared.LOG.debug("{}: closing the selector failed", thread.getName(), e);
        } finally {
            crew.end();
        }
    }

    /** Without this thread no link of the node would work again: whatever happens, it goes on. */
    private void round() {
        try {
            select();
            runOrders();
            for (SelectionKey key : selector.selectedKeys()) {
                ready(key);
            }
            selector.selectedKeys().clear();
            int count = turns.size();
            for (TcpLink link = turns.poll(); link != null; link = --count > 0 ? turns.poll() : null) {
                run(link, scratch);
            }
            look();
        } catch (IOException | RuntimeException | Error e) {
            Shared.LOG.error("{} met a fault, and goes on", thread.getName(), e);
            // What it lacks is not there again within microseconds.
            LockSupport.parkNanos(RETRY_NANOS);
        }
    }

    private void runTurns(Scratch last) {
        for (TcpLink link = turns.poll(); link != null; link = turns.poll()) {
            run(link, last);
        }
    }

    private void run(TcpLink link, Scratch with) {
        try {
            link.run(with);
        } catch (RuntimeException | Error e) {
            Shared.LOG.error("{}: a turn of the {} failed", thread.getName(), link, e);
        }
    }

    private boolean ended() {
        return ending && orders.isEmpty() && (links.isEmpty() || System.nanoTime() - endNanos > 0);
    }

    private void select() throws IOException {
        if (!turns.isEmpty() || !orders.isEmpty()) {
            selector.selectNow();
            return;
        }
        long now = System.nanoTime();
        long look = nextLook.get();
        long left = look == Long.MAX_VALUE ? look : Math.max(0, look - (now - originNanos));
        if (ending) {
            left = Math.min(left, Math.max(0, endNanos - now));
        }
        if (left == Long.MAX_VALUE) {
            selector.select();
        } else if (left == 0) {
            selector.selectNow();
        } else {
            selector.select(left / NANOS_PER_MILLI + 1);
        }
    }

    private void runOrders() {
        int count = orders.size();
        for (Runnable order = orders.poll(); order != null; order = --count > 0 ? orders.poll() : null) {
            try {
                order.run();
            } catch (RuntimeException | Error e) {
                Shared.LOG.error("{}: a step failed", thread.getName(), e);
            }
        }
    }

    private void ready(SelectionKey key) {
        try {
            ((Ready) key.attachment()).ready(key);
        } catch (CancelledKeyException e) {
            // It was closed meanwhile.
        } catch (RuntimeException | Error e) {
            Shared.LOG.error("{}: a socket could not be served", thread.getName(), e);
        }
    }

    /** Gives those links a turn whose time has come, and notes when the next one's does. */
    private void look() {
        long now = System.nanoTime();
        if (nextLook.get() > now - originNanos) {
            return;
        }
        // Whoever sets an earlier time from here on does so behind its due time, which is read below.
        nextLook.set(Long.MAX_VALUE);
        for (TcpLink link : links) {
            long due = link.dueNanos();
            if (due != TcpLink.NEVER && due - now <= 0) {
                link.schedule();
            } else if (due != TcpLink.NEVER) {
                lookAt(due);
            }
        }
    }
}
