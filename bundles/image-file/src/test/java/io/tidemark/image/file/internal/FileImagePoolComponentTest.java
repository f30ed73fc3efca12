package io.tidemark.image.file.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.annotation.Annotation;
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
        assertTrue(FileImagePoolComponent.newStore(new Keys("default", "images", "0"), "/srv/node")
                .toString()
                .endsWith("/srv/node/images"));
        assertTrue(FileImagePoolComponent.newStore(new Keys("default", "/mnt/disk", "1GiB"), null)
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
                () -> FileImagePoolComponent.newStore(new Keys("a", "images", "0"), null));
    }

    private static void refused(String start, Keys keys) {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> FileImagePoolComponent.newStore(keys, "/srv/node"));
        assertEquals(start, refusal.getMessage().substring(0, start.length()));
    }
}
