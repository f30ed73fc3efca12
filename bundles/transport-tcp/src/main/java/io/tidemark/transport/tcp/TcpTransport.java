package io.tidemark.transport.tcp;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.LinkAcceptor;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.transport.tcp.internal.Node;
import java.util.List;
import java.util.Optional;

/** Links over TCP and Unix sockets. Needs no OSGi. Safe for all threads. */
public final class TcpTransport implements ReplicationTransport, AutoCloseable {
    private final Node node;

    /**
     * A transport that listens when somebody wants links.
     *
     * @param name for logs and threads
     * @param settings how it is set up
     * @throws StorageException INVALID, beginning with the configuration's key
     */
    public TcpTransport(String name, TcpSettings settings) throws StorageException {
        this.node = new Node(name, settings);
    }

    private TcpTransport(Node node) {
        this.node = node;
    }

    /**
     * A transport whose configuration cannot be taken: it opens nothing, and says why, until it is given another one.
     *
     * @param name for logs and threads
     * @param why beginning with the configuration's key
     * @return the transport
     */
    public static TcpTransport refused(String name, String why) {
        return new TcpTransport(new Node(name, why));
    }

    /**
     * Takes other settings. Links that are open stay so; rates, times and compression change for them too. What did not change of
     * the addresses goes on listening.
     *
     * @param newSettings how it is to be set up
     * @throws StorageException INVALID or BUSY; the message begins with the configuration's key. Everything stays as it was
     */
    public void apply(TcpSettings newSettings) throws StorageException {
        node.apply(newSettings);
    }

    /**
     * Notes that a configuration could not be taken. The settings before stay in force; where there are none, nothing opens.
     *
     * @param why beginning with the configuration's key
     */
    public void refuse(String why) {
        node.refuse(why);
    }

    @Override
    public Listening listen(LinkAcceptor acceptor) throws StorageException {
        Object token = node.listen(acceptor);
        return new Listening() {
            @Override
            public List<String> addresses() {
                return node.addresses(token);
            }

            @Override
            public void close() {
                node.unlisten(token);
            }
        };
    }

    @Override
    public Connecting connect(PeerAddress address, LinkInitiator initiator) {
        Runnable giveUp = node.connect(address, initiator);
        return giveUp::run;
    }

    @Override
    public Optional<String> ownFingerprint() {
        return node.ownFingerprint();
    }

    @Override
    public Status status() {
        return node.status();
    }

    /** Closes all links, and ends; what is still to be said to peers is said behind the caller's back, within seconds. */
    @Override
    public void close() {
        node.close();
    }
}
