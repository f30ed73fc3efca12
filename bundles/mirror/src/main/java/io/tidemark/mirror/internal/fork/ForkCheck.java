package io.tidemark.mirror.internal.fork;

import io.tidemark.api.Epoch;
import io.tidemark.mirror.internal.fork.Verdict.Kind;
import io.tidemark.mirror.internal.wire.Point;
import java.util.List;
import java.util.UUID;

/**
 * Compares two chains of epochs. An epoch's identity is random and names its predecessor's, so two chains that share an epoch
 * share everything before it; all that is to be found is the last shared one, and where each side left it.
 *
 * <p>Either list may lack its oldest epochs: who has no event of an epoch left, and no peer that ends in it, forgets it. A
 * replica's oldest epoch seems to begin where it was registered; so nothing is concluded from the first sequence of an oldest one.
 */
public final class ForkCheck {
    /**
     * One side.
     *
     * @param epochs that it knows, oldest first, each followed by its successor
     * @param end sequence of its last event; in the last epoch that begins at or before it
     */
    public record Side(List<Epoch> epochs, long end) {
        /** Copies. */
        public Side {
            epochs = List.copyOf(epochs);
        }

        Epoch oldest() {
            return epochs.get(0);
        }

        Epoch newest() {
            return epochs.get(epochs.size() - 1);
        }

        /** Null when it does not know it. */
        Epoch numbered(long number) {
            long index = number - oldest().number();
            return index < 0 || index >= epochs.size() ? null : epochs.get((int) index);
        }

        /** Identity of the epoch of a number, as far as known: the oldest one still names its predecessor. */
        UUID identity(long number) {
            Epoch epoch = numbered(number);
            Epoch next = numbered(number + 1);
            return epoch != null ? epoch.identity() : next != null ? next.predecessorIdentity() : null;
        }

        /** The last event that it has or had in an epoch; where that is not {@link #exact}, it may be less in truth. */
        long lastIn(long number) {
            Epoch next = numbered(number + 1);
            return next == null ? end : next.firstSequence() - 1;
        }

        List<Epoch> after(long number) {
            return epochs.stream().filter(epoch -> epoch.number() > number).toList();
        }

        boolean exact(long number) {
            return number >= oldest().number();
        }
    }

    private final Side source;
    private final Side replica;

    private ForkCheck(Side source, Side replica) {
        this.source = source;
        this.replica = replica;
    }

    /**
     * Compares.
     *
     * @param source its epochs and its last durable event
     * @param trimmed last event that the source's journal no longer has
     * @param replica its epochs and the last event that it has
     * @return how the replica stands to the source
     */
    public static Verdict compare(Side source, long trimmed, Side replica) {
        if (source.epochs().isEmpty() || replica.epochs().isEmpty()) {
            return new Verdict(Kind.UNRELATED, Point.NONE);
        }
        return new ForkCheck(source, replica).compare(trimmed);
    }

    /**
     * Whether a source has nothing but less than its replica has, of the epoch that is the newest one of both. Where nobody writes it,
     * because it is a replica itself, they did not part then: it is behind, as when its primary was demoted before it had received all.
     *
     * @param source its epochs and its last durable event
     * @param replica its epochs and the last event that it has
     * @return true when the source only has to catch up
     */
    public static boolean lacksOnly(Side source, Side replica) {
        return !source.epochs().isEmpty()
                && !replica.epochs().isEmpty()
                && source.newest().number() == replica.newest().number()
                && source.newest().identity().equals(replica.newest().identity())
                && source.end() < replica.end();
    }

    /**
     * Whether one side has gone on for epochs of which the other one knows nothing, and has forgotten where they parted, if they did.
     * Most likely it took over long ago. A side that was replaced, and could not know it, may have gone on for as many: what
     * was written on both is not to be told apart then, and the one that stops loses nothing.
     *
     * @param one side, which knows an epoch
     * @param other side, which knows one too
     * @return false for the first epochs of an image, which has had none before
     */
    public static boolean isLater(Side one, Side other) {
        return one.oldest().number() - 1 > other.newest().number()
                && !one.oldest().predecessorIdentity().equals(Epoch.NO_PREDECESSOR);
    }

    /**
     * The last epoch that two sides share.
     *
     * @param one side, which knows an epoch
     * @param other side, which knows one too
     * @return its number; 0 when they know none
     */
    static long shared(Side one, Side other) {
        long last = Math.min(one.newest().number(), other.newest().number());
        // Where only a predecessor's identity is known, it still tells.
        for (long number = last; number >= oldestShared(one, other); number--) {
            UUID here = one.identity(number);
            if (number > 0 && here != null && here.equals(other.identity(number))) {
                return number;
            }
        }
        return 0;
    }

    private static long oldestShared(Side one, Side other) {
        return Math.max(one.oldest().number(), other.oldest().number()) - 1;
    }

    private Verdict compare(long trimmed) {
        long shared = shared(source, replica);
        if (shared > 0) {
            return common(shared, source.identity(shared), trimmed);
        }
        long last = Math.min(source.newest().number(), replica.newest().number());
        long first = oldestShared(source, replica);
        if (first == 0 && last >= 1) {
            return new Verdict(Kind.UNRELATED, Point.NONE);
        }
        return new Verdict(last >= first ? Kind.SPLIT : Kind.FORGOTTEN, Point.NONE);
    }

    /** Both know the epoch, and the next ones, where there are some on both sides, differ. */
    private Verdict common(long number, UUID identity, long trimmed) {
        boolean exact = source.exact(number) && replica.exact(number);
        long fork = Math.min(source.lastIn(number), replica.lastIn(number));
        Verdict split = new Verdict(Kind.SPLIT, exact ? new Point(number, identity, fork) : Point.NONE);
        if (replica.newest().number() > number) {
            boolean behind = source.newest().number() == number && source.end() <= replica.lastIn(number);
            Point end = new Point(number, identity, fork);
            return behind ? new Verdict(Kind.OLDER, end) : split;
        }
        if (replica.end() > source.lastIn(number)) {
            return split;
        }
        Point end = new Point(number, identity, replica.end());
        // Who is registered is not forgotten, so it was not: and where its epoch ends is not known for sure.
        if (replica.end() < trimmed || !source.exact(number)) {
            return new Verdict(Kind.TRIMMED, end);
        }
        return new Verdict(Kind.CONTINUES, end);
    }
}
