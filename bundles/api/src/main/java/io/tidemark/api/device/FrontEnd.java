package io.tidemark.api.device;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A way in for clients, such as an NBD server. An OSGi service, for consoles and status pages: it is registered as long as
 * the front end is configured, even where its configuration was refused. Safe for all threads; no call waits.
 */
@ConsumerType
public interface FrontEnd {
    /**
     * What it is called.
     *
     * @return one word: {@code nbd}
     */
    String name();

    /**
     * How it is.
     *
     * @return {@code serving}, or what is wrong in one line, beginning with {@code refused:} and the configuration key
     *     where the last configuration was not taken. It may serve with its last good settings all the same: see
     *     {@link #endpoints}
     */
    String status();

    /**
     * Where clients reach it now.
     *
     * @return URIs without an export name, as clients take them: {@code nbd://127.0.0.1:10809/},
     *     {@code nbd+unix:///?socket=/run/tidemark.sock}; empty when it does not listen
     */
    List<String> endpoints();

    /**
     * Where clients reach one export.
     *
     * @param exportName name of the device
     * @return a URI for each of {@link #endpoints}
     */
    List<String> addresses(String exportName);

    /**
     * Who is connected.
     *
     * @return in the order in which they came; those that have not chosen an export yet are not in it
     */
    List<Client> clients();

    /**
     * One client, as it was at the time of the call. Counters begin with zero when it connects.
     *
     * @param id names the connection as long as the front end runs
     * @param export name of the device
     * @param address where it comes from, for people: {@code 127.0.0.1:40312}, or {@code unix} and a number
     * @param tls protocol and cipher, and the certificate's subject where it gave one; empty without TLS
     * @param connectedWallNanos when it connected, in nanoseconds since 1970
     * @param requests requests taken, answered ones included
     * @param errors requests answered with an error
     * @param readBytes bytes read by it
     * @param writtenBytes bytes written by it
     * @param requestsInFlight requests taken and not yet answered
     * @param bytesInFlight payload of these
     */
    record Client(
            long id,
            String export,
            String address,
            String tls,
            long connectedWallNanos,
            long requests,
            long errors,
            long readBytes,
            long writtenBytes,
            long requestsInFlight,
            long bytesInFlight) {}
}
