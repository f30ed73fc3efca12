package io.tidemark.tck.transport;

import io.tidemark.api.context.StorageContext;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport;

/** Two nodes and the way between them, for one test. */
public interface Arena {
    /**
     * The node that opens links.
     *
     * @return its transport
     */
    ReplicationTransport near();

    /**
     * The node that takes links.
     *
     * @return its transport
     */
    ReplicationTransport far();

    /**
     * Threads, gates and time of the test.
     *
     * @return a context
     */
    StorageContext context();

    /**
     * Most content, and 64 bytes for each frame, that can be handed in on one link while nobody polls at the other end, over
     * all buffers of both nodes and what is between.
     *
     * @return bytes
     */
    long boundBytes();

    /**
     * How {@link #near} reaches {@link #far}, which listens.
     *
     * @param listening of the far node
     * @return an address
     * @throws Exception fails the test
     */
    PeerAddress address(ReplicationTransport.Listening listening) throws Exception;

    /**
     * The same on a way that {@link #cut} cuts.
     *
     * @param listening of the far node
     * @return an address
     * @throws Exception fails the test
     */
    PeerAddress fragile(ReplicationTransport.Listening listening) throws Exception;

    /**
     * Ends what goes over the fragile way at once, without a word to either side.
     *
     * @throws Exception fails the test
     */
    void cut() throws Exception;

    /**
     * An address of the right form at which nobody listens.
     *
     * @return the address
     */
    PeerAddress nowhere();

    /**
     * Takes the far transport away, as when its bundle stops.
     *
     * @throws Exception fails the test
     */
    void stopFar() throws Exception;
}
