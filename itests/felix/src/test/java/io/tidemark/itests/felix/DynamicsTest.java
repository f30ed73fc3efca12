package io.tidemark.itests.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.itests.felix.harness.Framework;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bundles and services that come and go under a client that writes. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class DynamicsTest {
    @TempDir
    Path data;

    @Test
    void storesComeAndGo() throws Exception {
        try (Framework framework = Framework.startNode(data, Map.of())) {
            framework.inside("SwapStores");
        }
    }

    @Test
    void policiesComeGoAndMisbehave() throws Exception {
        try (Framework framework = Framework.startNode(data, Map.of())) {
            framework.inside("SwapPolicies");
        }
    }

    @Test
    void configurationsAreRefusedAndCorrected() throws Exception {
        try (Framework framework = Framework.startNode(data, Map.of())) {
            framework.inside("Refusals");
        }
    }

    @Test
    void configurationFilesAreNotWrittenBecauseTheyWereRead() throws Exception {
        try (Framework framework = Framework.startNode(data, Map.of())) {
            framework.inside("FilesStay");
        }
    }

    /** A framework that stops closes its doors, then checkpoints, and finds nothing to replay at the next start. */
    @Test
    void aStoppedNodeComesBackWithEverythingCheckpointed() throws Exception {
        Object writes;
        try (Framework framework = Framework.startNode(data, Map.of())) {
            writes = framework.inside("MakeImage");
        }
        try (Framework framework = Framework.startNode(data, Map.of("test.writes", writes.toString()))) {
            assertEquals("checkpointed", framework.inside("CheckImage"));
        }
    }

    @Test
    void theEngineComesBackWithItsImages() throws Exception {
        try (Framework framework = Framework.startNode(data, Map.of())) {
            Object writes = framework.inside("MakeImage");
            for (String name : List.of("tidemark-nbd", "tidemark-engine")) {
                framework.bundle(name).stop();
            }
            for (String name : List.of("tidemark-engine", "tidemark-nbd")) {
                framework.bundle(name).start();
            }
            System.setProperty("test.writes", writes.toString());
            framework.inside("CheckImage");
        } finally {
            System.clearProperty("test.writes");
        }
    }

    /** Down to the libraries and up again: the order of start levels, in both directions. */
    @Test
    void startLevelsGoDownAndUpUnderLoad() throws Exception {
        try (Framework framework = Framework.startNode(data, Map.of())) {
            Object writes = framework.inside("MakeImage");
            framework.moveTo(50);
            framework.moveTo(100);
            System.setProperty("test.writes", writes.toString());
            assertEquals("checkpointed", framework.inside("CheckImage"));
        } finally {
            System.clearProperty("test.writes");
        }
    }

    /** What a stopped node leaves behind in its process would keep old class loaders alive. */
    @Test
    void noThreadOfOursOutlivesTheNode() throws Exception {
        Map<Long, String> before = threads();
        try (Framework framework = Framework.startNode(data, Map.of())) {
            framework.inside("MakeImage");
        }
        Map<Long, String> left = threads();
        for (int i = 0; i < 100 && !left.isEmpty(); i++) {
            TimeUnit.MILLISECONDS.sleep(50);
            left = threads();
            left.keySet().removeAll(before.keySet());
        }
        assertEquals(Map.of(), left);
    }

    private static Map<Long, String> threads() {
        Map<Long, String> threads = new TreeMap<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            String name = thread.getName();
            boolean jvm = thread.getThreadGroup() == null
                    || thread.getThreadGroup().getName().equals("system")
                    || name.startsWith("surefire")
                    || name.startsWith("junit")
                    || name.equals("main")
                    || name.startsWith("ForkJoinPool.commonPool")
                    || name.startsWith("FelixResolver")
                    || name.equals("JNA Cleaner");
            if (!jvm) {
                threads.put(thread.getId(), name);
            }
        }
        return threads;
    }

    /** An image by a file that is dropped into etc, as by a configuration management tool. */
    @Test
    void anImageMadeByAFile() throws Exception {
        try (Framework framework = Framework.startNode(data, Map.of())) {
            Files.writeString(data.resolve("etc/io.tidemark.image-dropped.cfg"), "size = 8MiB\ncommit = journal\n");
            framework.inside("AwaitDropped");
            Files.delete(data.resolve("etc/io.tidemark.image-dropped.cfg"));
            framework.inside("AwaitGone");
        }
    }
}
