package io.tidemark.itests.scripts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.scripts.Shell.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        List<String> words = new ArrayList<>(List.of("python3", "-", "--dir", "/nowhere"));
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

    /** fio, nbdkit and the node are stubs, and so is the clock; what starts them, measures, compares and writes is the real thing. */
    @Test
    void theBenchmarkMeasuresItsContestantsInTurnsAndWritesTables(@TempDir Path dir) throws IOException {
        Path bin = Files.createDirectories(dir.resolve("bin"));
        Path calls = dir.resolve("calls");
        program(bin.resolve("fio"), """
                case $1 in --version) echo fio-3.0; exit ;; esac
                for word; do case $word in --output=*) out=${word#*=} ;; --name=*) job=${word#*=} ;; esac; done
                case $* in
                    *node-tidemark*) name=tidemark ios=4400 ;; *nbdkit-durable*) name=nbdkit-durable ios=1000 ;;
                    *nbdkit*) name=nbdkit ios=6000 ;; *--fdatasync*) name=disk-fdatasync ios=3000 ;; *) name=disk-dsync ios=4000 ;;
                esac
                echo "$job $name" >>%s
                case $job in randread*) read=$ios write=0 ;; *) read=0 write=$ios ;; esac
                direction() {
                    echo '"total_ios": '$1', "io_bytes": '$(($1 * 1000000))', "runtime": 1000,'
                    echo '"clat_ns": {"percentile": {"99.000000": 7000}}'
                }
                echo '{"jobs": [{"usr_cpu": 30, "sys_cpu": 10, "read": {'$(direction $read)'}, "write": {'$(direction $write)'}}]}' >"$out"
                """.formatted(calls));
        program(
                bin.resolve("nbdkit"),
                "echo $$ >>" + dir + "/servers; while [ $1 != -U ]; do shift; done; >$2; exec sleep 600");
        program(bin.resolve("qemu-nbd"), "exit 1");
        String lines = """
                import contextlib, io, os, time
                from types import SimpleNamespace
                clock, asked = [0.0], [0]
                def sleep(seconds):
                    clock[0] += seconds
                    time.sleep(seconds)
                bench.time = SimpleNamespace(sleep=sleep, monotonic=lambda: clock[0], strftime=time.strftime, gmtime=time.gmtime)
                os.sync = lambda: None
                def run(self, *words):
                    return f"node {self.name} (pid {os.getpid()}, data {self.data}): serving"
                def tm(self, *words):
                    said.append(words[0])
                    if words[0] == "image:create":
                        image = os.path.join(self.data, "images", words[1])
                        os.makedirs(image)
                        bench.fill(os.path.join(image, "data"), 1 << 20)
                    asked[0] = asked[0] + 1 if words[0] == "image:info" else 0
                    # All is applied after five waits of a fiftieth of a second.
                    marks = {"appended": 5, "applied": 5 if asked[0] > 6 else 4}
                    return json.dumps({"journalLimitBytes": 1 << 30, "properties": {}, "watermarks": marks})
                said = []
                bench.Node.run, bench.Node.tm = run, tm
                everyone = bench.contestants
                def contestants(directory, args):
                    made = everyone(directory, args)
                    for one in made.values():
                        one.size = one.working_set = 1 << 20
                    return made
                bench.contestants = contestants
                with contextlib.redirect_stdout(io.StringIO()) as progress:
                    bench.main()
                print(*dict.fromkeys(said))
                print(progress.getvalue())
                """;
        Path out = dir.resolve("bench.md");
        List<String> words = new ArrayList<>(List.of("python3", "-", "--dir", dir + "/disk", "--out", out + ""));
        words.addAll(List.of(("--rounds 2 --seconds 1 --jobs randwrite-d32 randwrite-d1 randread-d32 seqwrite-1m"
                        + " --contestants tidemark nbdkit-durable nbdkit disk-dsync disk-fdatasync")
                .split(" ")));
        Outcome outcome = Shell.run(
                Shell.root(),
                Map.of("PATH", bin + ":" + System.getenv("PATH")),
                IMPORT.formatted("bench") + lines,
                words);
        List<String> said = outcome.good().text().lines().toList();
        assertEquals("image:create image:info image:checkpoint", said.get(0));
        String table = Files.readString(out);
        assertTrue(outcome.text().contains(table), outcome.toString());
        for (String row : List.of(
                // 4400 that took a second, and a tenth until they were applied.
                "| randwrite-d32 | tidemark | 4000 (4000 to 4000) | IOPS | ",
                "| randwrite-d32 | nbdkit-durable | 1000 (1000 to 1000) | IOPS | 400 | 7 | 0.0 | ",
                "| randread-d32 | tidemark | 4400 (4400 to 4400) | IOPS | ",
                "| seqwrite-1m | tidemark | 4000 (4000 to 4000) | MB/s | ",
                "| randwrite-d32 | tidemark | nbdkit-durable | 4.00 (4.00 to 4.00) | 3.0 reached |",
                "| randwrite-d32 | tidemark | disk-dsync | 1.00 (1.00 to 1.00) | 1.5 MISSED |",
                // One of 6000 a second, and a force of 3000 a second.
                "| randwrite-d1 | tidemark | round trip + force | 2.00 (2.00 to 2.00) | 0.85 reached |",
                "| randread-d32 | tidemark | nbdkit | 0.73 (0.73 to 0.73) | 0.9 MISSED |",
                "| randwrite-d32 | nbdkit | nbdkit-durable | 6.00 (6.00 to 6.00) |  |")) {
            assertTrue(table.contains("\n" + row), row + " in\n" + table);
        }
        takesTurns(Files.readAllLines(calls));
        assertEquals(18, Files.readString(dir.resolve("bench.json")).split("\"contestant\"").length - 1, "figures");
        for (String pid : Files.readAllLines(dir.resolve("servers"))) {
            assertTrue(Files.notExists(Path.of("/proc", pid)), "nbdkit is left");
        }
    }

    /** In the second round who was first is last. */
    private static void takesTurns(List<String> measured) {
        List<String> turns = List.of("nbdkit-durable", "nbdkit", "disk-dsync");
        assertEquals(List.of("fill tidemark", "randwrite-d32 tidemark"), measured.subList(0, 2));
        assertEquals(turns.stream().map("randwrite-d32 "::concat).toList(), measured.subList(2, 5));
        List<String> second = measured.subList(measured.size() / 2 + 1, measured.size());
        assertEquals(turns.stream().map("randwrite-d32 "::concat).toList(), second.subList(0, 3));
        assertEquals("randwrite-d32 tidemark", second.get(3));
    }

    private static void program(Path path, String lines) throws IOException {
        Files.writeString(path, "#!/bin/sh\n" + lines + "\n");
        path.toFile().setExecutable(true);
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
