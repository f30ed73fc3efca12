package io.tidemark.mirror.internal;

import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.mirror.internal.manage.Mirrors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.osgi.framework.Constants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transports that there are. Of several with one name the one of the highest rank counts. */
final class Transports {
    private static final Logger LOG = LoggerFactory.getLogger(Transports.class);

    private record Offer(String name, int rank, ReplicationTransport transport) {}

    private final List<Offer> offers = new ArrayList<>();
    private Mirrors mirrors;

    /** Those that are there already are told of now, others when they come. */
    synchronized void begin(Mirrors told) {
        mirrors = told;
        offers.stream().map(Offer::name).distinct().forEach(name -> tell(name, null));
    }

    synchronized void add(ReplicationTransport transport, Map<String, Object> properties) {
        if (!(properties.get(ReplicationTransport.TRANSPORT) instanceof String name) || name.isBlank()) {
            LOG.warn("Service {} is not used: its property {} is missing", transport, ReplicationTransport.TRANSPORT);
            return;
        }
        Offer before = best(name);
        int rank = properties.get(Constants.SERVICE_RANKING) instanceof Integer number ? number : 0;
        offers.add(new Offer(name, rank, transport));
        tell(name, before);
    }

    synchronized void remove(ReplicationTransport transport) {
        for (Offer offer : List.copyOf(offers)) {
            if (offer.transport() == transport) {
                Offer before = best(offer.name());
                offers.remove(offer);
                tell(offer.name(), before);
            }
        }
    }

    private Offer best(String name) {
        Offer best = null;
        for (Offer offer : offers) {
            boolean better = offer.name().equals(name) && (best == null || offer.rank() > best.rank());
            best = better ? offer : best;
        }
        return best;
    }

    private void tell(String name, Offer before) {
        Offer now = best(name);
        if (mirrors == null || Objects.equals(now, before)) {
            return;
        }
        if (now == null) {
            mirrors.noTransport(name);
        } else {
            mirrors.transport(name, now.transport());
        }
    }
}
