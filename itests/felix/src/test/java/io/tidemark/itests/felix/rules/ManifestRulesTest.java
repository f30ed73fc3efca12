package io.tidemark.itests.felix.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import aQute.bnd.header.Attrs;
import aQute.bnd.header.OSGiHeader;
import aQute.bnd.header.Parameters;
import io.tidemark.itests.felix.harness.Tree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may depend on whom, read from the manifests as built and from the poms. */
class ManifestRulesTest {
    private static final Set<String> LIBRARIES = Set.of("io.tidemark.api", "io.tidemark.base");
    private static final List<String> FORBIDDEN_HEADERS = List.of(
            "DynamicImport-Package",
            "Require-Bundle",
            "Fragment-Host",
            "Bundle-Activator",
            "Bundle-ClassPath",
            "Service-Component-");

    private static String header(Path jar, String name) {
        return Tree.manifest(jar).getMainAttributes().getValue(name);
    }

    private static String symbolicName(Path jar) {
        return header(jar, "Bundle-SymbolicName").split(";")[0].strip();
    }

    private static Parameters parameters(Path jar, String name) {
        return OSGiHeader.parseHeader(header(jar, name));
    }

    @Test
    void allBundlesAreRead() {
        assertEquals(12, Tree.ownBundles().size(), Tree.ownBundles().toString());
    }

    @Test
    void symbolicNameIsTheArtifactsName() {
        for (Path jar : Tree.ownBundles()) {
            String artifact = jar.getFileName().toString().replace(".jar", "");
            assertEquals("io." + artifact.replace('-', '.'), symbolicName(jar));
        }
    }

    @Test
    void noHeaderThatHidesOrLoosensADependency() {
        List<String> found = new ArrayList<>();
        for (Path jar : Tree.ownBundles()) {
            for (String name : FORBIDDEN_HEADERS) {
                if (header(jar, name) != null) {
                    found.add(symbolicName(jar) + ": " + name);
                }
            }
        }
        assertEquals(List.of(), found);
    }

    @Test
    void everythingMayDependOnApiAndBaseAndNothingOnAnImplementation() {
        Map<String, String> owners = new TreeMap<>();
        for (Path jar : Tree.ownBundles()) {
            for (String exported : parameters(jar, "Export-Package").keySet()) {
                owners.put(exported, symbolicName(jar));
            }
        }
        List<String> wrong = new ArrayList<>();
        for (Path jar : Tree.ownBundles()) {
            for (String imported : parameters(jar, "Import-Package").keySet()) {
                String owner = imported.startsWith("io.tidemark.") ? owners.getOrDefault(imported, "nobody") : null;
                if (owner != null && !owner.equals(symbolicName(jar)) && !LIBRARIES.contains(owner)) {
                    wrong.add(symbolicName(jar) + " imports " + imported + " of " + owner);
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** What a later Java may take away; a use of it would appear as an import. */
    @Test
    void noBundleUsesInternalsOfJava() {
        List<String> wrong = new ArrayList<>();
        for (Path jar : Tree.ownBundles()) {
            for (String imported : parameters(jar, "Import-Package").keySet()) {
                if (imported.matches("(sun|com\\.sun\\.(?!jna)|jdk\\.).*")) {
                    wrong.add(symbolicName(jar) + " imports " + imported);
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void apiImportsNothingAndBaseOnlyApi() {
        for (Path jar : Tree.ownBundles()) {
            for (String imported : parameters(jar, "Import-Package").keySet()) {
                if (symbolicName(jar).equals("io.tidemark.api")) {
                    assertEquals(true, imported.startsWith("io.tidemark.api"), "api imports " + imported);
                } else if (symbolicName(jar).equals("io.tidemark.base") && imported.startsWith("io.tidemark.")) {
                    assertEquals(
                            true, imported.matches("io\\.tidemark\\.(api|base)(\\..*)?"), "base imports " + imported);
                }
            }
        }
    }

    @Test
    void importsAreMandatoryAndHaveAVersionWhereTheExporterHasOne() {
        List<String> loose = new ArrayList<>();
        for (Path jar : Tree.ownBundles()) {
            for (Map.Entry<String, Attrs> entry :
                    parameters(jar, "Import-Package").entrySet()) {
                String name = entry.getKey();
                if ("optional".equals(entry.getValue().get("resolution:"))) {
                    loose.add(symbolicName(jar) + " imports " + name + " optionally");
                }
                boolean platform = name.matches("(javax|sun|com\\.sun\\.nio|org\\.w3c|org\\.xml)\\..*");
                if (!platform && entry.getValue().getVersion() == null) {
                    loose.add(symbolicName(jar) + " imports " + name + " in any version");
                }
            }
        }
        assertEquals(List.of(), loose);
    }

    @Test
    void internalPackagesStayInsideAndExportsHaveVersions() {
        List<String> wrong = new ArrayList<>();
        for (Path jar : Tree.ownBundles()) {
            for (Map.Entry<String, Attrs> entry :
                    parameters(jar, "Export-Package").entrySet()) {
                if (entry.getKey().matches(".*\\.internal(\\..*)?")
                        || !entry.getKey().startsWith(symbolicName(jar))) {
                    wrong.add(symbolicName(jar) + " exports " + entry.getKey());
                }
                if (entry.getValue().getVersion() == null
                        || entry.getValue().getVersion().equals("0.0.0")) {
                    wrong.add(symbolicName(jar) + " exports " + entry.getKey() + " without a version");
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void onePackageBelongsToOneBundle() throws IOException {
        Map<String, Set<String>> owners = new TreeMap<>();
        for (Path jar : Tree.ownBundles()) {
            try (JarFile file = new JarFile(jar.toFile())) {
                file.stream()
                        .map(entry -> entry.getName())
                        .filter(name -> name.endsWith(".class") && name.contains("/"))
                        .forEach(name -> owners.computeIfAbsent(
                                        name.substring(0, name.lastIndexOf('/')).replace('/', '.'),
                                        key -> new TreeSet<>())
                                .add(symbolicName(jar)));
            }
        }
        owners.values().removeIf(set -> set.size() == 1);
        assertEquals(Map.of(), owners);
    }

    /** A hard requirement of a service would keep a feature from resolving until some store is installed. */
    @Test
    void noCapabilityNameSpaceOfOurOwnAndNoHardServiceRequirementOfAPlugin() {
        List<String> wrong = new ArrayList<>();
        for (Path jar : Tree.ownBundles()) {
            for (String header : List.of("Provide-Capability", "Require-Capability")) {
                for (Map.Entry<String, Attrs> entry : parameters(jar, header).entrySet()) {
                    String namespace = entry.getKey().replaceAll("~+$", "");
                    if (!namespace.startsWith("osgi.")) {
                        wrong.add(symbolicName(jar) + " " + header + " " + namespace);
                    }
                    String filter = entry.getValue().getOrDefault("filter:", "");
                    boolean plugin = filter.matches(
                            ".*(JournalStore|ImageStore|CommitPolicy|TrimStrategy|ReplicationTransport).*");
                    if (header.startsWith("Require")
                            && plugin
                            && !"optional".equals(entry.getValue().get("resolution:"))) {
                        wrong.add(symbolicName(jar) + " requires " + filter);
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void bundlesRunOnJava17() {
        for (Path jar : Tree.ownBundles()) {
            String required = header(jar, "Require-Capability");
            assertEquals(
                    true, required != null && required.contains("(version=17)"), symbolicName(jar) + ": " + required);
        }
    }

    @Test
    void pomsOfBundlesNameOnlyApiAndBaseOutsideTests() throws IOException {
        List<String> wrong = new ArrayList<>();
        try (Stream<Path> modules = Files.list(Tree.root().resolve("bundles"))) {
            for (Path pom : modules.map(module -> module.resolve("pom.xml"))
                    .filter(Files::isRegularFile)
                    .toList()) {
                Matcher matcher = Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL)
                        .matcher(Files.readString(pom));
                while (matcher.find()) {
                    String dependency = matcher.group(1).replaceAll("\\s+", "");
                    if (dependency.contains("<groupId>io.tidemark</groupId>")
                            && !dependency.contains("<scope>test</scope>")
                            && !dependency.matches(".*<artifactId>tidemark-(api|base)</artifactId>.*")) {
                        wrong.add(pom + ": " + dependency);
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** The rules themselves: a wrong arrow is found. */
    @Test
    void rulesSeeWhatTheyAreFor() {
        Parameters imports =
                OSGiHeader.parseHeader("io.tidemark.engine.image;version=\"[1.0,2)\",a.b;resolution:=optional");
        assertEquals("[1.0,2)", imports.get("io.tidemark.engine.image").getVersion());
        assertEquals("optional", imports.get("a.b").get("resolution:"));
        assertFalse(LIBRARIES.contains("io.tidemark.engine"));
    }
}
