package io.tidemark.mirror.internal;

import io.tidemark.api.journal.JournalStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.osgi.framework.Constants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal pools that there are, for replicas that read the journal of their source. Of several with one name the one of the
 * highest rank counts.
 */
final class Pools {
    private static final Logger LOG = LoggerFactory.getLogger(Pools.class);

    private record Offer(String name, int rank, JournalStore store) {}

    private final List<Offer> offers = new ArrayList<>();

    synchronized void add(JournalStore store, Map<String, Object> properties) {
        if (!(properties.get(JournalStore.POOL) instanceof String name) || name.isBlank()) {
            LOG.warn("Service {} is not used: its property {} is missing", store, JournalStore.POOL);
            return;
        }
        int rank = properties.get(Constants.SERVICE_RANKING) instanceof Integer number ? number : 0;
        offers.add(new Offer(name, rank, store));
    }

    synchronized void remove(JournalStore store) {
        offers.removeIf(offer -> offer.store() == store);
    }

    /** Null when there is none. */
    synchronized JournalStore get(String name) {
        Offer best = null;
        for (Offer offer : offers) {
            boolean better = offer.name().equals(name) && (best == null || offer.rank() > best.rank());
            best = better ? offer : best;
        }
        return best == null ? null : best.store();
    }
}
