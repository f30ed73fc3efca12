package io.tidemark.nbd.internal;

import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.base.figures.Histogram;
import io.tidemark.base.text.LogLimit;
import io.tidemark.nbd.NbdLatency;
import io.tidemark.nbd.NbdServerMXBean;
import io.tidemark.nbd.NbdSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.ToLongFunction;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connections of a server: lets them in, counts them, ends them. Safe for all threads. */
public final class ClientTable implements NbdServerMXBean, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClientTable.class);
    private static final int UNIX_SEND_BYTES = 1 << 20;
    /** A peer that vanished without a word is noticed after some minutes instead of two hours. */
    private static final Map<String, Integer> KEEP_ALIVE =
            Map.of("TCP_KEEPIDLE", 60, "TCP_KEEPINTERVAL", 15, "TCP_KEEPCOUNT", 8);

    private static final long ABORTED_MILLIS = 500;

    private final DeviceRegistry registry;
    private final Shared shared;
    private final BiFunction<Runnable, String, Thread> threads;
    private final Map<Connection, Thread> connections = new ConcurrentHashMap<>();
    private final AtomicLong lastId = new AtomicLong();
    /** Apart from that for strangers, who could hide these lines behind theirs. */
    private final LogLimit crowds = new LogLimit(System.nanoTime());

    private volatile boolean stopping;
    private volatile Connection.Terms terms;
    private volatile NbdSettings settings;

    /** A table without clients; {@link #apply} comes before the first one. */
    public ClientTable(DeviceRegistry registry, NbdSettings settings) {
        this(registry, settings, new Shared(settings.limits().readerThreads()));
    }

    /** With memory from elsewhere. */
    ClientTable(DeviceRegistry registry, NbdSettings settings, Shared shared) {
        this(registry, settings, shared, Shared::daemon);
    }

    /** With threads from elsewhere, too: each for a task and a name. */
    ClientTable(
            DeviceRegistry registry,
            NbdSettings settings,
            Shared shared,
            BiFunction<Runnable, String, Thread> threads) {
        this.registry = registry;
        this.settings = settings;
        this.shared = shared;
        this.threads = threads;
    }

    /** Sets the terms for connections to come. */
    public void apply(NbdSettings newSettings, SSLContext tls) {
        Exports exports = new Exports(
                registry, newSettings.defaultExport(), newSettings.tls().tlsOnlyExports(), newSettings.list());
        NbdSettings.Limits limits = newSettings.limits();
        settings = newSettings;
        shared.readerThreads(limits.readerThreads());
        terms = new Connection.Terms(
                exports,
                newSettings.tls().mode(),
                tls,
                engine -> TlsContexts.apply(newSettings.tls(), engine),
                () -> stopping,
                limits.negotiation().toNanos(),
                limits.stall().toNanos(),
                limits.maxRequests());
    }

    /** Takes a new client. By the threads that listen. */
    public void accept(SocketChannel channel) {
        long id = lastId.incrementAndGet();
        try {
            String address = address(channel, id);
            if (stopping || (connections.size() >= settings.limits().maxConnections() && !makeRoom())) {
                reject(channel, address);
                return;
            }
            options(channel);
            Connection connection = new Connection(id, channel, address, terms, shared, wallNanos());
            Thread thread = threads.apply(() -> run(connection), "nbd-client-" + id);
            connections.put(connection, thread);
            shared.totals.accepted.increment();
            start(thread, connection);
        } catch (IOException e) {
            LOG.debug("nbd: a client was gone before it was served: {}", e.getMessage());
            close(channel);
        }
        if (stopping) {
            // It came in while the others were told.
            connections.keySet().forEach(connection -> connection.end("the server stops"));
        }
    }

    /**
     * Whoever negotiates and has not come to an end for long takes no place from others: the one that has done so longest goes. False
     * when there is none.
     */
    private boolean makeRoom() {
        long now = System.nanoTime();
        Optional<Connection> longest = connections.keySet().stream()
                .filter(connection -> connection.dawdles(now))
                .min(Comparator.comparingLong(Connection::id));
        longest.ifPresent(Connection::dismiss);
        return longest.isPresent();
    }

    /** Where the machine has no thread for it, what the thread would do at its end is done here. */
    private void start(Thread thread, Connection connection) throws IOException {
        boolean started = false;
        try {
            thread.start();
            started = true;
        } finally {
            if (!started) {
                connections.remove(connection);
                connection.close();
            }
        }
    }

    private void run(Connection connection) {
        try {
            connection.run();
        } finally {
            connections.remove(connection);
        }
    }

    private void reject(SocketChannel channel, String address) {
        // At a stop nobody has to raise anything.
        String line = stopping
                ? null
                : crowds.line(
                        "nbd: client " + address + " is turned away, since " + connections.size()
                                + " are connected; raise maxConnections",
                        System.nanoTime());
        if (line != null) {
            LOG.warn("{}", line);
        }
        shared.totals.rejected.increment();
        close(channel);
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("nbd: closing a connection failed: {}", e.getMessage());
        }
    }

    private static String address(SocketChannel channel, long id) throws IOException {
        return channel.getRemoteAddress() instanceof InetSocketAddress tcp
                ? tcp.getAddress().getHostAddress() + ":" + tcp.getPort()
                : "unix " + id;
    }

    private static void options(SocketChannel channel) throws IOException {
        if (!(channel.getLocalAddress() instanceof InetSocketAddress)) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, UNIX_SEND_BYTES);
            return;
        }
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        for (SocketOption<?> option : channel.supportedOptions()) {
            Integer value = KEEP_ALIVE.get(option.name());
            if (value != null) {
                set(channel, option, value);
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static void set(SocketChannel channel, SocketOption<?> option, Integer value) throws IOException {
        if (option.type() == Integer.class) {
            channel.setOption((SocketOption<Integer>) option, value);
        }
    }

    private static long wallNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    /** Lets nobody in any more. */
    public void stopping() {
        stopping = true;
    }

    /** Ends all connections: gracefully as far as the time goes. */
    @Override
    public void close() {
        stopping = true;
        connections.keySet().forEach(connection -> connection.end("the server stops"));
        join(settings.limits().closing());
        connections.keySet().forEach(Connection::abort);
        join(Duration.ofMillis(ABORTED_MILLIS));
        if (!connections.isEmpty()) {
            LOG.warn("nbd: {} clients still wait for their image; they end when it answers", connections.size());
        }
        shared.close();
    }

    private void join(Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            for (Thread thread : connections.values()) {
                long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
                if (leftMillis > 0) {
                    thread.join(leftMillis);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Those that chose an export. */
    public List<FrontEnd.Client> describe() {
        return connections.keySet().stream()
                .filter(Connection::attached)
                .map(Connection::describe)
                .sorted((a, b) -> Long.compare(a.id(), b.id()))
                .toList();
    }

    @Override
    public int getConnections() {
        return connections.size();
    }

    @Override
    public long getAcceptedConnections() {
        return shared.totals.accepted.sum();
    }

    @Override
    public long getRejectedConnections() {
        return shared.totals.rejected.sum();
    }

    @Override
    public long getFailedNegotiations() {
        return shared.totals.failedHandshakes.sum();
    }

    @Override
    public long getRequests() {
        return shared.totals.requests.sum();
    }

    @Override
    public long getErrors() {
        return shared.totals.errors.sum();
    }

    @Override
    public long getReadBytes() {
        return shared.totals.readBytes.sum();
    }

    @Override
    public long getWrittenBytes() {
        return shared.totals.writtenBytes.sum();
    }

    @Override
    public long getRequestsInFlight() {
        return sum(FrontEnd.Client::requestsInFlight);
    }

    @Override
    public long getBytesInFlight() {
        return sum(FrontEnd.Client::bytesInFlight);
    }

    @Override
    public NbdLatency getReadNanos() {
        return latency(shared.totals.reads);
    }

    @Override
    public NbdLatency getWriteNanos() {
        return latency(shared.totals.writes);
    }

    @Override
    public NbdLatency getFlushNanos() {
        return latency(shared.totals.flushes);
    }

    @Override
    public NbdLatency getOtherNanos() {
        return latency(shared.totals.others);
    }

    private long sum(ToLongFunction<FrontEnd.Client> number) {
        return describe().stream().mapToLong(number).sum();
    }

    private static NbdLatency latency(Histogram histogram) {
        Histogram.Figures now = histogram.now();
        return new NbdLatency(now.count(), now.mean(), now.p50(), now.p99(), now.max());
    }
}
