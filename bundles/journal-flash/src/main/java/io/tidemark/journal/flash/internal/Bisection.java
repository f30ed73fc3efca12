package io.tidemark.journal.flash.internal;

import java.util.function.IntToLongFunction;

/** Finds in what is in order, looking at as few of many as can be. */
final class Bisection {
    private Bisection() {}

    /**
     * The last one whose key is at most a given one.
     *
     * @param count how many there are
     * @param keyOf the key of each, which never falls from one to the next; asked for log2(count) + 1 of them at most
     * @param key to look for
     * @return its index; -1 when all keys are larger
     */
    static int lastAtMost(int count, IntToLongFunction keyOf, long key) {
        int low = -1;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) >> 1;
            if (keyOf.applyAsLong(middle) <= key) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
