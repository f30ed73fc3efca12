package io.tidemark.itests.felix.rules;

import aQute.bnd.differ.DiffPluginImpl;
import aQute.bnd.osgi.Jar;
import aQute.bnd.service.diff.Delta;
import aQute.bnd.service.diff.Tree;
import aQute.bnd.service.diff.Type;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The exported packages of a bundle as text that is committed: one line an element, indented by depth, as {@code METHOD
 * size() [MINOR MAJOR]}, where the brackets say what adding and removing the element means for the version. It takes the
 * place of a released jar that a baseline would be compared with.
 */
final class ApiDescription {
    private static final String INDENT = "  ";

    private static final Set<String> FROM_OBJECT = Set.of(
            "clone()",
            "finalize()",
            "getClass()",
            "hashCode()",
            "equals(java.lang.Object)",
            "toString()",
            "notify()",
            "notifyAll()",
            "wait()",
            "wait(long)",
            "wait(long,int)");

    private final Tree packages;

    private ApiDescription(Tree packages) {
        this.packages = packages;
    }

    /**
     * Describes a bundle as built.
     *
     * @param jar of the bundle
     * @return its description
     */
    static ApiDescription of(Path jar) {
        try (Jar opened = new Jar(jar.toFile())) {
            Tree.Data data = new DiffPluginImpl().tree(opened).get("<api>").serialize();
            return new ApiDescription(new DiffPluginImpl().deserialize(ours(data)));
        } catch (Exception e) {
            throw new IllegalStateException("cannot describe " + jar, e);
        }
    }

    /** Leaves out what comes from the JDK that the build runs on, and from the compiler. */
    private static Tree.Data ours(Tree.Data element) {
        if (element.children != null) {
            element.children = Arrays.stream(element.children)
                    .filter(child -> !foreign(child))
                    .map(ApiDescription::ours)
                    .toArray(Tree.Data[]::new);
        }
        return element;
    }

    private static boolean foreign(Tree.Data element) {
        return switch (element.type) {
            case CLASS_VERSION -> true;
            case ANNOTATED ->
                !element.name.startsWith("org.osgi.annotation.versioning.") || element.name.endsWith(".Version");
            case METHOD -> FROM_OBJECT.contains(element.name);
            default -> false;
        };
    }

    /**
     * Reads a description.
     *
     * @param text as {@link #text} wrote it
     * @return the description
     */
    static ApiDescription parse(String text) {
        List<String> lines = text.lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
        int[] next = {0};
        Tree.Data data = read(lines, next, 0);
        try {
            return new ApiDescription(new DiffPluginImpl().deserialize(data));
        } catch (Exception e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Tree.Data read(List<String> lines, int[] next, int depth) {
        String line = lines.get(next[0]++).substring(depth * INDENT.length());
        int open = line.lastIndexOf(" [");
        String[] deltas = line.substring(open + 2, line.length() - 1).split(" ");
        String element = line.substring(0, open);
        int blank = element.indexOf(' ');
        Tree.Data data = new Tree.Data();
        data.type = Type.valueOf(element.substring(0, blank));
        data.name = element.substring(blank + 1);
        data.add = Delta.valueOf(deltas[0]);
        data.rem = Delta.valueOf(deltas[1]);
        List<Tree.Data> children = new ArrayList<>();
        String prefix = INDENT.repeat(depth + 1);
        while (next[0] < lines.size() && lines.get(next[0]).startsWith(prefix)) {
            children.add(read(lines, next, depth + 1));
        }
        data.children = children.isEmpty() ? null : children.toArray(new Tree.Data[0]);
        return data;
    }

    /**
     * The text to commit.
     *
     * @return lines
     */
    String text() {
        StringBuilder out = new StringBuilder();
        write(packages, 0, out);
        return out.toString();
    }

    private static void write(Tree element, int depth, StringBuilder out) {
        out.append(INDENT.repeat(depth))
                .append(element.getType())
                .append(' ')
                .append(element.getName())
                .append(" [")
                .append(element.ifAdded())
                .append(' ')
                .append(element.ifRemoved())
                .append("]\n");
        Arrays.stream(element.getChildren())
                .sorted((a, b) -> (a.getType() + " " + a.getName()).compareTo(b.getType() + " " + b.getName()))
                .forEach(child -> write(child, depth + 1, out));
    }

    /**
     * Versions of the exported packages.
     *
     * @return by package
     */
    Map<String, String> versions() {
        Map<String, String> versions = new TreeMap<>();
        for (Tree exported : packages.getChildren()) {
            for (Tree child : exported.getChildren()) {
                if (child.getType() == Type.VERSION) {
                    versions.put(exported.getName(), child.getName());
                }
            }
        }
        return versions;
    }

    /**
     * What is wrong with the versions, when {@code older} was committed and this is built.
     *
     * @param older committed
     * @return one line a package whose version has to be raised; empty when the versions are right
     */
    List<String> complaints(ApiDescription older) throws IOException {
        Map<String, String> now = versions();
        Map<String, String> then = older.versions();
        List<String> complaints = new ArrayList<>();
        for (Map.Entry<String, String> entry : then.entrySet()) {
            String name = entry.getKey();
            if (!now.containsKey(name)) {
                complaints.add(name + " is no longer exported");
                continue;
            }
            Tree newPackage = withoutVersion(packages.get(name));
            Tree oldPackage = withoutVersion(older.packages.get(name));
            Delta delta = newPackage.diff(oldPackage).getDelta();
            String needed = raised(entry.getValue(), delta);
            if (compare(now.get(name), needed) < 0) {
                complaints.add(
                        name + " " + entry.getValue() + " changed (" + delta + "): raise its @Version to " + needed);
            }
        }
        return complaints;
    }

    private static Tree withoutVersion(Tree exported) {
        Tree.Data data = exported.serialize();
        data.children = data.children == null
                ? null
                : Arrays.stream(data.children)
                        .filter(child -> child.type != Type.VERSION)
                        .toArray(Tree.Data[]::new);
        try {
            return new DiffPluginImpl().deserialize(data);
        } catch (Exception e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static String raised(String version, Delta delta) {
        int[] parts = parts(version);
        return switch (delta) {
            case MAJOR, REMOVED -> (parts[0] + 1) + ".0.0";
            case MINOR, ADDED -> parts[0] + "." + (parts[1] + 1) + ".0";
            case MICRO, CHANGED -> parts[0] + "." + parts[1] + "." + (parts[2] + 1);
            default -> version;
        };
    }

    private static int compare(String a, String b) {
        return Arrays.compare(parts(a), parts(b));
    }

    private static int[] parts(String version) {
        List<Integer> parts = Arrays.stream(version.split("\\."))
                .limit(3)
                .map(Integer::valueOf)
                .collect(Collectors.toCollection(ArrayList::new));
        while (parts.size() < 3) {
            parts.add(0);
        }
        return parts.stream().mapToInt(Integer::intValue).toArray();
    }
}
