package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Jdk;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Our bundles on plain Felix, on the Java that runs the tests and on each later one with long support that is installed
 * here: Karaf sets its own bound, our code sets none. Which ones are missing is said in what {@code ./check} prints.
 */
@Tag("felix")
@ExtendWith(ScratchExtension.class)
class JavaVersionsTest {
    private static final List<Integer> LATER = List.of(21, 25);
    private static final long IMAGE_BYTES = 24L << 20;

    private final long seed = Seeds.choose("JavaVersionsTest");

    static List<Jdk> javas() {
        List<Jdk> javas = new ArrayList<>(List.of(Jdk.given()));
        Map<Integer, Jdk> installed = Jdk.installed();
        for (int version : LATER) {
            if (installed.containsKey(version) && version != javas.get(0).version()) {
                javas.add(installed.get(version));
            }
        }
        return javas;
    }

    @BeforeAll
    static void sayWhatIsTested() {
        List<Jdk> javas = javas();
        List<Integer> missing = new ArrayList<>(LATER);
        javas.forEach(java -> missing.remove(Integer.valueOf(java.version())));
        System.out.println("NOTE: plain Felix is tested on " + javas
                + (missing.isEmpty() ? "" : " and not on " + missing + ": not in /usr/lib/jvm"));
    }

    @ParameterizedTest
    @MethodSource("javas")
    void nothingIsLostAndNothingWarned(Jdk java, Scratch scratch) throws Exception {
        NodeSettings settings = new NodeSettings(scratch.newDirectory("images"), scratch.newDirectory("journals"))
                .java(java.home())
                // From Java 24 on, the native library that JNA loads has to be allowed; Java 17 knows the option, too.
                .jvm("--enable-native-access=ALL-UNNAMED")
                .image("plain", IMAGE_BYTES, "commit=journal")
                .image("both", IMAGE_BYTES, "commit=journal+image");
        Loads loads = new Loads()
                .add("plain", new Ledger(IMAGE_BYTES, seed, false), Mix.ALL)
                .add("both", new Ledger(IMAGE_BYTES, seed + 1, false), Mix.SMALL);
        NodeProcess node = NodeProcess.startFelix(scratch, settings);
        assertEquals(java.version(), Integer.parseInt(node.tell("java")));
        loads.start(node, seed);
        loads.run(Duration.ofSeconds(1));
        node.kill();
        loads.ended();
        assertEquals(0, loads.errors(), "requests failed before the kill");
        NodeProcess killed = NodeProcess.startFelix(scratch, settings);
        loads.verify(killed);
        loads.start(killed, seed + 1);
        loads.run(Duration.ofMillis(200));
        loads.stop();
        killed.stop();
        NodeProcess stopped = NodeProcess.startFelix(scratch, settings);
        loads.verify(stopped);
        stopped.stop();
        for (NodeProcess one : List.of(node, killed, stopped)) {
            List<String> warnings = one.log()
                    .lines()
                    .filter(line -> line.contains("WARN") || line.contains("ERROR"))
                    .filter(line -> !isOfTheFramework(line))
                    .toList();
            assertEquals(List.of(), warnings, "warnings in the log");
        }
        assertTrue(stopped.log().contains("opened"), "the log says nothing of opening");
    }

    /**
     * Felix 7 itself uses Unsafe, of which Java 24 and later warn once; nothing of ours does, as its imports show. Its Event
     * Admin says so when it stops.
     */
    private static boolean isOfTheFramework(String warning) {
        return warning.startsWith("WARNING: ")
                && (warning.contains("sun.misc.Unsafe")
                        || warning.contains("org.apache.felix.")
                        || warning.contains("EventAdmin: Event Task Processing Interrupted"))
                && !warning.contains("io.tidemark");
    }
}
