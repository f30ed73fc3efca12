package io.tidemark.itests.nodes.node;

import io.tidemark.itests.nodes.harness.Command;
import io.tidemark.itests.nodes.harness.Outcome;
import io.tidemark.itests.nodes.harness.Ports;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.load.NbdConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A node as users start it: the distribution, by {@code ./run}, with {@code ./tm} for commands. */
public final class KarafNode implements Node {
    private static final Duration PATIENCE = Duration.ofMinutes(8);

    private final Scratch scratch;
    private final Path root;
    private final Path data;
    private final int port;
    private boolean asShipped;
    private long pid;

    private KarafNode(Scratch scratch, Path data, int port) {
        this.scratch = scratch;
        this.root = Path.of(System.getProperty("tidemark.root", "../..")).toAbsolutePath();
        this.data = data;
        this.port = port;
    }

    /**
     * A node with an empty data directory, not started yet.
     *
     * @param scratch of the test
     * @return the node
     */
    public static KarafNode create(Scratch scratch) {
        KarafNode node = new KarafNode(scratch, scratch.newFile("data"), Ports.free(2));
        scratch.defer("the distribution's node", node::kill);
        scratch.show(node.data.resolve("karaf/log/karaf.log"));
        return node;
    }

    /**
     * Has it start with no other options of Java than those of the distribution, which memory depends on.
     *
     * @return this
     */
    public KarafNode asShipped() {
        asShipped = true;
        return this;
    }

    /**
     * Starts it; builds the distribution where it is missing.
     *
     * @return this, serving
     */
    public KarafNode start() {
        run("--node", "nodes-test", "--nbd", "127.0.0.1:" + port, "--background")
                .ok();
        try {
            pid = Long.parseLong(Files.readString(data.resolve("karaf/pid")).split(" ")[0]);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Gives {@code ./run} further arguments.
     *
     * @param arguments beside {@code --data}
     * @return how it ended
     */
    public Outcome run(String... arguments) {
        Command command = Command.of(scratch, root.resolve("run"), "--data", data.toString());
        if (asShipped) {
            command.environment("TIDEMARK_JAVA_OPTIONS", "");
        }
        return command.with(arguments).limit(PATIENCE).run();
    }

    /**
     * Runs a command by {@code ./tm}.
     *
     * @param words of the command
     * @return how it ended
     */
    public Outcome tm(String... words) {
        List<String> all = new ArrayList<>(List.of("--data", data.toString()));
        all.addAll(List.of(words));
        return Command.of(scratch, root.resolve("tm"), all.toArray(String[]::new))
                .run();
    }

    /**
     * Its data directory.
     *
     * @return DATA
     */
    public Path data() {
        return data;
    }

    /** Stops it in order. */
    public void stop() {
        run("--stop").ok();
        pid = 0;
    }

    @Override
    public String uri(String export) {
        return "nbd://127.0.0.1:" + port + "/" + export;
    }

    @Override
    public NbdConnection dial(String export) throws IOException {
        return NbdConnection.connect(address(), export);
    }

    @Override
    public SocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public void kill() {
        if (pid != 0) {
            ProcessHandle.of(pid).ifPresent(process -> {
                process.destroyForcibly();
                process.onExit().join();
            });
            pid = 0;
        }
    }
}
