package io.tidemark.faults;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.LinkAcceptor;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport;
import java.util.List;
import java.util.Optional;

/** The transport of one simulated process. Touched by the baton's holder only. */
final class SimulatedTransport implements ReplicationTransport {
    private final SimulatedNetwork network;
    private final SimulatedContext process;
    private final String site;
    private LinkAcceptor acceptor;
    private Object token;
    private boolean stopped;
    /** Of frames that were taken over and are not done with. */
    private long keptBytes;

    SimulatedTransport(SimulatedNetwork network, SimulatedContext process, String site) {
        this.network = network;
        this.process = process;
        this.site = site;
    }

    SimulatedContext process() {
        return process;
    }

    String site() {
        return site;
    }

    /** Null when nobody takes links. */
    LinkAcceptor acceptor() {
        return process.dead() || stopped ? null : acceptor;
    }

    boolean stopped() {
        return stopped;
    }

    void keeps(long more) {
        keptBytes += more;
    }

    long keptBytes() {
        return keptBytes;
    }

    /** A name for a certificate that nobody has: of the right form, and the same in every run. */
    static String fingerprint(String site) {
        SeededRandom digits = new SeededRandom(site.hashCode(), "fingerprint");
        StringBuilder text = new StringBuilder("sha256:");
        for (int i = 0; i < 4; i++) {
            text.append(String.format("%016x", digits.bits()));
        }
        return text.toString();
    }

    @Override
    public Listening listen(LinkAcceptor newAcceptor) throws StorageException {
        network.machine().scheduler().checkAlive(process);
        if (stopped) {
            throw gone();
        }
        if (acceptor != null) {
            throw new StorageException(
                    Reason.BUSY, "somebody takes the links of " + site + " already", "stop that first");
        }
        acceptor = newAcceptor;
        Object own = new Object();
        token = own;
        return new Listening() {
            @Override
            public List<String> addresses() {
                return token == own ? List.of(SimulatedNetwork.SCHEME + site) : List.of();
            }

            @Override
            public void close() {
                if (token == own) {
                    token = null;
                    acceptor = null;
                }
            }
        };
    }

    private StorageException gone() {
        return new StorageException(
                Reason.STALE_SERVICE, "the transport of " + site + " has stopped", "try again when it is there again");
    }

    @Override
    public Connecting connect(PeerAddress address, LinkInitiator initiator) {
        network.machine().scheduler().checkAlive(process);
        Attempt attempt = new Attempt(address, initiator);
        if (stopped) {
            network.after(0, "stopped", () -> attempt.fail(gone()));
        } else if (!address.text().startsWith(SimulatedNetwork.SCHEME)) {
            network.after(
                    0,
                    "invalid",
                    () -> attempt.fail(new StorageException(
                            Reason.INVALID, "'" + address + "' is no simulated address", "write sim:SITE")));
        } else {
            network.after(2 * network.delay(), "connect", attempt::arrive);
        }
        return attempt;
    }

    private final class Attempt implements Connecting {
        private final PeerAddress address;
        private final LinkInitiator initiator;
        private boolean over;

        Attempt(PeerAddress address, LinkInitiator initiator) {
            this.address = address;
            this.initiator = initiator;
        }

        private void arrive() {
            String other = address.text().substring(SimulatedNetwork.SCHEME.length());
            SimulatedTransport target = network.site(other);
            boolean silent = network.isCut(site, other)
                    || network.stalledUntil(site, other) > network.machine().nowNanos();
            if (over || process.dead()) {
                return;
            }
            if (silent) {
                network.after(
                        network.settings().attemptNanos(), "timeout", () -> fail(unreachable("nothing came back")));
            } else if (target == null || target.acceptor() == null) {
                fail(unreachable("nobody listens there"));
            } else if (!address.fingerprint().isEmpty()
                    && !address.fingerprint().equals(fingerprint(target.site()))) {
                fail(new StorageException(
                        Reason.MISMATCH,
                        "no link with " + address + ": it shows the certificate " + fingerprint(target.site()),
                        "check that it is the right node"));
            } else if (stopped) {
                fail(gone());
            } else {
                over = true;
                SimulatedLink.open(network, SimulatedTransport.this, target, initiator, target.acceptor());
            }
        }

        private StorageException unreachable(String why) {
            return new StorageException(
                    Reason.UNAVAILABLE,
                    "cannot open a link to " + address + ": " + why,
                    "check that the node there runs");
        }

        private void fail(StorageException why) {
            if (!over && !process.dead()) {
                over = true;
                initiator.failed(why);
            }
        }

        @Override
        public void close() {
            network.after(
                    0,
                    "given up",
                    () -> fail(new StorageException(
                            Reason.CLOSED, "the attempt to reach " + address + " was given up", "")));
        }
    }

    void stop() {
        stopped = true;
        acceptor = null;
        token = null;
        StorageException why = new StorageException(
                Reason.STALE_SERVICE,
                "the transport of " + site + " stops",
                "open another link when it is there again");
        for (SimulatedLink link : network.linksOf(this)) {
            link.close(why, "the node stops");
        }
    }

    @Override
    public Optional<String> ownFingerprint() {
        return Optional.of(fingerprint(site));
    }

    @Override
    public Status status() {
        int open = (int)
                network.linksOf(this).stream().filter(SimulatedLink::isOpen).count();
        List<String> addresses = acceptor == null ? List.of() : List.of(SimulatedNetwork.SCHEME + site);
        return new Status(
                stopped ? "stopped" : acceptor == null ? "nobody takes links" : "taking links", addresses, open);
    }
}
