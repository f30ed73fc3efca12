package io.tidemark.base.wish;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.admin.RefusedConfiguration;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whoever looks for a pool by its name finds why it is not there. */
class RefusalsTest {
    private static RefusedConfiguration refused(Map<String, ?> properties) {
        return Refusals.refused(Sort.IMAGE_POOL, "pool", properties, "reserve: 'much' is no size");
    }

    @Test
    void thePoolIsTheOneThatTheKeyNamesOrTheFile() {
        String file = "file:/srv/etc/io.tidemark.image.file-fast.cfg";
        Map<String, ?> named = Map.of("pool", " slow ", Configurations.FILE, file, "service.pid", "p~fast");
        assertEquals("slow", refused(named).name());
        assertEquals(
                "refused: reserve: 'much' is no size (etc/io.tidemark.image.file-fast.cfg)",
                refused(named).line());
        Map<String, ?> wrong = Map.of("pool", "a/b", Configurations.FILE, file, "service.pid", "p~fast");
        assertEquals("fast", refused(wrong).name(), "the name is what is wrong");
        Map<String, ?> mistyped = Map.of("pol", "slow", Configurations.FILE, file, "service.pid", "p~fast");
        assertEquals("fast", refused(mistyped).name());
        assertEquals(
                "bulk",
                refused(Map.of("service.pid", "io.tidemark.image.file~bulk")).name());
    }
}
