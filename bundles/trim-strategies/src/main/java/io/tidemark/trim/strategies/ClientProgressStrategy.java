package io.tidemark.trim.strategies;

import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.base.text.Durations;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps what a registered client has not committed, and proposes to expire those that lack something and have not reported for
 * {@link #EXPIRE_KEY}, where that is set.
 */
public final class ClientProgressStrategy implements TrimStrategy {
    /** Name of the strategy. */
    public static final String NAME = "client-progress";

    /** Key of an image's configuration: a duration, as in {@code 7d}. Unset: no client is ever proposed. */
    public static final String EXPIRE_KEY = "trim.client.expire";

    private static long expireNanos(Map<String, String> properties) {
        if (properties.getOrDefault(EXPIRE_KEY, "").isBlank()) {
            return Long.MAX_VALUE;
        }
        try {
            return Trim.required(properties, EXPIRE_KEY, "7d", Durations::parse).toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }

    @Override
    public void check(Map<String, String> properties) {
        expireNanos(properties);
    }

    @Override
    public Set<String> keys() {
        return Set.of(EXPIRE_KEY);
    }

    @Override
    public TrimVote vote(TrimSituation situation) {
        long expireNanos;
        try {
            expireNanos = expireNanos(situation.properties());
        } catch (IllegalArgumentException e) {
            return Trim.keepAll("keeps everything: " + e.getMessage());
        }
        List<JournalClient> counting = situation.clients().stream()
                .filter(client -> client.state() == JournalClient.State.CONNECTED)
                .toList();
        JournalClient last = null;
        for (JournalClient client : counting) {
            if (last == null || client.commit().sequence() < last.commit().sequence()) {
                last = client;
            }
        }
        List<String> silent = counting.stream()
                // One that has all keeps nothing, however long it has had nothing to report.
                .filter(client ->
                        client.commit().sequence() < situation.watermarks().durable())
                .filter(client -> situation.nowNanos() - client.seenNanos() > expireNanos)
                .map(JournalClient::id)
                .toList();
        return last == null
                ? new TrimVote(situation.watermarks().durable(), "no client is registered", silent)
                : new TrimVote(last.commit().sequence(), "client " + last.id() + " needs what is behind", silent);
    }
}
