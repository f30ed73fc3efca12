package io.tidemark.console.internal.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.console.internal.command.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/formats/tm.md and the help of {@code tm} name every status that a command can end with. */
class TmDocumentTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d+) \\|");

    @Test
    void everyStatusIsNamed() throws IOException {
        Set<Integer> ended = new TreeSet<>(Set.of(0, TmConnection.STARTING));
        for (Failure.Kind kind : Failure.Kind.values()) {
            ended.add(kind.exitStatus());
        }
        Set<Integer> named = new TreeSet<>();
        Matcher row = ROW.matcher(Files.readString(Path.of("../../docs/formats/tm.md")));
        while (row.find()) {
            named.add(Integer.valueOf(row.group(1)));
        }
        assertEquals(ended, named);
        String help = Files.readString(Path.of("../../tm"));
        for (int status : ended) {
            boolean said = status > 128
                    || Pattern.compile("[ ;\n]" + status + " \\w").matcher(help).find();
            assertTrue(said, "tm --help does not name status " + status);
        }
    }
}
