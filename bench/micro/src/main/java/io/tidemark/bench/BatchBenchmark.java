package io.tidemark.bench;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.event.EventCodec;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One batch of the flash journal, appended and forced: the force of the disk below {@code target/} is in it. Subtract what
 * {@code fio --fdatasync=1} needs for as many bytes to see the journal's own part.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class BatchBenchmark {
    /** Writes of 4 KiB in a batch. */
    @Param({"1", "32", "128"})
    public int events;

    private final ByteBuffer head = ByteBuffer.allocateDirect(EventCodec.MAX_HEAD_BYTES);
    private final ByteBuffer payload = ByteBuffer.allocateDirect(4096);
    private final ByteBuffer tail = ByteBuffer.allocateDirect(EventCodec.TAIL_BYTES);
    private final MachineContext context = new MachineContext(16 << 20);
    private final String name = "bench-" + UUID.randomUUID();
    private FlashJournalStore store;
    private Journal journal;
    private long time;

    /**
     * Makes a journal.
     *
     * @throws StorageException when the disk fails
     */
    @Setup
    public void open() throws StorageException {
        store = new FlashJournalStore("bench", List.of(Path.of("bench/micro/target/journals")), FlashOptions.DEFAULT);
        journal = store.create(context, name, UUID.randomUUID(), new JournalSettings(1L << 30, 8L << 20));
        journal.startEpoch(new Epoch(1, UUID.randomUUID(), 1, Epoch.NO_PREDECESSOR, 1, "bench"));
        EventCodec.putHead(head, EventKind.WRITE, 0, payload.capacity(), payload.capacity(), "");
        head.flip();
        EventCodec.putTail(tail, 1);
        tail.flip();
    }

    /**
     * Appends and forces.
     *
     * @return the durable sequence
     * @throws StorageException when the disk fails
     */
    @Benchmark
    public long appendAndForce() throws StorageException {
        JournalAppender appender = journal.appender();
        for (int i = 0; i < events; i++) {
            long place = append(appender);
            while (place < 0) {
                long durable = appender.force();
                if (place == JournalAppender.FULL) {
                    journal.trim(durable);
                }
                place = append(appender);
            }
        }
        return appender.force();
    }

    private long append(JournalAppender appender) throws StorageException {
        return appender.append(EventKind.WRITE, 0, ++time, 0, payload.capacity(), head, payload, tail);
    }

    /**
     * Deletes the journal.
     *
     * @throws StorageException when the disk fails
     */
    @TearDown
    public void close() throws StorageException {
        journal.close();
        store.delete(context, name);
    }
}
