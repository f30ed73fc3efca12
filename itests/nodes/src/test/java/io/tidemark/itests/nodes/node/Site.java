package io.tidemark.itests.nodes.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A node that mirrors: what stays of it over its restarts. */
public final class Site {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Scratch scratch;
    private final String name;
    private final Path etc;
    private final NodeSettings settings;
    private final List<NodeProcess> lives = new CopyOnWriteArrayList<>();
    private volatile NodeProcess node;
    private volatile InetSocketAddress address;

    /**
     * A node that does not run.
     *
     * @param scratch of the test
     * @param name of the node
     */
    public Site(Scratch scratch, String name) {
        this(scratch, name, scratch.newDirectory(name + "-journals"));
    }

    /**
     * A node that does not run.
     *
     * @param scratch of the test
     * @param name of the node
     * @param journals directory of its journals
     */
    public Site(Scratch scratch, String name, Path journals) {
        this.scratch = scratch;
        this.name = name;
        this.etc = scratch.newDirectory(name);
        this.settings = new NodeSettings(scratch.newDirectory(name + "-images"), journals).set("etc", etc.toString());
    }

    /**
     * Its settings, in force from the next start on.
     *
     * @return to be changed
     */
    public NodeSettings settings() {
        return settings;
    }

    /**
     * Where its configuration lies.
     *
     * @return its directory
     */
    public Path etc() {
        return etc;
    }

    /**
     * Starts it.
     *
     * @return this
     */
    public Site start() {
        node = NodeProcess.start(scratch, settings);
        lives.add(node);
        return this;
    }

    /**
     * Its process.
     *
     * @return the one that was started last
     */
    public NodeProcess node() {
        return node;
    }

    /** What a node logs that copies or compares an image once more. */
    private static final List<String> ANEW = List.of("deleted", "is copied anew", "begins anew with what it has");

    /** No image was copied or compared once more here, in none of its lives: each has a log of its own. */
    public void wasNeverCopiedAnew() {
        for (NodeProcess life : lives) {
            assertEquals(
                    List.of(),
                    life.log()
                            .lines()
                            .filter(line -> ANEW.stream().anyMatch(line::contains))
                            .toList(),
                    () -> name + " copied anew without need");
        }
    }

    /**
     * Where peers reach it now.
     *
     * @return its own address; the one before while it does not listen
     */
    public InetSocketAddress address() {
        return address;
    }

    /** Waits until it takes links. */
    public void awaitAddress() {
        Await.until(() -> name + " to take links", PATIENCE, () -> {
            String addresses = order("addresses");
            if (addresses.isEmpty()) {
                return false;
            }
            String first = addresses.split(" ")[0];
            int colon = first.lastIndexOf(':');
            address = new InetSocketAddress(first.substring(0, colon), Integer.parseInt(first.substring(colon + 1)));
            return true;
        });
    }

    /**
     * Gives its mirror an order that must succeed.
     *
     * @param words see {@link MirrorWiring}
     * @return what it says
     */
    public String order(String... words) {
        return node.tell(words(words));
    }

    /**
     * Gives its mirror an order that must be refused.
     *
     * @param words see {@link MirrorWiring}
     * @return reason and message
     */
    public String refused(String... words) {
        String answer = node.ask(words(words));
        if (!answer.startsWith("error ")) {
            throw new AssertionError(String.join(" ", words) + " was not refused: " + answer);
        }
        return answer.substring("error ".length());
    }

    private static String[] words(String... words) {
        String[] all = new String[words.length + 1];
        all[0] = "mirror";
        System.arraycopy(words, 0, all, 1, words.length);
        return all;
    }

    /**
     * How an image that goes to or comes from one peer fares.
     *
     * @param image its name
     * @return values by name; see {@link MirrorWiring}
     */
    public Map<String, String> mirrored(String image) {
        Map<String, String> values = new HashMap<>();
        for (String pair : order("status", image).split(" ")) {
            int equals = pair.indexOf('=');
            values.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return values;
    }

    /** Waits until it has a link with its peer. */
    public void awaitLinked() {
        Await.until(() -> name + " to link with its peer: " + order("peers") + "\n" + node.log(), PATIENCE, () -> order(
                        "peers")
                .contains("linked=true"));
    }

    /**
     * Waits until the image is in a state of its mirroring.
     *
     * @param image its name
     * @param state as {@code MirrorStatus.State}
     */
    public void awaitState(String image, String state) {
        Await.until(
                () -> name + "'s " + image + " to be " + state + ": " + mirrored(image) + "\n" + node.log(),
                PATIENCE,
                () -> mirrored(image).get("state").equals(state));
    }
}
