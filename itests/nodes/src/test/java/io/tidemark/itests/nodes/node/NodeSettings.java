package io.tidemark.itests.nodes.node;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a node process is started with. The same settings start it again after a kill. */
public final class NodeSettings {
    private final Path images;
    private final List<Path> journals;
    private final Map<String, String> properties = new LinkedHashMap<>();
    private Path javaHome = Path.of(System.getProperty("java.home"));

    /** A node lives for seconds: what is called some hundred times only is not worth compiling. */
    private final List<String> jvmOptions = new ArrayList<>(List.of(
            "-Xmx192m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:CompileThresholdScaling=4",
            "-Xshare:auto",
            "-ea"));

    /**
     * Settings.
     *
     * @param images directory of the image pool
     * @param journals directories of the journal pool
     */
    public NodeSettings(Path images, Path... journals) {
        this.images = images;
        this.journals = List.of(journals);
    }

    /**
     * Sets a property of the node process.
     *
     * @param name see {@link NodeMain}
     * @param value of it
     * @return this
     */
    public NodeSettings set(String name, String value) {
        properties.put(name, value);
        return this;
    }

    /**
     * Adds an image, which is made when the node starts for the first time.
     *
     * @param name of it
     * @param sizeBytes of it
     * @param keys configuration as {@code key=value}, over what holds for all images
     * @return this
     */
    public NodeSettings image(String name, long sizeBytes, String... keys) {
        List<String> all = new ArrayList<>(List.of("size=" + sizeBytes));
        all.addAll(List.of(keys));
        return set("image." + name, String.join(",", all));
    }

    /**
     * Takes an image away; its data is not touched.
     *
     * @param name of it
     * @return this
     */
    public NodeSettings withoutImage(String name) {
        properties.remove("image." + name);
        return this;
    }

    /**
     * Adds an option of the Java machine.
     *
     * @param option of it
     * @return this
     */
    public NodeSettings jvm(String option) {
        jvmOptions.add(option);
        return this;
    }

    /**
     * Sets which Java runs it, instead of the one that runs the tests.
     *
     * @param home directory with {@code bin/java}
     * @return this
     */
    public NodeSettings java(Path home) {
        javaHome = home;
        return this;
    }

    Path javaHome() {
        return javaHome;
    }

    /**
     * Where images lie.
     *
     * @return directory of the image pool
     */
    public Path images() {
        return images;
    }

    /**
     * Where journals lie.
     *
     * @return directories of the journal pool
     */
    public List<Path> journals() {
        return journals;
    }

    Map<String, String> properties() {
        return properties;
    }

    List<String> jvmOptions() {
        return jvmOptions;
    }
}
