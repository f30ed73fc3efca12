package io.tidemark.mirror.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.mirror.internal.manage.Mirrors;
import io.tidemark.mirror.internal.run.MirrorSettings;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {
    private static Settings read(Map<String, Object> properties, Map<String, String> framework) {
        return Settings.read(properties, framework::get);
    }

    @Test
    void withoutConfigurationEverythingHasADefault() {
        Settings settings = read(Map.of(), Map.of("tidemark.data", "/data"));
        assertEquals(
                new Settings(
                        "a",
                        Path.of("/data/mirror.key"),
                        new Mirrors.Branches(Path.of("/data/branches"), 4L << 30),
                        MirrorSettings.DEFAULTS),
                settings);
    }

    @Test
    void theNameIsTheEnginesOrTheOneThatTheNodeWasStartedWith() {
        assertEquals("n1", read(Map.of(), Map.of("tidemark.node", " n1 ")).node());
        assertEquals(
                "n2", read(Map.of("node", "n2"), Map.of("tidemark.node", "n1")).node());
        assertEquals(
                "n1", read(Map.of("node", ""), Map.of("tidemark.node", "n1")).node());
    }

    @Test
    void valuesAreReadAndWrongOnesNamed() {
        Map<String, String> data = Map.of("tidemark.data", "/data");
        Settings settings =
                read(Map.of("keyFile", "/keys/k", "copies", 5, "copyRate", "1MiB", "receiveMemory", "1GiB"), data);
        assertEquals(Path.of("/keys/k"), settings.keyFile());
        assertEquals(5, settings.mirror().copies());
        assertEquals(1 << 20, settings.mirror().copyBytesPerSecond());
        assertEquals(1L << 30, settings.mirror().receiveBytes());
        assertEquals(Path.of("/data/k"), read(Map.of("keyFile", "k"), data).keyFile());
        Map<String, Object> wrong =
                Map.of("copies", "many", "copyRate", "fast", "receiveMemory", "1KiB", "keyFile", "a\0b");
        for (Map.Entry<String, Object> each : wrong.entrySet()) {
            String why = assertThrows(
                            IllegalArgumentException.class, () -> read(Map.of(each.getKey(), each.getValue()), data))
                    .getMessage();
            assertTrue(why.startsWith(each.getKey() + ": "), why);
        }
        assertThrows(IllegalArgumentException.class, () -> read(Map.of("copies", 0), data));
        assertThrows(IllegalArgumentException.class, () -> read(Map.of("copies", 65), data));
    }
}
