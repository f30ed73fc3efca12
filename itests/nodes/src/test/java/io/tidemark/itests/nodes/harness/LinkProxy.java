package io.tidemark.itests.nodes.harness;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Stands between two nodes on one machine and spoils what goes through: cuts connections, refuses them, keeps them open and
 * silent, slows them down, or sends pieces twice or in the wrong order, which TCP itself never does, so that it looks as if a
 * broken device were on the way.
 */
public final class LinkProxy implements AutoCloseable {
    private static final int PIECE_BYTES = 16 << 10;
    private static final int GREETING_PIECES = 8;
    private static final long NO_BOUND = Long.MAX_VALUE;

    private final ServerSocket server;
    private final Supplier<InetSocketAddress> target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Object lock = new Object();

    // Under the lock.
    private boolean refusing;
    private boolean stalled;
    private boolean closed;
    private long bytesPerSecond = NO_BOUND;
    private int twice;
    private int swapped;
    private int spoilt;
    private long passedBytes;
    private ByteArrayOutputStream recording;

    private LinkProxy(ServerSocket server, Supplier<InetSocketAddress> target) {
        this.server = server;
        this.target = target;
    }

    /**
     * Starts one.
     *
     * @param scratch of the test, which ends it
     * @param target where connections go; asked for each of them
     * @return the proxy, which lets everything pass
     */
    public static LinkProxy start(Scratch scratch, Supplier<InetSocketAddress> target) {
        try {
            LinkProxy proxy = new LinkProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), target);
            scratch.defer("proxy " + proxy.address(), proxy::close);
            proxy.thread(proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new AssertionError("cannot start a proxy", e);
        }
    }

    /**
     * Where to connect to.
     *
     * @return on loopback
     */
    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort());
    }

    /**
     * How much has gone through.
     *
     * @return bytes in both directions since the start
     */
    public long passedBytes() {
        synchronized (lock) {
            return passedBytes;
        }
    }

    /** Keeps what goes towards the target over connections that are made from now on, up to {@link #recorded}. */
    public void record() {
        synchronized (lock) {
            recording = new ByteArrayOutputStream();
        }
    }

    /**
     * What has gone towards the target since {@link #record}, which ends with this.
     *
     * @return bytes, in order where there was one connection
     */
    public byte[] recorded() {
        synchronized (lock) {
            byte[] bytes = recording.toByteArray();
            recording = null;
            return bytes;
        }
    }

    /** Ends all connections and refuses new ones until {@link #heal}. */
    public void cut() {
        synchronized (lock) {
            refusing = true;
        }
        drop();
    }

    /** Ends all connections; new ones are taken. */
    public void drop() {
        open.forEach(LinkProxy::close);
    }

    /** Keeps connections open and lets nothing through until {@link #heal}. */
    public void stall() {
        synchronized (lock) {
            stalled = true;
        }
    }

    /**
     * Lets only so much through in each direction of each connection.
     *
     * @param bytes a second
     */
    public void slow(long bytes) {
        synchronized (lock) {
            bytesPerSecond = bytes;
        }
    }

    /** Sends one of the next pieces twice. */
    public void repeatOne() {
        synchronized (lock) {
            twice++;
        }
    }

    /** Sends two of the next pieces in the wrong order. */
    public void swapTwo() {
        synchronized (lock) {
            swapped++;
        }
    }

    /**
     * How often pieces went twice, or in the wrong order.
     *
     * @return since the start
     */
    public int spoilt() {
        synchronized (lock) {
            return spoilt;
        }
    }

    /** Takes and passes everything again. */
    public void heal() {
        synchronized (lock) {
            refusing = false;
            stalled = false;
            bytesPerSecond = NO_BOUND;
            twice = 0;
            swapped = 0;
            lock.notifyAll();
        }
    }

    private interface Body {
        void run() throws IOException, InterruptedException;
    }

    private void thread(Body body) {
        Thread thread = new Thread(
                () -> {
                    try {
                        body.run();
                    } catch (IOException e) {
                        // A connection or the proxy has ended.
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "link-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (true) {
            Socket here = server.accept();
            boolean refuse;
            synchronized (lock) {
                refuse = refusing || closed;
            }
            if (refuse) {
                close(here);
            } else {
                thread(() -> connect(here));
            }
        }
    }

    private void connect(Socket here) throws IOException {
        open.add(here);
        Socket there = new Socket();
        open.add(there);
        try {
            there.connect(target.get());
            here.setTcpNoDelay(true);
            there.setTcpNoDelay(true);
        } catch (IOException e) {
            end(here, there);
            throw e;
        }
        synchronized (lock) {
            if (refusing || closed) {
                end(here, there);
                return;
            }
        }
        ByteArrayOutputStream kept;
        synchronized (lock) {
            kept = recording;
        }
        thread(() -> pump(here, there, kept));
        thread(() -> pump(there, here, null));
    }

    private void pump(Socket from, Socket to, ByteArrayOutputStream kept) throws IOException, InterruptedException {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] piece = new byte[PIECE_BYTES];
            int count;
            for (int pieces = 0; (count = in.read(piece)) >= 0; pieces++) {
                waitForTurn(count);
                keep(kept, piece, count);
                byte[] first = Arrays.copyOf(piece, count);
                // The peers' greetings are answered one by one: no second piece would come.
                if (pieces > GREETING_PIECES && take(true)) {
                    // It waits for what is to go before it.
                    count = in.read(piece);
                    spoil(true, count > 0);
                    if (count > 0) {
                        out.write(piece, 0, count);
                    }
                }
                out.write(first);
                if (take(false)) {
                    spoil(false, true);
                    out.write(first);
                }
            }
        } finally {
            end(from, to);
        }
    }

    private void keep(ByteArrayOutputStream kept, byte[] piece, int count) {
        synchronized (lock) {
            if (kept != null && kept == recording) {
                kept.write(piece, 0, count);
            }
        }
    }

    private boolean take(boolean swap) {
        synchronized (lock) {
            if (swap ? swapped == 0 : twice == 0) {
                return false;
            }
            swapped -= swap ? 1 : 0;
            twice -= swap ? 0 : 1;
            return true;
        }
    }

    /** Where no second piece came, two others are to be swapped. */
    private void spoil(boolean swap, boolean done) {
        synchronized (lock) {
            spoilt += done ? 1 : 0;
            swapped += swap && !done ? 1 : 0;
        }
    }

    private void waitForTurn(int bytes) throws InterruptedException {
        synchronized (lock) {
            long end = System.nanoTime();
            if (bytesPerSecond != NO_BOUND) {
                end += bytes * 1_000_000_000L / bytesPerSecond;
            }
            long left = end - System.nanoTime();
            while (!closed && (stalled || (left > 0 && bytesPerSecond != NO_BOUND))) {
                lock.wait(stalled ? 0 : left / 1_000_000 + 1);
                left = end - System.nanoTime();
            }
            passedBytes += bytes;
        }
    }

    private void end(Socket one, Socket other) {
        close(one);
        close(other);
        open.remove(one);
        open.remove(other);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed all the same.
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        try {
            server.close();
        } catch (IOException e) {
            // Nobody can connect any more.
        }
        drop();
    }
}
