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
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * fio with its own checksums, on one export. When told to, fio notes which writes were acknowledged by then and kills the
 * server itself; later it verifies them, and everything before. That is what fio's triggers are made for.
 */
public final class FioVerify {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Pattern DEMANDED = Pattern.compile("requested block: offset=(\\d+)");
    private static final Pattern VERIFIED = Pattern.compile("issued rwts: total=(\\d+),");
    private static final int DEPTH = 16;
    private static final String[] SIZES = {
        "4k/50:8k/10:16k/20:64k/20", "4k/90:128k/10", "8k/20:32k/40:256k/40", "4k/25:8k/25:16k/25:32k/25"
    };

    private final Scratch scratch;
    private final Path directory;
    private final List<String> job;
    private final int jobs;
    private final int flushEvery;
    private Path trigger;
    private Command.Running running;
    private long pulledMillis;

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
        this.jobs = jobs;
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
        running = fio(uri, "--iodepth=" + DEPTH, "--do_verify=0", "--fsync=" + flushEvery, "--verify_state_save=1")
                .with("--output=" + scratch.newFile("fio.log"))
                .with("--trigger-file=" + trigger, "--trigger=kill -9 " + victim)
                .with("--write_lat_log=" + directory.resolve("answered"), "--log_offset=1", "--log_unix_epoch=1")
                .with("--disable_slat=1", "--disable_clat=1")
                .start();
    }

    private Command fio(String uri, String... more) {
        return Command.of(scratch, Tool.FIO, job.toArray(String[]::new))
                .with("--uri=" + uri)
                .with(more)
                .limit(PATIENCE);
    }

    /** Lets fio note what is acknowledged and kill its victim, now. */
    public void pull() {
        pulledMillis = System.currentTimeMillis();
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
     * demand one that it never had an answer to, as its log of latencies tells. That one is none, and fio goes on behind it.
     *
     * @param uri of the export on the server that runs again
     * @return how many writes were verified; those answered before {@link #pull} are among them, but the last ones of each job
     */
    public long verify(String uri) {
        if (!noted()) {
            throw new AssertionError("fio noted nothing in " + directory);
        }
        // One at a time: fio compares with what it noted by the number of blocks that it has read already, so with
        // more in flight it would demand writes that were never acknowledged.
        Path log = scratch.newFile("fio.log");
        Outcome outcome = fio(uri, "--iodepth=1", "--verify_only", "--verify_state_load=1", "--verify_state_save=0")
                .with("--output=" + log, "--continue_on_error=verify")
                .run();
        Set<String> missing = DEMANDED.matcher(outcome.err())
                .results()
                .map(demanded -> demanded.group(1))
                .collect(Collectors.toSet());
        if (missing.isEmpty()) {
            outcome.ok();
        }
        List<Long> verified = verified(log);
        for (int number = 1; number <= jobs; number++) {
            List<Answer> answers = answers(number);
            Set<String> lost = new HashSet<>(missing);
            lost.retainAll(answers.stream().map(Answer::offset).toList());
            if (!lost.isEmpty()) {
                throw new AssertionError("writes at " + lost + " were answered and are not there: " + outcome);
            }
            long before = answers.stream()
                    .filter(answer -> answer.millis() < pulledMillis)
                    .count();
            // It stops at the first write that was in flight when it made its note.
            if (verified.get(number - 1) < before - DEPTH) {
                throw new AssertionError(String.format(
                        Locale.ROOT,
                        "job %d verified %d writes of at least %d - %d that were answered: %s",
                        number,
                        verified.get(number - 1),
                        before,
                        DEPTH,
                        outcome));
            }
        }
        return verified.stream().mapToLong(Long::longValue).sum();
    }

    /** How many blocks each job read in order to compare them, whether they were as they should be or not. */
    private List<Long> verified(Path log) {
        String text = text(log);
        List<Long> verified = VERIFIED.matcher(text)
                .results()
                .map(read -> Long.valueOf(read.group(1)))
                .toList();
        if (verified.size() != jobs) {
            throw new AssertionError("fio does not tell for each job what it verified: " + text);
        }
        return verified;
    }

    /** A write that fio had an answer to. */
    private record Answer(long millis, String offset) {}

    /**
     * Those of one job: its log has a line for each, with time, latency, 1, length, offset. One that was broken off before it
     * began has no log.
     */
    private List<Answer> answers(int number) {
        if (!Files.exists(answered(number))) {
            return List.of();
        }
        return text(answered(number))
                .lines()
                .map(line -> line.split(", *"))
                .filter(fields -> fields[2].equals("1"))
                .map(fields -> new Answer(Long.parseLong(fields[0]), fields[4]))
                .toList();
    }

    /** The log of a job, counted from 1. */
    Path answered(int number) {
        return directory.resolve("answered_lat." + number + ".log");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError("cannot read " + file + ", which fio was to write", e);
        }
    }
}
