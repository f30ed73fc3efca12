package io.tidemark.node;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.trim.TrimVote;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever an operator must know is one line of the log: which image, what happened and why, and what to do. */
class OperatorLinesTest {
    private static final String NAME = "disk";
    private static final String MADE =
            "INFO Image disk: made with 32 MiB in pool default, journal in pool default: created";
    private static final String STOPPING = "INFO Image disk: STOPPING";
    private static final String CLOSED = "INFO Image disk: closed, checkpointed at \\d+";
    private static final String RESUMED = "INFO Image disk: resumed after \\d+ ms; ";
    private static final int BLOCK = 4096;

    @TempDir
    Path data;

    private final LogLines log = new LogLines();

    @AfterEach
    void closeLog() {
        log.close();
    }

    private Place made(Map<String, String> properties) throws Exception {
        Place place = new Place(data);
        place.directory.create(NAME, Place.SIZE, properties);
        return place;
    }

    private void awaitLine(String pattern) {
        Place.await(() -> log.has(pattern), () -> "no line " + pattern + " in " + log.all());
    }

    @Test
    void openedAndClosed() throws Exception {
        made(Map.of()).close();
        try (Place again = new Place(data)) {
            again.wish(NAME, Map.of());
            again.awaitState(NAME, State.SERVING);
        }
        log.are(
                MADE,
                STOPPING,
                CLOSED,
                "INFO Image disk: opened with 32 MiB in pool default, journal in pool default: closed in order, durable up"
                        + " to \\d+",
                STOPPING,
                CLOSED);
    }

    @Test
    void aTornTailThatIsDropped() throws Exception {
        Path copy = Files.createDirectory(data.resolve("copy"));
        try (Place place = made(Map.of("checkpoint.interval", "1h", "apply.idle", "1h"));
                Place.Client client = place.client(NAME)) {
            client.write(0, BLOCK, 1).succeeded();
            client.write(BLOCK, BLOCK, 2).succeeded();
            copy(data.resolve("images"), copy.resolve("images"));
            copy(data.resolve("journals"), copy.resolve("journals"));
        }
        List<String> before = log.all();
        flip(lastBatch(copy), 200);
        try (Place torn = new Place(copy)) {
            torn.wish(NAME, Map.of());
            torn.awaitState(NAME, State.SERVING);
        }
        assertTrue(before.size() == 3, before::toString);
        log.are(
                MADE,
                STOPPING,
                CLOSED,
                "INFO Image disk: opened with 32 MiB in pool default, journal in pool default: not closed in order;"
                        + " attested durable up to \\d+, kept up to \\d+, torn end dropped: [1-9].* KiB \\(.*\\), in \\d+ ms",
                STOPPING,
                CLOSED);
    }

    @Test
    void aDamagedJournalIsRefused() throws Exception {
        made(Map.of()).close();
        flip(new Spot(segments(data).get(0), 0), 40);
        try (Place damaged = new Place(data)) {
            damaged.wish(NAME, Map.of());
            damaged.awaitState(NAME, State.REFUSED);
            awaitLine(".*REFUSED.*");
        }
        log.are(
                MADE,
                STOPPING,
                CLOSED,
                "WARN Image disk: REFUSED: journal disk is damaged: .*/journals/disk/segment-\\S+: its block 0 is damaged;"
                        + " nothing was changed; restore what is damaged, .* tm --offline journal:repair disk .*",
                STOPPING);
    }

    @Test
    void aFailedForceAndWhatComesOfIt() throws Exception {
        try (Place place = made(Map.of());
                Place.Client client = place.client(NAME)) {
            AtomicBoolean once = new AtomicBoolean(true);
            place.files.failWhen(call -> call.matches("(force|through) segment-.*") && once.compareAndSet(true, false));
            client.write(0, BLOCK, 1).succeeded();
            place.awaitState(NAME, State.SERVING);
            awaitLine(RESUMED + ".*");
            assertTrue(client.holds(0, BLOCK, 1));
        }
        log.are(
                MADE,
                "WARN Image disk: SUSPENDED: cannot force .*/journals/disk/segment-\\S+: Input/output error; a test made"
                        + " it so; opening again",
                RESUMED + "not closed in order; .*",
                STOPPING,
                CLOSED);
    }

    @Test
    void aStoreThatGoesAndComesBack() throws Exception {
        try (Place place = made(Map.of())) {
            place.directory.plugins().removeImageStore(place.images);
            place.awaitState(NAME, State.SUSPENDED);
            awaitLine(".*SUSPENDED.*");
            place.directory.plugins().addImageStore(Place.POOL, 0, place.images);
            place.awaitState(NAME, State.SERVING);
            awaitLine(RESUMED + ".*");
        }
        log.are(
                MADE,
                "WARN Image disk: SUSPENDED: no image store for pool default; bring .* back, it goes on by itself",
                RESUMED + "closed in order, .*",
                STOPPING,
                CLOSED);
    }

    @Test
    void clientsThatWaitedLongEnough() throws Exception {
        try (Place place = made(Map.of("suspend.timeout", "1s"));
                Place.Client client = place.client(NAME)) {
            place.directory.plugins().removeJournalStore(place.journals);
            client.write(0, BLOCK, 1).await();
            awaitLine(".*waited.*");
            place.directory.plugins().addJournalStore(Place.POOL, 0, place.journals);
            place.awaitState(NAME, State.SERVING);
            awaitLine(".*opened.*");
        }
        log.are(
                MADE,
                "WARN Image disk: SUSPENDED: no journal store for pool default; .*",
                "WARN Image disk: clients waited 1 s for it and fail now; what is acknowledged is in its journal. Still: no"
                        + " journal store for pool default; bring .*",
                "INFO Image disk: opened with .*",
                STOPPING,
                CLOSED);
    }

    @Test
    void aJournalThatFillsUp() throws Exception {
        Map<String, String> keys = Map.of("journal.limit", "16MiB", "journal.warn", "50%", "trim", "hoard");
        Place place = new Place(data);
        place.directory.plugins().addStrategy("hoard", 0, situation -> new TrimVote(0, "hoards", List.of()));
        place.directory.create(NAME, Place.SIZE, keys);
        String level =
                "WARN Image disk: its journal is \\d+ % full, .* of 16 MiB: hoard hoards; raise journal.limit, .*";
        String full = "WARN Image disk: HOLDING: journal full: holding writes; raise the journal's limit, .*";
        try (place;
                Place.Client client = place.client(NAME)) {
            int number = fill(place, client, 0.55, 0);
            // Until then it is the image itself that keeps the journal, and the line that comes once would say so.
            place.directory.checkpoint(NAME);
            place.directory.configure(NAME, Map.of("description", "half full"));
            awaitLine(level);
            number = fill(place, client, 1, number);
            place.awaitState(NAME, State.HOLDING);
            awaitLine(full);
            place.context.pass(TimeUnit.SECONDS.toNanos(6));
            place.directory.configure(NAME, Map.of("trim", ""));
            place.awaitState(NAME, State.SERVING);
            awaitLine("INFO Image disk: SERVING");
        }
        log.are(MADE, level, full, "INFO Image disk: SERVING", STOPPING, CLOSED);
    }

    /** Writes until so much of the journal's limit is used, or nothing is taken any more. */
    private static int fill(Place place, Place.Client client, double part, int from) throws Exception {
        int length = 256 << 10;
        int number = from;
        while (place.status(NAME).journalUsedBytes() < part * place.status(NAME).journalLimitBytes()) {
            Place.Request request = client.write(number % 64L * length, length, number);
            number++;
            Place.await(
                    () -> request.isDone() || place.status(NAME).state() == State.HOLDING, () -> "a write is stuck");
            if (!request.isDone()) {
                break;
            }
        }
        return number;
    }

    @Test
    void anImageThatIsFull() throws Exception {
        Place place = new Place(data, 1L << 60);
        place.directory.create(NAME, Place.SIZE, Map.of());
        try (place;
                Place.Client client = place.client(NAME)) {
            Place.Request held = client.write(0, BLOCK, 1);
            place.awaitState(NAME, State.HOLDING);
            awaitLine(".*HOLDING.*");
            place.directory.plugins().removeImageStore(place.images);
            place.images.close();
            place.directory.plugins().addImageStore(Place.POOL, 0, place.images(0));
            held.succeeded();
            awaitLine(RESUMED + ".*");
        }
        log.are(
                MADE,
                "WARN Image disk: HOLDING: image full: holding writes that need new space, because .*; make space in the"
                        + " pool, it goes on by itself",
                "WARN Image disk: SUSPENDED: no image store for pool default; .*",
                RESUMED + "closed in order, .*",
                STOPPING,
                CLOSED);
    }

    @Test
    void aClockThatSteps() throws Exception {
        try (Place place = made(Map.of());
                Place.Client client = place.client(NAME)) {
            client.write(0, BLOCK, 1).succeeded();
            place.context.stepWall(TimeUnit.HOURS.toNanos(-1));
            client.write(0, BLOCK, 2).succeeded();
            awaitLine(".*clock.*");
        }
        log.are(
                MADE,
                "WARN Image disk: the wall clock stepped by -3\\d+ ms; times in the journal never go back. Check the"
                        + " node's time service",
                STOPPING,
                CLOSED);
    }

    @Test
    void aCheckpointThatCannotBeStored() throws Exception {
        try (Place place = made(Map.of());
                Place.Client client = place.client(NAME)) {
            client.write(0, BLOCK, 1).succeeded();
            place.files.failNext("write head");
            try {
                place.directory.checkpoint(NAME);
            } catch (IOException e) {
                assertTrue(e.getMessage().contains("head"), e::getMessage);
            }
            awaitLine(".*checkpoint could not.*");
            place.directory.checkpoint(NAME);
        }
        log.are(
                MADE,
                "WARN Image disk: the checkpoint could not be stored: .*/images/disk/head.*Input/output error; .*; it is"
                        + " tried again",
                STOPPING,
                CLOSED);
    }

    @Test
    void configurationsThatAreRefused() throws Exception {
        try (Place place = made(Map.of())) {
            place.wish(NAME, Map.of("journal.full", "perhaps"));
            awaitLine(".*perhaps.*");
            place.wish("other", Map.of("size", "8MiB", "jornal.limit", "1G"));
            place.awaitState("other", State.REFUSED);
            awaitLine(".*other.*");
            place.directory.unwished("etc/other");
            awaitLine(".*other: STOPPING");
        }
        log.are(
                MADE,
                "WARN Image disk: configuration refused, the last good one stays in force: journal.full: .*perhaps.*",
                "WARN Image other: REFUSED: jornal.limit: an image has no such key.*journal.limit.*",
                "INFO Image other: STOPPING",
                STOPPING,
                CLOSED);
    }

    @Test
    void pluginsThatAreMissing() throws Exception {
        try (Place place = new Place(data)) {
            place.wish(NAME, Map.of("size", "32MiB", "commit", "twice", "trim", "daily"));
            place.awaitState(NAME, State.SERVING);
            awaitLine(".*daily.*");
        }
        log.are(
                "WARN Image disk: commit policy twice is not there: the rule 'journal' stands in.*image:set.*",
                MADE,
                "WARN Image disk: trim strategy daily is not there: the journal keeps everything.*image:set.*",
                STOPPING,
                CLOSED);
    }

    // ---- what lies on disk

    private record Spot(Path file, long offset) {}

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        }
    }

    private static List<Path> segments(Path place) throws IOException {
        try (Stream<Path> files = Files.list(place.resolve("journals").resolve(NAME))) {
            return files.filter(file -> file.getFileName().toString().startsWith("segment-"))
                    .sorted()
                    .toList();
        }
    }

    /** The last block with something in it, of the first segment. */
    private static Spot lastBatch(Path place) throws IOException {
        Path segment = segments(place).get(0);
        try (FileChannel channel = FileChannel.open(segment)) {
            return Stream.iterate(channel.size() - BLOCK, at -> at > 0, at -> at - BLOCK)
                    .filter(at -> !isZero(channel, at))
                    .max(Comparator.naturalOrder())
                    .map(at -> new Spot(segment, at))
                    .orElseThrow();
        }
    }

    private static boolean isZero(FileChannel channel, long at) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        try {
            channel.read(block, at);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return block.clear().equals(ByteBuffer.allocate(BLOCK));
    }

    private static void flip(Spot place, int at) throws IOException {
        try (FileChannel channel = FileChannel.open(place.file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, place.offset() + at);
            one.put(0, (byte) (one.get(0) ^ 0x10)).flip();
            channel.write(one, place.offset() + at);
        }
    }
}
