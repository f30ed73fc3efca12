package io.tidemark.itests.scripts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.scripts.Shell.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nodes, as ./run starts, asks and stops them. */
class RunIT {
    private final List<Path> nodes = new ArrayList<>();
    private Path scratch;

    /** What is missing is built before, because that says a line of its own. */
    @BeforeAll
    static void build() {
        Shell.run("./run", "--data", "/proc/tidemark", "--background");
    }

    @BeforeEach
    void makeScratch() throws IOException {
        scratch = Files.createTempDirectory(Shell.target(), "run");
    }

    @AfterEach
    void stopNodes() {
        for (Path node : nodes) {
            Shell.run("./run", "--data", node.toString(), "--stop");
        }
        Shell.run("rm", "-rf", scratch.toString());
    }

    private Path node(String name) {
        Path node = scratch.resolve(name);
        nodes.add(node);
        return node;
    }

    private static Outcome background(Path data, int port, String... more) {
        List<String> words =
                new ArrayList<>(List.of("./run", "--data", data.toString(), "--nbd", "" + port, "--background"));
        words.addAll(List.of(more));
        return Shell.run(words.toArray(String[]::new));
    }

    private static long pid(Path data) throws IOException {
        return Long.parseLong(Files.readString(data.resolve("karaf/pid")).split(" ")[0]);
    }

    /** The TCP ports on which a process waits for connections. */
    private static Set<String> listening(long pid) throws IOException {
        Set<String> sockets = new TreeSet<>();
        try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            for (Path descriptor : open.toList()) {
                String target = Shell.run("readlink", descriptor.toString()).text();
                if (target.startsWith("socket:[")) {
                    sockets.add(target.replaceAll("\\D", ""));
                }
            }
        }
        Set<String> ports = new TreeSet<>();
        for (String table : List.of("tcp", "tcp6")) {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/net/" + table))) {
                String[] fields = line.strip().split(" +");
                if (fields[3].equals("0A") && sockets.contains(fields[9])) {
                    ports.add("" + Integer.parseInt(fields[1].substring(fields[1].indexOf(':') + 1), 16));
                }
            }
        }
        return ports;
    }

    private static Set<String> names(Path directory) throws IOException {
        try (Stream<Path> list = Files.list(directory)) {
            return list.map(file -> file.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static List<String> complaints(Path data) throws IOException {
        try (Stream<String> lines = Files.lines(data.resolve("karaf/log/karaf.log"))) {
            return lines.filter(line ->
                            line.contains("| WARN ") || line.contains("| ERROR ") || line.contains("Stopping bundles"))
                    .toList();
        }
    }

    private static void oneLine(Outcome outcome, int status, String text) {
        assertEquals(status, outcome.status(), outcome.toString());
        assertEquals(1, outcome.err().lines().count(), outcome.toString());
        assertTrue(outcome.err().contains(text), outcome.toString());
    }

    @Test
    @Tag("alone")
    void anEmptyNodeServesWithinTenSecondsTakesCommandsInThreeTenthsAndStopsCleanly() throws IOException {
        Path data = node("a");
        int port = Ports.free(2);
        int mirror = port + 1;
        Outcome start = background(data, port, "--mirror", "" + mirror).good();
        assertTrue(start.millis() < 10_000, start.toString());
        assertTrue(start.text().contains("serving"), start.toString());
        takesCommandsQuickly(data);
        assertEquals(Set.of("etc", "images", "journals", "karaf", "mirror.key", "tm"), names(data));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("tm"))));
        String status =
                Shell.run("./run", "--data", data.toString(), "--status").good().text();
        assertTrue(status.contains("node a") && status.contains("at 127.0.0.1:" + mirror), status);

        // SSH, RMI, HTTP and a port for shutting down are off; that of mirroring waits for a peer.
        String tm = Files.readString(data.resolve("tm")).split(" ")[0];
        assertEquals(Set.of("" + port, tm), listening(pid(data)));

        oneLine(background(data, Ports.free(2)), 1, "already runs");
        oneLine(background(data, Ports.free(2), "--node", "b"), 1, "is the data directory of node a");
        oneLine(background(node("b"), port), 1, "port " + port);
        oneLine(background(node("b"), Ports.free(2), "--mirror", "" + port), 1, "choose another with --mirror");
        assertFalse(Files.exists(scratch.resolve("b")), "a start that failed leaves nothing");

        assertTrue(Shell.run("./run", "--data", data.toString(), "--stop")
                .good()
                .text()
                .contains("stopped"));
        assertEquals("stopping\n", Files.readString(data.resolve("tm")));
        assertEquals(
                4, Shell.run("./run", "--data", data.toString(), "--status").status());
        assertEquals(4, Shell.run("./run", "--data", data.toString(), "--stop").status());
        assertEquals(List.of(), complaints(data));
    }

    /** From the first one on. */
    private static void takesCommandsQuickly(Path data) {
        List<Long> millis = new ArrayList<>();
        millis.add(list(data, "No images"));
        Shell.run("./tm", "--data", data.toString(), "image:create", "v1", "16M")
                .good();
        for (int i = 0; i < 11; i++) {
            millis.add(list(data, "v1"));
        }
        System.out.println("RunIT: milliseconds of image:list from the first one on: " + millis);
        assertTrue(millis.stream().allMatch(each -> each < 300), "milliseconds of image:list: " + millis);
    }

    private static long list(Path data, String text) {
        Outcome list =
                Shell.run("./tm", "--data", data.toString(), "image:list").good();
        assertTrue(list.text().contains(text), list.toString());
        return list.millis();
    }

    @Test
    void nodesRunSideBySideAndKnowTheirPortsAgain() throws IOException {
        Path a = node("a");
        Path b = node("b");
        int portA = Ports.free(2);
        background(a, portA).good();
        int portB = Ports.free(3);
        int ssh = portB + 2;
        Path shell = Path.of("etc/org.apache.karaf.shell.cfg");
        Files.createDirectories(b.resolve("etc"));
        Files.writeString(
                b.resolve(shell),
                Files.readString(Shell.root().resolve(shell)).replace("sshPort = 8101", "sshPort = " + ssh));
        background(b, portB, "--node", "b").good();
        Shell.run("./tm", "--data", b.toString(), "feature:install", "ssh").good();
        awaitPort(ssh);
        Shell.run("./tm", "--data", a.toString(), "image:create", "onlyhere", "1M")
                .good();
        assertFalse(Shell.run("./tm", "--data", b.toString(), "image:list")
                .good()
                .text()
                .contains("onlyhere"));
        closedToOtherUsers(a);
        aLongLineOfTheLogIsWhole(a);
        Shell.run("./run", "--data", b.toString(), "--stop").good();
        Shell.run("./tm", "--data", a.toString(), "image:list").good();
        // As from cron: without a word about the character set.
        String noLocale = "env -u LC_ALL -u LC_CTYPE -u LANG ./run --data " + b + " --background";
        Outcome again = Shell.run("bash", "-c", noLocale).good();
        assertTrue(again.text().contains("node b") && again.text().contains(":" + portB), again.toString());
        String umlaut = "mkdir " + scratch + "/$'\\303\\274' && cd $_ && " + Shell.root() + "/tm --data " + b;
        Shell.run("bash", "-c", umlaut + " image:list").good();
        awaitPort(ssh);
    }

    /** SSH is off until its feature is installed, which Karaf keeps over restarts; it opens its port some time later. */
    private static void awaitPort(int port) {
        String connects = "until (exec 3<>/dev/tcp/127.0.0.1/" + port + ") 2>/dev/null; do sleep 0.1; done";
        Shell.run("timeout", "60", "bash", "-c", connects).good();
    }

    /** Other accounts of the machine see nothing of what guests wrote. */
    private static void closedToOtherUsers(Path data) {
        assertEquals(
                "",
                // Files come and go meanwhile.
                Shell.run("bash", "-c", "find '" + data + "' ! -type l -perm /077 2>/dev/null; true")
                        .good()
                        .text());
    }

    /** What is to be done stands at its end. */
    private static void aLongLineOfTheLogIsWhole(Path data) throws IOException {
        String line = "x".repeat(2000) + " and the remedy";
        Shell.run("./tm", "--data", data.toString(), "log:log", line).good();
        // The name of the thread before it holds the whole command.
        assertTrue(
                Files.readString(data.resolve("karaf/log/karaf.log")).contains(" | " + line + "\n"), "the log cut it");
    }

    /** Two terminals, or a service manager that is impatient: one node comes of it, whatever it is called. */
    @Test
    void ofTwoStartsAtOnceOneServes() throws Exception {
        Path data = node("a");
        int port = Ports.free(2);
        Map<String, CompletableFuture<Outcome>> starts = new TreeMap<>();
        for (String name : List.of("a", "b")) {
            starts.put(name, CompletableFuture.supplyAsync(() -> background(data, port, "--node", name)));
        }
        List<String> served = new ArrayList<>();
        for (Map.Entry<String, CompletableFuture<Outcome>> start : starts.entrySet()) {
            Outcome outcome = start.getValue().get();
            if (outcome.status() == 0) {
                assertTrue(outcome.text().contains("serving"), outcome.toString());
                served.add(start.getKey());
            } else {
                oneLine(outcome, 1, data + " ");
                assertTrue(
                        outcome.err().contains("already runs on")
                                || outcome.err().contains("data directory of node"),
                        outcome.toString());
            }
        }
        assertEquals(1, served.size(), served.toString());
        Outcome status = Shell.run("./run", "--data", data.toString(), "--status");
        assertTrue(status.good().text().contains("node " + served.get(0) + " "), status.toString());
    }

    @Test
    void aKilledNodeStartsAgain() throws IOException {
        Path data = node("a");
        int port = Ports.free(2);
        background(data, port).good();
        Shell.run("./tm", "--data", data.toString(), "image:create", "v1", "1M").good();
        Shell.run("kill", "-9", "" + pid(data)).good();
        Shell.run("flock", "-w", "20", data.toString(), "true").good();
        assertEquals(
                4, Shell.run("./tm", "--data", data.toString(), "image:list").status());
        assertEquals(
                4, Shell.run("./run", "--data", data.toString(), "--status").status());
        // Karaf's own lock, in strange hands: with its slave mode on, the start would wait for them and say nothing.
        try (FileChannel lock = FileChannel.open(
                        data.resolve("karaf/lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = lock.lock()) {
            assertTrue(held.isValid());
            background(data, port).good();
        }
        assertTrue(Shell.run("./tm", "--data", data.toString(), "image:list")
                .good()
                .text()
                .contains("v1"));
        Path home = home(data);
        Shell.run("./run", "--data", data.toString(), "--stop").good();
        // Neither of the two lives has written there, not even a file that a later one would read.
        Outcome sum = Shell.run(
                home,
                Map.of(),
                "",
                List.of(
                        "bash",
                        "-c",
                        "find . -type f ! -path ./checksum ! -path ./source -print0 | LC_ALL=C sort -z"
                                + " | xargs -0 sha256sum | sha256sum | cut -d' ' -f1"));
        assertEquals(Files.readString(home.resolve("checksum")), sum.good().text());
        Outcome newer = Shell.run(
                home,
                Map.of(),
                "",
                List.of("find", ".", "-mindepth", "1", "-newer", "checksum", "!", "-name", "source"));
        assertEquals("", newer.good().text());
    }

    /** What is wished is in its etc and nowhere else; whoever asked the cache of Karaf acted on the files of the first. */
    @Test
    void aDataDirectoryIsMovedAndCopiedWithItsImages() throws IOException {
        Path first = node("a");
        background(first, Ports.free(2)).good();
        Shell.run("./tm", "--data", first.toString(), "image:create", "v1", "1M")
                .good();
        Shell.run("./run", "--data", first.toString(), "--stop").good();
        // The first start behind its creation brings it into the cache.
        background(first, Ports.free(2)).good();
        Shell.run("./run", "--data", first.toString(), "--stop").good();
        Path file = first.resolve("etc/io.tidemark.image-v1.cfg");
        String wished = Files.readString(file);

        Path copy = node("copy");
        Shell.run("cp", "-a", first.toString(), copy.toString()).good();
        background(copy, Ports.free(2)).good();
        list(copy, "v1");
        Shell.run("./tm", "--data", copy.toString(), "image:set", "v1", "description=a copy")
                .good();
        assertTrue(
                Files.readString(copy.resolve("etc/io.tidemark.image-v1.cfg")).contains("a copy"));
        Shell.run("./tm", "--data", copy.toString(), "image:delete", "v1", "--yes")
                .good();
        assertEquals(wished, Files.readString(file));

        Path moved = node("moved");
        Files.move(first, moved);
        background(moved, Ports.free(2)).good();
        list(moved, "v1");
    }

    /** The distribution that a running node runs on. */
    private static Path home(Path data) throws IOException {
        String option = "-Dkaraf.home=";
        return Stream.of(Files.readString(Path.of("/proc/" + pid(data) + "/cmdline"))
                        .split("\0"))
                .filter(argument -> argument.startsWith(option))
                .map(argument -> Path.of(argument.substring(option.length())))
                .findFirst()
                .orElseThrow();
    }

    /** Doors, checkpoints, stores: in this order, and within the memory that jvm.options promises. */
    @Test
    void aNodeStoppedUnderLoadStaysWithinItsMemoryAndLeavesACleanCheckpoint() throws Exception {
        Path data = node("a");
        int port = Ports.free(2);
        Shell.run(
                        Shell.root(),
                        Map.of("TIDEMARK_JAVA_OPTIONS", ""),
                        "",
                        List.of("./run", "--data", data.toString(), "--nbd", "" + port, "--background"))
                .good();
        Shell.run("./tm", "--data", data.toString(), "image:create", "v1", "512M")
                .good();
        Process fio = Shell.start(
                scratch,
                Map.of(),
                List.of(
                        "fio",
                        "--name=w",
                        "--ioengine=nbd",
                        "--uri=nbd://127.0.0.1:" + port + "/v1",
                        "--rw=write",
                        "--bs=1M",
                        "--iodepth=128",
                        "--size=512M",
                        "--time_based",
                        "--runtime=120",
                        "--output=fio.out"));
        Path status = Path.of("/proc/" + pid(data) + "/status");
        for (int i = 0; i < 20; i++) {
            // Time under load is what this needs; nothing is waited for.
            TimeUnit.MILLISECONDS.sleep(250);
            assertTrue(fio.isAlive(), "fio ended");
        }
        String peak = Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .findFirst()
                .orElseThrow();
        Shell.run("./run", "--data", data.toString(), "--stop").good();
        fio.destroyForcibly();
        assertTrue(Long.parseLong(peak.replaceAll("\\D", "")) < 512 << 10, "resident: " + peak);
        background(data, port).good();
        List<String> log = Files.readAllLines(data.resolve("karaf/log/karaf.log"));
        assertEquals(
                List.of(),
                log.stream()
                        .filter(line -> line.toLowerCase(Locale.ROOT).contains("suspended"))
                        .toList());
        assertEquals(
                List.of(),
                log.stream()
                        .filter(line -> line.contains("not closed in order"))
                        .toList());
        assertEquals(
                1,
                log.stream().filter(line -> line.contains("Image v1: opened")).count(),
                log.toString());
    }

    /** On a terminal: it says that it starts, takes commands as soon as it serves, and Ctrl-D stops it. */
    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void theConsoleSaysThatItStartsAndTakesCommands() throws Exception {
        Path data = node("a");
        String run = Shell.root().resolve("run") + " --data " + data + " --nbd " + Ports.free(2);
        Process console = Shell.start(scratch, Map.of(), List.of("script", "-qefc", run, "/dev/null"));
        awaitText(console, "is starting");
        awaitText(console, "@root");
        while (Shell.run("./tm", "--data", data.toString(), "--serving").status() != 0) {
            assertTrue(console.isAlive(), "the node ended");
        }
        console.getOutputStream().write("image:list\n".getBytes(StandardCharsets.UTF_8));
        console.getOutputStream().flush();
        awaitText(console, "No images");
        // Tab completes a name that only the node knows, by Karaf's own editor of lines.
        Shell.run("./tm", "--data", data.toString(), "image:create", "disk1", "1M")
                .good();
        console.getOutputStream().write("image:info d\t".getBytes(StandardCharsets.UTF_8));
        console.getOutputStream().flush();
        awaitText(console, "isk1");
        console.getOutputStream().write("\n".getBytes(StandardCharsets.UTF_8));
        console.getOutputStream().flush();
        awaitText(console, "disk1 is serving");
        console.getOutputStream().write(4);
        console.getOutputStream().flush();
        console.getInputStream().readAllBytes();
        assertEquals(0, console.waitFor());
    }

    private static void awaitText(Process process, String text) throws IOException {
        StringBuilder seen = new StringBuilder();
        while (seen.indexOf(text) < 0) {
            int next = process.getInputStream().read();
            assertTrue(next >= 0, "ended without \"" + text + "\": " + seen);
            seen.append((char) next);
        }
    }

    @Test
    void aDirectoryWithSomethingElseIsLeftAlone() throws IOException {
        Path data = scratch.resolve("letters");
        Files.createDirectories(data);
        Files.writeString(data.resolve("dear.txt"), "hello");
        oneLine(background(data, Ports.free(2)), 1, "something else");
        assertEquals(Set.of("dear.txt"), names(data));
    }

    /** It used to start a node that never took a command, however much room there was later. */
    @Test
    void aFullFileSystemIsNamedBeforeJavaStarts() throws IOException {
        Path data = node("a");
        int port = Ports.free(2);
        String run = "./run --data " + data + " --nbd " + port + " --background";
        // A largest size of files, because a file system that is full needs root to be mounted.
        oneLine(Shell.run("bash", "-c", "ulimit -f 4096; " + run), 1, "cannot write 16 MiB to " + data);
        assertFalse(Files.exists(data.resolve("karaf/room")), "nothing stays behind");
        // Of the second start onwards less is needed. How the first one ends makes no difference.
        Outcome first = Shell.run("bash", "-c", "TIDEMARK_JAVA_OPTIONS=-XX:NoSuchOption " + run);
        assertTrue(first.err().contains("NoSuchOption"), first.toString());
        oneLine(Shell.run("bash", "-c", "ulimit -f 512; " + run), 1, "cannot write 1 MiB to " + data);
    }

    @Test
    void aDirectoryThatCannotBeMadeOrWrittenIsNamed() throws IOException {
        Path file = Files.writeString(scratch.resolve("file"), "hello");
        oneLine(background(file, Ports.free(2)), 1, file + " is no directory");
        oneLine(background(file.resolve("a"), Ports.free(2)), 1, "Not a directory");
        // Even root writes nothing there.
        oneLine(background(Path.of("/proc/1/net"), Ports.free(2)), 1, "/proc/1/net holds something else than a node");
        oneLine(background(Path.of("/proc/tidemark"), Ports.free(2)), 1, "cannot make /proc/tidemark (");
    }

    /** A connection that nobody answers would hold a start up for two minutes. */
    @Test
    void anAddressThatDoesNotAnswerHoldsNothingUp() throws IOException {
        List<SocketChannel> waiting = new ArrayList<>();
        try (ServerSocketChannel silent = ServerSocketChannel.open()) {
            silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
            int port = ((InetSocketAddress) silent.getLocalAddress()).getPort();
            // Behind a full queue of connections, the next one gets no answer.
            for (int i = 0; i < 4; i++) {
                SocketChannel channel = SocketChannel.open();
                waiting.add(channel);
                channel.configureBlocking(false);
                channel.connect(silent.getLocalAddress());
            }
            Outcome outcome = background(node("a"), port);
            oneLine(outcome, 1, "" + port);
            assertTrue(outcome.millis() < 60_000, outcome.toString());
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }

    @Test
    void whatAFileOfTheNodeSaysWrongIsNamed() throws IOException {
        Path data = node("a");
        Path etc = Files.createDirectories(data.resolve("etc"));
        Files.writeString(etc.resolve("node.properties"), "node = a\nnbd = foo\n");
        String start = "./run --data " + data + " --background";
        oneLine(Shell.run("bash", "-c", start), 2, "node.properties: nbd = 127.0.0.1:foo: a port is a number");
        for (String option : new String[] {"--nbd", "--mirror"}) {
            Outcome nowhere =
                    Shell.run("bash", "-c", "./run --data " + node("b") + " " + option + " :10809 --background");
            oneLine(nowhere, 2, option + " :10809: there is no address before the colon");
        }

        Path log = Files.createDirectories(data.resolve("karaf/log")).resolve("karaf.log");
        Files.writeString(log, "2026-01-01T00:00:00,000 | ERROR | trouble of an earlier start\n");
        Files.writeString(etc.resolve("jvm.options"), "-XX:NoSuchOption\n");
        Outcome ended = background(data, Ports.free(2));
        assertEquals(1, ended.status(), ended.toString());
        assertTrue(ended.err().contains("NoSuchOption"), ended.toString());
        assertFalse(ended.err().contains("earlier start"), ended.toString());
    }

    /** It used to wait for minutes for a node that it had not asked to stop. */
    @Test
    void aNodeOfAnotherUserIsNotWaitedFor() throws Exception {
        Path data = node("a");
        Files.createDirectories(data.resolve("karaf"));
        Process holder =
                Shell.start(scratch, Map.of(), List.of("bash", "-c", "exec 9<a; flock 9; echo locked; exec sleep 600"));
        try {
            awaitText(holder, "locked");
            String stat = Files.readString(Path.of("/proc/" + holder.pid() + "/stat"));
            String started = stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19];
            Files.writeString(data.resolve("karaf/pid"), holder.pid() + " " + started + "\n");
            // What bash says to whoever may not: the tests run as one user.
            String kill = "() { echo \"bash: line 1: kill: ($2) - Operation not permitted\" >&2; return 1; }";
            Outcome stop = Shell.run(
                    Shell.root(),
                    Map.of("BASH_FUNC_kill%%", kill, "TIDEMARK_STOP_SECONDS", "1"),
                    "",
                    List.of("./run", "--data", data.toString(), "--stop"));
            oneLine(stop, 1, "(pid " + holder.pid() + "): Operation not permitted; be the user who started it");
        } finally {
            holder.destroyForcibly().waitFor();
        }
    }

    @Test
    void wrongOptionsAreNamed() {
        oneLine(Shell.run("./run", "--nbd", "70000", "--background"), 2, "port");
        oneLine(Shell.run("./run", "--mirror", "x", "--background"), 2, "--mirror 127.0.0.1:x");
        oneLine(Shell.run("./run", "--node", "../x", "--background"), 2, "name");
        oneLine(Shell.run("./run", "--stop", "--status"), 2, "exclude");
        for (String action : List.of("--stop", "--status")) {
            for (String option : List.of("--nbd", "--mirror")) {
                oneLine(
                        Shell.run("./run", option, "10900", action),
                        2,
                        option + " and " + action + " exclude each other");
            }
        }
        oneLine(Shell.run("./run", "--nbd", "::1", "--background"), 2, "--nbd ::1: ");
        oneLine(Shell.run("./run", "--mirror", "::1:10810", "--background"), 2, "as [::1]:PORT");
        oneLine(Shell.run("./run", "--fast"), 2, "--fast");
        assertTrue(Shell.run("./run", "--help").good().text().contains("--background"));
    }

    /** A second start builds nothing: a Maven that only fails is never asked. Nor is the network, which there is none of. */
    @Test
    void aSecondStartReusesTheBuildAndNeedsNoNetwork() throws IOException {
        Path bin = Files.createDirectories(scratch.resolve("bin"));
        Path mvn = bin.resolve("mvn");
        Files.writeString(mvn, "#!/bin/sh\ntouch " + scratch.resolve("asked") + "\nexit 1\n");
        mvn.toFile().setExecutable(true);
        Path data = node("a");
        String node = " --data '" + data + "'";
        String script = "! grep -s 00000000 /proc/net/route && ip link set lo up && ./run" + node + " --nbd "
                + Ports.free(2) + " --background && ./tm" + node + " image:create v1 1M && ./run" + node + " --stop";
        Outcome start = Shell.run(
                Shell.root(),
                Map.of("PATH", bin + ":" + System.getenv("PATH")),
                "",
                Shell.asRoot("unshare", "--net", "bash", "-c", script));
        assertFalse(Files.exists(scratch.resolve("asked")), start.toString());
        assertTrue(start.good().text().contains("serving"), start.toString());
    }

    @Test
    void aMissingMavenIsNamedWithItsRemedy() throws IOException {
        Path bin = Files.createDirectories(scratch.resolve("bin"));
        Outcome outcome = Shell.run(
                Shell.root(),
                Map.of("PATH", bin.toString()),
                "",
                List.of("/bin/bash", "-c", "root=. program=./run; . scripts/build.sh; need_maven"));
        oneLine(outcome, 1, "no Maven: put mvn 3.8.7 or later into PATH");
    }
}
