package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.LinkAcceptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Lets peers in, within bounds: so many links, and so many that only try. When all who try take their time, the one that has
 * tried longest makes room.
 */
final class Admission {
    /** Peers that only try. */
    static final int MOST_PENDING = 64;

    private final Shared shared;
    /** Guarded by itself, as is the other. */
    private final Set<Entry> pending = new LinkedHashSet<>();

    private final Set<Entry> open = new HashSet<>();

    Admission(Shared shared) {
        this.shared = shared;
    }

    /** Who tries, or is in. */
    private static final class Entry {
        private TcpLink link;
    }

    int openLinks() {
        synchronized (pending) {
            return open.size();
        }
    }

    /** On the reactor's thread. */
    void visitor(SocketChannel channel, TlsParty tls, LinkAcceptor acceptor) {
        String name = name(channel);
        Entry entry = new Entry();
        TcpLink oldest = null;
        boolean full;
        int most = shared.settings.limits().maxLinks();
        synchronized (pending) {
            full = open.size() >= most;
            if (!full) {
                if (pending.size() >= MOST_PENDING) {
                    Entry first = pending.iterator().next();
                    pending.remove(first);
                    oldest = first.link;
                }
                pending.add(entry);
            }
        }
        if (full) {
            shared.stranger(shared.name + ": no link with " + name + ": " + most
                    + " links are open, which is maxLinks; raise it, or close some");
            close(channel);
            return;
        }
        if (oldest != null) {
            oldest.end(
                    new StorageException(
                            StorageException.Reason.UNAVAILABLE,
                            "no link with " + oldest.peerName() + ": it takes its time while " + MOST_PENDING
                                    + " others try too",
                            ""),
                    null,
                    true);
        }
        try {
            entry.link =
                    TcpLink.accepted(shared, tls, acceptor, channel, name, () -> opened(entry), () -> ended(entry));
        } catch (IOException e) {
            ended(entry);
            shared.stranger(shared.name + ": no link with " + name + ": " + e.getMessage());
            close(channel);
        }
    }

    private void opened(Entry entry) {
        synchronized (pending) {
            pending.remove(entry);
            open.add(entry);
        }
    }

    private void ended(Entry entry) {
        synchronized (pending) {
            pending.remove(entry);
            open.remove(entry);
        }
    }

    private static String name(SocketChannel channel) {
        try {
            SocketAddress address = channel.getRemoteAddress();
            if (address instanceof InetSocketAddress tcp) {
                return tcp.getAddress().getHostAddress() + ":" + tcp.getPort();
            }
            return "a process at the Unix socket " + channel.getLocalAddress();
        } catch (IOException e) {
            return "somebody who has gone";
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            Shared.LOG.debug("closing a socket failed", e);
        }
    }
}
