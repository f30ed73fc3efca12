package io.tidemark.itests.karaf;

import static org.ops4j.pax.exam.CoreOptions.systemProperty;
import static org.ops4j.pax.exam.CoreOptions.vmOption;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.configureConsole;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.editConfigurationFilePut;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.karafDistributionConfiguration;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.keepRuntimeFolder;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.logLevel;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.karaf.options.LogLevelOption;

/** The distribution in one container, started with what its own start script hands to Java. */
final class Container {
    private static final String MAVEN = "etc/org.ops4j.pax.url.mvn.cfg";

    private Container() {}

    static Option[] options() throws IOException {
        Path root = Path.of(System.getProperty("tidemark.root"));
        Path target = Path.of(System.getProperty("tidemark.target"));
        // As ./run does; without it there are no mirrors and no port for commands.
        Path data = Files.createDirectories(target.resolve("exam-data"));
        String version = System.getProperty("tidemark.version");
        File archive = root.resolve("karaf-assembly/target/tidemark-karaf-assembly-" + version + ".tar.gz")
                .toFile();
        List<Option> options = new ArrayList<>(List.of(
                karafDistributionConfiguration()
                        .frameworkUrl(archive.toURI().toString())
                        .name("Tidemark")
                        .karafVersion("4.4.10")
                        .unpackDirectory(target.resolve("exam").toFile())
                        .useDeployFolder(false),
                keepRuntimeFolder(),
                configureConsole().ignoreLocalConsole().ignoreRemoteShell(),
                logLevel(LogLevelOption.LogLevel.INFO),
                systemProperty("tidemark.data").value(data.toString()),
                systemProperty("tidemark.node").value("exam"),
                systemProperty("tidemark.nbd").value("127.0.0.1:0"),
                systemProperty("tidemark.nbd.host").value("127.0.0.1"),
                systemProperty("tidemark.nbd.port").value("0"),
                systemProperty("tidemark.tcp.port").value("0"),
                systemProperty("karaf.startLocalConsole").value("false"),
                editConfigurationFilePut(MAVEN, "org.ops4j.pax.url.mvn.repositories", ""),
                editConfigurationFilePut(
                        MAVEN,
                        "org.ops4j.pax.url.mvn.defaultRepositories",
                        "file:${karaf.home}/system@id=system@snapshots,"
                                + target.resolve("exam-repo").toUri() + "@id=exam@snapshots"),
                editConfigurationFilePut(
                        MAVEN,
                        "org.ops4j.pax.url.mvn.localRepository",
                        target.resolve("exam-local").toString())));
        List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1").forEach(each -> options.add(vmOption(each)));
        modules(root.resolve("karaf-assembly/src/main/resources/bin/tidemark"))
                .forEach(each -> options.add(vmOption(each)));
        return options.toArray(Option[]::new);
    }

    /** What the script opens of Java's own modules. */
    private static List<String> modules(Path script) throws IOException {
        return Pattern.compile("--add-[a-z]+=\\S+")
                .matcher(Files.readString(script))
                .results()
                .map(MatchResult::group)
                .toList();
    }
}
