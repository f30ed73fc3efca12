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
        providers.add("a", 5, "better");
        assertEquals(Optional.of("better"), providers.best("a"));
        providers.remove("better");
        providers.remove("first");
        assertEquals(Optional.of("second"), providers.best("a"));
        assertTrue(providers.has("second"));
        assertFalse(providers.has("first"));
        providers.add("b", -5, "other");
        assertEquals(List.of("a", "b"), providers.names());
        providers.remove("second");
        assertEquals(List.of("b"), providers.names());
        providers.remove("second");
    }
}
