package io.tidemark.mirror.internal.fork;

import io.tidemark.api.Epoch;
import io.tidemark.mirror.internal.fork.ForkCheck.Side;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Which of two branches of an image may be written: the one that an order decided for. A promotion does so, and one that names
 * an epoch of the other branch overrules that branch; of two orders that did not know of each other the later one counts. Both
 * sides come to the same result, so never both give way.
 *
 * <p>A number alone does not tell: a primary that comes back after it was replaced begins epochs of its own, and may do so more
 * often than the one that replaced it. It has to tell only where one side knows no epoch of the other one any more, and no order
 * names one.
 */
public final class Precedence {
    private static final Comparator<Epoch> LATER = Comparator.nullsFirst(Comparator.comparingLong(Epoch::number)
            .thenComparingLong(Epoch::startedNanos)
            .thenComparing(Epoch::identity));

    private Precedence() {}

    /**
     * Whether one side has to give way to another one.
     *
     * @param ours epochs and last event of a primary
     * @param theirs those of the same image elsewhere
     * @return the newest epoch there, when ours has to give way to it
     */
    public static Optional<Epoch> newer(Side ours, Side theirs) {
        boolean gives =
                switch (ForkCheck.compare(ours, 0, theirs).kind()) {
                    case OLDER -> true;
                    case SPLIT -> split(ours, theirs);
                    case FORGOTTEN -> forgotten(ours, theirs);
                    // Strangers, or who only follows.
                    default -> false;
                };
        return gives ? Optional.of(theirs.newest()) : Optional.empty();
    }

    /**
     * Whether a side was promoted behind the point where two parted, so that the other one did not come from it.
     *
     * @param ours epochs and last event of a primary
     * @param theirs those of the same image elsewhere
     * @return false where the other side has all of its promotions, too
     */
    public static boolean promotedApart(Side ours, Side theirs) {
        return !ours.epochs().isEmpty()
                && !theirs.epochs().isEmpty()
                && promoted(ours.after(ForkCheck.shared(ours, theirs))) != null;
    }

    /**
     * Whether an order behind the point where two parted has decided against the other side, and none against this one.
     *
     * @param ours epochs and last event of an image
     * @param theirs those of the same image elsewhere
     * @return false where nobody knew of the other one
     */
    public static boolean overrules(Side ours, Side theirs) {
        long fork = ForkCheck.shared(ours, theirs);
        return overruling(ours.after(fork), theirs.after(fork)) != null
                && overruling(theirs.after(fork), ours.after(fork)) == null;
    }

    /** Where one side has forgotten all that the other one knows, an order may still name it; only without one numbers tell. */
    private static boolean forgotten(Side ours, Side theirs) {
        boolean decided = overruling(ours.epochs(), theirs.epochs()) != null
                || overruling(theirs.epochs(), ours.epochs()) != null;
        return decided ? split(ours.epochs(), theirs.epochs()) : ForkCheck.isLater(theirs, ours);
    }

    private static boolean split(Side ours, Side theirs) {
        long fork = ForkCheck.shared(ours, theirs);
        return split(ours.after(fork), theirs.after(fork));
    }

    /** What came behind the fork, on each side. */
    private static boolean split(List<Epoch> ours, List<Epoch> theirs) {
        Epoch own = overruling(ours, theirs);
        Epoch other = overruling(theirs, ours);
        if (own == null && other == null) {
            own = promoted(ours);
            other = promoted(theirs);
        }
        if (own == null && other == null) {
            own = first(ours);
            other = first(theirs);
        }
        if (own == null || other == null) {
            return other != null;
        }
        boolean knew = names(own, theirs, other.number());
        boolean known = names(other, ours, own.number());
        return knew == known ? LATER.compare(other, own) > 0 : known;
    }

    private static Epoch first(List<Epoch> branch) {
        return branch.isEmpty() ? null : branch.get(0);
    }

    /** The first one, so that nothing that comes later on a branch turns what was decided. */
    private static Epoch promoted(List<Epoch> branch) {
        return branch.stream().filter(Epoch::isPromoted).findFirst().orElse(null);
    }

    /** The last promotion on a branch that was one against another branch. */
    private static Epoch overruling(List<Epoch> branch, List<Epoch> another) {
        Epoch last = null;
        for (Epoch epoch : branch) {
            last = names(epoch, another, 0) ? epoch : last;
        }
        return last;
    }

    /** Whether an epoch was begun by who knew a branch at least so far. */
    private static boolean names(Epoch epoch, List<Epoch> branch, long number) {
        return branch.stream()
                .anyMatch(one -> one.number() >= number && one.identity().equals(epoch.promotedOver()));
    }
}
