package io.tidemark.simulation;

import io.tidemark.api.Watermark;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitRule.MissingPeers;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.engine.image.ImageSettings;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SeededRandom;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What one seed is about: sizes, limits, load and faults, drawn so that every combination occurs, and so that most seeds are
 * small enough to be read.
 *
 * @param imageBytes first size of the image
 * @param directories of the journal
 * @param flash whether the journal is the flash journal, or the plain one of the simulation
 * @param options of the flash journal
 * @param journal limits
 * @param settings of the image
 * @param machine size of disk and memory
 * @param rule first commit rule
 * @param lives how often a process is started
 * @param operations that each client does in a life
 * @param clients at once
 * @param depth most requests that a client has under way
 * @param shortestWriteBytes of a client
 * @param longestWriteBytes of a client
 * @param readPercent of the requests
 * @param flushPercent of the requests
 * @param faultPerMillion how many file calls fail while faults are on
 * @param tight whether the disk is full at times
 * @param direct whether files can be written past the cache
 * @param sparse whether files can be punched
 * @param damaged whether bits are turned over in the journal, on a copy of the disk, after each life
 * @param restless whether rules, sizes and stores change under load
 * @param reads whether the journal is told that payload will be read from it, as that of an image is which is larger than all
 *     that is simulated: it then has batches in the page cache between others that go past it
 * @param latePerMillion how many writes past the cache arrive late, while others overtake them
 * @param slowNanos most time that a write to the image takes longer than one to the journal
 */
record Scenario(
        long imageBytes,
        boolean flash,
        FlashOptions options,
        int directories,
        JournalSettings journal,
        ImageSettings settings,
        MachineSettings machine,
        CommitRule rule,
        int lives,
        int operations,
        int clients,
        int depth,
        int shortestWriteBytes,
        int longestWriteBytes,
        int readPercent,
        int flushPercent,
        int faultPerMillion,
        boolean tight,
        boolean direct,
        boolean sparse,
        boolean restless,
        boolean damaged,
        boolean reads,
        int latePerMillion,
        long slowNanos) {
    static final CommitRule VOLATILE =
            new CommitRule("volatile", Watermark.APPENDED, Watermark.DURABLE, 0, MissingPeers.JOURNAL, true);
    static final CommitRule JOURNAL_AND_IMAGE = new CommitRule(
            "journal+image", Watermark.CHECKPOINTED, Watermark.CHECKPOINTED, 0, MissingPeers.JOURNAL, false);
    static final List<CommitRule> RULES =
            List.of(CommitRule.JOURNAL, CommitRule.JOURNAL, VOLATILE, CommitRule.JOURNAL, JOURNAL_AND_IMAGE);

    private static final long STEP_LIMIT = 2_000_000;
    private static final long MIB = 1 << 20;

    /** Images of such seeds apply seldom and then much. */
    private static final long SELDOM_EACH = 4;

    /** Clients of such seeds write so much, and in such pieces, that they wait for the image to take it from memory. */
    private static final long STREAMS_EACH = 16;

    private static final int STREAM_OPERATIONS = 60;
    private static final int STREAM_LEAST_BYTES = 64 << 10;
    private static final int STREAM_MOST_BYTES = 512 << 10;
    private static final long SLOW_IMAGE_NANOS = 4_000_000;

    static Scenario draw(long seed) {
        SeededRandom random = new SeededRandom(seed, "scenario");
        boolean streams = seed % STREAMS_EACH == 1;
        long imageBytes = 4096 * random.between(4, random.coin() ? 32 : 256) + (streams ? 5 * MIB : 0);
        long segmentBytes = FlashOptions.MIN_SEGMENT_BYTES;
        FlashOptions options = new FlashOptions(
                segmentBytes,
                5 << 18,
                random.below(3) == 0 ? 0 : (int) random.magnitude(64 << 10),
                random.below(4) == 0 ? 0 : 1_000_000L * random.magnitude(100),
                random.oneOf(List.of(FlashOptions.Preparation.values())),
                random.below(4));
        int directories = 1 + random.below(10) / 7;
        long journalBytes = directories * segmentBytes * (random.coin() ? 3 : 3 + random.below(4)) * (streams ? 2 : 1);
        ImageSettings drawn = new ImageSettings(
                4 * MIB,
                (random.coin() ? 4 : 8) * (streams ? 4 : 1) * MIB,
                1024,
                random.magnitude(4 * MIB),
                1_000_000L * random.magnitude(1000),
                1_000_000L * random.between(1, 50),
                random.below(4) == 0 ? ImageSettings.JournalFull.FAIL : ImageSettings.JournalFull.HOLD,
                0.8,
                5_000_000_000L);
        ImageSettings settings = seed % SELDOM_EACH == 0 ? applyingSeldom(drawn) : drawn;
        boolean tight = random.below(4) == 0;
        long diskBytes = journalBytes + 4 * segmentBytes + 2 * imageBytes + 8 * MIB;
        return new Scenario(
                imageBytes,
                random.below(16) != 0 || streams,
                options,
                directories,
                new JournalSettings(journalBytes, 256 << 10),
                settings,
                new MachineSettings(diskBytes, random.between(4, 8) * (streams ? 2 : 1) * MIB, STEP_LIMIT),
                random.oneOf(RULES),
                2 + random.below(5),
                (int) (20 + random.between(0, 50) * random.magnitude(8)) + (streams ? STREAM_OPERATIONS : 0),
                1 + random.below(4),
                (int) random.magnitude(16),
                streams ? STREAM_LEAST_BYTES : 1,
                longest(random, imageBytes, streams),
                random.below(50),
                random.below(20),
                random.below(3) == 0 ? (int) random.magnitude(3_000) : 0,
                tight,
                random.coin(),
                random.below(8) != 0,
                random.below(3) == 0,
                random.below(4) == 0,
                random.coin(),
                random.below(4) > 0 ? 250_000 : 0,
                streams ? random.between(1, SLOW_IMAGE_NANOS) : 0);
    }

    private static int longest(SeededRandom random, long imageBytes, boolean streams) {
        int longest = (int) Math.min(imageBytes, 512 * random.magnitude(random.below(8) == 0 ? 512 : 32));
        return streams ? STREAM_MOST_BYTES : longest;
    }

    /** So that sets of image writes are filled, from the journal after a crash, while others are under way. */
    private static ImageSettings applyingSeldom(ImageSettings drawn) {
        return new ImageSettings(
                drawn.hotPayloadBytes(),
                drawn.backlogLimitBytes(),
                drawn.indexBudgetEntries(),
                4 * MIB,
                20 * drawn.checkpointNanos(),
                100 * drawn.idleNanos(),
                drawn.journalFull(),
                drawn.softWarnFraction(),
                drawn.peerTimeoutNanos());
    }

    List<Path> journalDirectories() {
        return IntStream.range(0, directories)
                .mapToObj(i -> Path.of("/journals/" + i))
                .toList();
    }
}
