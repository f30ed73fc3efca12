package io.tidemark.itests.scripts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.scripts.Shell.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the macro benchmark means to run and says about it, without running it. */
@Tag("build")
class BenchIT {
    private static final String IMPORT = """
            import importlib.machinery, importlib.util, json, sys
            sys.dont_write_bytecode = True
            loader = importlib.machinery.SourceFileLoader("bench", "bench/macro/%s")
            bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
            loader.exec_module(bench)
            """;

    private static List<String> python(String lines, String... arguments) {
        return script("bench", lines, arguments);
    }

    private static List<String> script(String name, String lines, String... arguments) {
        return outcome(name, lines, arguments).good().text().lines().toList();
    }

    private static Outcome outcome(String name, String lines, String... arguments) {
        List<String> words = new java.util.ArrayList<>(List.of("python3", "-", "--dir", "/nowhere"));
        words.addAll(List.of(arguments));
        return Shell.run(Shell.root(), Map.of(), IMPORT.formatted(name) + lines, words);
    }

    /** For each job who runs it. */
    private static Map<String, Set<String>> plan(String... arguments) {
        Map<String, Set<String>> plan = new TreeMap<>();
        String print = "for job, names in bench.wanted(bench.arguments()).items(): print(job, *names)\n";
        for (String line : python(print, arguments)) {
            List<String> words = List.of(line.split(" "));
            plan.put(words.get(0), words.subList(1, words.size()).stream().collect(Collectors.toUnmodifiableSet()));
        }
        return plan;
    }

    @Test
    void everyJobRunsOnAllPeersUnlessToldOtherwise() {
        Map<String, Set<String>> plan = plan();
        assertEquals(7, plan.size(), plan.toString());
        Set<String> all =
                Set.of("tidemark", "nbdkit-durable", "nbdkit", "qemu-writethrough", "qemu-none", "disk-dsync");
        plan.forEach((job, names) -> assertTrue(names.containsAll(all), job + ": " + names));

        Map<String, Set<String>> compared = plan("--everywhere");
        assertEquals(Set.of("tidemark", "nbdkit-durable"), compared.get("mixed-70-30"));
        compared.forEach((job, names) -> assertTrue(names.contains("tidemark"), job + ": " + names));

        Map<String, Set<String>> one = plan("--everywhere", "randread-d32", "--jobs", "randread-d32", "mixed-70-30");
        assertTrue(one.get("randread-d32").containsAll(all), one.toString());
        assertFalse(one.get("mixed-70-30").contains("qemu-none"), one.toString());
    }

    /** A figure of a journal says nothing without how much may be left for later. */
    @Test
    void theTableNamesImageWorkingSetAndLimitsInForce() {
        String lines = """
                everyone = bench.contestants("/nowhere", bench.arguments())
                print(bench.measured(everyone["nbdkit"]))
                for journal, properties in ((4 << 30, {}), (1 << 30, {}), (26 << 30, {"backlog.limit": "12G", "payload.limit": "4GiB"})):
                    everyone["tidemark-64g"].limits = bench.limits({"journalLimitBytes": journal, "properties": properties})
                    print(bench.measured(everyone["tidemark-64g"]))
                """;
        String image = "- tidemark-64g: image of 64GiB, working set 64GiB, journal.limit ";
        assertEquals(
                List.of(
                        "- nbdkit: image of 2GiB, working set 2GiB, nothing left for later",
                        image + "4GiB, backlog.limit 1GiB, payload.limit 64MiB",
                        image + "1GiB, backlog.limit 0.5GiB, payload.limit 64MiB",
                        image + "26GiB, backlog.limit 12G, payload.limit 4GiB"),
                python(lines));
    }

    /** Each ratio is of what its bar is about: a replay has to be faster than its primary acknowledges, not than it applies. */
    @Test
    void theTableOfMirroredImagesComparesWhatItsBarsAreAbout() {
        String lines = """
                from types import SimpleNamespace
                rounds = [{"alone": 100, "alone acknowledged": 200, "followed": 60, "lag third quarter": 3, "lag fourth quarter": 4,
                    "unreceived third quarter": 1, "unreceived fourth quarter": 2, "replay": 250, "acknowledged": 500,
                    "sequential MiB/s": 30, "disk MiB/s": 120, "lag ms": 2.5, "idle % of a core": 0.5, "idle MiB more": 80}] * 3
                args = SimpleNamespace(rounds=3, seconds=60, size=1 << 30, backlog_limit=0, backlog_mib=1024, sequential_mib=4096,
                    idle=200)
                print(bench.report(rounds, args))
                args.backlog_limit = 2048
                print(bench.report(rounds, args))
                """;
        String table = String.join("\n", script("mirror", lines));
        for (String cells : List.of(
                "| with a replica / alone | 0.60 (0.60 to 0.60) | 0.6 |",
                "| replay / acknowledged writes of a primary alone | 1.25 (1.25 to 1.25) | 1.5 |",
                "| replay / disk | 0.25 (0.25 to 0.25) | 0.4 |",
                "| 200 idle images, % of a core of both nodes | 0.50 (0.50 to 0.50) | 1 |",
                "| 200 idle images, MiB more of both nodes than one | 80.00 (80.00 to 80.00) | 100 |")) {
            assertTrue(table.contains(cells), cells + " in\n" + table);
        }
        assertTrue(table.contains("(the median is at most twice that) | 2.50"), table);
        assertTrue(
                table.contains("1024 MiB, backlog limit 1024 MiB,") && table.contains(", backlog limit 2048 MiB,"),
                table);
    }

    /** Whoever gives the mount point of the disk to be measured, or home, keeps what is there. */
    @Test
    void theBenchmarkOfMirroredImagesRemovesNothingButWhatItLeft(@TempDir Path dir) throws IOException {
        String lines = """
                bench.Node.start = lambda self: sys.exit("started")
                bench.main()
                """;
        Path data = Files.createDirectories(dir.resolve("node-a/images")).resolve("data");
        Files.writeString(data, "of the last run");
        Path letter = Files.writeString(dir.resolve("dear.txt"), "hello");
        Outcome refused = outcome("mirror", lines, "--dir", dir.toString());
        assertEquals(1, refused.status(), refused.toString());
        assertTrue(refused.err().contains(dir + " holds something else than this benchmark left"), refused.toString());
        assertTrue(Files.exists(letter) && Files.exists(data), refused.toString());

        Files.delete(letter);
        Files.writeString(dir.resolve("disk"), "of the last run, too");
        Outcome started = outcome("mirror", lines, "--dir", dir.toString());
        assertTrue(started.err().endsWith("started\n"), started.toString());
        try (Stream<Path> left = Files.list(dir)) {
            assertEquals(List.of(), left.toList());
        }
    }

    /** A relative one would name a socket in the node's data directory, where a directory of that name is none. */
    @Test
    void theBenchmarkTakesARelativeDirectory() {
        String lines = """
                args = bench.arguments()
                print(bench.contestants(args.dir, args)["tidemark"].node.socket())
                """;
        assertEquals(
                List.of(Shell.root().resolve("bench-out/node-tidemark/nbd.sock").toString()),
                python(lines, "--dir", "bench-out"));
    }

    /** Both clocks stop when all is applied, and neither pays for a force of the image. */
    @Test
    void theClocksOfAPrimaryAloneAndOfOneWithAReplicaStopAtTheSame() {
        String lines = """
                from types import SimpleNamespace
                said, done = [], {"a": 3, "b": 3}
                class Fake(bench.Node):
                    def tm(self, *words):
                        said.append(self.name + " " + words[0])
                        if words[0] == "image:info":
                            done["a"] += 1
                            return json.dumps({"watermarks": {"durable": 5, "applied": done["a"]}})
                        done["b"] += 1
                        return json.dumps([{"replayed": done["b"], "behindEvents": 0, "unreceivedEvents": 0}])
                def popen(words, **more):
                    for word in words:
                        if word.startswith("--output="):
                            with open(word[9:], "w") as out:
                                json.dump({"jobs": [job]}, out)
                    return SimpleNamespace(poll=lambda: 0)
                job = {"write": {"total_ios": 1, "runtime": 1000, "iops": 1}}
                bench.make = bench.clear = lambda *words, **more: None
                bench.fio = lambda *words: job
                bench.subprocess = SimpleNamespace(Popen=popen, DEVNULL=None)
                a, b, args = Fake("a", "/nowhere", 1), Fake("b", "/nowhere", 3), SimpleNamespace(size=1, seconds=1)
                bench.alone(a, b, args)
                print(*said, sep=", ")
                said.clear()
                done["a"] = 3
                bench.followed(a, b, args)
                print(*said, sep=", ")
                """;
        String applied = "a image:info, a image:info";
        assertEquals(
                List.of(applied, "a image:info, b mirror:status, b mirror:status, a image:info"),
                script("mirror", lines));
    }
}
