package io.tidemark.trim.strategies.internal;

import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.trim.strategies.ClientProgressStrategy;
import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;

/** Offers the strategy {@code client-progress}. */
@Component(service = TrimStrategy.class, property = TrimStrategy.STRATEGY + "=" + ClientProgressStrategy.NAME)
public final class ClientProgressStrategyComponent implements TrimStrategy {
    private final TrimStrategy strategy = new ClientProgressStrategy();

    @Override
    public TrimVote vote(TrimSituation situation) {
        return strategy.vote(situation);
    }

    @Override
    public void check(Map<String, String> properties) {
        strategy.check(properties);
    }

    @Override
    public Set<String> keys() {
        return strategy.keys();
    }
}
