package io.tidemark.simulation.sites;

import io.tidemark.api.Epoch;
import io.tidemark.simulation.sites.Chronicle.Place;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Epochs as a tree. As long as nobody is promoted by force, all that is acknowledged lies on one branch: whoever is promoted otherwise
 * has to be sure of that. Only behind a demotion two may go on that do not see each other.
 */
final class Succession {
    private final Predicate<Place> demotion;
    private final Map<UUID, Epoch> epochs = new HashMap<>();
    /** The last event that was acknowledged in each. */
    private final Map<UUID, Long> acknowledged = new HashMap<>();

    private final Set<Place> handedOver = new HashSet<>();
    private boolean watched;
    private int sure;

    /**
     * Watches nothing yet.
     *
     * @param demotion whether the event at a place is one
     */
    Succession(Predicate<Place> demotion) {
        this.demotion = demotion;
    }

    void watch() {
        watched = true;
    }

    /** Somebody is promoted by force: what it lacks, and who else writes, is nobody's mistake from now on. */
    void forced() {
        watched = false;
    }

    /** How many were promoted without force behind something that was acknowledged. */
    int sure() {
        return sure;
    }

    /** An image was demoted there, be there an event of it or not. */
    void handedOver(Place end) {
        handedOver.add(written(end));
    }

    boolean isHandedOver(Place end) {
        return handedOver.contains(written(end));
    }

    /** An epoch begins, or is said to: where that failed or was cut, nothing is ever acknowledged in it. */
    void started(Epoch epoch) {
        boolean begins = epochs.putIfAbsent(epoch.identity(), epoch) == null;
        sure += begins && watched && epoch.isPromoted() && !acknowledged.isEmpty() ? 1 : 0;
    }

    /**
     * A write was acknowledged.
     *
     * @return null, or what is wrong with that
     */
    String acknowledged(Place place) {
        Map<UUID, Long> branch = branch(place);
        String wrong = null;
        for (Map.Entry<UUID, Long> last : watched ? acknowledged.entrySet() : Set.<Map.Entry<UUID, Long>>of()) {
            wrong = wrong == null ? beside(place, branch, new Place(last.getKey(), last.getValue())) : wrong;
        }
        acknowledged.merge(place.epoch(), place.sequence(), Math::max);
        return wrong;
    }

    private String beside(Place place, Map<UUID, Long> branch, Place other) {
        Map<UUID, Long> way = branch(other);
        boolean before = branch.getOrDefault(other.epoch(), 0L) >= other.sequence();
        boolean behind = way.getOrDefault(place.epoch(), 0L) >= place.sequence();
        Place fork = null;
        for (Map.Entry<UUID, Long> step : way.entrySet()) {
            Long last = branch.get(step.getKey());
            if (fork == null && last != null) {
                fork = written(new Place(step.getKey(), Math.min(last, step.getValue())));
            }
        }
        return before || behind || fork == null || demotion.test(fork) || handedOver.contains(fork)
                ? null
                : "without force writes were acknowledged beside each other, at " + other + " and at " + place
                        + ": they part behind " + fork + ", where nobody was demoted";
    }

    /** The last event of each epoch up to a place, from there backwards. */
    private Map<UUID, Long> branch(Place end) {
        Map<UUID, Long> branch = new LinkedHashMap<>();
        UUID at = end.epoch();
        long last = end.sequence();
        while (at != null) {
            branch.put(at, last);
            Epoch epoch = epochs.get(at);
            at = epoch == null ? null : epoch.predecessorIdentity();
            last = epoch == null ? 0 : Math.min(last, epoch.firstSequence() - 1);
        }
        return branch;
    }

    /** In the epoch of the event: who began one may have written nothing. */
    private Place written(Place place) {
        Epoch epoch = epochs.get(place.epoch());
        return epoch == null || epoch.firstSequence() <= place.sequence()
                ? place
                : written(new Place(epoch.predecessorIdentity(), place.sequence()));
    }
}
