package io.tidemark.image.file.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FileImagePoolComponentTest {
    private record Keys(String pool, String directory, String reserve) implements FileImagePoolComponent.Config {
        @Override
        public Class<? extends Annotation> annotationType() {
            return FileImagePoolComponent.Config.class;
        }
    }

    @Test
    void aRelativeDirectoryLiesInTheNodesData() {
        assertTrue(FileImagePoolComponent.newStore(new Keys("default", "images", "0"), Map.of(), "/srv/node")
                .toString()
                .endsWith("/srv/node/images"));
        assertTrue(FileImagePoolComponent.newStore(new Keys("default", "/mnt/disk", "1GiB"), Map.of(), null)
                .toString()
                .endsWith("/mnt/disk"));
    }

    @Test
    void wrongValuesAreNamed() {
        refused("pool: ", new Keys("a/b", "images", "0"));
        refused("directory: ", new Keys("a", " ", "0"));
        refused("reserve: ", new Keys("a", "images", "much"));
        assertThrows(
                IllegalArgumentException.class,
                () -> FileImagePoolComponent.newStore(new Keys("a", "images", "0"), Map.of(), null));
    }

    @Test
    void keysThatNobodyReadsAreNamed() {
        refused("name: there is no such key", new Keys("a", "images", "0"), Map.of("name", "b", "service.pid", "c"));
        assertEquals(
                Arrays.stream(FileImagePoolComponent.Config.class.getDeclaredMethods())
                        .map(Method::getName)
                        .collect(Collectors.toSet()),
                FileImagePoolComponent.KEYS);
    }

    private static void refused(String start, Keys keys) {
        refused(start, keys, Map.of());
    }

    private static void refused(String start, Keys keys, Map<String, ?> properties) {
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class, () -> FileImagePoolComponent.newStore(keys, properties, "/srv/node"));
        assertEquals(start, refusal.getMessage().substring(0, start.length()));
    }
}
