package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.LinkAcceptor;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport.Status;
import io.tidemark.base.net.Endpoint;
import io.tidemark.base.net.Places;
import io.tidemark.transport.tcp.TcpSettings;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Optional;

/** A transport: settings, doors and links. Safe for all threads. */
public final class Node {
    private final String name;
    private final Shared shared;
    private final Admission admission;
    private final Places<Door> doors = new Places<>(this::door, this::lost);

    // Guarded by this; what the reactor's thread needs is volatile, because it must not wait for who waits for it.
    private volatile TlsParty tls;
    private volatile LinkAcceptor acceptor;

    /** Of whoever listens: one acceptor may come again, and an earlier call of it has nothing to say any more. */
    private volatile Object listening;

    private boolean usable;
    private String refused = "";
    private boolean closed;

    /** With settings that can be taken. */
    public Node(String name, TcpSettings settings) throws StorageException {
        this.tls = TlsParty.load(settings.tls());
        this.name = name;
        this.usable = true;
        this.shared = new Shared(name, settings);
        this.admission = new Admission(shared);
        shared.reactor.start();
    }

    /** Without. */
    public Node(String name, String refused) {
        this.name = name;
        this.refused = refused;
        this.shared = new Shared(name, TcpSettings.DEFAULTS);
        this.admission = new Admission(shared);
        shared.reactor.start();
    }

    public synchronized void refuse(String why) {
        refused = why;
    }

    public synchronized void apply(TcpSettings settings) throws StorageException {
        if (closed) {
            throw stopped();
        }
        TlsParty newTls = TlsParty.load(settings.tls());
        doors.move(acceptor == null ? List.of() : settings.endpoints(), () -> {
            shared.settings = settings;
            shared.bandwidth.rate(settings.limits().bandwidthBytesPerSecond(), System.nanoTime());
            shared.reactor.crew().size(settings.limits().workerThreads());
            tls = newTls;
            usable = true;
            refused = "";
        });
        // Links that wait by the old rate or time look again.
        shared.reactor.links().forEach(TcpLink::schedule);
    }

    private Door door(Endpoint endpoint) throws StorageException {
        return new Door(endpoint, shared.reactor, this::visitor);
    }

    private void lost(StorageException e) {
        Shared.LOG.error("{}: links cannot be opened as before any more: {}", name, e.getMessage());
    }

    private void visitor(SocketChannel channel) {
        admission.visitor(channel, tls, link -> {
            LinkAcceptor now = acceptor;
            return now == null ? null : now.opened(link);
        });
    }

    /** What to hand to the others that have to do with it. */
    public synchronized Object listen(LinkAcceptor newAcceptor) throws StorageException {
        checkUsable();
        if (acceptor != null) {
            throw new StorageException(
                    Reason.BUSY, "somebody takes the links of the transport " + name + " already", "stop that first");
        }
        Object token = new Object();
        doors.move(shared.settings.endpoints(), () -> {
            listening = token;
            acceptor = newAcceptor;
        });
        Shared.LOG.info("{}: taking links at {}", name, texts());
        return token;
    }

    public synchronized void unlisten(Object token) {
        if (listening == token) {
            listening = null;
            acceptor = null;
            shut();
        }
    }

    private void shut() {
        doors.release().forEach(Door::close);
    }

    public synchronized List<String> addresses(Object token) {
        return listening == token ? texts() : List.of();
    }

    private List<String> texts() {
        return doors.all().stream().map(Door::text).toList();
    }

    /** What gives up. */
    public synchronized Runnable connect(PeerAddress address, LinkInitiator initiator) {
        try {
            checkUsable();
            Dial dial = Dial.parse(address.text());
            checkIdentity(address);
            TcpLink link = TcpLink.dial(shared, tls, dial, address.fingerprint(), initiator);
            return () -> link.giveUp();
        } catch (StorageException e) {
            // Not on the caller's stack, and the reactor may have ended.
            Thread messenger = new Thread(() -> initiator.failed(e), "tidemark-" + name + "-refusal");
            messenger.setDaemon(true);
            messenger.start();
            return () -> {};
        }
    }

    private void checkIdentity(PeerAddress address) throws StorageException {
        boolean pinned = !address.fingerprint().isEmpty();
        if (tls == null && pinned) {
            throw new StorageException(
                    Reason.INVALID,
                    "the certificate of " + address + " is pinned, but the transport " + name + " has tls = off",
                    "set tls = required there and here, or do not pin it");
        }
        if (tls != null && !tls.authority() && !pinned) {
            throw new StorageException(
                    Reason.INVALID,
                    "nothing says who " + address + " has to be: the transport " + name
                            + " has no tlsAuthority, and no fingerprint is given",
                    "pin the fingerprint of the peer's certificate, or name an authority");
        }
    }

    private void checkUsable() throws StorageException {
        if (closed) {
            throw stopped();
        }
        if (!usable) {
            throw new StorageException(
                    Reason.INVALID,
                    "the configuration of the transport " + name + " is refused: " + refused,
                    "correct it");
        }
    }

    private StorageException stopped() {
        return new StorageException(
                Reason.STALE_SERVICE, "the transport " + name + " has stopped", "try again when it is there again");
    }

    public Optional<String> ownFingerprint() {
        TlsParty now = tls;
        return now == null ? Optional.empty() : Optional.of(now.fingerprint());
    }

    public synchronized Status status() {
        String state =
                acceptor == null ? "nobody takes links" : doors.all().isEmpty() ? "taking no links" : "taking links";
        if (closed) {
            state = "stopped";
        } else if (!refused.isEmpty()) {
            state = "refused: " + refused;
        }
        return new Status(state, texts(), (int)
                shared.reactor.links().stream().filter(TcpLink::isOpen).count());
    }

    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        acceptor = null;
        shut();
        shared.reactor.links().forEach(link -> link.end(link.stale(), "the node stops", false));
        shared.reactor.end();
    }
}
