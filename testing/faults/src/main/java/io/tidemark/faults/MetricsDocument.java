package io.tidemark.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** The figures that docs/reference/metrics.md has, and those that a bean has: for tests that compare them. */
public final class MetricsDocument {
    private static final Path FILE = Path.of("../../docs/reference/metrics.md");
    private static final Pattern ROW = Pattern.compile("^\\| `([a-z.0-9-]+)` \\|", Pattern.MULTILINE);

    /** The parts of a distribution, whose name ends in {@code .-}. */
    private static final String[] PARTS = {"count", "mean", "p50", "p99", "max"};

    private MetricsDocument() {}

    /**
     * The figures in the table of a section.
     *
     * @param section its heading
     * @return their names
     * @throws IOException when the document cannot be read
     */
    public static Set<String> figures(String section) throws IOException {
        String text = Files.readString(FILE);
        int start = text.indexOf("\n## " + section + "\n");
        if (start < 0) {
            throw new AssertionError(FILE + " has no section " + section);
        }
        int end = text.indexOf("\n## ", start + 1);
        Matcher row = ROW.matcher(text.substring(start, end < 0 ? text.length() : end));
        Set<String> names = new TreeSet<>();
        while (row.find()) {
            String name = row.group(1);
            if (name.endsWith(".-")) {
                for (String part : PARTS) {
                    names.add(name.substring(0, name.length() - 1) + part);
                }
            } else {
                names.add(name);
            }
        }
        return names;
    }

    /**
     * The figures of a bean.
     *
     * @param server that it is registered with
     * @param bean its name
     * @return their names
     * @throws JMException when there is no such bean
     */
    public static Set<String> figures(MBeanServer server, ObjectName bean) throws JMException {
        return Arrays.stream(server.getMBeanInfo(bean).getAttributes())
                .map(MBeanAttributeInfo::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
