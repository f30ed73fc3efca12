package io.tidemark.engine.image;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a replica keeps in the properties of its head.
 *
 * @param order of the head
 * @param consistency of the image's bytes
 * @param nextOffset everything before it is copied, while copying
 * @param consistentAt where the bytes are one position, while replaying
 */
record HeadProperties(HeadOrder order, Consistency consistency, long nextOffset, Position consistentAt) {
    static final String ORDER = "replica.order";
    static final String COPIED = "replica.copied";
    static final String CONSISTENT = "replica.consistent";
    static final HeadProperties NEW = new HeadProperties(HeadOrder.LIVE, Consistency.COPYING, 0, Position.NONE);
    static final HeadProperties LIVE = new HeadProperties(HeadOrder.LIVE, Consistency.CONSISTENT, 0, Position.NONE);

    HeadProperties order(HeadOrder next) {
        return new HeadProperties(next, consistency, nextOffset, consistentAt);
    }

    static HeadProperties of(ImageHead head) throws StorageException {
        Map<String, String> properties = head.properties();
        try {
            HeadOrder order = parse(properties.getOrDefault(ORDER, "follow 0"));
            if (properties.containsKey(COPIED)) {
                return new HeadProperties(
                        order, Consistency.COPYING, Long.parseLong(properties.get(COPIED)), Position.NONE);
            }
            return properties.containsKey(CONSISTENT)
                    ? new HeadProperties(order, Consistency.REPLAYING, 0, Position.parse(properties.get(CONSISTENT)))
                    : new HeadProperties(order, Consistency.CONSISTENT, 0, Position.NONE);
        } catch (IllegalArgumentException e) {
            throw new StorageException(
                    Reason.CORRUPT,
                    "the head of a replica says what nobody understands: " + properties,
                    "it was written by a newer version: run that one, or begin anew with the replica",
                    e);
        }
    }

    private static HeadOrder parse(String text) {
        String[] words = text.split(" ", -1);
        if (words.length == 2 && words[0].equals("follow")) {
            return new HeadOrder.Follow(Long.parseLong(words[1]));
        }
        if (words.length == 2 && words[0].equals("hold")) {
            return new HeadOrder.Hold(Position.parse(words[1]));
        }
        throw new IllegalArgumentException("'" + text + "' is no order");
    }

    /** The head with another role, and of a replica with these properties. */
    static ImageHead put(ImageHead head, ImageHead.Role role, HeadProperties of) {
        Map<String, String> properties = new TreeMap<>(head.properties());
        properties.keySet().removeIf(key -> key.startsWith("replica."));
        if (of != null) {
            if (!of.order.equals(HeadOrder.LIVE)) {
                properties.put(ORDER, text(of.order));
            }
            if (of.consistency == Consistency.COPYING) {
                properties.put(COPIED, Long.toString(of.nextOffset));
            } else if (of.consistency == Consistency.REPLAYING) {
                properties.put(CONSISTENT, of.consistentAt.toString());
            }
        }
        return new ImageHead(
                head.imageIdentity(),
                head.sizeBytes(),
                head.blockSizeBytes(),
                head.journalPool(),
                head.journalIdentity(),
                head.epochIdentity(),
                head.checkpointed(),
                role,
                properties);
    }

    private static String text(HeadOrder order) {
        if (order instanceof HeadOrder.Hold hold) {
            return "hold " + hold.at();
        }
        return "follow " + ((HeadOrder.Follow) order).delayNanos();
    }
}
