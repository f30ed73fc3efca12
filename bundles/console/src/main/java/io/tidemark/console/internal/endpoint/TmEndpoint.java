package io.tidemark.console.internal.endpoint;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port that {@code ./tm} talks to: on this machine only, with a secret in a file that only the node's owner can read.
 * Serves a bounded number of callers side by side; further ones wait in the kernel's queue. Safe for all threads.
 */
public final class TmEndpoint implements AutoCloseable {
    /** Callers served side by side. */
    static final int MOST_CALLERS = 32;

    private static final Logger LOG = LoggerFactory.getLogger(TmEndpoint.class);
    private static final long REQUEST_MILLIS = 5_000;
    private static final int QUEUE = 64;

    private final Shell shell;
    private final long requestMillis;
    private final ThreadFactory threads;
    private final String token = TmFile.newToken();
    private final ServerSocket server;
    private final TmFile file;
    private final Semaphore room = new Semaphore(MOST_CALLERS);
    private final Set<Socket> callers = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private TmEndpoint(Path path, Shell shell, long requestMillis, ThreadFactory threads) throws IOException {
        this.shell = shell;
        this.requestMillis = requestMillis;
        this.threads = threads;
        this.server = new ServerSocket();
        try {
            server.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), QUEUE);
            file = TmFile.write(path, server.getLocalPort(), token);
        } catch (IOException e) {
            server.close();
            throw e;
        }
        Thread thread = new Thread(this::accept, "tm-accept");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Listens, and then writes the file that says where.
     *
     * @param path of the file
     * @param shell runs the commands
     * @return the endpoint
     * @throws IOException when it cannot listen or write
     */
    public static TmEndpoint open(Path path, Shell shell) throws IOException {
        return new TmEndpoint(path, shell, REQUEST_MILLIS, TmEndpoint::thread);
    }

    /**
     * As {@link #open}, with another time for a caller to send its request, and other threads.
     *
     * @param path of the file
     * @param shell runs the commands
     * @param requestMillis most time for a request
     * @param threads that serve callers
     * @return the endpoint
     * @throws IOException when it cannot listen or write
     */
    static TmEndpoint open(Path path, Shell shell, long requestMillis, ThreadFactory threads) throws IOException {
        return new TmEndpoint(path, shell, requestMillis, threads);
    }

    static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "tm-serve");
        thread.setDaemon(true);
        return thread;
    }

    private void accept() {
        while (!closed) {
            try {
                room.acquire();
            } catch (InterruptedException e) {
                return;
            }
            if (!take()) {
                room.release();
                if (!closed) {
                    pause();
                }
            }
        }
    }

    /** Waits for a caller; true when a thread serves it, which then makes room again. */
    private boolean take() {
        Socket socket = null;
        try {
            socket = server.accept();
            serve(socket);
            return true;
        } catch (IOException | RuntimeException | Error e) {
            // Also where the machine has no thread for it now: whoever calls next may find one.
            if (!closed) {
                LOG.warn("The command port could not take a caller: {}", e.toString());
            }
            drop(socket);
            return false;
        }
    }

    private void drop(Socket socket) {
        if (socket != null) {
            callers.remove(socket);
            closeQuietly(socket);
        }
    }

    /** An accept that fails at once (no file descriptors left) must not burn a processor. */
    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(Socket socket) {
        callers.add(socket);
        if (closed) {
            // An accept that was under way may still have taken it, and then nobody else closes it.
            closeQuietly(socket);
        }
        Thread thread = threads.newThread(() -> {
            try {
                new TmConnection(socket, token, shell, requestMillis).serve();
            } finally {
                callers.remove(socket);
                room.release();
            }
        });
        thread.start();
    }

    /** Says in the file that the node stops, stops listening, and drops those who call now, which cancels their commands. */
    @Override
    public void close() {
        closed = true;
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("The command port's file could not be replaced: {}", e.getMessage());
        }
        closeQuietly(server);
        callers.forEach(TmEndpoint::closeQuietly);
    }

    private static void closeQuietly(AutoCloseable what) {
        try {
            what.close();
        } catch (Exception e) {
            LOG.debug("Closing failed: {}", e.getMessage());
        }
    }
}
