package io.tidemark.engine.image;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What a replica keeps in the properties of its head, and a primary that was one.
 *
 * @param order of the head
 * @param consistency of the image's bytes
 * @param nextOffset everything before it is copied, while copying
 * @param consistentAt where the bytes are one position, while replaying
 * @param shown the last event that the bytes may show that are copied for good, while they are no position
 * @param reach the image may show events up to this sequence, where the order does not tell; 0 for none
 */
record HeadProperties(
        HeadOrder order, Consistency consistency, long nextOffset, Position consistentAt, Shown shown, long reach) {
    static final String ORDER = "replica.order";
    static final String COPIED = "replica.copied";
    static final String CONSISTENT = "replica.consistent";
    static final String SHOWN = "replica.shown";
    static final String REACH = "replica.reach";
    static final String ENDED = "replica.ended";
    static final String CUT = "journal.cut";
    static final String BEGIN = "journal.begin";
    static final String SINCE = "journal.since";
    static final String LOST = "journal.lost";
    static final String FENCE = "fence";
    static final String OVERRULED = "fence.overruled";
    static final HeadProperties NEW =
            new HeadProperties(HeadOrder.LIVE, Consistency.COPYING, 0, Position.NONE, Shown.NONE, 0);
    static final HeadProperties LIVE =
            new HeadProperties(HeadOrder.LIVE, Consistency.CONSISTENT, 0, Position.NONE, Shown.NONE, 0);

    HeadProperties order(HeadOrder next) {
        return new HeadProperties(next, consistency, nextOffset, consistentAt, shown, reach);
    }

    HeadProperties reach(long sequence) {
        return new HeadProperties(order, consistency, nextOffset, consistentAt, shown, sequence);
    }

    HeadProperties copying(long offset, Shown last) {
        return new HeadProperties(order, Consistency.COPYING, offset, Position.NONE, last, reach);
    }

    HeadProperties replaying(Position at, Shown last) {
        return new HeadProperties(order, Consistency.REPLAYING, 0, at, last, reach);
    }

    HeadProperties consistent() {
        return new HeadProperties(order, Consistency.CONSISTENT, 0, Position.NONE, Shown.NONE, reach);
    }

    /**
     * Up to where the image may have been written behind its checkpoint before a crash, so that what is read begins there: all
     * that is durable, unless the order says less.
     */
    long reachAfterCrash(long checkpointed, long durable) {
        if (consistency == Consistency.COPYING) {
            return checkpointed;
        }
        long most = Math.max(reach, checkpointed);
        if (order instanceof HeadOrder.Hold hold) {
            most = Math.max(most, hold.at().sequence());
        } else if (((HeadOrder.Follow) order).delayNanos() == 0) {
            most = durable;
        }
        // On the way there no order counts.
        return Math.min(durable, Math.max(most, consistentAt.sequence()));
    }

    /** Who has taken a primary over; null when nobody has. */
    static Fence fence(ImageHead head) throws StorageException {
        return head.properties().containsKey(FENCE) ? fence(head, FENCE) : null;
    }

    private static Fence fence(ImageHead head, String key) throws StorageException {
        String text = head.properties().get(key);
        try {
            String[] words = text.split(" ", 3);
            return new Fence(words[2], Long.parseLong(words[0]), UUID.fromString(words[1]));
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw strange(key, text, e);
        }
    }

    private static String text(Fence fence) {
        return fence.epoch() + " " + fence.identity() + " " + fence.peer();
    }

    /** Who had taken a replica over when it was demoted; null when nobody had, and where an older version wrote only the epoch. */
    static Fence overruled(ImageHead head) throws StorageException {
        return head.properties().getOrDefault(OVERRULED, "").contains(" ") ? fence(head, OVERRULED) : null;
    }

    /** The newest epoch that a promotion overrules: of who had taken the image over, or else of the branch that it goes on. */
    static UUID overruled(ImageHead head, UUID predecessor) throws StorageException {
        String text = head.properties().get(OVERRULED);
        if (text == null) {
            return predecessor;
        }
        Fence fence = overruled(head);
        try {
            return fence == null ? UUID.fromString(text) : fence.identity();
        } catch (IllegalArgumentException e) {
            throw strange(OVERRULED, text, e);
        }
    }

    /** The head of a replica that was taken over only while it was demoted: as if that had been stored before. */
    static ImageHead takenOver(ImageHead head, Fence by) {
        Map<String, String> properties = new TreeMap<>(head.properties());
        properties.put(OVERRULED, text(by));
        return copy(head, head.role(), properties);
    }

    private static StorageException strange(String key, String text, RuntimeException why) {
        return new StorageException(
                Reason.CORRUPT,
                "the head of an image says what nobody understands: " + key + " = " + text,
                "it was written by a newer version: run that one",
                why);
    }

    /** The head of a primary with a fence, or without when it is null. */
    static ImageHead put(ImageHead head, Fence fence) {
        Map<String, String> properties = new TreeMap<>(head.properties());
        properties.remove(FENCE);
        if (fence != null) {
            properties.put(FENCE, text(fence));
        }
        return copy(head, head.role(), properties);
    }

    static HeadProperties of(ImageHead head) throws StorageException {
        Map<String, String> properties = head.properties();
        try {
            HeadOrder order = parse(properties.getOrDefault(ORDER, "follow 0"));
            long reach = Long.parseLong(properties.getOrDefault(REACH, "0"));
            HeadProperties whole = LIVE.order(order).reach(reach);
            Shown shown = properties.containsKey(SHOWN) ? Shown.parse(properties.get(SHOWN)) : Shown.NONE;
            if (properties.containsKey(COPIED)) {
                return whole.copying(Long.parseLong(properties.get(COPIED)), shown);
            }
            return properties.containsKey(CONSISTENT)
                    ? whole.replaying(Position.parse(properties.get(CONSISTENT)), shown)
                    : whole;
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
            if (head.role() == ImageHead.Role.PRIMARY) {
                // Its epoch has overruled that one already, once and for all.
                properties.remove(OVERRULED);
            }
            properties.remove(LOST);
            // Whoever follows is fenced by nobody; who promotes it again does so against the one that had fenced it.
            String fence = properties.remove(FENCE);
            if (fence != null) {
                properties.put(OVERRULED, fence);
            }
            if (!of.order.equals(HeadOrder.LIVE)) {
                properties.put(ORDER, text(of.order));
            }
            if (of.reach > head.checkpointed().sequence()) {
                properties.put(REACH, Long.toString(of.reach));
            }
            if (of.consistency == Consistency.COPYING) {
                properties.put(COPIED, Long.toString(of.nextOffset));
            } else if (of.consistency == Consistency.REPLAYING) {
                properties.put(CONSISTENT, of.consistentAt.toString());
            }
            if (!of.shown.equals(Shown.NONE)) {
                properties.put(SHOWN, of.shown.toString());
            }
        }
        return copy(head, role, properties);
    }

    /** The head of a replica that becomes a primary in the epoch of its former source. */
    static ImageHead promoted(ImageHead head, UUID epochIdentity) {
        ImageHead primary = put(head, ImageHead.Role.PRIMARY, null);
        Map<String, String> properties = new TreeMap<>(primary.properties());
        properties.put(ENDED, epochIdentity.toString());
        return copy(primary, ImageHead.Role.PRIMARY, properties);
    }

    /** Whether it was a replica before it was primary: its source, and who followed that, may be primary again. */
    static boolean isPromoted(ImageHead head) {
        return head.properties().containsKey(ENDED);
    }

    /** Whether a promoted replica is in this epoch still: the one that its promotion starts is not there yet. */
    static boolean isPromotedIn(ImageHead head, UUID epochIdentity) {
        return epochIdentity.toString().equals(head.properties().get(ENDED));
    }

    /** The head of a replica that becomes a primary at its checkpoint, and gives up what its journal has behind that. */
    static ImageHead cut(ImageHead head, Epoch epoch) {
        ImageHead primary = put(head, ImageHead.Role.PRIMARY, null);
        Map<String, String> properties = new TreeMap<>(primary.properties());
        properties.put(
                CUT,
                epoch.predecessorIdentity() + " " + epoch.startedNanos() + " " + epoch.promotedOver() + " "
                        + epoch.owner());
        properties.put(ENDED, epoch.identity().toString());
        return copy(primary, ImageHead.Role.PRIMARY, properties);
    }

    /**
     * The epoch in which a primary was cut off.
     *
     * @return null for one that is whole
     */
    static Epoch cutIn(ImageHead head) throws StorageException {
        String text = head.properties().get(CUT);
        if (text == null) {
            return null;
        }
        try {
            return epochIn(head, head.checkpointed().epoch(), text.split(" ", 4), 0);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw strange(CUT, text, e);
        }
    }

    /** Of a primary with a new journal: it is whole again, and whom the one before knew is known no more where that was lost. */
    static Map<String, String> adopted(ImageHead head) {
        Map<String, String> properties = new TreeMap<>(head.properties());
        if (properties.remove(CUT) == null) {
            properties.put(LOST, head.journalIdentity().toString());
        }
        return properties;
    }

    /** Whether the journal that knew the replicas of a primary is lost. */
    static boolean hasLostJournal(ImageHead head) {
        return head.properties().containsKey(LOST);
    }

    /** The head of an image whose own events have no earlier time, whatever its journal knows; 0 for nothing. */
    static ImageHead since(ImageHead head, long timeNanos) {
        Map<String, String> properties = new TreeMap<>(head.properties());
        properties.remove(SINCE);
        if (timeNanos > 0) {
            properties.put(SINCE, Long.toString(timeNanos));
        }
        return copy(head, head.role(), properties);
    }

    /** The earliest time of an event of its own; 0 when only its journal says that. */
    static long sinceNanos(ImageHead head) throws StorageException {
        String text = head.properties().getOrDefault(SINCE, "0");
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw strange(SINCE, text, e);
        }
    }

    /** The head of a new replica whose journal is still to be begun, in place of the one that the image had before. */
    static ImageHead beginning(ImageHead head, UUID before, Epoch relay) {
        Map<String, String> properties = new TreeMap<>(head.properties());
        properties.put(
                BEGIN,
                before + " " + relay.number() + " " + relay.predecessorIdentity() + " " + relay.startedNanos() + " "
                        + relay.promotedOver() + " " + relay.owner());
        return copy(head, head.role(), properties);
    }

    /**
     * How the journal of a new replica is to begin.
     *
     * @param before identity of the journal that it takes the place of
     * @param epoch the first one
     */
    record Beginning(UUID before, Epoch epoch) {}

    /** Null where the journal has begun. */
    static Beginning beginningOf(ImageHead head) throws StorageException {
        String text = head.properties().get(BEGIN);
        if (text == null) {
            return null;
        }
        try {
            String[] words = text.split(" ", 6);
            return new Beginning(UUID.fromString(words[0]), epochIn(head, Long.parseLong(words[1]), words, 2));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw strange(BEGIN, text, e);
        }
    }

    /** The epoch behind the head, whose other parts are in four words. */
    private static Epoch epochIn(ImageHead head, long number, String[] words, int at) {
        return new Epoch(
                number,
                head.epochIdentity(),
                head.checkpointed().sequence() + 1,
                UUID.fromString(words[at]),
                Long.parseLong(words[at + 1]),
                words[at + 3],
                UUID.fromString(words[at + 2]));
    }

    /** The head of a replica whose journal has begun. */
    static ImageHead begun(ImageHead head) {
        Map<String, String> properties = new TreeMap<>(head.properties());
        properties.remove(BEGIN);
        return copy(head, head.role(), properties);
    }

    /** The head with another role and other properties. */
    static ImageHead copy(ImageHead head, ImageHead.Role role, Map<String, String> properties) {
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
