package io.tidemark.transport.tcp.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Looks up who is at a host. Name servers that are away keep a thread for half a minute: each host has one of its own, and whoever
 * asks for one that is looked up already gets the same answer.
 */
final class Names {
    /** Asks name servers. */
    interface Lookup {
        InetAddress[] of(String host) throws UnknownHostException;
    }

    /** Is told what came of it: addresses, or why there are none. */
    interface Answer {
        void found(InetAddress[] addresses, Throwable why);
    }

    private final Executor threads;
    /** Who waits, by hosts that are being looked up. Guarded by itself. */
    private final Map<String, List<Answer>> waiting = new HashMap<>();

    Names(Executor threads) {
        this.threads = threads;
    }

    void find(String host, Lookup lookup, Answer answer) {
        boolean first;
        synchronized (waiting) {
            first = !waiting.containsKey(host);
            waiting.computeIfAbsent(host, key -> new ArrayList<>()).add(answer);
        }
        if (first) {
            try {
                threads.execute(() -> look(host, lookup));
            } catch (RejectedExecutionException | OutOfMemoryError e) {
                tell(host, null, e);
            }
        }
    }

    private void look(String host, Lookup lookup) {
        InetAddress[] found = null;
        Throwable why = null;
        try {
            found = lookup.of(host);
        } catch (UnknownHostException | RuntimeException | Error e) {
            why = e;
        }
        tell(host, found, why);
    }

    private void tell(String host, InetAddress[] found, Throwable why) {
        List<Answer> told;
        synchronized (waiting) {
            told = waiting.remove(host);
        }
        told.forEach(one -> one.found(found, why));
    }
}
