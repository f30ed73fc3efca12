package io.tidemark.itests.felix.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tidemark.itests.felix.harness.Tree;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Compares the shipped configuration files with what the bundles declare: every key is there, said or commented out with its
 * default, and no other. So a file is complete, and a typing error in one is found.
 */
class ConfigurationFilesTest {
    private static final Pattern KEY = Pattern.compile("^#? ?([a-z][a-zA-Z0-9_.]*) *= ?(.*)$");

    /** Keys of one configuration with their defaults. */
    private record Declared(boolean factory, Map<String, String> defaults) {}

    private static Map<String, Declared> declared() throws Exception {
        Map<String, Declared> all = new TreeMap<>();
        DocumentBuilder parser = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        for (Path jar : Tree.ownBundles()) {
            try (JarFile file = new JarFile(jar.toFile())) {
                for (JarEntry entry : file.stream()
                        .filter(each -> each.getName().matches("OSGI-INF/metatype/.*\\.xml"))
                        .toList()) {
                    try (InputStream in = file.getInputStream(entry)) {
                        read(parser.parse(in), all);
                    }
                }
            }
        }
        return all;
    }

    private static void read(Document document, Map<String, Declared> all) {
        Map<String, Map<String, String>> classes = new TreeMap<>();
        NodeList ocds = document.getElementsByTagNameNS("*", "OCD");
        ocds = ocds.getLength() > 0 ? ocds : document.getElementsByTagName("OCD");
        for (int i = 0; i < ocds.getLength(); i++) {
            Element ocd = (Element) ocds.item(i);
            Map<String, String> keys = new LinkedHashMap<>();
            NodeList attributes = ocd.getElementsByTagName("AD");
            for (int k = 0; k < attributes.getLength(); k++) {
                Element attribute = (Element) attributes.item(k);
                keys.put(attribute.getAttribute("id"), attribute.getAttribute("default"));
                assertFalse(
                        attribute.getAttribute("description").isBlank(),
                        ocd.getAttribute("id") + ": " + attribute.getAttribute("id") + " has no description");
            }
            classes.put(ocd.getAttribute("id"), keys);
        }
        NodeList designates = document.getElementsByTagName("Designate");
        for (int i = 0; i < designates.getLength(); i++) {
            Element designate = (Element) designates.item(i);
            Element object = (Element) designate.getElementsByTagName("Object").item(0);
            boolean factory = designate.hasAttribute("factoryPid");
            String pid = designate.getAttribute(factory ? "factoryPid" : "pid");
            all.put(pid, new Declared(factory, classes.getOrDefault(object.getAttribute("ocdref"), Map.of())));
        }
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> list = Files.list(Tree.root().resolve("etc"))) {
            return list.filter(file -> file.getFileName().toString().matches("io\\.tidemark\\..*\\.cfg(\\.example)?"))
                    .sorted()
                    .toList();
        }
    }

    private static String pid(Path file, Map<String, Declared> declared) {
        String name = file.getFileName().toString().replaceFirst("\\.cfg(\\.example)?$", "");
        int dash = name.indexOf('-');
        String pid = dash < 0 ? name : name.substring(0, dash);
        Declared found = declared.get(pid);
        assertFalse(found == null, file + ": no bundle declares " + pid + "; declared: " + declared.keySet());
        assertEquals(found.factory(), dash >= 0, file + ": a factory's file is called PID-NAME.cfg, another PID.cfg");
        return pid;
    }

    @Test
    void everyFileNamesEveryKeyAndNoOther() throws Exception {
        Map<String, Declared> declared = declared();
        List<String> wrong = new ArrayList<>();
        for (Path file : files()) {
            Map<String, String> defaults = declared.get(pid(file, declared)).defaults();
            Set<String> named = new TreeSet<>();
            for (String line : Files.readAllLines(file)) {
                Matcher matcher = KEY.matcher(line);
                if (!matcher.matches()) {
                    continue;
                }
                String key = matcher.group(1);
                if (!defaults.containsKey(key)) {
                    wrong.add(file.getFileName() + ": " + key + " is no key; keys are " + defaults.keySet());
                } else if (line.startsWith("#") && !matcher.group(2).equals(defaults.get(key))) {
                    wrong.add(file.getFileName() + ": " + key + " is commented out with another value than its default "
                            + defaults.get(key));
                }
                named.add(key);
            }
            Set<String> missing = new TreeSet<>(defaults.keySet());
            missing.removeAll(named);
            if (!missing.isEmpty()) {
                wrong.add(file.getFileName() + " does not mention " + missing);
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** Whatever can be configured is shown to the operator by a file. */
    @Test
    void everyDeclaredConfigurationHasAFile() throws Exception {
        Map<String, Declared> declared = declared();
        Set<String> shown = new TreeSet<>();
        for (Path file : files()) {
            shown.add(pid(file, declared));
        }
        assertEquals(new TreeSet<>(declared.keySet()), shown);
    }

    @Test
    void everyFileIsProperties() throws IOException {
        for (Path file : files()) {
            Properties properties = new Properties();
            properties.load(new StringReader(Files.readString(file)));
            for (String key : properties.stringPropertyNames()) {
                assertFalse(properties.getProperty(key).isBlank(), file + ": " + key + " is empty");
            }
        }
    }

    @Test
    void theDistributionShipsTheseFiles() throws IOException {
        try (Stream<Path> list = Files.list(Tree.root().resolve("etc"))) {
            for (Path file : list.filter(Files::isRegularFile).toList()) {
                Path shipped = Tree.distribution()
                        .resolve("etc")
                        .resolve(file.getFileName().toString());
                assertEquals(Files.readString(file), Files.readString(shipped), shipped.toString());
            }
        }
    }
}
