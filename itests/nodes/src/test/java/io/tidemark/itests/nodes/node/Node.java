package io.tidemark.itests.nodes.node;

import io.tidemark.itests.nodes.load.NbdConnection;
import java.io.IOException;
import java.net.SocketAddress;

/** A node under test: a process that serves images by NBD. */
public interface Node {
    /**
     * How clients name an export.
     *
     * @param export name of the image
     * @return an NBD URI
     */
    String uri(String export);

    /**
     * Connects our own client.
     *
     * @param export name of the image
     * @return ready for requests
     * @throws IOException when the node cannot be reached or refuses
     */
    NbdConnection dial(String export) throws IOException;

    /**
     * Where it listens.
     *
     * @return for clients that speak below the protocol
     */
    SocketAddress address();

    /**
     * Its process.
     *
     * @return the id
     */
    long pid();

    /** Kills it with -9 and waits until it is gone. */
    void kill();
}
