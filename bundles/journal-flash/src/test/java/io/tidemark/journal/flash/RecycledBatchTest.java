package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.context.Workers;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.faults.FaultyFiles;
import io.tidemark.faults.ForwardingContext;
import io.tidemark.tck.journal.Events;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A batch's object serves another batch as soon as the first one is durable. Whoever wrote that may be a step behind by then,
 * and must leave the new one alone: written by two, a batch would be published twice, and its object, in use once more, would
 * count as written before it is.
 */
class RecycledBatchTest {
    private static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 1L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withSealNanos(0);

    private final Stop atForce = new Stop("alone");
    private final Stop atOpen = new Stop("alone");
    private final Stop atThrough = new Stop("next");
    private final AtomicInteger writtenThrough = new AtomicInteger();
    private final AtomicReference<Workers.Gate> queued = new AtomicReference<>();

    @Test
    void whoeverWroteABatchLeavesTheNextOneInTheSameObjectAlone(@TempDir Path pool) throws Exception {
        StorageContext context = new StoppingContext();
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Journal journal = new FlashJournalStore("pool", List.of(pool), OPTIONS, context.files())
                .create(context, "disk", new UUID(1, 1), SETTINGS)) {
            Events.begin(journal, 1);
            journal.appender().expectReading(false);
            Events.write(journal, 1, 3000);
            assertTrue(journal.appender().overlaps(), "batches go beside each other");

            // One has the turn and writes through the cache, alone; another one waits for the turn.
            journal.appender().expectReading(true);
            Events.append(journal, 3000);
            atForce.arm();
            Future<Long> alone = commit(threads, "alone", journal);
            atForce.awaitStopped();
            journal.appender().expectReading(false);
            Events.append(journal, 3000);
            Future<Long> waiting = commit(threads, "waiting", journal);
            while (queued.get() == null) {
                Thread.onSpinWait();
            }

            // It gives the turn and comes no further; the other one writes; the object of the first is filled again.
            atOpen.arm();
            atForce.go();
            atOpen.awaitStopped();
            assertEquals(3, waiting.get(30, TimeUnit.SECONDS));
            Events.append(journal, 3000);
            atThrough.arm();
            Future<Long> next = commit(threads, "next", journal);
            atThrough.awaitStopped();

            int before = writtenThrough.get();
            atOpen.go();
            assertEquals(3, alone.get(30, TimeUnit.SECONDS));
            assertEquals(before, writtenThrough.get(), "nobody else writes the batch that is under way");
            assertEquals(3, journal.durable());
            atThrough.go();
            assertEquals(4, next.get(30, TimeUnit.SECONDS));
            Events.append(journal, 3000);
            assertEquals(4, journal.durable());
            assertEquals(5, journal.appender().force());
            assertEquals(5, Events.readAll(journal, 1));
        } finally {
            List.of(atForce, atOpen, atThrough).forEach(Stop::go);
            threads.shutdown();
        }
    }

    private static Future<Long> commit(ExecutorService threads, String name, Journal journal) {
        return threads.submit(() -> {
            Thread.currentThread().setName(name);
            try {
                return journal.appender().commit();
            } finally {
                Thread.currentThread().setName("idle");
            }
        });
    }

    /** Where the thread of a name stops once. */
    private static final class Stop {
        private final String name;
        private final CountDownLatch stopped = new CountDownLatch(1);
        private final CountDownLatch going = new CountDownLatch(1);
        private volatile boolean armed;

        Stop(String name) {
            this.name = name;
        }

        void arm() {
            armed = true;
        }

        void pass() {
            if (armed && Thread.currentThread().getName().equals(name)) {
                armed = false;
                stopped.countDown();
                await(going);
            }
        }

        void awaitStopped() {
            await(stopped);
        }

        void go() {
            going.countDown();
        }

        private static void await(CountDownLatch latch) {
            try {
                assertTrue(latch.await(30, TimeUnit.SECONDS), "a thread does not come where it is waited for");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** The machine's files. What goes past the cache is written and forced, so that file systems without that do as well. */
    private final class StoppingFiles extends FaultyFiles {
        StoppingFiles() {
            super(new MachineFiles());
        }

        @Override
        public StorageFile open(Path path, Mode mode) throws StorageException {
            return new FaultyFile(path, super.open(path, mode)) {
                @Override
                public void force() throws StorageException {
                    atForce.pass();
                    super.force();
                }

                @Override
                public boolean writeThrough(ByteBuffer source, long offset) throws StorageException {
                    writtenThrough.incrementAndGet();
                    atThrough.pass();
                    super.write(source, offset);
                    super.force();
                    return true;
                }
            };
        }
    }

    private final class StoppingContext extends ForwardingContext {
        StoppingContext() {
            super(new MachineContext(8L << 20, new StoppingFiles()));
        }

        @Override
        public Gate newGate() {
            Gate gate = super.newGate();
            return new Gate() {
                @Override
                public void open() {
                    gate.open();
                    if (queued.get() == this) {
                        atOpen.pass();
                    }
                }

                @Override
                public boolean await(long timeoutNanos) {
                    if (Thread.currentThread().getName().equals("waiting")) {
                        queued.compareAndSet(null, this);
                    }
                    return gate.await(timeoutNanos);
                }
            };
        }
    }
}
