package io.tidemark.itests.nodes.load;

import io.tidemark.itests.nodes.node.Node;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Verified loads on several images of one node, which live and die together with it. */
public final class Loads {
    private final List<Target> targets = new ArrayList<>();
    private final List<VerifiedLoad> running = new ArrayList<>();

    private record Target(String image, Ledger ledger, Mix mix) {}

    /**
     * Adds an image that reads as zeros.
     *
     * @param image its name
     * @param ledger what is known about it
     * @param mix what to do with it
     * @return this
     */
    public Loads add(String image, Ledger ledger, Mix mix) {
        targets.add(new Target(image, ledger, mix));
        return this;
    }

    /**
     * Takes an image away again.
     *
     * @param image its name
     */
    public void remove(String image) {
        targets.removeIf(target -> target.image.equals(image));
    }

    /**
     * Starts all of them.
     *
     * @param node that serves the images
     * @param seed of the choices
     * @throws IOException when the node cannot be reached
     */
    public void start(Node node, long seed) throws IOException {
        running.clear();
        for (Target target : targets) {
            running.add(VerifiedLoad.start(
                    target.ledger, target.mix, seed + running.size(), () -> node.dial(target.image)));
        }
    }

    /**
     * Lets them run for a time; fails when a connection ends meanwhile, or no write is acknowledged.
     *
     * @param time how long
     */
    public void run(Duration time) {
        long before = acknowledged();
        endure(time);
        if (acknowledged() == before) {
            running.get(0).awaitWrites(1, Duration.ofSeconds(30));
        }
    }

    /**
     * As {@link #run}, for a time in which the node may hold all writes.
     *
     * @param time how long
     */
    public void endure(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        for (VerifiedLoad load : running) {
            if (load.awaitEnd(Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
                throw new AssertionError("the node hung up: " + load.state());
            }
        }
    }

    /** From now on nothing counts as acknowledged: the power goes. */
    public void freeze() {
        targets.forEach(target -> target.ledger.freeze());
    }

    /** To be called when the node was killed. */
    public void ended() {
        running.forEach(VerifiedLoad::ended);
    }

    /** Ends them in order. */
    public void stop() {
        running.forEach(VerifiedLoad::stop);
    }

    /** Drops the connections. */
    public void abort() {
        running.forEach(VerifiedLoad::abort);
    }

    /**
     * Errors that the node answered with.
     *
     * @return how many
     */
    public long errors() {
        return running.stream()
                .flatMap(load -> load.errors().values().stream())
                .mapToLong(count -> count.get())
                .sum();
    }

    /**
     * With which numbers the node has failed requests.
     *
     * @return NBD's
     */
    public Set<Integer> errorNumbers() {
        return running.stream().flatMap(load -> load.errors().keySet().stream()).collect(Collectors.toSet());
    }

    /**
     * How long a request has waited for its answer since they were started.
     *
     * @return the longest
     */
    public Duration longest() {
        return Duration.ofNanos(
                running.stream().mapToLong(VerifiedLoad::longestNanos).max().orElse(0));
    }

    /**
     * Writes acknowledged so far.
     *
     * @return how many
     */
    public long acknowledged() {
        return targets.stream()
                .mapToLong(target -> target.ledger.acknowledgedWrites())
                .sum();
    }

    /**
     * Verifies all images.
     *
     * @param node that serves them again
     * @throws IOException when it cannot be reached or fails a read
     */
    public void verify(Node node) throws IOException {
        String wrong = compare(node);
        if (wrong != null) {
            throw new AssertionError(wrong);
        }
    }

    /**
     * As {@link #verify}, for tests that expect a loss.
     *
     * @param node that serves them again
     * @return null when all is well, else what is wrong
     * @throws IOException when it cannot be reached or fails a read
     */
    public String compare(Node node) throws IOException {
        for (Target target : targets) {
            String wrong = VerifiedLoad.compare(target.ledger, () -> node.dial(target.image));
            if (wrong != null) {
                return "image " + target.image + ": " + wrong;
            }
        }
        return null;
    }
}
