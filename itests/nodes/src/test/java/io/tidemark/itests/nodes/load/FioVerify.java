package io.tidemark.itests.nodes.load;

import io.tidemark.itests.nodes.harness.Command;
import io.tidemark.itests.nodes.harness.Outcome;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.harness.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * fio with its own checksums, on one export. When told to, fio notes which writes were acknowledged by then and kills the
 * server itself; later it verifies them, and everything before. That is what fio's triggers are made for.
 */
public final class FioVerify {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Pattern DEMANDED = Pattern.compile("requested block: offset=(\\d+)");
    private static final String ANSWERED = "answered";
    private static final String[] SIZES = {
        "4k/50:8k/10:16k/20:64k/20", "4k/90:128k/10", "8k/20:32k/40:256k/40", "4k/25:8k/25:16k/25:32k/25"
    };

    private final Scratch scratch;
    private final Path directory;
    private final List<String> job;
    private final int flushEvery;
    private Path trigger;
    private Command.Running running;

    /**
     * A job.
     *
     * @param scratch of the test
     * @param seed of its choices, the mix of sizes and how often it flushes among them
     * @param sizeBytes how much it may write; each block is written once
     * @param jobs connections
     */
    public FioVerify(Scratch scratch, long seed, long sizeBytes, int jobs) {
        this.scratch = scratch;
        this.directory = scratch.newDirectory("fio");
        RandomGenerator random = Seeds.random(seed, 24);
        this.flushEvery = 1 + random.nextInt(48);
        this.job = List.of(
                "--name=verify",
                "--ioengine=nbd",
                "--rw=randwrite",
                "--bssplit=" + SIZES[random.nextInt(SIZES.length)],
                "--numjobs=" + jobs,
                "--size=" + sizeBytes / jobs,
                "--offset_increment=" + sizeBytes / jobs,
                "--randseed=" + (seed & 0x7fffffff),
                "--verify=crc32c",
                "--verify_fatal=1",
                "--aux-path=" + directory);
    }

    /**
     * Starts writing.
     *
     * @param uri of the export
     * @param victim the process to kill
     */
    public void start(String uri, long victim) {
        trigger = scratch.newFile("trigger");
        running = fio(uri, "--iodepth=16", "--do_verify=0", "--fsync=" + flushEvery, "--verify_state_save=1")
                .with("--trigger-file=" + trigger, "--trigger=kill -9 " + victim)
                .with("--write_lat_log=" + directory.resolve(ANSWERED), "--log_offset=1")
                .with("--disable_slat=1", "--disable_clat=1")
                .start();
    }

    private Command fio(String uri, String... more) {
        return Command.of(scratch, Tool.FIO, job.toArray(String[]::new))
                .with("--uri=" + uri, "--output=" + scratch.newFile("fio.log"))
                .with(more)
                .limit(PATIENCE);
    }

    /** Lets fio note what is acknowledged and kill its victim, now. */
    public void pull() {
        try {
            Files.createFile(trigger);
        } catch (IOException e) {
            throw new AssertionError("cannot make " + trigger, e);
        }
    }

    /**
     * Waits for the end of fio. When it had written everything before the trigger was seen, the victim lives.
     *
     * @return whether fio noted what was acknowledged
     */
    public boolean await() {
        running.await(PATIENCE);
        return noted();
    }

    private boolean noted() {
        String[] names = directory.toFile().list((parent, name) -> name.endsWith("-verify.state"));
        return names != null && names.length > 0;
    }

    /**
     * Verifies everything that was acknowledged. What fio notes is a number and its last writes, taken one after the other while
     * it goes on writing; and where it began fewer than two depths of them, it demands the first ones whatever it noted. So it may
     * demand one that it never had an answer to, as its log of latencies tells. That one is none.
     *
     * @param uri of the export on the server that runs again
     */
    public void verify(String uri) {
        Outcome outcome = outcome(uri);
        Set<String> missing = DEMANDED.matcher(outcome.err())
                .results()
                .map(demanded -> demanded.group(1))
                .collect(Collectors.toSet());
        if (missing.isEmpty() || !Collections.disjoint(missing, answered())) {
            outcome.ok();
        }
    }

    /** Where the writes went that fio had an answer to: a job's log has a line for each, with time, latency, 1, length, offset. */
    private Set<String> answered() {
        Set<String> offsets = new HashSet<>();
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> logs = files.filter(file -> file.getFileName().toString().startsWith(ANSWERED))
                    .toList();
            if (logs.isEmpty()) {
                throw new AssertionError("fio left no log of its latencies in " + directory);
            }
            for (Path log : logs) {
                for (String line : Files.readAllLines(log)) {
                    String[] fields = line.split(", *");
                    if (fields[2].equals("1")) {
                        offsets.add(fields[4]);
                    }
                }
            }
        } catch (IOException e) {
            throw new AssertionError("cannot read fio's logs in " + directory, e);
        }
        return offsets;
    }

    /**
     * As {@link #verify}, for tests that expect a loss.
     *
     * @param uri of the export
     * @return how fio ended
     */
    public Outcome outcome(String uri) {
        if (!noted()) {
            throw new AssertionError("fio noted nothing in " + directory);
        }
        // One at a time: fio compares with what it noted by the number of blocks that it has read already, so with more
        // in
        // flight it would demand writes that were never acknowledged.
        return fio(uri, "--iodepth=1", "--verify_only", "--verify_state_load=1").run();
    }
}
