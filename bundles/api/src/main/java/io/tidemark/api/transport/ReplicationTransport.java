package io.tidemark.api.transport;

import io.tidemark.api.StorageException;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Carries frames between nodes. Registered as an OSGi service with the property {@link #TRANSPORT}; the mirror finds it by
 * that name. Safe for all threads.
 *
 * <p>When the service goes away its provider closes every link (their listeners are told, with STALE_SERVICE), ends every
 * attempt to connect and stops listening.
 *
 * <p>A transport opens links and notices when one is dead. Opening one again is the caller's business.
 */
@ConsumerType
public interface ReplicationTransport {
    /** Service property: the transport's name, as peers' settings use it. */
    String TRANSPORT = "tidemark.transport";

    /**
     * Takes links that peers open, at the addresses that the configuration says. Returns when it listens. The addresses
     * follow the configuration as long as it is not closed.
     *
     * @param acceptor is handed each link
     * @return to stop it
     * @throws StorageException BUSY when somebody listens already, here or at an address; INVALID when the configuration
     *     cannot be taken, with its key; STALE_SERVICE. Nothing listens then
     */
    Listening listen(LinkAcceptor acceptor) throws StorageException;

    /**
     * Opens a link. Returns at once; what becomes of it is said to the initiator, and within a bounded time.
     *
     * @param address of the peer
     * @param initiator is called back exactly once: {@link LinkInitiator#opened} or {@link LinkInitiator#failed}
     * @return to give up
     */
    Connecting connect(PeerAddress address, LinkInitiator initiator);

    /**
     * The certificate that this node shows to peers.
     *
     * @return its fingerprint, in the form of {@link Link#peerFingerprint}; empty without TLS
     */
    Optional<String> ownFingerprint();

    /**
     * What it is doing.
     *
     * @return the state now
     */
    Status status();

    /** Links are being taken. */
    @ConsumerType
    interface Listening extends AutoCloseable {
        /**
         * Where peers reach this node.
         *
         * @return addresses with real ports, as {@link PeerAddress#text} takes them; empty when the configuration names none
         */
        List<String> addresses();

        /** Takes no more links. Those that were taken stay open. */
        @Override
        void close();
    }

    /** A link is being opened. */
    @ConsumerType
    interface Connecting extends AutoCloseable {
        /**
         * Gives up: {@link LinkInitiator#failed} is called with CLOSED. Without effect when the initiator was called or is being
         * called; a link that was opened stays so.
         */
        @Override
        void close();
    }

    /**
     * State of a transport, for people.
     *
     * @param state in plain words; begins with {@code refused: KEY} where the configuration was refused
     * @param addresses where it listens
     * @param links open ones
     */
    record Status(String state, List<String> addresses, int links) {
        /** Copies. */
        public Status {
            addresses = List.copyOf(addresses);
        }
    }
}
