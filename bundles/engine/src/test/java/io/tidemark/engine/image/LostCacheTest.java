package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A device loses what was brought to the image and not forced while it is read, and the image is being suspended already. */
class LostCacheTest {
    private static final int AT = 64 << 10;

    private final CountDownLatch looking = new CountDownLatch(1);
    private final CountDownLatch mayLook = new CountDownLatch(1);
    private final CountDownLatch forcing = new CountDownLatch(1);
    private final CountDownLatch mayForce = new CountDownLatch(1);

    private interface Call<T> {
        T call() throws StorageException;
    }

    private static <T> Supplier<T> sure(Call<T> call) {
        return () -> {
            try {
                return call.call();
            } catch (StorageException e) {
                throw new AssertionError(e);
            }
        };
    }

    /** On a thread of its own: it waits for others. */
    private static <T> CompletableFuture<T> begin(Supplier<T> call) {
        return CompletableFuture.supplyAsync(call, task -> {
            Thread thread = new Thread(task, "test");
            thread.setDaemon(true);
            thread.start();
        });
    }

    private void look() {
        looking.countDown();
        await(mayLook);
    }

    /** Between the look's beginning and its end the force fails, of which the image takes no other notice any more. */
    private <T> T lookedAt(Rig rig, Supplier<T> look) throws Exception {
        rig.write(0, 4096, 1).succeeded();
        rig.engine.checkpoint();
        rig.write(AT, 4096, 2).succeeded();
        MemoryImage image = rig.image;
        image.beforeForce = () -> {
            image.beforeForce = () -> {};
            forcing.countDown();
            await(mayForce);
            image.dropUnforced();
            image.failNextForce = true;
        };
        CompletableFuture<Object> checkpoint = begin(sure(() -> {
            rig.engine.checkpoint();
            return null;
        }));
        await(forcing);
        image.beforeRead = this::look;
        image.beforeMap = this::look;
        CompletableFuture<T> looked = begin(look);
        await(looking);
        CompletableFuture<Object> suspended = begin(() -> {
            rig.engine.suspend("swapped");
            return null;
        });
        Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "suspended");
        long failures = failures(rig);
        mayForce.countDown();
        Rig.eventually(() -> failures(rig) > failures, "the force fails");
        mayLook.countDown();
        suspended.get(20, TimeUnit.SECONDS);
        rig.image = image.reopened();
        rig.journal = rig.journal.reopened(0);
        rig.engine.resume(rig.journal, rig.image);
        checkpoint.handle((done, why) -> null).get(20, TimeUnit.SECONDS);
        return looked.get(20, TimeUnit.SECONDS);
    }

    private static long failures(Rig rig) {
        synchronized (rig.engine.core().lock) {
            return rig.engine.core().figures.failures;
        }
    }

    @Test
    void aReadFindsWhatWasAcknowledged() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            byte[] read = lookedAt(rig, sure(() -> rig.read(AT, 4096)));
            assertEquals(2, read[0]);
        }
    }

    /** Who copies by the map would take what was lost for zeros. */
    @Test
    void aMapHasNoHoleThere() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            List<String> map = lookedAt(rig, sure(() -> {
                List<String> extents = new ArrayList<>();
                rig.session.extents(0, Rig.SIZE, (offset, length, data) -> extents.add(offset + "+" + length + data));
                return extents;
            }));
            assertEquals(List.of("0+4096true", "4096+61440false", "65536+4096true", "69632+978944false"), map);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS), "it does not come");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
