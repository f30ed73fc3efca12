package io.tidemark.transport.tcp.internal;

import io.tidemark.base.text.LogLimit;
import io.tidemark.transport.tcp.TcpSettings;
import java.security.SecureRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all links of a transport share. */
final class Shared {
    static final Logger LOG = LoggerFactory.getLogger("io.tidemark.transport.tcp");

    final String name;
    final OutBuffers buffers = new OutBuffers();
    final FrameMemory frames = new FrameMemory();
    final TokenBucket bandwidth;
    final LogLimit strangers;
    private final LogLimit visits;
    private final LogLimit brokenVisits;
    final SecureRandom random = new SecureRandom();
    final Reactor reactor;
    volatile TcpSettings settings;

    Shared(String name, TcpSettings settings) {
        long now = System.nanoTime();
        this.name = name;
        this.settings = settings;
        this.bandwidth = new TokenBucket(settings.limits().bandwidthBytesPerSecond(), now);
        this.strangers = new LogLimit(now);
        this.visits = new LogLimit(now);
        this.brokenVisits = new LogLimit(now);
        this.reactor = new Reactor(name, settings.limits().workerThreads());
    }

    byte[] nonce() {
        byte[] nonce = new byte[Wire.GreetingFields.NONCE_BYTES];
        random.nextBytes(nonce);
        return nonce;
    }

    /** A line about a peer that never became one. */
    void stranger(String text) {
        String line = strangers.line(text, System.nanoTime());
        if (line != null) {
            LOG.warn("{}", line);
        }
    }

    /**
     * A line about a link that is open, or was. Who opened it from elsewhere may be anybody: whoever has to do with it finds that out,
     * and tells it by himself.
     */
    void link(boolean fromElsewhere, boolean broke, String text) {
        String line = text;
        if (fromElsewhere) {
            line = (broke ? brokenVisits : visits).line(text, System.nanoTime());
        }
        if (line == null) {
            return;
        }
        if (broke) {
            LOG.warn("{}", line);
        } else {
            LOG.info("{}", line);
        }
    }
}
