package io.tidemark.itests.scripts;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.scripts.Shell.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the scripts say before a node runs, and of one that they cannot ask: copies of them, and a Java that only notes its call. */
@Tag("build")
class StartIT {
    /** Where every account may look. */
    private Path scratch;

    private Path bin;
    private Path data;

    @BeforeEach
    void copyScripts() throws IOException {
        scratch = Files.createTempDirectory("start");
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxr-xr-x"));
        bin = Files.createDirectories(scratch.resolve("home/bin"));
        data = scratch.resolve("nodes/a");
        String scripts = "karaf-assembly/src/main/resources/bin/";
        Shell.run("cp", scripts + "tidemark", scripts + "tidemark-journal", "tm", bin.toString())
                .good();
        Shell.run("cp", "-r", "etc", scratch.resolve("home").toString()).good();
        Path java = Files.createDirectories(scratch.resolve("jdk/bin")).resolve("java");
        Files.writeString(java.resolveSibling("../release"), "JAVA_VERSION=\"17.0.1\"\n");
        Files.writeString(java, "#!/bin/sh\nprintf '%s\\n' \"$@\" >" + called() + "\n");
        java.toFile().setExecutable(true);
    }

    @AfterEach
    void removeScratch() {
        Shell.run("chmod", "-R", "u+rwX", scratch.toString());
        Shell.run("rm", "-rf", scratch.toString());
    }

    private Path called() {
        return scratch.resolve("called");
    }

    private Outcome run(Map<String, String> environment, List<String> words) {
        List<String> settings = new ArrayList<>(List.of("env", "JAVA_HOME=" + scratch.resolve("jdk")));
        environment.forEach((name, text) -> settings.add(name + "=" + text));
        settings.addAll(words);
        return Shell.run(scratch, Map.of(), "", settings);
    }

    /** A script on the data directory. */
    private List<String> words(String script, String... more) {
        List<String> words = new ArrayList<>(List.of(bin.resolve(script).toString(), "--data", data.toString()));
        words.addAll(List.of(more));
        return words;
    }

    private static void oneLine(Outcome outcome, int status, String text) {
        assertEquals(status, outcome.status(), outcome.toString());
        assertEquals("", outcome.text(), outcome.toString());
        assertEquals(1, outcome.err().lines().count(), outcome.toString());
        assertTrue(outcome.err().contains(text), outcome.toString());
    }

    // ---- other accounts

    /** It was told that the node starts, or that something else holds the directory, or that there is none. */
    @Test
    void whoMayNotReadADataDirectoryIsToldSo() throws IOException {
        Files.createDirectories(data.resolve("etc"));
        closed(data);
        // Nor where the directories above were made with it.
        closed(data.getParent());
    }

    private void closed(Path directory) throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("---------"));
        String text = directory + " cannot be read: be its owner (" + Files.getOwner(directory) + "), or root";
        for (String action : List.of("--status", "--stop", "--background")) {
            oneLine(another(words("tidemark", action)), 1, text);
        }
        oneLine(another(words("tm", "image:list")), 1, text);
        oneLine(another(words("tidemark-journal", "journal:verify", "v1")), 3, text);
        oneLine(another(words("tm", "--offline", "journal:verify", "v1")), 3, text);
        assertFalse(Files.exists(called()));
    }

    /** Root may read everything. */
    private Outcome another(List<String> words) {
        List<String> all = new ArrayList<>();
        if ("root".equals(System.getProperty("user.name"))) {
            all.addAll(List.of("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"));
        }
        all.addAll(words);
        return run(Map.of(), all);
    }

    // ---- directories

    /** As mkfs leaves it. */
    @Test
    void aFileSystemOfItsOwnIsEmpty() throws IOException {
        Path found = Files.createDirectories(data.resolve("lost+found"));
        run(Map.of(), words("tidemark", "--nbd", "" + Ports.free(2))).good();
        assertTrue(Files.exists(found) && Files.exists(called()));
    }

    /** The node would start, or stop, before anybody finds out. */
    @Test
    void aTimeThatIsNoneIsNamedFirst() throws IOException {
        for (String wrong : List.of("abc", "1m", "-1", "010")) {
            String text = ": '" + wrong + "' is no number of seconds, as 600";
            oneLine(
                    run(Map.of("TIDEMARK_START_SECONDS", wrong), words("tidemark", "--background")),
                    2,
                    "TIDEMARK_START_SECONDS" + text);
            oneLine(
                    run(Map.of("TIDEMARK_STOP_SECONDS", wrong), words("tidemark", "--stop")),
                    2,
                    "TIDEMARK_STOP_SECONDS" + text);
        }
        assertFalse(Files.exists(data));
    }

    // ---- addresses

    private List<String> calledWith() throws IOException {
        return Files.readAllLines(called());
    }

    private List<String> properties() throws IOException {
        return Files.readAllLines(data.resolve("etc/node.properties"));
    }

    /** As the help says: as the options. */
    @Test
    void aPortAloneIsEnoughWhereverItStands() throws IOException {
        int port = Ports.free(2);
        String nbd = "127.0.0.1:" + port;
        String mirror = "127.0.0.1:" + (port + 1);
        run(Map.of("TIDEMARK_NBD", "" + port, "TIDEMARK_MIRROR", "" + (port + 1)), words("tidemark"))
                .good();
        assertServesAt(nbd, mirror);
        Files.writeString(
                data.resolve("etc/node.properties"), "node = a\nnbd = " + port + "\nmirror = " + (port + 1) + "\n");
        run(Map.of(), words("tidemark")).good();
        assertServesAt(nbd, mirror);
    }

    private void assertServesAt(String nbd, String mirror) throws IOException {
        String host = "host=127.0.0.1";
        List<String> expected = List.of("-Dtidemark.nbd=" + nbd, "-Dtidemark.nbd." + host, "-Dtidemark.tcp." + host);
        assertTrue(calledWith().containsAll(expected), calledWith().toString());
        assertTrue(
                properties().containsAll(List.of("nbd = " + nbd, "mirror = " + mirror)),
                properties().toString());
    }

    @Test
    void aWrongAddressIsNamedWithWhereItStands() throws IOException {
        oneLine(
                run(Map.of("TIDEMARK_NBD", "foo"), words("tidemark")),
                2,
                "TIDEMARK_NBD 127.0.0.1:foo: a port is a number from 1 to 65535");
        String port = "" + Ports.free(1);
        oneLine(
                run(Map.of("TIDEMARK_MIRROR", "::1"), words("tidemark", "--nbd", port)),
                2,
                "TIDEMARK_MIRROR ::1: an IPv6 address stands in brackets");
        assertFalse(Files.exists(data), "a start that failed leaves nothing");
        Files.createDirectories(data.resolve("etc"));
        Files.writeString(data.resolve("etc/node.properties"), "node = a\nnbd = foo\n");
        oneLine(
                run(Map.of("TIDEMARK_NBD", port), words("tidemark")),
                2,
                "node.properties: nbd = 127.0.0.1:foo: a port is a number");
    }

    private void etc(String file, String text) throws IOException {
        Files.writeString(Files.createDirectories(data.resolve("etc")).resolve(file), text);
    }

    private static ServerSocket taken(String host) throws IOException {
        return new ServerSocket(0, 50, InetAddress.getByName(host));
    }

    /** What its own files say of the port is known only when Java has read them. */
    @Test
    void aPortThatTheNodeDoesNotUseMayBeTaken() throws IOException {
        try (ServerSocket other = taken("127.0.0.1")) {
            String port = "" + other.getLocalPort();
            String free = "" + Ports.free(1);
            etc("io.tidemark.mirror.peer-b.cfg", "key = 1\n");
            oneLine(run(Map.of(), words("tidemark", "--nbd", port)), 1, "port " + port + " on 127.0.0.1 is in use");
            oneLine(
                    run(Map.of(), words("tidemark", "--nbd", free, "--mirror", port)),
                    1,
                    "choose another with --mirror");
            etc("io.tidemark.nbd.cfg", "unixSocket = nbd.sock\n# host = 127.0.0.2\nhost =\n");
            etc("io.tidemark.transport.tcp-default.config", "port=\"" + free + "\"\n");
            run(Map.of(), words("tidemark", "--nbd", port)).good();
            run(Map.of(), words("tidemark", "--nbd", free, "--mirror", port)).good();
        }
    }

    /** Where its own file says the host alone, the port is to be free there, and nowhere else. */
    @Test
    void aPortIsLookedAtOnTheHostThatAFileOfEtcSays() throws IOException {
        etc("io.tidemark.mirror.peer-b.cfg", "key = 1\n");
        try (ServerSocket there = taken("127.0.0.2");
                ServerSocket elsewhere = taken("127.0.0.1")) {
            String port = "" + there.getLocalPort();
            String free = "" + Ports.free(1);
            for (String host :
                    List.of("host = 127.0.0.2\n", " host:127.0.0.2", "# host = 127.0.0.3\nhost = 127.0.0.2")) {
                etc("io.tidemark.nbd.cfg", host);
                oneLine(run(Map.of(), words("tidemark", "--nbd", port)), 1, "port " + port + " on 127.0.0.2 is in use");
            }
            run(Map.of(), words("tidemark", "--nbd", "" + elsewhere.getLocalPort(), "--mirror", free))
                    .good();
            for (String file : List.of(".config host=\"127.0.0.2\"", ".json { \"host\": \"127.0.0.2\" }")) {
                String name = "io.tidemark.transport.tcp-default" + file.substring(0, file.indexOf(' '));
                etc(name, file.substring(file.indexOf(' ') + 1) + "\n");
                oneLine(
                        run(Map.of(), words("tidemark", "--nbd", free, "--mirror", port)),
                        1,
                        "port " + port + " on 127.0.0.2 is in use: choose another with --mirror");
                Files.delete(data.resolve("etc").resolve(name));
            }
        }
    }

    // ---- what is left out

    /** Asked from elsewhere, as a person at a shell or a service would: the data is in the tree, whoever starts it. */
    @Test
    void aStartWithoutOptionsIsOfNodeA() throws IOException {
        Path tree = scratch.resolve("tree");
        for (String file : List.of("run", "tm", "scripts/build.sh", "karaf-assembly/src/main/resources/bin/tidemark")) {
            Path copy = tree.resolve(file);
            Files.createDirectories(copy.getParent());
            Files.copy(Shell.root().resolve(file), copy, COPY_ATTRIBUTES);
        }
        Files.writeString(Files.createFile(scratch.resolve("jdk/bin/javac")), "");
        scratch.resolve("jdk/bin/javac").toFile().setExecutable(true);
        // As if it had been built.
        Shell.run(
                        scratch,
                        Map.of(
                                "root",
                                tree.toString(),
                                "JAVA_HOME",
                                scratch.resolve("jdk").toString()),
                        "",
                        List.of(
                                "bash",
                                "-c",
                                "program=./run; . $root/scripts/build.sh; find_jdk; sum=$(source_sum 2>/dev/null)"
                                        + "; mkdir -p $distributions; cp -r home $distributions/${sum:0:16}"
                                        + "; echo $sum >$distributions/${sum:0:16}/source"))
                .good();
        for (String name : List.of("a", "b")) {
            // Its port may be taken here; where a file says another one, nobody looks.
            data = tree.resolve("data").resolve(name);
            etc("io.tidemark.nbd.cfg", "port = 1\n");
            inTree(name.equals("a") ? List.of("run") : List.of("run", "--node", name))
                    .good();
            List<String> expected = List.of(
                    "-Dtidemark.data=" + data,
                    "-Dtidemark.node=" + name,
                    "-Dtidemark.nbd=127.0.0.1:10809",
                    "-Dtidemark.tcp.host=127.0.0.1",
                    "-Dtidemark.tcp.port=10810");
            assertTrue(calledWith().containsAll(expected), calledWith().toString());
        }
        for (List<String> words :
                List.of(List.of("run", "--status"), List.of("run", "--stop"), List.of("tm", "image:list"))) {
            oneLine(inTree(words), 4, "no node runs on " + tree + "/data/a");
        }
        String help = inTree(List.of("run", "--help")).good().text();
        for (String part : List.of("the node (default: a)", "(default: data/NAME)", "at first 127.0.0.1:10809)")) {
            assertTrue(help.contains(part), help);
        }
    }

    private Outcome inTree(List<String> command) {
        List<String> words = new ArrayList<>(List.of("-u", "TIDEMARK_DATA", "-u", "TIDEMARK_NBD"));
        words.addAll(List.of("-u", "TIDEMARK_MIRROR", "JAVA_HOME=" + scratch.resolve("jdk")));
        words.add(scratch.resolve("tree").resolve(command.get(0)).toString());
        words.addAll(command.subList(1, command.size()));
        words.add(0, "env");
        return Shell.run(scratch, Map.of(), "", words);
    }

    // ---- nodes that run

    /** As by a service manager: the lock is in other hands before anybody else can have it, and stays there. */
    @Test
    void aNodeThatIsStartedAgainIsNotWaitedFor() throws Exception {
        Files.createDirectories(data.resolve("karaf"));
        etc("node.properties", "node = a\nnbd = 127.0.0.1:10809\n");
        // The node is a child, whose end leaves the lock with the parent.
        Process manager = Shell.start(
                data,
                Map.of(),
                List.of("bash", "-c", "exec 9<.; flock 9; sleep 600 & echo $!; wait; echo again; exec cat"));
        try {
            String pid = manager.inputReader().readLine();
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String started = stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19];
            Files.writeString(data.resolve("karaf/pid"), pid + " " + started + "\n");
            oneLine(
                    run(Map.of("TIDEMARK_STOP_SECONDS", "5"), words("tidemark", "--stop")),
                    1,
                    "node a (pid " + pid + ") stopped, and another start has its place already: stop what starts it");
            assertEquals("again", manager.inputReader().readLine());
        } finally {
            manager.destroyForcibly().waitFor();
        }
    }

    @Test
    void statusSaysWhereTheTransportListensOrWhatDoes() throws IOException {
        etc("node.properties", "node = a\nnbd = 127.0.0.1:10809\nmirror = 127.0.0.1:10810\n");
        etc("io.tidemark.transport.tcp-default.cfg", "# host = 127.0.0.1\n");
        try (FakeNode node = FakeNode.start(data)) {
            String others = "other nodes reach it for replicas, while it has peers, ";
            String status = run(Map.of(), words("tidemark", "--status")).good().text();
            assertEquals(List.of(), node.request().words());
            assertTrue(status.endsWith(others + "at 127.0.0.1:10810\n"), status);
            etc("io.tidemark.transport.tcp-default.cfg", " host : 192.0.2.1\n");
            status = run(Map.of(), words("tidemark", "--status")).good().text();
            String file = data + "/etc/io.tidemark.transport.tcp-default.cfg";
            assertTrue(status.endsWith(others + "as " + file + " says\n"), status);
        }
    }
}
