package io.tidemark.base.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "512, 512",
        "4k, 4096",
        "10G, 10737418240",
        "512MiB, 536870912",
        "1.5GiB, 1610612736",
        "10GB, 10000000000",
        "2 T, 2199023255552",
        "7B, 7"
    })
    void sizesAreReadAsPeopleWriteThem(String text, long bytes) {
        assertEquals(bytes, Sizes.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G", "-1", "1X", "1.2.3G", "0.5", "1GiBB"})
    void whatIsNoSizeIsRefusedWithAnExample(String text) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Sizes.parse(text));
        assertTrue(e.getMessage().contains("512MiB"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"99999999999G", "8388608T", "9E", "9223372036854775808"})
    void whatIsTooLargeIsSaidToBe(String text) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Sizes.parse(text));
        assertTrue(e.getMessage().contains("too large"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1 KiB",
        "1536, 1.5 KiB",
        "1048575, 1 MiB",
        "10737418240, 10 GiB",
        "9223372036854775807, 8 EiB"
    })
    void sizesAreWrittenShort(long bytes, String text) {
        assertEquals(text, Sizes.format(bytes));
    }

    @Test
    void durationsGoBothWays() {
        assertEquals(Duration.ofMillis(250), Durations.parse("250ms"));
        assertEquals(Duration.ofHours(1), Durations.parse("1h"));
        assertEquals("3.2s", Durations.format(3_200_000_000L));
        assertEquals("1h 5m", Durations.format(3_900_000_000_000L));
        assertEquals("1h", Durations.format(3_600_000_000_000L));
        assertEquals("10m", Durations.format(600_000_000_000L));
        assertEquals("1m 1s", Durations.format(61_000_000_000L));
        assertEquals("2d", Durations.format(2 * 86_400_000_000_000L));
        assertEquals("85us", Durations.format(85_000));
        assertThrows(IllegalArgumentException.class, () -> Durations.parse("soon"));
        assertThrows(IllegalArgumentException.class, () -> Durations.parse("-1s"));
    }

    @Test
    void namesAreFileNamesAndExportNames() {
        assertEquals("db-1.data_x", Names.check("image", "db-1.data_x"));
        for (String bad : List.of("", ".", "..", "-x", "a/b", "a b", "n\u00e4me", "a@b", "x".repeat(129))) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> Names.check("image", bad), bad);
            assertTrue(e.getMessage().contains("for an image"), e.getMessage());
        }
    }

    @Test
    void jsonIsWrittenAsTheStandardWantsIt() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("text", "a \"b\" \\ \n \u0001 \u00e9");
        map.put("list", Arrays.asList(1, 2.5, true, null));
        map.put("empty", Map.of());
        map.put("nan", Double.NaN);
        assertEquals("""
                {
                  "text": "a \\"b\\" \\\\ \\n \\u0001 \u00e9",
                  "list": [
                    1,
                    2.5,
                    true,
                    null
                  ],
                  "empty": {},
                  "nan": null
                }""", Json.write(map));
        assertThrows(IllegalArgumentException.class, () -> Json.write(new Object()));
    }
}
