package io.tidemark.mirror.internal.run;

/**
 * How it stands with another node.
 *
 * @param name what it is called here
 * @param key its public key, or empty while it is not known
 * @param linked whether there is a link now
 * @param state in plain words
 * @param trouble last error; empty while linked
 * @param nodeName what it calls itself; empty before the first link
 * @param linkName what the transport calls the link; empty without one
 * @param clockKnown whether the next two are known
 * @param clockOffsetNanos its wall clock minus this node's
 * @param roundTripNanos -1 when unknown
 */
public record PeerState(
        String name,
        String key,
        boolean linked,
        String state,
        String trouble,
        String nodeName,
        String linkName,
        boolean clockKnown,
        long clockOffsetNanos,
        long roundTripNanos) {}
