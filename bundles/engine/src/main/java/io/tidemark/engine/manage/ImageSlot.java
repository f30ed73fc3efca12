package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.news.News.Topic;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.work.Standby;
import io.tidemark.engine.image.ImageListener;
import io.tidemark.engine.image.JournaledImage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place of one image on a node, and the worker that brings what is towards what is wished. Everybody else leaves word in
 * the inbox and goes on; the worker reads it, and does everything that touches a store, one thing at a time.
 *
 * <pre>
 *            wish in order, stores there               a store gone, replaced or failed
 *   REFUSED -----------------------------> STARTING ---> SERVING ------------------------> SUSPENDED
 *      ^       ^                              |             ^  (HOLDING, FAILING)             |   |
 *      |       +--- wish mended               |             +---------- stores there ---------+   |
 *      +---- configuration or stores refused -+        STARTING <------ waited too long ----------+
 * </pre>
 */
final class ImageSlot {
    private static final Logger LOG = LoggerFactory.getLogger(ImageSlot.class);
    private static final long HELD_TICK_NANOS = 500_000_000L;
    private static final long FLAP_NANOS = 5_000_000_000L;

    /** What made a worker fail may do so again: the next one does not begin at once. */
    private static final long FAILED_PAUSE_NANOS = 1_000_000_000L;

    private static final Set<State> OPEN = EnumSet.of(State.SERVING, State.HOLDING, State.FAILING);

    /** What the owner of slots is told; on the slot's worker, under no lock. */
    interface Owner {
        /** The slot has let go of its stores. */
        void released(ImageSlot slot);

        /** The slot has ended; its name is free. */
        void ended(ImageSlot slot);
    }

    private final Host host;
    private final String name;
    private final Owner owner;
    private final Standby gate;
    private final ImageLife life;

    private final Object lock = new Object();
    /** Guarded by the lock, as all of the inbox. */
    private Wish wish;

    private boolean wishChanged;
    private boolean closeWanted;
    private boolean ended;
    private boolean kicked;
    private boolean trimWanted;
    private StorageException storeFailure;
    private final ArrayDeque<Order> orders = new ArrayDeque<>();

    /** As logged last; guarded by the lock. */
    private State announced = State.STARTING;

    private long announcedNanos;

    private String announcedDetail = "";

    /** A state that was not told, since it might not last; guarded by the lock. */
    private boolean untold;

    ImageSlot(Host host, Wish wish, Owner owner) {
        this.host = host;
        this.name = wish.name();
        this.owner = owner;
        this.wish = wish;
        this.wishChanged = true;
        this.gate = new Standby(host.context().workers(), "image-" + name, host.alarms());
        this.life = new ImageLife(host, name, new Listener(), () -> owner.released(this));
    }

    /**
     * Starts the worker.
     *
     * @param first done before anything else; null for nothing
     */
    void start(Order first) {
        if (first != null) {
            orders.add(first);
        }
        gate.start(this::run);
    }

    String name() {
        return name;
    }

    ImageLife life() {
        return life;
    }

    /** A new configuration. */
    void wish(Wish newWish) {
        synchronized (lock) {
            if (newWish.equals(wish)) {
                return;
            }
            wish = newWish;
            wishChanged = true;
        }
        gate.open();
    }

    /** Services came or went. */
    void providersChanged() {
        synchronized (lock) {
            kicked = true;
        }
        gate.open();
    }

    /** Has the worker look again. */
    void wake() {
        gate.open();
    }

    /** Closes, with a checkpoint where that is possible, and ends. */
    void close() {
        synchronized (lock) {
            closeWanted = true;
        }
        gate.open();
    }

    /** Hands the worker something to do. */
    void give(Order order) {
        synchronized (lock) {
            if (!ended) {
                orders.add(order);
                gate.open();
                return;
            }
        }
        order.end(gone());
    }

    /** Has the worker do something, and waits for it. */
    void perform(Order.Action action) throws StorageException {
        Order order = new Order(host.context().workers(), action);
        give(order);
        order.await();
    }

    private StorageException gone() {
        return new StorageException(Reason.UNAVAILABLE, "image " + name + " is closed", "look at image:list");
    }

    private void run() {
        try {
            long waitNanos = step();
            while (waitNanos >= 0) {
                if (!gate.rest(waitNanos)) {
                    return;
                }
                waitNanos = step();
            }
        } catch (RuntimeException | Error e) {
            LOG.error("Image {}: its worker failed; the image is closed and begins anew", name, e);
            life.abandon("its worker failed: " + e);
            gate.await(FAILED_PAUSE_NANOS);
        }
        gate.close();
        end();
    }

    /** One round; answers how long to wait for the next one, or -1 to end. */
    private long step() {
        boolean close;
        synchronized (lock) {
            close = closeWanted;
            if (kicked) {
                kicked = false;
                life.kick();
            }
        }
        takeWish();
        runOrders();
        tellNews();
        if (close || life.endWanted()) {
            announce(State.STOPPING, "");
            life.close();
            return -1;
        }
        StorageException failure;
        boolean trim;
        synchronized (lock) {
            failure = storeFailure;
            storeFailure = null;
            trim = trimWanted;
            trimWanted = false;
        }
        long waitNanos = life.advance(failure, trim);
        if (waitNanos == 0 && trim) {
            synchronized (lock) {
                trimWanted = true;
            }
        }
        tellNews();
        stateSeen(life.state(), life.detail());
        boolean held = life.state() == State.HOLDING || life.state() == State.FAILING;
        long tick = held ? HELD_TICK_NANOS : life.lookNanos();
        synchronized (lock) {
            // What was not told because it might not last.
            return Math.min(waitNanos, untold ? Math.min(tick, FLAP_NANOS) : tick);
        }
    }

    private void takeWish() {
        Wish changed;
        synchronized (lock) {
            changed = wishChanged ? wish : null;
            wishChanged = false;
        }
        if (changed != null) {
            life.wish(changed);
        }
    }

    private void runOrders() {
        while (true) {
            Order order;
            synchronized (lock) {
                order = orders.poll();
            }
            if (order == null) {
                return;
            }
            // Whoever changes the configuration and then gives an order finds the change in force when the order is
            // done.
            takeWish();
            order.run();
        }
    }

    private void end() {
        List<Order> left;
        synchronized (lock) {
            ended = true;
            left = new ArrayList<>(orders);
            orders.clear();
        }
        left.forEach(order -> order.end(gone()));
        owner.ended(this);
    }

    /** It serves, and what was found when it was opened: one line instead of that of the change of state. */
    private void tellNews() {
        String news = life.takeNews();
        if (news.isEmpty()) {
            return;
        }
        LOG.info("Image {}: {}", name, news);
        tell(State.SERVING, news);
        synchronized (lock) {
            announced = State.SERVING;
            announcedDetail = "";
            announcedNanos = host.context().clock().monotonicNanos() - FLAP_NANOS;
        }
    }

    /** One line for each change; who tells of it first tells it. */
    private void announce(State state, String detail) {
        long nowNanos = host.context().clock().monotonicNanos();
        synchronized (lock) {
            if (state == announced && detail.equals(announcedDetail)) {
                untold = false;
                return;
            }
            boolean flapping = OPEN.contains(state) && OPEN.contains(announced);
            if (flapping && nowNanos - announcedNanos < FLAP_NANOS) {
                // A full journal is freed and full again many times a second. What lasts is told by the next step, for
                // which the worker may have another time in mind.
                if (!untold) {
                    untold = true;
                    gate.open();
                }
                return;
            }
            untold = false;
            announced = state;
            announcedDetail = detail;
            announcedNanos = nowNanos;
        }
        String line = detail.isEmpty() ? state.toString() : state + ": " + detail;
        boolean normal =
                switch (state) {
                    case SERVING -> detail.isEmpty();
                    case STARTING, STOPPING -> true;
                    default -> false;
                };
        if (normal) {
            LOG.info("Image {}: {}", name, line);
        } else {
            LOG.warn("Image {}: {}", name, line);
        }
        tell(state, line);
    }

    private void tell(State state, String words) {
        host.news()
                .tell(
                        Topic.IMAGE_STATE,
                        name,
                        "",
                        words,
                        Map.of("state", state.name().toLowerCase(Locale.ROOT)));
    }

    /**
     * Tells a state that the engine has or had. What the worker brings about, or comes to mend, it tells itself, since it
     * also knows why, what was found and what happens next: then this is for later, or never.
     */
    private void stateSeen(State state, String detail) {
        State worked = life.view().state();
        boolean mine =
                switch (state) {
                    case SERVING, HOLDING, FAILING -> worked == State.SERVING;
                    case STOPPING -> false;
                    default -> worked == state;
                };
        if (mine) {
            announce(state, detail);
        }
    }

    /** The status now. */
    ImageStatus status() {
        Wish now;
        synchronized (lock) {
            now = wish;
        }
        return life.status(now);
    }

    /** The image, where clients may attach. */
    JournaledImage device() {
        return life.view().engine();
    }

    @Override
    public String toString() {
        return "image " + name;
    }

    /** Hands over to the worker, as the engine asks. */
    private final class Listener implements ImageListener {
        @Override
        public void stateChanged(State state, String detail) {
            stateSeen(state, detail);
        }

        @Override
        public void failed(Part part, StorageException failure) {
            synchronized (lock) {
                storeFailure = failure;
            }
            gate.open();
        }

        @Override
        public void trimWanted(boolean journalFull) {
            synchronized (lock) {
                trimWanted = true;
            }
            gate.open();
        }

        @Override
        public void peersChanged() {
            gate.open();
        }

        @Override
        public void warning(String line) {
            String words = line.replaceFirst("^image " + Pattern.quote(name) + ":? ", "");
            LOG.warn("Image {}: {}", name, words);
            host.news().tell(Topic.IMAGE_WARNING, name, "", words, Map.of());
        }
    }
}
