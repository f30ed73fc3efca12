package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.news.News.Topic;
import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.engine.image.JournaledImage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers votes and trims the journal of one image: up to the least of the engine's floor, the registered clients' positions
 * and all votes. A strategy that is missing, fails or is silent keeps everything. For the image's worker.
 */
final class TrimKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(TrimKeeper.class);
    private static final long TIMEOUT_NANOS = 2_000_000_000L;

    private static final long SECOND_NANOS = 1_000_000_000L;

    private final Host host;
    private final PeerLag lag;
    private volatile List<String> problems = List.of();
    private volatile String lastReason = "";
    private volatile String holder = "";

    TrimKeeper(Host host) {
        this.host = host;
        this.lag = new PeerLag(host.context().clock());
    }

    /** One round. */
    void round(ImageConfig config, JournaledImage engine, Journal journal) {
        List<String> found = new ArrayList<>();
        try {
            trim(config, engine, journal, found);
        } catch (StorageException e) {
            if (e.reason() != StorageException.Reason.UNAVAILABLE
                    && e.reason() != StorageException.Reason.STALE_SERVICE
                    && e.reason() != StorageException.Reason.CLOSED) {
                found.add("trimming failed: " + e.getMessage());
            }
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            LOG.error("Image {}: trimming failed unexpectedly", config.name(), e);
            found.add("trimming failed unexpectedly: " + e);
        }
        report(config.name(), found);
    }

    private void trim(ImageConfig config, JournaledImage engine, Journal journal, List<String> found)
            throws StorageException {
        long upTo = engine.trimFloor();
        String holds = "";
        String reason = "the image needs what is behind its checkpoint";
        journal.refreshClients();
        judgeSlow(config, journal, found);
        List<JournalClient> clients = journal.clients();
        for (JournalClient client : clients) {
            if (client.state() == JournalClient.State.CONNECTED
                    && client.commit().sequence() < upTo) {
                upTo = client.commit().sequence();
                holds = who(client);
                reason = holds + " needs what follows event " + upTo;
            }
        }
        for (String name : strategies(config, engine)) {
            TrimVote vote = vote(name, config, engine, journal, clients, found);
            if (vote.trimUpTo() < upTo) {
                upTo = vote.trimUpTo();
                holds = "";
                reason = name + " " + vote.reason();
            }
            for (String client : vote.expireClients()) {
                found.add("trim strategy " + name + " proposes to expire client " + client
                        + ", which keeps the journal from being trimmed");
            }
        }
        lastReason = reason;
        holder = holds;
        if (upTo > journal.trimmed()) {
            engine.trim(upTo);
        }
    }

    /** Whoever is to be given up is so durably before anything is trimmed for it. */
    private void judgeSlow(ImageConfig config, Journal journal, List<String> found) throws StorageException {
        List<PeerLag.Slow> slow = lag.look(config.slow(), journal);
        for (PeerLag.Slow one : slow) {
            JournalClient client = one.client();
            if (config.slow().choice() == SlowPeers.Choice.EXPIRE) {
                // One that has moved meanwhile is looked at again in the next round.
                expire(config.name(), journal, one);
            } else {
                found.add(who(client) + " " + one.words()
                        + ", and the journal keeps it all: bring it back, let it go on (mirror:release), or give it up"
                        + " (mirror:disable); it expires by itself with " + ImageKeys.PEER_SLOW + "=expire");
            }
        }
        for (JournalClient client : journal.clients()) {
            if (client.state() == JournalClient.State.EXPIRED) {
                found.add(
                        who(client) + ": nothing is kept for it any more; copy it anew (mirror:resync there), or forget"
                                + " it (mirror:disable)");
            }
        }
    }

    private void expire(String image, Journal journal, PeerLag.Slow one) throws StorageException {
        JournalClient client = one.client();
        if (journal.replaceClient(client, expired(client, one.words()))) {
            host.news()
                    .tell(
                            Topic.REPLICA_EXPIRED,
                            image,
                            "",
                            who(client) + " " + one.words() + ", and nothing is kept for it any more",
                            Map.of("role", "primary", "reason", "expired", "client", client.id()));
        }
    }

    private JournalClient expired(JournalClient client, String why) {
        Instant now = Instant.ofEpochSecond(host.context().clock().wallNanos() / SECOND_NANOS);
        return new JournalClient(
                client.id(),
                client.description() + ", expired at " + now + " because it " + why,
                client.commit(),
                JournalClient.State.EXPIRED,
                client.seenNanos(),
                client.applied());
    }

    private static String who(JournalClient client) {
        return client.description().isEmpty() ? "client " + client.id() : client.description();
    }

    /** A replica without a relay keeps nothing that its image has. */
    private static List<String> strategies(ImageConfig config, JournaledImage engine) {
        boolean nothing = config.relayOff() && engine.facts().role() == ImageHead.Role.REPLICA;
        return nothing ? List.of() : config.trim();
    }

    private TrimVote vote(
            String name,
            ImageConfig config,
            JournaledImage engine,
            Journal journal,
            List<JournalClient> clients,
            List<String> found) {
        TrimStrategy strategy = host.strategies().best(name).orElse(null);
        if (strategy == null) {
            found.add("trim strategy " + name
                    + " is not there: the journal keeps everything until it is back, or image:set names another");
            return keepAll();
        }
        TrimSituation situation = situation(config, engine.watermarks(), journal, clients);
        Ask.Answer<TrimVote> answer =
                host.ask().of(strategy, config.name() + "-trim-" + name, TIMEOUT_NANOS, () -> strategy.vote(situation));
        if (answer.value() == null) {
            found.add("trim strategy " + name + " " + answer.problem()
                    + ": the journal keeps everything until it answers again, or image:set names another");
            return keepAll();
        }
        return answer.value();
    }

    private static TrimVote keepAll() {
        return new TrimVote(0, "keeps everything", List.of());
    }

    private TrimSituation situation(
            ImageConfig config, Watermarks watermarks, Journal journal, List<JournalClient> clients) {
        Journal.JournalStatus status = journal.status();
        return new TrimSituation(
                config.name(),
                watermarks,
                clients,
                status.usedBytes(),
                status.limitBytes(),
                host.context().clock().wallNanos(),
                config.properties(),
                new TrimSituation.Lookup() {
                    @Override
                    public long sequenceAt(long timeNanos) throws StorageException {
                        return journal.sequenceAt(timeNanos);
                    }

                    @Override
                    public long sequenceAtBytesBack(long bytes) throws StorageException {
                        return journal.sequenceAtBytesBack(bytes);
                    }
                });
    }

    /** Says what is new, once. */
    private void report(String image, List<String> found) {
        TreeSet<String> fresh = new TreeSet<>(found);
        fresh.removeAll(problems);
        fresh.forEach(line -> {
            LOG.warn("Image {}: {}", image, line);
            host.news().tell(Topic.IMAGE_WARNING, image, "", line, Map.of());
        });
        problems = List.copyOf(found);
    }

    /** What an operator should know; empty when all is well. */
    List<String> problems() {
        return problems;
    }

    /** The client that keeps the journal from being trimmed further; empty when something else does. */
    String holder() {
        return holder;
    }

    /** Who decided the last round, for people. */
    String lastReason() {
        return lastReason;
    }
}
