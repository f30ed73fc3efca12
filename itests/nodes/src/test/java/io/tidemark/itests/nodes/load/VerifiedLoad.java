package io.tidemark.itests.nodes.load;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/**
 * Clients that write, zero, trim, flush and read at random places until they are stopped or the server dies, and enter
 * everything into a {@link Ledger}.
 */
public final class VerifiedLoad {
    private final Ledger ledger;
    private final Mix mix;
    private final List<Lane> lanes = new ArrayList<>();
    private final AtomicReference<String> fault = new AtomicReference<>();
    private final ConcurrentMap<Integer, AtomicLong> errors = new ConcurrentHashMap<>();
    private final AtomicLong longestNanos = new AtomicLong();
    private volatile boolean stopping;
    private volatile String ended = "";

    private VerifiedLoad(Ledger ledger, Mix mix) {
        this.ledger = ledger;
        this.mix = mix;
    }

    /**
     * Starts a load.
     *
     * @param ledger of the image
     * @param mix what to do
     * @param seed of the choices
     * @param dialer to the image
     * @return the running load
     * @throws IOException when the server cannot be reached
     */
    public static VerifiedLoad start(Ledger ledger, Mix mix, long seed, NbdConnection.Dialer dialer)
            throws IOException {
        VerifiedLoad load = new VerifiedLoad(ledger, mix);
        for (int index = 0; index < mix.connections(); index++) {
            load.lanes.add(load.new Lane(dialer.dial(), Seeds.random(seed, index)));
        }
        load.lanes.forEach(Lane::start);
        return load;
    }

    /**
     * Reads the whole image from a server that has just started, and compares it with the ledger.
     *
     * @param ledger of the image
     * @param dialer to the image
     * @throws IOException when the server cannot be reached or fails a read
     */
    public static void verify(Ledger ledger, NbdConnection.Dialer dialer) throws IOException {
        String wrong = compare(ledger, dialer);
        if (wrong != null) {
            throw new AssertionError(wrong);
        }
    }

    /**
     * As {@link #verify}, for tests that expect a loss.
     *
     * @param ledger of the image
     * @param dialer to the image
     * @return null when all is well, else what is wrong
     * @throws IOException when the server cannot be reached or fails a read
     */
    public static String compare(Ledger ledger, NbdConnection.Dialer dialer) throws IOException {
        return compare(ledger, dialer, false);
    }

    /**
     * Looks for damage, and for the loss of what the ledger calls attested: each sector has to be some write that was issued to it
     * since {@link Ledger#attest}, or what it could be then. For tests in which the server announced a loss.
     *
     * @param ledger of the image; takes what is there for what is to be there
     * @param dialer to the image
     * @throws IOException when the server cannot be reached or fails a read
     */
    public static void verifyAfterLoss(Ledger ledger, NbdConnection.Dialer dialer) throws IOException {
        String wrong = compare(ledger, dialer, true);
        if (wrong != null) {
            throw new AssertionError(wrong);
        }
    }

    /**
     * Reads what a server gives, which may refuse all or some of it.
     *
     * @param ledger of the image; stays as it is
     * @param dialer to the image
     * @return false when a sector was read that may not be so
     */
    public static boolean undamaged(Ledger ledger, NbdConnection.Dialer dialer) {
        int perPiece = 128;
        for (int sector = 0; sector < ledger.sectorCount(); ) {
            try (NbdConnection connection = dialer.dial()) {
                while (sector < ledger.sectorCount()) {
                    ByteBuffer piece = ByteBuffer.allocate(perPiece * Sectors.BYTES);
                    Ledger.Expectation expectation = ledger.expect(sector, perPiece);
                    long offset = (long) sector * Sectors.BYTES;
                    sector += perPiece;
                    connection.call(NbdConnection.READ, 0, offset, piece.capacity(), piece);
                    if (ledger.check(expectation, piece.flip()) != null) {
                        return false;
                    }
                }
            } catch (NbdException e) {
                if (e.error() < 0) {
                    return true;
                }
            } catch (IOException e) {
                return true;
            }
        }
        return true;
    }

    /**
     * Reads an image that is as it was at a moment, as a replica that is held there.
     *
     * @param moment what is known of it
     * @param sizeBytes of the image
     * @param dialer to the image
     * @throws IOException when the server cannot be reached or fails a read
     */
    public static void verify(Ledger.Moment moment, long sizeBytes, NbdConnection.Dialer dialer) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(1 << 20);
        try (NbdConnection connection = dialer.dial()) {
            for (long offset = 0; offset < sizeBytes; offset += chunk.capacity()) {
                chunk.clear().limit((int) Math.min(chunk.capacity(), sizeBytes - offset));
                connection.call(NbdConnection.READ, 0, offset, chunk.remaining(), chunk);
                String wrong = moment.check(offset / Sectors.BYTES, chunk.flip());
                if (wrong != null) {
                    throw new AssertionError(wrong);
                }
            }
        }
    }

    private static String compare(Ledger ledger, NbdConnection.Dialer dialer, boolean lossAllowed) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(1 << 20);
        try (NbdConnection connection = dialer.dial()) {
            int perChunk = chunk.capacity() / Sectors.BYTES;
            for (int sector = 0; sector < ledger.sectorCount(); sector += perChunk) {
                chunk.clear().limit(Math.min(perChunk, ledger.sectorCount() - sector) * Sectors.BYTES);
                long offset = (long) sector * Sectors.BYTES;
                connection.call(NbdConnection.READ, 0, offset, chunk.remaining(), chunk);
                String wrong = ledger.settle(sector, chunk.flip(), lossAllowed);
                if (wrong != null) {
                    return wrong;
                }
            }
        }
        ledger.thaw();
        return null;
    }

    /**
     * Waits, at most for a time, until the load has ended by itself, because the server died.
     *
     * @param atMost how long
     * @return whether it has ended
     */
    public boolean awaitEnd(Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        try {
            for (Lane lane : lanes) {
                if (!lane.done.await(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * Waits until so many more writes are acknowledged.
     *
     * @param writes how many
     * @param atMost after which it fails
     */
    public void awaitWrites(long writes, Duration atMost) {
        long goal = ledger.acknowledgedWrites() + writes;
        Await.until(
                () -> writes + " acknowledged writes; load: " + state(),
                atMost,
                () -> ledger.acknowledgedWrites() >= goal);
    }

    /** Ends the load in order: no more requests, and the answers to all of them. */
    public void stop() {
        boolean lost = lanes.stream().anyMatch(lane -> lane.done.getCount() < 2);
        stopping = true;
        if (!awaitEnd(Duration.ofSeconds(60))) {
            throw new AssertionError("requests are not answered: " + state());
        }
        ended();
        if (lost) {
            throw new AssertionError("the server ended a connection: " + state());
        }
    }

    /**
     * To be called when the server was killed: waits for the end, and fails when a read had returned what it must not.
     */
    public void ended() {
        if (!awaitEnd(Duration.ofSeconds(60))) {
            throw new AssertionError("the connections outlive the server: " + state());
        }
        if (fault.get() != null) {
            throw new AssertionError(fault.get());
        }
    }

    /** Drops the connections, with whatever is in flight. */
    public void abort() {
        lanes.forEach(lane -> lane.connection.abort());
        awaitEnd(Duration.ofSeconds(60));
    }

    /**
     * Errors that the server answered with.
     *
     * @return how often, by the protocol's number
     */
    public Map<Integer, AtomicLong> errors() {
        return errors;
    }

    /**
     * How long a request had to wait for its answer; what was never answered does not count.
     *
     * @return nanoseconds, the longest
     */
    public long longestNanos() {
        return longestNanos.get();
    }

    /**
     * What a failure says of it.
     *
     * @return for people
     */
    public String state() {
        int unanswered = lanes.stream().mapToInt(lane -> lane.inFlight.size()).sum();
        return unanswered + " requests under way, " + ledger.acknowledgedWrites() + " writes acknowledged, errors "
                + errors + (ended.isEmpty() ? "" : ", connection ended by " + ended);
    }

    private record Request(
            Ledger.Entry entry, Ledger.Expectation expectation, long flushStamp, ByteBuffer buffer, long sentNanos) {
        Request(Ledger.Entry entry, Ledger.Expectation expectation, long flushStamp, ByteBuffer buffer) {
            this(entry, expectation, flushStamp, buffer, System.nanoTime());
        }
    }

    /** One connection with a sending and a receiving thread. */
    private final class Lane {
        private final NbdConnection connection;
        private final RandomGenerator random;
        private final Semaphore free = new Semaphore(mix.depth());
        private final ConcurrentMap<Long, Request> inFlight = new ConcurrentHashMap<>();
        private final CountDownLatch done = new CountDownLatch(2);
        private long cookies;

        Lane(NbdConnection connection, RandomGenerator random) {
            this.connection = connection;
            this.random = random;
        }

        void start() {
            thread("load-send", this::sendAll);
            thread("load-receive", this::receiveAll);
        }

        private void thread(String name, Step body) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            body.run();
                        } catch (IOException e) {
                            ended = stopping ? ended : e.toString();
                        } catch (RuntimeException | Error e) {
                            fault.compareAndSet(null, "the load itself failed: " + e);
                        } finally {
                            connection.abort();
                            free.release(mix.depth());
                            done.countDown();
                        }
                    },
                    name);
            thread.setDaemon(true);
            thread.start();
        }

        private void sendAll() throws IOException {
            while (!stopping && done.getCount() == 2) {
                free.acquireUninterruptibly();
                sendOne();
                if (mix.burst() > 0 && cookies % mix.burst() == 0) {
                    LockSupport.parkNanos(Mix.PAUSE_NANOS);
                }
            }
            // All answers are there.
            free.acquireUninterruptibly(mix.depth());
            connection.close();
        }

        private void sendOne() throws IOException {
            long cookie = ++cookies;
            int draw = random.nextInt(100);
            int flags = random.nextInt(100) < mix.forcedPercent() ? NbdConnection.FUA : 0;
            if (draw < mix.flushPercent()) {
                inFlight.put(cookie, new Request(null, null, ledger.issueFlush(), null));
                connection.send(NbdConnection.FLUSH, 0, cookie, 0, 0, null);
                return;
            }
            int count = mix.lengthBytes(random) / Sectors.BYTES;
            long sector = place(count);
            long offset = sector * Sectors.BYTES;
            int length = count * Sectors.BYTES;
            if (draw < mix.flushPercent() + mix.readPercent()) {
                ByteBuffer buffer = ByteBuffer.allocate(length);
                inFlight.put(cookie, new Request(null, ledger.expect(sector, count), 0, buffer));
                connection.send(NbdConnection.READ, 0, cookie, offset, length, null);
            } else if (draw < mix.flushPercent() + mix.readPercent() + mix.zeroPercent()) {
                inFlight.put(cookie, new Request(ledger.issue(true, flags != 0, sector, count), null, 0, null));
                int command = random.nextBoolean() ? NbdConnection.TRIM : NbdConnection.WRITE_ZEROES;
                connection.send(command, flags, cookie, offset, length, null);
            } else {
                Ledger.Entry entry = ledger.issue(false, flags != 0, sector, count);
                inFlight.put(cookie, new Request(entry, null, 0, null));
                ByteBuffer payload = ByteBuffer.allocate(length);
                ledger.sectors().fill(payload, sector, entry.generation);
                connection.send(NbdConnection.WRITE, flags, cookie, offset, length, payload.flip());
            }
        }

        private long place(int count) {
            long sector = random.nextLong(ledger.sectorCount() - count + 1L);
            // Mostly where file systems write; a quarter anywhere.
            return random.nextInt(4) == 0 ? sector : sector & ~7L;
        }

        private void receiveAll() throws IOException {
            while (!(stopping && inFlight.isEmpty())) {
                NbdConnection.Reply reply = connection.receive();
                Request request = inFlight.remove(reply.cookie());
                if (request == null) {
                    throw new IllegalStateException("a reply to no request: " + reply);
                }
                answered(request, reply.error());
                free.release();
            }
        }

        private void answered(Request request, int error) throws IOException {
            longestNanos.accumulateAndGet(System.nanoTime() - request.sentNanos(), Math::max);
            if (error != 0) {
                errors.computeIfAbsent(error, number -> new AtomicLong()).incrementAndGet();
            } else if (request.expectation() != null) {
                connection.receiveInto(request.buffer());
                String wrong =
                        ledger.check(request.expectation(), request.buffer().flip());
                if (wrong != null) {
                    fault.compareAndSet(null, wrong);
                }
            } else if (request.entry() != null) {
                ledger.acknowledge(request.entry());
            } else {
                ledger.acknowledgeFlush(request.flushStamp());
            }
        }
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }
}
