package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.LinkAcceptor;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Links are taken while they are wanted, on the transport that has the name now, and what prevents it is said. */
class WaysTest {
    private static final long RETRY_NANOS = 100;

    /** A transport whose address may be taken by somebody else. */
    private static final class Door implements ReplicationTransport {
        private boolean taken;
        private int open;

        @Override
        public Listening listen(LinkAcceptor acceptor) throws StorageException {
            if (taken) {
                throw new StorageException(Reason.BUSY, "port: cannot listen", "choose another port");
            }
            open++;
            return new Listening() {
                @Override
                public List<String> addresses() {
                    return List.of("here:1");
                }

                @Override
                public void close() {
                    open--;
                }
            };
        }

        @Override
        public Connecting connect(PeerAddress address, LinkInitiator initiator) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<String> ownFingerprint() {
            return Optional.empty();
        }

        @Override
        public Status status() {
            return new Status("", List.of(), 0);
        }
    }

    private final Ways ways = new Ways(RETRY_NANOS);
    private final Door door = new Door();

    private long listen(long now, String... wanted) {
        return ways.listen(Set.of(wanted), now, transport -> link -> null);
    }

    @Test
    void nobodyListensUnlessThatIsWanted() {
        ways.put("tcp", door);
        assertEquals(Long.MAX_VALUE, listen(0));
        assertEquals(0, door.open);
        listen(0, "tcp", "other");
        listen(0, "tcp");
        assertEquals(1, door.open);
        assertEquals(List.of("here:1"), ways.addresses());
        listen(0, "other");
        assertEquals(0, door.open);
        assertEquals(List.of(), ways.addresses());
    }

    @Test
    void anAddressThatIsTakenIsSaidAndTriedAgain() {
        ways.put("tcp", door);
        door.taken = true;
        assertEquals(RETRY_NANOS, listen(1000, "tcp"));
        assertEquals("takes no links: port: cannot listen; choose another port", ways.trouble("tcp"));
        door.taken = false;
        assertEquals(40, listen(1060, "tcp"), "not at once");
        assertEquals(0, door.open);
        assertEquals(Long.MAX_VALUE, listen(1100, "tcp"));
        assertEquals(1, door.open);
        assertEquals("", ways.trouble("tcp"));
    }

    @Test
    void aTransportThatGoesOrIsReplacedListensNoMore() {
        Door better = new Door();
        ways.put("tcp", door);
        listen(0, "tcp");
        ways.put("tcp", better);
        listen(0, "tcp");
        assertEquals(0, door.open);
        assertEquals(1, better.open);
        ways.put("quic", door);
        assertEquals(List.of("quic", "tcp"), ways.names());
        ways.remove("tcp");
        assertEquals(List.of("quic"), ways.names());
        assertEquals(0, better.open);
        assertNull(ways.get("tcp"));
        assertEquals("there is no transport tcp", ways.trouble("tcp"));
        ways.put("tcp", door);
        listen(0, "tcp");
        ways.close();
        assertEquals(0, door.open);
        listen(0, "tcp");
        assertEquals(0, door.open, "nothing begins behind the end");
    }
}
