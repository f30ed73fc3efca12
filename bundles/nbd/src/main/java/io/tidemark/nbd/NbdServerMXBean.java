package io.tidemark.nbd;

/** Counters of an NBD server, as JMX shows them. All count from the server's start. */
public interface NbdServerMXBean {
    /**
     * Connections now, those that still negotiate included.
     *
     * @return how many
     */
    int getConnections();

    /**
     * Connections that were let in.
     *
     * @return how many
     */
    long getAcceptedConnections();

    /**
     * Connections that were closed at once because there were too many.
     *
     * @return how many
     */
    long getRejectedConnections();

    /**
     * Connections that ended before they reached an export, and not by the client's wish.
     *
     * @return how many
     */
    long getFailedNegotiations();

    /**
     * Requests that were answered.
     *
     * @return how many
     */
    long getRequests();

    /**
     * Requests that were answered with an error.
     *
     * @return how many
     */
    long getErrors();

    /**
     * Bytes that clients read.
     *
     * @return bytes
     */
    long getReadBytes();

    /**
     * Bytes that clients wrote.
     *
     * @return bytes
     */
    long getWrittenBytes();

    /**
     * Requests taken and not yet answered, of all clients.
     *
     * @return how many
     */
    long getRequestsInFlight();

    /**
     * Payload of these.
     *
     * @return bytes
     */
    long getBytesInFlight();

    /**
     * How long reads took, the failed ones included.
     *
     * @return nanoseconds
     */
    NbdLatency getReadNanos();

    /**
     * How long writes took.
     *
     * @return nanoseconds
     */
    NbdLatency getWriteNanos();

    /**
     * How long flushes took.
     *
     * @return nanoseconds
     */
    NbdLatency getFlushNanos();

    /**
     * How long everything else took: trims, write-zeroes, block status.
     *
     * @return nanoseconds
     */
    NbdLatency getOtherNanos();
}
