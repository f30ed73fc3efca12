package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The engine's properties in docs/formats/file-image.md against those that it writes. */
class HeadFormatDocumentTest {
    private static final Pattern ROW = Pattern.compile("^\\| `([a-z]+(?:\\.[a-z]+)?)` \\|", Pattern.MULTILINE);

    @Test
    void everyPropertyIsExplained() throws IOException, IllegalAccessException {
        Set<String> written = new TreeSet<>();
        for (Field field : HeadProperties.class.getDeclaredFields()) {
            if (field.getType() == String.class) {
                written.add((String) field.get(null));
            }
        }
        String page = Files.readString(Path.of("../../docs/formats/file-image.md"));
        Set<String> documented = ROW.matcher(page)
                .results()
                .map((MatchResult row) -> row.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(written, documented);
    }
}
