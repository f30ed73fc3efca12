package io.tidemark.mirror.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.mirror.internal.manage.Mirrors;
import io.tidemark.mirror.internal.run.MirrorSettings;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SettingsTest {
    private static Settings read(Map<String, Object> properties, Map<String, String> framework) {
        return Settings.read(properties, framework::get, "a");
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

    /** A mistyped key would leave in force what it was to change, say a bound that a line cannot carry. */
    @Test
    void keysThatNobodyReadsAreNamedWithTheNearestOne() {
        String why = assertThrows(
                        IllegalArgumentException.class, () -> read(Map.of("copyrate", "1MiB", "copies", 1), Map.of()))
                .getMessage();
        assertEquals("copyrate: there is no such key; write copyRate", why);
        assertThrows(IllegalArgumentException.class, () -> read(Map.of("copy.rate", "1MiB"), Map.of()));
        assertEquals(
                Arrays.stream(MirrorConfiguration.class.getDeclaredMethods())
                        .map(Method::getName)
                        .collect(Collectors.toSet()),
                Settings.KEYS);
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
