package io.tidemark.faults;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.ReplicationTransport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Links between the processes of a simulated machine, on its scheduler and clock and from its seed. A worker of its own, which
 * belongs to no process, delivers messages and calls back; so a run is the same for the same seed.
 *
 * <pre>{@code
 * SimulatedNetwork network = new SimulatedNetwork(machine, NetworkSettings.DEFAULT);
 * ReplicationTransport a = network.transport(processA, "a");   // reached as PeerAddress.of("sim:a")
 * network.faults(new NetworkFaults(...));                      // by themselves
 * network.cut("a", "b");                                       // or at will
 * }</pre>
 *
 * <p>Calls into links are no steps of the simulation, because they may be made under a lock: like opening a gate.
 */
public final class SimulatedNetwork {
    static final String SCHEME = "sim:";
    private static final int OLD_SESSIONS = 8;

    private record Event(long atNanos, long number, String what, Runnable body) {}

    private final SimulatedMachine machine;
    private final Scheduler scheduler;
    private final NetworkSettings settings;
    private final SeededRandom random;
    private final PriorityQueue<Event> events = new PriorityQueue<>((left, right) -> {
        int byTime = Long.compare(left.atNanos, right.atNanos);
        return byTime == 0 ? Long.compare(left.number, right.number) : byTime;
    });
    private final Map<String, SimulatedTransport> sites = new HashMap<>();
    private final Set<String> cuts = new HashSet<>();
    private final Map<String, Long> stalls = new HashMap<>();
    private final List<SimulatedLink> links = new ArrayList<>();
    private final List<SimulatedLink> old = new ArrayList<>();
    private NetworkFaults faults = NetworkFaults.NONE;
    private Task worker;
    private long eventCount;
    private int linkCount;
    private int replays;

    /**
     * A network without faults.
     *
     * @param machine whose processes it links
     * @param settings how it is
     */
    public SimulatedNetwork(SimulatedMachine machine, NetworkSettings settings) {
        this.machine = machine;
        this.scheduler = machine.scheduler();
        this.settings = settings;
        this.random = machine.random("network");
        machine.whenKilled(this::killed);
    }

    // ---- for tests

    /**
     * The transport of a process. It ends with the process; the next process of the site gets another one.
     *
     * @param process whose
     * @param site name by which others reach it, as {@code sim:NAME}; its name in certificates too
     * @return the transport
     */
    public ReplicationTransport transport(SimulatedContext process, String site) {
        SimulatedTransport transport = new SimulatedTransport(this, process, site);
        sites.put(site, transport);
        return transport;
    }

    /**
     * Takes a transport away, as when its bundle stops.
     *
     * @param transport that came from here
     */
    public void stop(ReplicationTransport transport) {
        ((SimulatedTransport) transport).stop();
    }

    /**
     * Changes what goes wrong by itself.
     *
     * @param newFaults from now on
     */
    public void faults(NetworkFaults newFaults) {
        faults = newFaults;
    }

    /**
     * Breaks all links between two sites, and lets none come to be until {@link #heal}. Both ends learn it, at different times.
     *
     * @param one site
     * @param other site
     */
    public void cut(String one, String other) {
        cuts.add(pair(one, other));
        reset(one, other);
    }

    /**
     * Ends a {@link #cut} and a {@link #stall}.
     *
     * @param one site
     * @param other site
     */
    public void heal(String one, String other) {
        cuts.remove(pair(one, other));
        stalls.remove(pair(one, other));
    }

    /**
     * Breaks all links between two sites; they may connect again at once.
     *
     * @param one site
     * @param other site
     */
    public void reset(String one, String other) {
        between(one, other).forEach(this::breakBoth);
    }

    /**
     * Lets nothing through between two sites for a while; it comes later, unless an end took the other for dead meanwhile.
     *
     * @param one site
     * @param other site
     * @param nanos how long
     */
    public void stall(String one, String other, long nanos) {
        stalls.put(pair(one, other), machine.nowNanos() + nanos);
    }

    /**
     * Lets one site learn that its links to another are broken; the other one speaks into the void until it takes its peer for
     * dead.
     *
     * @param learns the site that learns it
     * @param other the one that does not
     */
    public void halfOpen(String learns, String other) {
        for (SimulatedLink link : between(learns, other)) {
            breakOne(link.site().equals(learns) ? link : link.peer());
        }
    }

    /**
     * Opens a link to a site in the name of another one, and plays to it what was sent on an earlier link between them.
     *
     * @param victim the site that is connected to
     * @return false when there was no earlier link to it, or nobody takes links
     */
    public boolean replay(String victim) {
        for (int i = old.size() - 1; i >= 0; i--) {
            SimulatedLink session = old.get(i);
            SimulatedTransport target = sites.get(victim);
            if (session.peer().site().equals(victim) && target != null && target.acceptor() != null) {
                replays++;
                machine.note("replay", victim, session.recorded().size(), 0);
                SimulatedLink.replay(this, target, session, target.acceptor());
                return true;
            }
        }
        return false;
    }

    /**
     * How often an old session was played again, whoever asked for it.
     *
     * @return the count
     */
    public int replays() {
        return replays;
    }

    /**
     * Open links.
     *
     * @return the count, both ends of a link as one
     */
    public int openLinks() {
        return (int) links.stream().filter(SimulatedLink::isOpen).count() / 2;
    }

    /**
     * Memory of frames that a site's process keeps: they were received, and are not done with.
     *
     * @param site whose; what a process before kept died with it
     * @return bytes
     */
    public long keptBytes(String site) {
        SimulatedTransport transport = sites.get(site);
        return transport == null ? 0 : transport.keptBytes();
    }

    // ---- for transports and links

    SimulatedMachine machine() {
        return machine;
    }

    NetworkSettings settings() {
        return settings;
    }

    SimulatedTransport site(String name) {
        return sites.get(name);
    }

    boolean isCut(String one, String other) {
        return cuts.contains(pair(one, other));
    }

    int nextLink() {
        return linkCount++;
    }

    void add(SimulatedLink link) {
        links.add(link);
        old.add(link);
        if (old.size() > OLD_SESSIONS) {
            old.remove(0);
        }
    }

    void remove(SimulatedLink link) {
        links.remove(link);
    }

    List<SimulatedLink> linksOf(SimulatedTransport transport) {
        return links.stream().filter(link -> link.transport() == transport).toList();
    }

    private List<SimulatedLink> between(String one, String other) {
        return links.stream()
                .filter(link -> link.isInitiator()
                        && pair(link.site(), link.peer().site()).equals(pair(one, other)))
                .toList();
    }

    private static String pair(String one, String other) {
        return one.compareTo(other) < 0 ? one + "|" + other : other + "|" + one;
    }

    long delay() {
        return random.between(settings.leastDelayNanos(), settings.mostDelayNanos());
    }

    /** Not before this may anything get through. */
    long stalledUntil(String one, String other) {
        return stalls.getOrDefault(pair(one, other), 0L);
    }

    /** What a message's way does to it: nanoseconds more, or negative when it does not arrive. */
    long mishap(SimulatedLink sender) {
        if (faults.equals(NetworkFaults.NONE)) {
            return 0;
        }
        String one = sender.site();
        String other = sender.peer().site();
        if (random.chance(faults.breakPerMillion())) {
            breakBoth(sender);
            return -1;
        }
        if (random.chance(faults.halfOpenPerMillion())) {
            breakOne(random.coin() ? sender : sender.peer());
            return -1;
        }
        if (random.chance(faults.stallPerMillion())) {
            stall(one, other, random.below(2 * settings.deadNanos()));
        }
        if (random.chance(faults.replayPerMillion())) {
            after(delay(), "replay", () -> replay(other));
        }
        return random.chance(faults.slowPerMillion()) ? random.below(100) * settings.mostDelayNanos() : 0;
    }

    private void breakBoth(SimulatedLink link) {
        breakOne(link);
        breakOne(link.peer());
    }

    private void breakOne(SimulatedLink link) {
        machine.note("break", link, 0, 0);
        link.severed();
        after(delay(), "broken " + link, () -> link.end(broken(link, "the connection was reset")));
    }

    static StorageException broken(SimulatedLink link, String why) {
        return new StorageException(
                Reason.UNAVAILABLE, "the link with " + link.peerName() + " broke: " + why, "look at the network");
    }

    /** The machine of a process that dies says so to its peers, or has lost its power too. */
    private void killed(SimulatedContext process) {
        for (SimulatedTransport transport : List.copyOf(sites.values())) {
            if (transport.process() == process) {
                sites.remove(transport.site());
                for (SimulatedLink link : linksOf(transport)) {
                    links.remove(link);
                    if (random.coin()) {
                        link.orphaned();
                    } else {
                        link.severed();
                    }
                }
            }
        }
    }

    /** Does something later, on the network's worker. */
    void after(long nanos, String what, Runnable body) {
        at(scheduler.nowNanos() + Math.max(0, nanos), what, body);
    }

    void at(long nanos, String what, Runnable body) {
        events.add(new Event(nanos, eventCount++, what, body));
        if (worker == null && scheduler.running()) {
            worker = scheduler.start("network", null, this::work);
        } else if (worker != null) {
            scheduler.wake(worker);
        }
    }

    private void work() {
        while (true) {
            Event next = events.peek();
            long now = scheduler.nowNanos();
            if (next == null || next.atNanos > now) {
                scheduler.checkAlive(null);
                scheduler.block(null, next == null ? Long.MAX_VALUE : next.atNanos - now, Long.MAX_VALUE);
                continue;
            }
            events.remove();
            scheduler.step(null, "network", next.what, 0, 0);
            next.body.run();
        }
    }
}
