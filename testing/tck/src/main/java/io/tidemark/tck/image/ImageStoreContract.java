package io.tidemark.tck.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.image.ImageStore;
import io.tidemark.base.machine.MachineContext;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of {@link ImageStore} and {@link BlockImage}. A store's test extends this and says how a store is made; a
 * store that keeps nothing in the directory that it is given uses the directory's name to tell one pool from another.
 */
public abstract class ImageStoreContract {
    /** Not a power of two, so that rounding shows. */
    private static final long SIZE = (1 << 20) + 3 * 512;

    private static final String NAME = "disk-1.a";

    @TempDir
    Path directory;

    private final StorageContext context = newContext();
    private final List<ImageStore> stores = new ArrayList<>();
    private ImageStore store;

    /**
     * A new service for the pool that lies in a directory. Called again for the same directory, it is what a replacement of
     * the bundle or the next start of the process gets to see.
     *
     * @param directory of the pool; may not exist
     * @return the store
     */
    protected abstract ImageStore newStore(Path directory);

    /**
     * Takes a store away as its provider does when it is deactivated: it closes every image that it has opened.
     *
     * @param gone the store
     * @throws Exception when that fails
     */
    protected abstract void takeAway(ImageStore gone) throws Exception;

    /**
     * Whether bytes can become those of another image, see {@link BlockImage#adoptHead}. A store need not be able to, and then
     * it has to say so.
     *
     * @return false, unless overridden
     */
    protected boolean adopts() {
        return false;
    }

    /**
     * What stores are handed.
     *
     * @return the machine, unless overridden
     */
    protected StorageContext newContext() {
        return new MachineContext(8 << 20);
    }

    @AfterEach
    final void takeAllAway() throws Exception {
        for (ImageStore each : stores) {
            takeAway(each);
        }
    }

    private ImageStore store() {
        if (store == null) {
            store = another();
        }
        return store;
    }

    private ImageStore another() {
        ImageStore made = newStore(directory.resolve("pool"));
        stores.add(made);
        return made;
    }

    private static ImageHead head(long sizeBytes) {
        return new ImageHead(
                UUID.randomUUID(),
                sizeBytes,
                4096,
                "fast",
                UUID.randomUUID(),
                UUID.randomUUID(),
                Position.NONE,
                ImageHead.Role.PRIMARY,
                Map.of());
    }

    private BlockImage create(ImageHead head) throws StorageException {
        return store().create(context, NAME, head);
    }

    private static byte[] read(BlockImage image, long offset, int length) throws StorageException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        image.read(offset, buffer);
        assertFalse(buffer.hasRemaining(), "a read fills its buffer");
        byte[] bytes = new byte[length];
        buffer.flip().get(bytes);
        return bytes;
    }

    private static byte[] random(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static void write(BlockImage image, long offset, byte[] bytes) throws StorageException {
        ByteBuffer source = ByteBuffer.wrap(bytes);
        image.write(offset, source);
        assertFalse(source.hasRemaining(), "a write consumes its buffer");
    }

    private static void fails(Reason reason, Executable call) {
        StorageException failure = assertThrows(StorageException.class, call);
        assertEquals(reason, failure.reason(), failure.getMessage());
    }

    @Test
    void aNewImageReadsAsZerosAndKeepsItsHead() throws Exception {
        ImageHead head = head(SIZE);
        try (BlockImage image = create(head)) {
            assertEquals(SIZE, image.sizeBytes());
            assertEquals(head, image.head());
            assertArrayEquals(new byte[(int) SIZE], read(image, 0, (int) SIZE));
        }
        assertEquals(head, store().head(context, NAME));
    }

    @Test
    void aPoolListsItsImages() throws Exception {
        assertEquals(List.of(), store().list());
        create(head(SIZE)).close();
        store().create(context, "a", head(SIZE)).close();
        assertEquals(List.of("a", NAME), store().list());
        assertFalse(store().pool().kind().isBlank());
        assertTrue(store().pool().usableBytes() >= -1);
    }

    @Test
    void aNameIsTakenOnce() throws Exception {
        create(head(SIZE)).close();
        fails(Reason.EXISTS, () -> create(head(SIZE)));
        assertEquals(SIZE, store().head(context, NAME).sizeBytes());
    }

    @Test
    void badNamesAreRefused() {
        for (String name : List.of("", ".", "..", "a/b", "/etc", "a b", "x".repeat(129), "ä", "a\u0000")) {
            fails(Reason.INVALID, () -> store().create(context, name, head(SIZE)));
            fails(Reason.INVALID, () -> store().open(context, name));
            fails(Reason.INVALID, () -> store().delete(context, name));
        }
    }

    @Test
    void whatIsMissingIsNotFound() throws Exception {
        fails(Reason.NOT_FOUND, () -> store().open(context, NAME));
        fails(Reason.NOT_FOUND, () -> store().head(context, NAME));
        fails(Reason.NOT_FOUND, () -> store().delete(context, NAME));
    }

    @Test
    void anOpenImageIsClaimed() throws Exception {
        BlockImage image = create(head(SIZE));
        ImageStore second = another();
        fails(Reason.BUSY, () -> store().open(context, NAME));
        fails(Reason.BUSY, () -> second.open(context, NAME));
        fails(Reason.BUSY, () -> store().delete(context, NAME));
        fails(Reason.BUSY, () -> second.delete(context, NAME));
        fails(Reason.BUSY, () -> second.open(context, NAME));
        assertEquals(SIZE, second.head(context, NAME).sizeBytes());
        image.close();
        second.open(context, NAME).close();
        store().open(context, NAME).close();
    }

    @Test
    void aDeletedImageIsGoneAndItsNameFree() throws Exception {
        try (BlockImage image = create(head(SIZE))) {
            write(image, 0, random(1, 4096));
        }
        store().delete(context, NAME);
        assertEquals(List.of(), store().list());
        fails(Reason.NOT_FOUND, () -> store().open(context, NAME));
        try (BlockImage image = create(head(SIZE))) {
            assertArrayEquals(new byte[4096], read(image, 0, 4096));
        }
    }

    @Test
    void bytesComeBackFromAnyBufferAtAnyOffset() throws Exception {
        byte[] bytes = random(2, 5000);
        try (BlockImage image = create(head(SIZE))) {
            ByteBuffer source = ByteBuffer.allocateDirect(6000).position(7).limit(5007);
            source.duplicate().put(bytes);
            image.write(1234, source);
            assertEquals(5007, source.position());
            ByteBuffer destination = ByteBuffer.allocate(6000).position(11).limit(5011);
            image.read(1234, destination);
            assertArrayEquals(bytes, Arrays.copyOfRange(destination.array(), 11, 5011));
            assertEquals(0, destination.array()[10], "a read stays inside its buffer's limits");
            assertEquals(0, destination.array()[5011], "a read stays inside its buffer's limits");
        }
    }

    @Test
    void severalRangesComeToTheirPlaces() throws Exception {
        byte[] model = new byte[(int) SIZE];
        try (BlockImage image = create(head(SIZE))) {
            // With neighbours, aligned to what disks like and not, few and many, short and long.
            for (int unit : new int[] {4096, 512, 1}) {
                for (int count : new int[] {0, 1, 2, 20, 100}) {
                    writeSeveral(image, model, unit, count, ByteBuffer.allocate(300 * unit));
                    ByteBuffer direct = StorageFile.allocateAligned(301 * 4096);
                    writeSeveral(image, model, unit, count, direct.limit(300 * unit));
                    direct.clear().position(3).limit(3 + 300 * unit);
                    writeSeveral(image, model, unit, count, direct);
                }
            }
            assertArrayEquals(model, read(image, 0, model.length));
            image.force();
        }
        try (BlockImage image = another().open(context, NAME)) {
            assertArrayEquals(model, read(image, 0, model.length));
        }
    }

    /** Ranges of 1 to 3 units from the end to the beginning, some of them neighbours. */
    private static void writeSeveral(BlockImage image, byte[] model, int unit, int count, ByteBuffer source)
            throws StorageException {
        int before = source.position();
        Random dice = new Random(unit * 1000L + count + before);
        long[] offsets = new long[count];
        int[] lengths = new int[count];
        int end = (int) SIZE / unit - 1;
        int total = 0;
        int most = Math.min(3, end / Math.max(1, count));
        for (int i = 0; i < count; i++) {
            int units = 1 + dice.nextInt(most);
            end -= units;
            offsets[i] = (long) end * unit;
            lengths[i] = units * unit;
            total += lengths[i];
        }
        byte[] bytes = random(dice.nextLong(), total);
        source.limit(before + total);
        source.duplicate().put(bytes);
        if (dice.nextBoolean()) {
            image.write(source, offsets, lengths, count);
        } else {
            PendingWrite pending = image.startWrite(source, offsets, lengths, count);
            assertEquals(before + total, source.position(), "a write that is begun consumes its buffer at once");
            pending.await();
        }
        assertEquals(before + total, source.position(), "a write consumes its buffer");
        assertEquals(before + total, source.limit(), "a write leaves the limit of its buffer");
        int from = 0;
        for (int i = 0; i < count; i++) {
            System.arraycopy(bytes, from, model, (int) offsets[i], lengths[i]);
            from += lengths[i];
        }
    }

    @Test
    void noneOfSeveralRangesReachesBeyondTheEnd() throws Exception {
        try (BlockImage image = create(head(SIZE))) {
            long[] offsets = {0, SIZE - 1};
            int[] lengths = {1, 2};
            fails(Reason.INVALID, () -> image.write(ByteBuffer.allocate(3), offsets, lengths, 2));
        }
    }

    @Test
    void forcedBytesAreThereInTheNextOpening() throws Exception {
        byte[] bytes = random(3, 70_000);
        try (BlockImage image = create(head(SIZE))) {
            write(image, 100, bytes);
            image.force();
        }
        try (BlockImage image = another().open(context, NAME)) {
            assertArrayEquals(bytes, read(image, 100, bytes.length));
        }
    }

    @Test
    void nothingReachesBeyondTheEnd() throws Exception {
        try (BlockImage image = create(head(SIZE))) {
            byte[] two = {1, 2};
            fails(Reason.INVALID, () -> image.write(SIZE - 1, ByteBuffer.wrap(two)));
            fails(Reason.INVALID, () -> image.read(SIZE - 1, ByteBuffer.allocate(2)));
            fails(Reason.INVALID, () -> image.zero(SIZE - 1, 2, false));
            fails(Reason.INVALID, () -> image.discard(SIZE, 1));
            fails(Reason.INVALID, () -> image.discard(Long.MAX_VALUE, 1));
            fails(Reason.INVALID, () -> image.zero(1, Long.MAX_VALUE, false));
            fails(Reason.INVALID, () -> image.write(-1, ByteBuffer.wrap(two)));
            fails(Reason.INVALID, () -> image.extents(SIZE - 1, 2, (offset, length, data) -> true));
            assertEquals(0, read(image, SIZE - 1, 1)[0]);
            image.discard(SIZE, 0);
            image.zero(0, 0, true);
        }
    }

    @Test
    void everyMixOfOperationsEqualsAnArrayOfBytes() throws Exception {
        for (long seed = 0; seed < 6; seed++) {
            Random dice = new Random(seed);
            String name = "mix" + seed;
            byte[] model = new byte[(int) SIZE];
            try (BlockImage image = store().create(context, name, head(SIZE))) {
                for (int step = 0; step < 150; step++) {
                    model = step(image, model, dice);
                }
                assertArrayEquals(model, read(image, 0, model.length), "seed " + seed);
                checkExtents(image, model);
                image.force();
                image.storeHead(image.head().at(new Position(1, 1), UUID.randomUUID(), model.length));
            }
            try (BlockImage image = another().open(context, name)) {
                assertEquals(model.length, image.sizeBytes());
                assertArrayEquals(model, read(image, 0, model.length), "seed " + seed);
            }
        }
    }

    private static byte[] step(BlockImage image, byte[] model, Random dice) throws StorageException {
        int offset = dice.nextInt(model.length);
        int length = 1 + dice.nextInt(Math.min(model.length - offset, dice.nextBoolean() ? 9000 : 300_000));
        switch (dice.nextInt(12)) {
            case 0, 1 -> {
                image.discard(offset, length);
                Arrays.fill(model, offset, offset + length, (byte) 0);
            }
            case 2, 3 -> {
                image.zero(offset, length, dice.nextBoolean());
                Arrays.fill(model, offset, offset + length, (byte) 0);
            }
            case 4 -> {
                int size = 1 + dice.nextInt((int) (2 * SIZE));
                image.resize(size);
                assertEquals(size, image.sizeBytes());
                return Arrays.copyOf(model, size);
            }
            case 5 -> image.reserve(offset, length);
            case 6 -> image.storeHead(image.head().at(new Position(1, 1), UUID.randomUUID(), model.length));
            default -> {
                byte[] bytes = random(dice.nextLong(), length);
                write(image, offset, bytes);
                System.arraycopy(bytes, 0, model, offset, length);
            }
        }
        return model;
    }

    private static void checkExtents(BlockImage image, byte[] model) throws StorageException {
        long[] next = {0};
        image.extents(0, model.length, (offset, length, data) -> {
            assertEquals(next[0], offset, "extents leave no gap and do not overlap");
            assertTrue(length > 0, "extents are not empty");
            for (long at = offset; !data && at < offset + length; at++) {
                assertEquals(0, model[(int) at], "a hole reads as zeros");
            }
            next[0] = offset + length;
            return true;
        });
        assertEquals(model.length, next[0], "extents cover the range");
    }

    @Test
    void extentsStayInTheirRangeAndEndWhenAsked() throws Exception {
        try (BlockImage image = create(head(SIZE))) {
            write(image, 65536, random(4, 65536));
            List<String> seen = new ArrayList<>();
            image.extents(65536 + 100, 1000, (offset, length, data) -> seen.add(offset + "+" + length + " " + data));
            assertEquals(List.of("65636+1000 true"), seen);
            seen.clear();
            image.extents(0, SIZE, (offset, length, data) -> {
                seen.add("one");
                return false;
            });
            assertEquals(1, seen.size());
        }
    }

    @Test
    void whatWasCutReadsAsZerosWhenTheImageGrowsAgain() throws Exception {
        try (BlockImage image = create(head(SIZE))) {
            write(image, 0, random(5, (int) SIZE));
            image.resize(4096);
            assertEquals(4096, image.sizeBytes());
            image.resize(SIZE);
            assertArrayEquals(new byte[(int) SIZE - 4096], read(image, 4096, (int) SIZE - 4096));
        }
    }

    @Test
    void aSizeThatIsOnlyPreparedShowsNowhere() throws Exception {
        byte[] bytes = random(8, 4096);
        try (BlockImage image = create(head(SIZE))) {
            write(image, 0, bytes);
            image.prepareResize(2 * SIZE);
            image.prepareResize(4096);
            assertEquals(SIZE, image.sizeBytes());
            image.force();
        }
        try (BlockImage image = store().open(context, NAME)) {
            assertEquals(SIZE, image.sizeBytes());
            assertArrayEquals(bytes, read(image, 0, 4096));
            image.resize(2 * SIZE);
            assertArrayEquals(new byte[4096], read(image, SIZE, 4096));
        }
    }

    @Test
    void withoutANewHeadAnImageHasItsOldSizeInTheNextOpening() throws Exception {
        byte[] bytes = random(6, 4096);
        try (BlockImage image = create(head(SIZE))) {
            write(image, 0, bytes);
            image.resize(2 * SIZE);
            write(image, SIZE, random(7, 4096));
            image.force();
        }
        try (BlockImage image = store().open(context, NAME)) {
            assertEquals(SIZE, image.sizeBytes());
            assertArrayEquals(bytes, read(image, 0, 4096));
            image.resize(2 * SIZE);
            assertArrayEquals(new byte[4096], read(image, SIZE, 4096));
            image.resize(4096);
        }
        try (BlockImage image = store().open(context, NAME)) {
            assertEquals(SIZE, image.sizeBytes());
            assertArrayEquals(bytes, read(image, 0, 4096));
        }
    }

    @Test
    void aHeadIsReplacedAsAWhole() throws Exception {
        ImageHead first = head(SIZE);
        ImageHead last = null;
        try (BlockImage image = create(first)) {
            for (int i = 1; i <= 5; i++) {
                ImageHead at = first.at(new Position(i, 1000L * i), UUID.randomUUID(), SIZE);
                last = new ImageHead(
                        at.imageIdentity(),
                        at.sizeBytes(),
                        512,
                        "other",
                        UUID.randomUUID(),
                        at.epochIdentity(),
                        at.checkpointed(),
                        ImageHead.Role.REPLICA,
                        Map.of("order", "hold " + i, "ö", "€"));
                image.storeHead(last);
                assertEquals(last, image.head());
                assertEquals(last, store().head(context, NAME));
            }
        }
        assertEquals(last, another().head(context, NAME));
        try (BlockImage image = store().open(context, NAME)) {
            assertEquals(last, image.head());
        }
    }

    /** A store need not be able to; one that is does it as a whole. */
    @Test
    void bytesMayBecomeAnotherImages() throws Exception {
        ImageHead first = head(SIZE);
        ImageHead other = head(SIZE);
        ImageHead expected = adopts() ? other : first;
        try (BlockImage image = create(first)) {
            image.write(512, ByteBuffer.wrap(new byte[] {5}));
            image.force();
            if (adopts()) {
                image.adoptHead(other);
                fails(Reason.INVALID, () -> image.adoptHead(head(2 * SIZE)));
            } else {
                fails(Reason.UNSUPPORTED, () -> image.adoptHead(other));
            }
            assertEquals(expected, image.head());
        }
        assertEquals(expected, another().head(context, NAME));
        try (BlockImage image = store().open(context, NAME)) {
            assertEquals(expected, image.head());
            ByteBuffer read = ByteBuffer.allocate(2);
            image.read(511, read);
            assertArrayEquals(new byte[] {0, 5}, read.array());
        }
    }

    @Test
    void aClosedImageSaysSo() throws Exception {
        BlockImage image = create(head(SIZE));
        image.close();
        image.close();
        fails(Reason.CLOSED, () -> image.read(0, ByteBuffer.allocate(1)));
        fails(Reason.CLOSED, () -> image.write(0, ByteBuffer.allocate(1)));
        fails(Reason.CLOSED, image::force);
        fails(Reason.CLOSED, () -> image.storeHead(image.head()));
    }

    @Test
    void imagesOfAStoreThatWasTakenAwayAreStale() throws Exception {
        BlockImage image = create(head(SIZE));
        byte[] bytes = random(8, 4096);
        write(image, 0, bytes);
        takeAway(store());
        fails(Reason.STALE_SERVICE, () -> image.read(0, ByteBuffer.allocate(1)));
        fails(Reason.STALE_SERVICE, () -> image.write(0, ByteBuffer.allocate(1)));
        fails(Reason.STALE_SERVICE, () -> image.discard(0, 1));
        fails(Reason.STALE_SERVICE, image::force);
        fails(Reason.STALE_SERVICE, () -> store().open(context, NAME));
        image.close();
        try (BlockImage again = another().open(context, NAME)) {
            assertArrayEquals(bytes, read(again, 0, 4096));
        }
    }

    @Test
    void manyThreadsUseOneImage() throws Exception {
        int each = (int) (SIZE / 4 / 512 * 512);
        try (BlockImage image = create(head(SIZE))) {
            List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
            List<Thread> threads = new ArrayList<>();
            for (int number = 0; number < 4; number++) {
                int mine = number;
                Thread thread = new Thread(() -> {
                    try {
                        workIn(image, (long) mine * each, each, mine);
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), failures);
        }
    }

    private static void workIn(BlockImage image, long from, int length, int seed) throws StorageException {
        Random dice = new Random(seed);
        byte[] model = new byte[length];
        for (int step = 0; step < 200; step++) {
            int offset = dice.nextInt(length);
            int count = 1 + dice.nextInt(Math.min(8192, length - offset));
            if (dice.nextInt(4) == 0) {
                image.discard(from + offset, count);
                Arrays.fill(model, offset, offset + count, (byte) 0);
            } else {
                byte[] bytes = random(dice.nextLong(), count);
                write(image, from + offset, bytes);
                System.arraycopy(bytes, 0, model, offset, count);
            }
            assertArrayEquals(Arrays.copyOfRange(model, offset, offset + count), read(image, from + offset, count));
        }
        assertArrayEquals(model, read(image, from, length));
    }
}
