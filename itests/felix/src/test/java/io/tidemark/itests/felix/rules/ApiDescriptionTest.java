package io.tidemark.itests.felix.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.felix.harness.Tree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Version;

/** Compares exported packages with their committed descriptions, {@code bundles/NAME/packages.api}. */
class ApiDescriptionTest {
    private static final String HEADER =
            "# Exported packages, as last agreed on. `./check --write-api` writes this file.\n"
                    + "# [what adding it means, what removing it means] for the package's version.\n";

    private static boolean exports(Path jar) {
        return Tree.manifest(jar).getMainAttributes().getValue("Export-Package") != null;
    }

    private static Path committed(Path jar) {
        String module = jar.getFileName().toString().replace("tidemark-", "").replace(".jar", "");
        return Tree.root().resolve("bundles").resolve(module).resolve("packages.api");
    }

    @Test
    void exportedPackagesAreAsDescribed() throws IOException {
        boolean write = Boolean.getBoolean("tidemark.write.api");
        List<String> problems = new ArrayList<>();
        for (Path jar : Tree.ownBundles()) {
            Path file = committed(jar);
            if (!exports(jar)) {
                if (Files.exists(file)) {
                    problems.add(file + ": the bundle exports nothing any more; remove the file");
                }
                continue;
            }
            ApiDescription now = ApiDescription.of(jar);
            if (Files.exists(file)) {
                problems.addAll(now.complaints(ApiDescription.parse(Files.readString(file))));
            }
            if (write && problems.isEmpty()) {
                Files.writeString(file, HEADER + now.text());
            } else if (!Files.exists(file)) {
                problems.add(file + " is missing: ./check --write-api writes it");
            } else if (!Files.readString(file).equals(HEADER + now.text()) && problems.isEmpty()) {
                problems.add(file + " is not what is built: ./check --write-api writes it anew");
            }
        }
        assertEquals(List.of(), problems);
    }

    @Test
    void describesAndReadsBack() {
        ApiDescription api = ApiDescription.of(Tree.bundle("tidemark-api"));
        String text = api.text();
        assertEquals(text, ApiDescription.parse(text).text());
        assertTrue(text.contains("INTERFACE io.tidemark.api.journal.JournalStore"), text);
        assertTrue(
                api.versions().containsKey("io.tidemark.api.journal"),
                api.versions().toString());
    }

    /** A removed method is a new major version; nothing changed needs nothing. */
    @Test
    void seesWhatAChangeMeans() throws IOException {
        ApiDescription built = ApiDescription.of(Tree.bundle("tidemark-api"));
        assertEquals(List.of(), built.complaints(built));

        String text = built.text();
        String method = text.lines()
                .filter(line -> line.contains("METHOD images()"))
                .findFirst()
                .orElseThrow();
        int at = text.indexOf(method);
        String more = text.substring(0, at) + method.replace("images()", "more()") + "\n"
                + "      RETURN void [MAJOR MAJOR]\n".replace("      ", method.replaceAll("\\S.*", "") + "  ")
                + text.substring(at);
        List<String> complaints = built.complaints(ApiDescription.parse(more));
        assertEquals(1, complaints.size(), complaints.toString());
        assertTrue(
                complaints
                        .get(0)
                        .contains("io.tidemark.api.admin " + admin(built)
                                + " changed (MAJOR): raise its @Version to 2.0.0"),
                complaints.get(0));
    }

    /** What only the engine implements grows by a minor version. */
    @Test
    void anAdditionToAProviderTypeIsMinor() throws IOException {
        ApiDescription built = ApiDescription.of(Tree.bundle("tidemark-api"));
        StringBuilder less = new StringBuilder();
        int skip = -1;
        for (String line : built.text().lines().toList()) {
            int depth = line.length() - line.stripLeading().length();
            if (skip >= 0 && depth > skip) {
                continue;
            }
            skip = line.contains("METHOD images()") ? depth : -1;
            if (skip < 0) {
                less.append(line).append('\n');
            }
        }
        List<String> complaints = built.complaints(ApiDescription.parse(less.toString()));
        assertEquals(1, complaints.size(), complaints.toString());
        Version now = admin(built);
        Version next = new Version(now.getMajor(), now.getMinor() + 1, 0);
        assertTrue(complaints.get(0).contains("(MINOR): raise its @Version to " + next), complaints.get(0));
    }

    private static Version admin(ApiDescription api) {
        return Version.parseVersion(api.versions().get("io.tidemark.api.admin"));
    }
}
