package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.console.internal.FakeJournal;
import io.tidemark.console.internal.FakeNode;
import io.tidemark.console.internal.JsonText;
import io.tidemark.console.internal.Typed;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/reference/json.md against what the commands print. */
class JsonReferenceTest {
    private static final Path FILE = Path.of("../../docs/reference/json.md");
    private static final Pattern HEADING = Pattern.compile("^## (.*)$");
    private static final Pattern ROW = Pattern.compile("^\\| `([^`]+)` \\|");

    /** Their names are those of figures, keys and kinds of events. */
    private static final Set<String> NAMED_OTHERWISE = Set.of("counters", "properties");

    private final FakeNode node = new FakeNode();
    private final Set<String> typed = new TreeSet<>();

    @TempDir
    Path directory;

    @BeforeEach
    void whatThereIs() {
        FakeJournal journal =
                new FakeJournal().add(EventKind.WRITE, 1, 0, 512, "").add(EventKind.MARK, 0, 0, 0, "monday");
        node.images.put("vm1", FakeNode.image("vm1", ImageStatus.State.SERVING, ""));
        node.journals.put("vm1", journal);
        node.frontEnds.add(new FakeFrontEnd());
        node.devices.add((BlockDevice) Proxy.newProxyInstance(
                BlockDevice.class.getClassLoader(), new Class<?>[] {BlockDevice.class}, (proxy, method, arguments) -> {
                    Class<?> type = method.getReturnType();
                    return type == String.class
                            ? "vm1"
                            : type == long.class ? 0L : type == int.class ? 0 : (Object) false;
                }));
    }

    /** First columns of the tables, by heading. */
    private static Map<String, Set<String>> documented() throws IOException {
        Map<String, Set<String>> tables = new LinkedHashMap<>();
        String heading = "";
        for (String line : Files.readAllLines(FILE)) {
            Matcher begins = HEADING.matcher(line);
            heading = begins.matches() ? begins.group(1) : heading;
            Matcher row = ROW.matcher(line);
            if (row.find()) {
                tables.computeIfAbsent(heading, key -> new LinkedHashSet<>()).add(row.group(1));
            }
        }
        return tables;
    }

    private static void fields(String prefix, Object value, Set<String> into) {
        if (value instanceof List<?> list) {
            list.forEach(each -> fields(prefix, each, into));
        } else if (value instanceof Map<?, ?> map) {
            map.forEach((name, inside) -> {
                boolean kind = prefix.endsWith("kinds.");
                String field = prefix + (kind ? "KIND" : name);
                if (!kind) {
                    into.add(field);
                }
                if (!NAMED_OTHERWISE.contains(name)) {
                    fields(field + ".", inside, into);
                }
            });
        }
    }

    private Set<String> printed(String line) throws Failure {
        Set<String> fields = new LinkedHashSet<>();
        fields(
                "",
                JsonText.value(
                        Typed.run(node, line + " --json", null, directory).text()),
                fields);
        return fields;
    }

    /** What is under some headings. */
    private static Set<String> documented(String... headings) throws IOException {
        Map<String, Set<String>> tables = documented();
        Set<String> fields = new LinkedHashSet<>();
        for (String heading : headings) {
            fields.addAll(tables.getOrDefault(heading, Set.of()));
        }
        return fields;
    }

    private void explained(Set<String> documented, String... lines) throws Exception {
        for (String line : lines) {
            assertEquals(documented, printed(line), line);
            typed.add(line.split(" ")[0]);
        }
    }

    @Test
    void everyFieldIsExplained() throws Exception {
        node.images.put("vm3", FakeNode.replica("vm3", new Position(3, 5), new Position(3, 6)));
        explained(documented("Images", "Replicas"), "image:list", "image:info vm3");
        explained(
                documented("Images"),
                "image:info vm1",
                "image:create vm2 1G",
                "image:set vm1 commit=journal",
                "image:resize vm1 20G",
                "image:checkpoint vm1",
                "image:open vm1 --journal-lost --yes");
        explained(documented("Marks"), "image:mark vm1 tuesday");
        explained(documented("Deleted images"), "image:delete vm2 --yes");
        explained(documented("Journals in short"), "journal:list");
        explained(documented("Journals in short", "Journals"), "journal:info vm1");
        explained(documented("Events in short"), "journal:inspect vm1");
        Set<String> events = documented("Events");
        documented("Events in short").forEach(field -> events.add("summary." + field));
        explained(events, "journal:inspect vm1 --verbose", "journal:inspect vm1 --marks");
        explained(documented("Verified journals", "Events in short"), "journal:verify vm1");
        explained(documented("Exports", "Events in short"), "journal:export vm1 out");
        explained(documented("Imports", "Events in short"), "journal:import vm1 out");
        explained(documented("Pools"), "pool:list", "pool:info default");
        explained(documented("NBD"), "nbd:list");
        explained(documented("NBD clients"), "nbd:clients");

        String page = Files.readString(FILE);
        for (ConsoleCommand command : Commands.all()) {
            Spec spec = command.spec();
            if (!spec.scope().equals("mirror") && spec.option(Call.JSON) != null) {
                assertTrue(typed.contains(spec.fullName()), spec.fullName());
                assertTrue(page.contains("`" + spec.fullName() + "`"), spec.fullName());
            }
        }
    }
}
