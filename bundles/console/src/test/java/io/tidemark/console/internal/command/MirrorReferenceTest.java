package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.mirror.Branch;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.MirrorStatus.Copy;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.Split;
import io.tidemark.api.mirror.Verification.Difference;
import io.tidemark.console.internal.FakeMirrors;
import io.tidemark.console.internal.FakeNode;
import io.tidemark.console.internal.Following;
import io.tidemark.console.internal.JsonText;
import io.tidemark.console.internal.Typed;
import io.tidemark.console.internal.render.MirrorWords;
import io.tidemark.console.internal.render.Words;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/reference/mirror.md against what the commands print. */
class MirrorReferenceTest {
    private static final Path FILE = Path.of("../../docs/reference/mirror.md");
    private static final Pattern FIELD = Pattern.compile("`([^`]+)`");
    private static final Pattern ROW = Pattern.compile("^\\| `([^`]+)` \\|(?: ([^|]*) \\|)?");

    private final FakeNode node = new FakeNode();

    /** First column of the table under a heading, with the second one. */
    private static Map<String, String> rows(String heading) throws IOException {
        Map<String, String> rows = new LinkedHashMap<>();
        boolean here = false;
        for (String line : Files.readAllLines(FILE)) {
            here = line.startsWith("## ") ? line.equals("## " + heading) : here;
            Matcher row = ROW.matcher(line);
            if (here && row.find()) {
                rows.put(row.group(1), row.group(2));
            }
        }
        return rows;
    }

    private static List<String> names(String heading) throws IOException {
        return List.copyOf(rows(heading).keySet());
    }

    /** Names of fields; those of an object inside stand behind its own. */
    private static List<String> fields(Map<?, ?> object) {
        List<String> fields = new ArrayList<>();
        object.forEach((name, value) -> {
            fields.add(name.toString());
            Object inside = value instanceof List<?> list && !list.isEmpty() ? list.get(0) : value;
            if (inside instanceof Map<?, ?> map) {
                fields(map).forEach(each -> fields.add(name + "." + each));
            }
        });
        return fields;
    }

    private Map<String, Object> printed(String line) throws Failure {
        return JsonText.object(Typed.run(node, line));
    }

    @BeforeEach
    void whatThereIs() {
        node.images.put("vm1", FakeNode.image("vm1", ImageStatus.State.SERVING, ""));
        node.mirrors.images.add(
                Following.replica("vm1").copy(new Copy(1, 2, 3, 4)).status());
        node.mirrors.after = node.mirrors.images.get(0);
        node.mirrors.peers.add(FakeMirrors.peer("siteb", FakeMirrors.KEY_B));
        node.mirrors.differences.add(new Difference(0, 4096));
    }

    @Test
    void everyStateIsExplained() throws IOException {
        Map<String, String> rows = rows("State");
        assertEquals(List.of(State.values()).stream().map(Words::lower).toList(), List.copyOf(rows.keySet()));
        for (State state : State.values()) {
            String shown =
                    MirrorWords.state(Following.replica("vm1").state(state, "").status());
            String all = rows.get(Words.lower(state));
            assertEquals(shown, all.split(",")[0], state.toString());
        }
        assertEquals("idle, up to date, delayed, received", rows.get("up_to_date"));
    }

    @Test
    void everyFieldOfAMirroredImageIsExplained() throws Exception {
        List<String> names = names("Mirrored images");
        assertEquals(
                names,
                fields(JsonText.objects(Typed.run(node, "mirror:status --json")).get(0)));
        for (String order : List.of(
                "mirror:enable vm1 --to siteb",
                "mirror:hold vm1",
                "mirror:release vm1",
                "mirror:step vm1",
                "mirror:delay vm1 1h",
                "mirror:resync vm1 --from siteb --yes")) {
            assertEquals(names, fields(printed(order + " --json")), order);
        }
    }

    @Test
    void everyFieldOfBranchesIsExplained() throws Exception {
        Branch branch = new Branch(1060, 0, 4, 65536, true, 90_000);
        node.mirrors.images.clear();
        node.mirrors.images.add(
                Following.replica("vm1").state(State.REFUSED, "refused").status());
        node.mirrors.splits.add(
                new Split("vm1", "siteb", "vm1", new Position(3, 1042), Optional.of(branch), Optional.of(branch), ""));
        Map<String, Object> status =
                JsonText.objects(Typed.run(node, "mirror:status --json")).get(0);
        assertEquals(names("Images that parted"), fields((Map<?, ?>) status.get("split")));
        node.mirrors.branches.add(new KeptBranch(
                "vm1.3-1042-1060.20260501T140307Z", "vm1", new Position(3, 1042), 1060, 9000, 1, "/kept"));
        assertEquals(
                names("Branches that are kept"),
                fields(JsonText.objects(Typed.run(node, "mirror:branch-list --json"))
                        .get(0)));
    }

    @Test
    void everyFieldOfAPeerIsExplained() throws Exception {
        assertEquals(
                names("Peers"),
                fields(JsonText.objects(Typed.run(node, "mirror:peer-list --json"))
                        .get(0)));
        assertEquals(names("Peers"), fields(printed("mirror:peer-add sitec --key k --json")));
    }

    @Test
    void everyFieldOfWhatCameOfItIsExplained() throws Exception {
        assertEquals(names("Changes of roles"), fields(printed("mirror:promote vm1 --json")));
        assertEquals(names("Changes of roles"), fields(printed("mirror:switch vm1 --to siteb --yes --json")));
        assertEquals(
                names("Comparing"),
                fields(JsonText.object(
                        Typed.failing(node, "mirror:verify vm1 --json").text())));
    }

    @Test
    void everyFieldOfTheOtherCommandsIsExplained(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("kept"), "events");
        node.mirrors.branches.add(new KeptBranch("kept", "vm1", new Position(3, 1042), 1060, 6, 1, file.toString()));
        List<String> lines = List.of(
                "mirror:key",
                "mirror:peer-remove siteb --yes",
                "mirror:disable vm1 --yes",
                "mirror:demote vm1 --yes",
                "mirror:admit vm1 --yes",
                "mirror:branch-export kept " + directory.resolve("out"),
                "mirror:branch-discard kept --yes");
        Map<String, String> rows = rows("What the other commands print");
        assertEquals(lines.stream().map(line -> line.split(" ")[0]).toList(), List.copyOf(rows.keySet()));
        for (String line : lines) {
            List<String> names = FIELD.matcher(rows.get(line.split(" ")[0]))
                    .results()
                    .map(field -> field.group(1))
                    .toList();
            assertEquals(names, fields(printed(line + " --json")), line);
        }
    }

    @Test
    void everyCommandWithFieldsIsNamed() throws IOException {
        String page = Files.readString(FILE);
        for (ConsoleCommand command : Commands.all()) {
            Spec spec = command.spec();
            if (spec.scope().equals("mirror") && spec.option(Call.JSON) != null) {
                assertTrue(page.contains("`" + spec.fullName() + "`"), spec.fullName());
            }
        }
    }
}
