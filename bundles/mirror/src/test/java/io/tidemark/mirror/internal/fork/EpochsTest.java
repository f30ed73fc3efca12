package io.tidemark.mirror.internal.fork;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.Epoch;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Of what a primary has, the events that it wrote itself. */
class EpochsTest {
    private static final long NONE = Long.MAX_VALUE;

    private final List<Epoch> epochs = new ArrayList<>();

    /** Each has ten events. */
    private void epoch(String owner, boolean promoted) {
        UUID before = new UUID(0, epochs.size());
        long first = 10L * epochs.size() + 1;
        Epoch epoch = new Epoch(epochs.size() + 1, new UUID(0, epochs.size() + 1), first, before, 0, owner);
        epochs.add(promoted ? epoch.promoted(before) : epoch);
    }

    @Test
    void aPrimaryWroteAllSinceItsPromotion() {
        assertEquals(NONE, Epochs.writtenFrom(epochs, "a"));
        epoch("a", false);
        epoch("a", false);
        assertEquals(1, Epochs.writtenFrom(epochs, "a"));
        epoch("b", true);
        epoch("b", false);
        assertEquals(21, Epochs.writtenFrom(epochs, "b"));
        epoch("a", true);
        assertEquals(41, Epochs.writtenFrom(epochs, "a"));
    }

    /** Who does not say what it is called is called a. */
    @Test
    void aPromotionTellsNodesOfOneName() {
        epoch("a", false);
        epoch("a", true);
        epoch("a", false);
        assertEquals(11, Epochs.writtenFrom(epochs, "a"));
    }

    /** Its image lies where another node had it, or the node was called otherwise. */
    @Test
    void whatHasAnotherNameIsOfAnotherNode() {
        epoch("b", false);
        assertEquals(NONE, Epochs.writtenFrom(epochs, "a"));
        epoch("a", false);
        assertEquals(11, Epochs.writtenFrom(epochs, "a"));
        epoch("b", false);
        assertEquals(NONE, Epochs.writtenFrom(epochs, "a"));
    }
}
