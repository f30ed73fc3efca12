package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.mirror.internal.run.GivenOrder;
import io.tidemark.mirror.internal.run.Master;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What peers may, and what is done for them. A peer learns of images that are mirrored with it, and of those that it has a replica of
 * itself, as it proves by their identity.
 */
final class PeerOrders implements Master {
    private static final Logger LOG = LoggerFactory.getLogger(PeerOrders.class);

    /** For so long after a peer has asked how far a replica is it may begin to fetch what it lacks. */
    private static final long FETCH_NANOS = 60 * Desk.SECOND;

    /** Who does it. */
    record Hands(Desk desk, Enabling enabling, Roles roles, Comparing comparing, Splits splits, Fencing fencing) {}

    /** Peers with images that they have asked for by identity, and when. */
    private final Map<String, Long> finders = new ConcurrentHashMap<>();

    private volatile Hands hands;

    /** Before anything runs: the two know each other. */
    void serve(Hands all) {
        hands = all;
    }

    @Override
    public Set<String> replicas(String peer, String image) {
        return hands.desk().names(peer, image);
    }

    @Override
    public boolean mayFetch(String peer, String image) {
        Long asked = finders.get(finder(peer, image));
        return asked != null && now() - asked < FETCH_NANOS;
    }

    private static String finder(String peer, String image) {
        return peer + "/" + image;
    }

    private long now() {
        return hands.desk().context().clock().monotonicNanos();
    }

    @Override
    public void pinned(String peer, String key) {
        try {
            hands.desk()
                    .peers()
                    .change(peer, config -> config.settings().key().isEmpty() ? Map.of(PeerConfig.KEY, key) : null);
            LOG.info("the peer '{}' is known by the key {} from now on", peer, key);
        } catch (StorageException e) {
            LOG.error("the key {} of the peer '{}' is not kept: {}", key, peer, e.getMessage());
        }
    }

    @Override
    public void moved() {
        hands.fencing().look();
    }

    @Override
    public void linked(String peer) {
        hands.fencing().linked(peer);
    }

    @Override
    public Answer obey(GivenOrder given) throws StorageException {
        Hands all = hands;
        String peer = given.peer();
        Order order = given.order();
        if (order instanceof Order.Enable enable) {
            return all.enabling().enabled(peer, enable);
        }
        if (order instanceof Order.Disable disable) {
            return all.enabling().disabled(peer, disable);
        }
        if (order instanceof Order.Look look) {
            checkShared(peer, look.image());
            return all.roles().look(given, look.image());
        }
        if (order instanceof Order.Find find) {
            Answer.Facts found = all.roles().find(given, find);
            finders.put(finder(peer, found.image()), now());
            all.fencing().heard(peer, found.image());
            return found;
        }
        if (order instanceof Order.Promote promote) {
            Answer promoted = all.roles().promoted(given, promote);
            all.fencing().look();
            return promoted;
        }
        if (order instanceof Order.Verify verify) {
            return all.comparing().verified(given, verify);
        }
        if (order instanceof Order.Sums sums) {
            checkShared(peer, sums.image());
            return all.comparing().summed(given, sums);
        }
        if (order instanceof Order.Branch branch) {
            checkShared(peer, branch.image());
            return all.splits().branched(given, branch);
        }
        throw new StorageException(Reason.INVALID, order.type() + " is no order to obey", "update the older node");
    }

    private void checkShared(String peer, String image) throws StorageException {
        if (replicas(peer, image).isEmpty()) {
            throw new StorageException(
                    Reason.NOT_FOUND,
                    "the image " + image + " is not mirrored with " + peer + " on the node "
                            + hands.desk().nodeName(),
                    "run mirror:enable where it is primary");
        }
    }
}
