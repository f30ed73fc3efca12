package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.journal.flash.BatchMemory;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FlashJournalStoreComponentTest {
    private record Keys(
            String pool,
            String directories,
            String segmentSize,
            String batchSize,
            String directFrom,
            String sealAfter,
            String preparation,
            int spareSegments)
            implements FlashJournalStoreComponent.Config {
        static final Keys DEFAULT = new Keys("default", "journals", "64MiB", "4MiB", "256KiB", "20ms", "adaptive", 16);

        Keys in(String where) {
            return new Keys(pool, where, segmentSize, batchSize, directFrom, sealAfter, preparation, spareSegments);
        }

        @Override
        public Class<? extends Annotation> annotationType() {
            return FlashJournalStoreComponent.Config.class;
        }
    }

    @Test
    void relativeDirectoriesLieInTheNodesData() {
        String text = FlashJournalStoreComponent.newStore(
                        Keys.DEFAULT.in("journals, /mnt/b"), Map.of(), "/srv/node", new BatchMemory())
                .toString();
        assertTrue(text.contains("/srv/node/journals, /mnt/b"), text);
        assertThrows(
                IllegalArgumentException.class,
                () -> FlashJournalStoreComponent.newStore(Keys.DEFAULT, Map.of(), null, new BatchMemory()));
    }

    @Test
    void wrongValuesAreNamed() {
        refused("pool: ", new Keys("a/b", "j", "64MiB", "4MiB", "0", "20ms", "adaptive", 1));
        refused("directories: ", Keys.DEFAULT.in("a,,b"));
        refused("directories: ", Keys.DEFAULT.in("a,b/../a"));
        refused("segmentSize: ", new Keys("a", "j", "1MiB", "4MiB", "0", "20ms", "adaptive", 1));
        refused("batchSize: ", new Keys("a", "j", "64MiB", "1MiB", "0", "20ms", "adaptive", 1));
        refused("batchSize: ", new Keys("a", "j", "64MiB", "100GiB", "0", "20ms", "adaptive", 1));
        refused("directFrom: ", new Keys("a", "j", "64MiB", "4MiB", "never", "20ms", "adaptive", 1));
        refused("sealAfter: ", new Keys("a", "j", "64MiB", "4MiB", "0", "20", "adaptive", 1));
        refused(
                "preparation: 'somehow' is none of [written, allocated, adaptive]",
                new Keys("a", "j", "64MiB", "4MiB", "0", "20ms", "somehow", 1));
        refused("spareSegments: ", new Keys("a", "j", "64MiB", "4MiB", "0", "20ms", "adaptive", -1));
    }

    @Test
    void keysThatNobodyReadsAreNamed() {
        refused("name: there is no such key", Keys.DEFAULT, Map.of("name", "b", "service.pid", "c"));
        refused("spareSegments: 'many' is no whole number", Keys.DEFAULT, Map.of("spareSegments", "many"));
        assertEquals(
                Arrays.stream(FlashJournalStoreComponent.Config.class.getDeclaredMethods())
                        .map(Method::getName)
                        .collect(Collectors.toSet()),
                FlashJournalStoreComponent.KEYS);
    }

    private static void refused(String start, Keys keys) {
        refused(start, keys, Map.of());
    }

    private static void refused(String start, Keys keys, Map<String, ?> properties) {
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class,
                () -> FlashJournalStoreComponent.newStore(keys, properties, "/srv/node", new BatchMemory()));
        assertEquals(start, refusal.getMessage().substring(0, start.length()));
    }
}
