package io.tidemark.engine.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProvidersTest {
    @Test
    void theHighestRankingCountsAndThenTheFirst() {
        Providers<String> providers = new Providers<>();
        assertEquals(Optional.empty(), providers.best("a"));
        providers.add("a", 0, "first");
        providers.add("a", 0, "second");
        assertEquals(Optional.of("first"), providers.best("a"));
        assertEquals(1, providers.rivals("a"));
        providers.add("a", 5, "better");
        assertEquals(Optional.of("better"), providers.best("a"));
        assertEquals(0, providers.rivals("a"), "who has a lower ranking is not used on purpose");
        providers.remove("better");
        providers.remove("first");
        assertEquals(Optional.of("second"), providers.best("a"));
        assertEquals(0, providers.rivals("a"));
        assertEquals(0, providers.rivals("none"));
        assertTrue(providers.has("second"));
        assertFalse(providers.has("first"));
        providers.add("b", -5, "other");
        assertEquals(List.of("a", "b"), providers.names());
        providers.remove("second");
        assertEquals(List.of("b"), providers.names());
        providers.remove("second");
    }
}
