package io.tidemark.mirror.internal.manage;

import io.tidemark.api.admin.ImageKeys;
import io.tidemark.base.text.Names;
import io.tidemark.base.wish.KeyReader;
import io.tidemark.base.wish.Wish;
import io.tidemark.mirror.internal.run.ReplicaWish;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** What {@code etc/io.tidemark.mirror.replica-IMAGE.cfg} says. */
final class ReplicaConfig {
    static final String PEER = "peer";
    static final String SOURCE_IMAGE = "image";
    static final String DELAY = "delay";
    static final String SEED = "seed";
    static final String CREATE = "create.";
    private static final Set<String> KEYS = new TreeSet<>(Set.of(PEER, SOURCE_IMAGE, DELAY, SEED, ReplicaWish.SHARED));
    private static final long MILLI = 1_000_000L;
    private static final Map<String, Long> UNITS = new TreeMap<>(
            Map.of("d", 86_400_000 * MILLI, "h", 3_600_000 * MILLI, "m", 60_000 * MILLI, "s", 1_000 * MILLI));

    private ReplicaConfig() {}

    static ReplicaWish read(Wish wish) {
        wish.check();
        Map<String, String> create = new TreeMap<>();
        for (Map.Entry<String, String> each : wish.properties().entrySet()) {
            if (each.getKey().startsWith(CREATE)) {
                create.put(each.getKey().substring(CREATE.length()), each.getValue());
            } else if (!KEYS.contains(each.getKey())) {
                throw KeyReader.wrong(
                        each.getKey(),
                        "a replica has no such key" + KeyReader.nearest(each.getKey(), KEYS)
                                + "; there are also those that begin with " + CREATE);
            }
        }
        KeyReader reader = new KeyReader(wish.properties());
        if ("off".equals(create.get(ImageKeys.RELAY)) && reader.nanos(DELAY, 0, 0) > 0) {
            throw KeyReader.wrong(
                    DELAY, "a replica with " + ImageKeys.RELAY + " = off keeps no journal, so it cannot be delayed");
        }
        if (!reader.has(PEER)) {
            throw KeyReader.wrong(PEER, "it has to name a peer, as mirror:peer-list shows them");
        }
        return new ReplicaWish(
                wish.name(),
                reader.value(PEER, "", text -> Names.check("peer", text)),
                reader.value(SOURCE_IMAGE, wish.name(), text -> Names.check("image", text)),
                reader.nanos(DELAY, 0, 0),
                reader.value(ReplicaWish.SHARED, "", text -> text.isEmpty() ? text : Names.check("pool", text)),
                create,
                reader.value(SEED, ReplicaWish.NO_SEED, UUID::fromString));
    }

    static Map<String, String> properties(ReplicaWish wish) {
        Map<String, String> properties = new TreeMap<>();
        properties.put(PEER, wish.peer());
        properties.put(SOURCE_IMAGE, wish.sourceImage().equals(wish.image()) ? "" : wish.sourceImage());
        properties.put(DELAY, delay(wish.delayNanos()));
        properties.put(
                SEED, wish.seed().equals(ReplicaWish.NO_SEED) ? "" : wish.seed().toString());
        properties.put(ReplicaWish.SHARED, wish.shared());
        wish.properties().forEach((key, value) -> properties.put(CREATE + key, value));
        return properties;
    }

    /** In the largest unit that says it exactly; what is finer than a millisecond is rounded up. */
    static String delay(long nanos) {
        if (nanos == 0) {
            return "";
        }
        for (String unit : new String[] {"d", "h", "m", "s"}) {
            if (nanos % UNITS.get(unit) == 0) {
                return nanos / UNITS.get(unit) + unit;
            }
        }
        return (nanos + MILLI - 1) / MILLI + "ms";
    }
}
