package io.tidemark.mirror.internal.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.Epoch;
import io.tidemark.api.Watermarks;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.wire.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SiblingsTest {
    private static final UUID IMAGE = new UUID(1, 1);

    /** Ten events each. */
    private static List<Epoch> epochs(int count) {
        List<Epoch> epochs = new ArrayList<>();
        Epoch last = new Epoch(1, new UUID(0, 1), 1, Epoch.NO_PREDECESSOR, 5, "a");
        for (int i = 1; i <= count; i++) {
            epochs.add(last);
            last = last.next(new UUID(0, i + 1), 10 * i + 1, 5 + i, "a");
        }
        return epochs;
    }

    /** How far one with all epochs up to a number is, and what it still knows of them. */
    private static Siblings.Sibling sibling(int epochs, int known, long trimmed) {
        return new Siblings.Sibling(
                "b",
                new Answer.Facts(
                        Role.REPLICA,
                        false,
                        false,
                        Consistency.CONSISTENT,
                        IMAGE,
                        trimmed,
                        10 * epochs,
                        10 * epochs,
                        epochs(epochs).subList(epochs - known, epochs),
                        "disk"));
    }

    private static ImageFacts ours(int epochs) {
        long end = 10L * epochs;
        return new ImageFacts(
                "disk",
                IMAGE,
                Role.REPLICA,
                1 << 20,
                4096,
                epochs(epochs),
                new Watermarks(end, end, end, end, 0),
                null,
                0);
    }

    /** Also one that has forgotten the epochs of ours has more, and cannot give it. */
    @Test
    void whoHasGoneOnForEpochsIsAhead() {
        for (int known = 1; known <= 6; known++) {
            Siblings.Sibling later = sibling(6, known, known == 6 ? 0 : 45);
            assertEquals(true, later.hasMoreThan(ours(2)), "knows " + known);
            assertEquals(known == 6, later.canGiveMoreThan(ours(2)), "knows " + known);
            assertEquals(false, sibling(2, Math.min(known, 2), 0).hasMoreThan(ours(6)), "knows " + known);
        }
    }
}
