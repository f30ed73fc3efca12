package io.tidemark.itests.nodes.node;

import io.tidemark.itests.nodes.harness.Evidence;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.load.NbdConnection;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A node in a Java process of its own: the product's parts wired by {@code new}, or its bundles in a plain Felix. Commands go
 * in by its standard input and answers come back by its standard output; when the tests die, its input ends, and so does it.
 */
public final class NodeProcess implements Node {
    private static final long PATIENCE_SECONDS = 60;
    private static final int LINES = 20;
    private static final String END = "\u0000end";

    private final Path socket;
    private final Path log;
    private final Process process;
    private final Writer input;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    private NodeProcess(Path socket, Path log, Process process) {
        this.socket = socket;
        this.log = log;
        this.process = process;
        this.input = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
    }

    /**
     * Starts a node of parts wired by {@code new}, well under a second, and waits until it serves.
     *
     * @param scratch of the test
     * @param settings what with
     * @return the serving node
     */
    public static NodeProcess start(Scratch scratch, NodeSettings settings) {
        return start(scratch, settings, false, null);
    }

    /**
     * Starts a node of bundles in a plain Felix, configured by files, and waits until it serves. It can do without Karaf,
     * and cannot have faults.
     *
     * @param scratch of the test
     * @param settings what with
     * @return the serving node, which takes fewer commands: see {@link FelixMain}
     */
    public static NodeProcess startFelix(Scratch scratch, NodeSettings settings) {
        return start(scratch, settings, true, null);
    }

    /** Without class data given, what there is for such a node is used; another Java than this one has none. */
    static NodeProcess start(Scratch scratch, NodeSettings settings, boolean onFelix, ClassData.Start classes) {
        Path socket = scratch.newSocket("node.sock");
        Path log = scratch.newFile("node.log");
        List<String> line = new ArrayList<>();
        line.add(settings.javaHome().resolve("bin/java").toString());
        line.addAll(settings.jvmOptions());
        try {
            FelixLaunch felix = onFelix ? new FelixLaunch(settings) : null;
            String classPath = onFelix ? felix.classPath() : System.getProperty("java.class.path");
            ClassData.Start start = classes;
            if (start == null && settings.javaHome().equals(Path.of(System.getProperty("java.home")))) {
                start = new ClassData(onFelix, classPath).start();
            }
            if (start != null) {
                line.add(start.option());
            }
            settings.properties().forEach((name, value) -> line.add("-Dnode." + name + "=" + value));
            line.addAll(List.of("-cp", start == null ? classPath : start.classPath()));
            line.addAll(onFelix ? felix.command(socket) : plain(settings, socket));
            Process process =
                    new ProcessBuilder(line).redirectError(log.toFile()).start();
            NodeProcess node = new NodeProcess(socket, log, process);
            scratch.defer("node " + process.pid(), node::kill);
            node.listen();
            node.answer("starting");
            return node;
        } catch (IOException e) {
            throw new AssertionError("cannot start a node", e);
        }
    }

    private static List<String> plain(NodeSettings settings, Path socket) {
        List<String> command = new ArrayList<>(List.of(NodeMain.class.getName(), socket.toString()));
        command.add(settings.images().toString());
        settings.journals().forEach(directory -> command.add(directory.toString()));
        return command;
    }

    private void listen() {
        Thread thread = new Thread(
                () -> {
                    try (BufferedReader lines = new BufferedReader(
                            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                            answers.add(line);
                        }
                    } catch (IOException e) {
                        // The process is gone.
                    } finally {
                        answers.add(END);
                    }
                },
                "node-answers");
        thread.setDaemon(true);
        thread.start();
    }

    private String answer(String to) {
        String answer;
        try {
            answer = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
        if (answer == null || answer.equals(END)) {
            String how = answer == null ? "is silent" : "ended";
            throw new AssertionError("the node " + how + " after \"" + to + "\"; its log:\n" + lastLines());
        }
        return answer;
    }

    /**
     * Gives a command; see {@link NodeMain}.
     *
     * @param words of the command
     * @return the answer: {@code ok ...} or {@code error REASON ...}
     */
    public String ask(String... words) {
        String command = String.join(" ", words);
        try {
            input.write(command + "\n");
            input.flush();
        } catch (IOException e) {
            throw new AssertionError("the node is gone; its log:\n" + lastLines(), e);
        }
        return answer(command);
    }

    /**
     * Gives a command that must succeed.
     *
     * @param words of the command
     * @return what follows {@code ok}
     */
    public String tell(String... words) {
        String answer = ask(words);
        if (!answer.startsWith("ok")) {
            throw new AssertionError(String.join(" ", words) + ": " + answer + "; the node's log:\n" + lastLines());
        }
        return answer.substring(2).strip();
    }

    /**
     * State and figures of an image.
     *
     * @param image its name
     * @return {@code state}, {@code detail} with underscores for blanks, watermarks and counters by name
     */
    public Map<String, String> status(String image) {
        Map<String, String> values = new HashMap<>();
        for (String pair : tell("status", image).split(" ")) {
            int equals = pair.indexOf('=');
            values.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return values;
    }

    /**
     * Whether an image is not served.
     *
     * @return null when all are, else the first one's state and why
     */
    public String refused() {
        String answer = tell("refused");
        return answer.isEmpty() ? null : answer;
    }

    /**
     * Whether one image is not served, whatever the others are.
     *
     * @param image its name
     * @return null when it is, else its state and why
     */
    public String refused(String image) {
        Map<String, String> status = status(image);
        String state = status.get("state");
        return "SERVING".equals(state) ? null : image + ": " + state + ": " + status.get("detail");
    }

    /**
     * What the node wrote to its log.
     *
     * @return all of it
     */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "(" + e + ")";
        }
    }

    /** A failure shows more of them behind its own text. */
    private String lastLines() {
        return Evidence.last(log, LINES);
    }

    @Override
    public String uri(String export) {
        return "nbd+unix:///" + export + "?socket=" + socket;
    }

    @Override
    public NbdConnection dial(String export) throws IOException {
        return NbdConnection.connect(socket, export);
    }

    @Override
    public SocketAddress address() {
        return UnixDomainSocketAddress.of(socket);
    }

    @Override
    public long pid() {
        return process.pid();
    }

    /** Ends it in order: doors closed, everything applied and checkpointed. */
    public void stop() {
        tell("stop");
        awaitExit();
    }

    private void awaitExit() {
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("the node does not end; its log:\n" + lastLines());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void kill() {
        // On Unix this is SIGKILL.
        process.destroyForcibly();
        process.onExit().join();
    }
}
