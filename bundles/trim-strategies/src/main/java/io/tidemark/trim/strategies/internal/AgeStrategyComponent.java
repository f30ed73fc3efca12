package io.tidemark.trim.strategies.internal;

import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.trim.strategies.AgeStrategy;
import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;

/** Offers the strategy {@code age}. */
@Component(service = TrimStrategy.class, property = TrimStrategy.STRATEGY + "=" + AgeStrategy.NAME)
public final class AgeStrategyComponent implements TrimStrategy {
    private final TrimStrategy strategy = new AgeStrategy();

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
