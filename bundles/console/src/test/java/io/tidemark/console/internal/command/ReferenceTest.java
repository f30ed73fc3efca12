package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.console.internal.Typed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * docs/reference/commands.md says what the commands say of themselves. After a change:
 *
 * <pre>mvn -pl bundles/console -am test -Dtest=ReferenceTest -Dsurefire.failIfNoSpecifiedTests=false -Dtidemark.regenerate=true</pre>
 */
class ReferenceTest {
    private static final Path FILE = Path.of("../../docs/reference/commands.md");

    @Test
    void theReferenceIsGenerated() throws IOException {
        String text = reference();
        if (Boolean.getBoolean("tidemark.regenerate")) {
            Files.createDirectories(FILE.getParent());
            Files.writeString(FILE, text);
        }
        assertEquals(
                text,
                Files.readString(FILE),
                "run the command in the comment of " + getClass().getName());
    }

    /** Who wants to know what can be set is sent there. */
    @Test
    void theKeysOfAnImageAreExplainedWhereTheHelpSays() throws IOException {
        String file = "etc/io.tidemark.image-NAME.cfg.example";
        Spec set = Typed.command("image:set").spec();
        assertTrue(set.detail().contains(file), set.detail());
        List<String> lines = Files.readAllLines(Path.of("../..").resolve(file));
        for (String key : KeyOptions.SETTABLE) {
            assertTrue(lines.stream().anyMatch(line -> line.startsWith("# " + key + " =")), key);
        }
    }

    private static String reference() {
        StringBuilder out = new StringBuilder();
        out.append("# Commands\n\n")
                .append(
                        "Generated from the commands themselves; a test compares. Type them in the console that `./run` opens, or\n")
                .append(
                        "behind `./tm`, as `./tm image:list`. Options may stand anywhere behind the command's name; `--` ends them.\n")
                .append(
                        "Sizes are written as `512MiB` or `10G` (powers of 1024; `10GB` is 10^10 bytes), durations as `30s` or `1h`.\n")
                .append(
                        "`--json` prints the same for machines: fields end in their unit, states are in lower case. Tab completes\n")
                .append(
                        "names. `./tm` exits with 0 after success, 1 after a failure, 2 when a line makes no sense, 3 while the node\n")
                .append(
                        "starts, 4 where none runs, 5 when `mirror:verify` found something different, 6 when it could compare\n")
                .append("nothing, and 130 after a cancellation.\n\n");
        for (ConsoleCommand command : Commands.all()) {
            String name = command.spec().fullName();
            out.append("- [")
                    .append(name)
                    .append("](#")
                    .append(name.replace(":", ""))
                    .append("): ");
            out.append(command.spec().summary()).append('\n');
        }
        Commands.all().forEach(command -> describe(out, command.spec()));
        return out.toString();
    }

    private static void describe(StringBuilder out, Spec spec) {
        out.append("\n## ")
                .append(spec.fullName())
                .append("\n\n    ")
                .append(spec.usage())
                .append("\n\n");
        out.append(spec.summary());
        if (!spec.detail().isEmpty()) {
            out.append(' ').append(spec.detail());
        }
        out.append("\n\n| | |\n|---|---|\n");
        spec.parameters().forEach(p -> row(out, p.name(), p.help()));
        spec.options().forEach(o -> row(out, o.usage(), o.help()));
        row(out, Option.HELP.usage(), Option.HELP.help());
        out.append('\n');
        spec.examples().forEach(e -> out.append("- `")
                .append(e.line())
                .append("`: ")
                .append(e.says())
                .append('\n'));
    }

    private static void row(StringBuilder out, String name, String help) {
        String escaped = name.replace("|", "\\|");
        out.append("| `")
                .append(escaped)
                .append("` | ")
                .append(help.replace("|", "\\|"))
                .append(" |\n");
    }
}
