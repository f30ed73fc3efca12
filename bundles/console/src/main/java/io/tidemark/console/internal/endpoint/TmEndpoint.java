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
    private final String token = TmFile.newToken();
    private final ServerSocket server;
    private final TmFile file;
    private final Semaphore room = new Semaphore(MOST_CALLERS);
    private final Set<Socket> callers = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private TmEndpoint(Path path, Shell shell, long requestMillis) throws IOException {
        this.shell = shell;
        this.requestMillis = requestMillis;
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
        return new TmEndpoint(path, shell, REQUEST_MILLIS);
    }

    /**
     * As {@link #open}, with another time for a caller to send its request.
     *
     * @param path of the file
     * @param shell runs the commands
     * @param requestMillis most time for a request
     * @return the endpoint
     * @throws IOException when it cannot listen or write
     */
    static TmEndpoint open(Path path, Shell shell, long requestMillis) throws IOException {
        return new TmEndpoint(path, shell, requestMillis);
    }

    private void accept() {
        while (!closed) {
            try {
                room.acquire();
                serve(server.accept());
            } catch (IOException e) {
                room.release();
                if (!closed) {
                    LOG.warn("The command port could not take a caller: {}", e.getMessage());
                    pause();
                }
            } catch (InterruptedException e) {
                return;
            }
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
        Thread thread = new Thread(
                () -> {
                    try {
                        new TmConnection(socket, token, shell, requestMillis).serve();
                    } finally {
                        callers.remove(socket);
                        room.release();
                    }
                },
                "tm-serve");
        thread.setDaemon(true);
        thread.start();
    }

    /** Takes the file away, stops listening, and drops those who call now, which cancels their commands. */
    @Override
    public void close() {
        closed = true;
        try {
            file.remove();
        } catch (IOException e) {
            LOG.warn("The command port's file could not be removed: {}", e.getMessage());
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
