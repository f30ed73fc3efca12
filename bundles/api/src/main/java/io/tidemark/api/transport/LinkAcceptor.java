package io.tidemark.api.transport;

import org.osgi.annotation.versioning.ConsumerType;

/** Is handed links. */
@ConsumerType
@FunctionalInterface
public interface LinkAcceptor {
    /**
     * A link is open: the peer has been authenticated as far as the transport's configuration says. Must not block, and must
     * not use the link yet except for {@link Link#peerName}, {@link Link#peerFingerprint} and {@link Link#close}.
     *
     * @param link the link
     * @return who is told about it from now on; null refuses it, and it is closed
     */
    LinkListener opened(Link link);
}
