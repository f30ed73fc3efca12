package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.LinkAcceptor;
import io.tidemark.api.transport.ReplicationTransport;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transports of a node by name, and what takes links on them. Safe for all threads; {@link #listen} is for one. */
final class Ways {
    private static final Logger LOG = LoggerFactory.getLogger(Ways.class);

    private static final class Way {
        final ReplicationTransport transport;
        ReplicationTransport.Listening listening;
        long listenAtNanos;
        String trouble = "";

        Way(ReplicationTransport transport) {
            this.transport = transport;
        }
    }

    private final long retryNanos;
    private final Map<String, Way> ways = new TreeMap<>();
    private boolean closed;

    Ways(long retryNanos) {
        this.retryNanos = retryNanos;
    }

    void put(String name, ReplicationTransport transport) {
        Way before;
        synchronized (this) {
            before = ways.put(name, new Way(transport));
        }
        stop(before);
    }

    void remove(String name) {
        Way gone;
        synchronized (this) {
            gone = ways.remove(name);
        }
        stop(gone);
    }

    /** Null when there is none. */
    synchronized ReplicationTransport get(String name) {
        Way way = ways.get(name);
        return way == null ? null : way.transport;
    }

    /** Why no links are taken where they are wanted; empty when they are. */
    synchronized String trouble(String name) {
        Way way = ways.get(name);
        return way == null ? "there is no transport " + name : way.trouble;
    }

    synchronized List<String> names() {
        return List.copyOf(ways.keySet());
    }

    synchronized List<String> addresses() {
        return ways.values().stream()
                .filter(way -> way.listening != null)
                .flatMap(way -> way.listening.addresses().stream())
                .toList();
    }

    /** Takes links on those that are wanted, and on no other; nanoseconds until the next attempt. */
    long listen(Set<String> wanted, long nowNanos, Function<ReplicationTransport, LinkAcceptor> acceptors) {
        Map<String, Way> all;
        synchronized (this) {
            all = new TreeMap<>(ways);
        }
        long wait = Long.MAX_VALUE;
        for (Map.Entry<String, Way> each : all.entrySet()) {
            if (wanted.contains(each.getKey())) {
                wait = Math.min(wait, listen(each.getValue(), nowNanos, acceptors));
            } else {
                stop(each.getValue());
            }
        }
        return wait;
    }

    private long listen(Way way, long nowNanos, Function<ReplicationTransport, LinkAcceptor> acceptors) {
        synchronized (this) {
            if (way.listening != null) {
                return Long.MAX_VALUE;
            }
        }
        if (nowNanos >= way.listenAtNanos) {
            try {
                begun(way, way.transport.listen(acceptors.apply(way.transport)));
                return Long.MAX_VALUE;
            } catch (StorageException e) {
                LOG.warn("takes no links: {}", e.getMessage());
                way.listenAtNanos = nowNanos + retryNanos;
                synchronized (this) {
                    way.trouble = "takes no links: " + e.getMessage();
                }
            }
        }
        return Math.max(1, way.listenAtNanos - nowNanos);
    }

    private void begun(Way way, ReplicationTransport.Listening listening) {
        boolean late;
        synchronized (this) {
            late = closed || !ways.containsValue(way);
            way.listening = late ? null : listening;
            way.trouble = "";
        }
        if (late) {
            listening.close();
        }
    }

    private void stop(Way way) {
        ReplicationTransport.Listening ended = null;
        synchronized (this) {
            if (way != null) {
                ended = way.listening;
                way.listening = null;
            }
        }
        if (ended != null) {
            ended.close();
        }
    }

    void close() {
        List<Way> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(ways.values());
        }
        all.forEach(this::stop);
    }
}
