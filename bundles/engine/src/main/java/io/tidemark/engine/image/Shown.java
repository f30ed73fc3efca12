package io.tidemark.engine.image;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import java.util.List;
import java.util.UUID;

/**
 * The last event that copied bytes may show. Two branches use the same numbers, so the epoch's identity is with it.
 *
 * @param at which
 * @param epoch identity of the epoch that it lies in
 */
record Shown(Position at, UUID epoch) {
    /** They show nothing yet. */
    static final Shown NONE = new Shown(Position.NONE, Epoch.NO_PREDECESSOR);

    /** Of two on one branch. */
    Shown later(Shown other) {
        return other.at.sequence() > at.sequence() ? other : this;
    }

    /**
     * Whether a branch has it, or will have it if it goes on as it is.
     *
     * @param chain the branch's epochs, oldest first
     */
    boolean isOn(List<Epoch> chain) {
        if (at.sequence() == 0) {
            return true;
        }
        for (Epoch next : chain) {
            if (next.predecessorIdentity().equals(epoch)) {
                return at.sequence() < next.firstSequence();
            }
        }
        return !chain.isEmpty() && chain.get(chain.size() - 1).identity().equals(epoch);
    }

    static Shown parse(String text) {
        String[] words = text.split(" ", -1);
        if (words.length != 2) {
            throw new IllegalArgumentException("'" + text + "' names no event and its epoch");
        }
        return new Shown(Position.parse(words[0]), UUID.fromString(words[1]));
    }

    @Override
    public String toString() {
        return at + " " + epoch;
    }
}
