package io.tidemark.engine.image;

import io.tidemark.api.EventKind;
import io.tidemark.base.figures.Histogram;
import java.util.Map;

/** Counts and latencies of one image. Guarded by the image's lock. */
final class Figures {
    private long writes;
    private long writtenBytes;
    private long discards;
    private long zeroes;
    private long flushes;
    private long reads;
    private long readBytes;
    private long coldReads;
    private long batches;
    private long batchEvents;
    private long appliedJournalBytes;
    private long appliedBytes;
    private long imageWrites;
    private long appliedFromJournal;
    long clockSteps;
    long failures;
    long checkpoints;
    long suspensions;
    long heldRequests;
    long appliesAwaited;
    long earlyBatches;
    private final Histogram acknowledged = new Histogram();
    private final Histogram forceNanos = new Histogram();
    private final Histogram forceEvents = new Histogram();
    private final Histogram forceBytes = new Histogram();
    private final Histogram readNanos = new Histogram();
    private final Histogram imageForceNanos = new Histogram();
    private final Histogram applyNanos = new Histogram();

    void appended(EventKind kind, long length) {
        switch (kind) {
            case WRITE -> {
                writes++;
                writtenBytes += length;
            }
            case DISCARD -> discards++;
            case ZERO -> zeroes++;
            case FLUSH -> flushes++;
            default -> {
                // Events of the engine's own are not counted.
            }
        }
    }

    void read(long bytes, boolean cold) {
        reads++;
        readBytes += bytes;
        coldReads += cold ? 1 : 0;
    }

    /** A read had to ask the image or the journal. Not under the lock: those that memory answers must not wait for it. */
    void readFromStores(long nanos) {
        readNanos.add(nanos);
    }

    void acknowledged(Sweep sweep, int from, long nowNanos) {
        sweep.measure(from, nowNanos, acknowledged);
    }

    void forced(long events, long bytes, long nanos) {
        forceNanos.add(nanos);
        forceEvents.add(events);
        forceBytes.add(bytes);
    }

    void imageForced(long nanos) {
        imageForceNanos.add(nanos);
    }

    void applied(long journalBytes, int extents, BatchWriter written, long nanos) {
        batches++;
        batchEvents += extents;
        appliedJournalBytes += journalBytes;
        appliedBytes += written.bytes();
        imageWrites += written.writes();
        appliedFromJournal += written.fetchedBytes();
        applyNanos.add(nanos);
    }

    long writes() {
        return writes;
    }

    void report(Map<String, Long> out) {
        out.put("writes", writes);
        out.put("written.bytes", writtenBytes);
        out.put("discards", discards);
        out.put("zeroes", zeroes);
        out.put("flushes", flushes);
        out.put("reads", reads);
        out.put("read.bytes", readBytes);
        out.put("reads.from-journal", coldReads);
        out.put("held.requests", heldRequests);
        out.put("apply.batches", batches);
        out.put("apply.extents", batchEvents);
        out.put("apply.journal.bytes", appliedJournalBytes);
        out.put("apply.image.bytes", appliedBytes);
        out.put("apply.image.writes", imageWrites);
        out.put("apply.read-back.bytes", appliedFromJournal);
        out.put("apply.waits", appliesAwaited);
        out.put("apply.early", earlyBatches);
        out.put("checkpoints", checkpoints);
        out.put("suspensions", suspensions);
        out.put("failures", failures);
        out.put("clock.steps", clockSteps);
        report("acknowledge.nanos", acknowledged, out);
        report("force.nanos", forceNanos, out);
        report("force.events", forceEvents, out);
        report("force.bytes", forceBytes, out);
        report("read.nanos", readNanos, out);
        report("image.force.nanos", imageForceNanos, out);
        report("apply.nanos", applyNanos, out);
    }

    private static void report(String name, Histogram histogram, Map<String, Long> out) {
        Histogram.Figures now = histogram.now();
        out.put(name + ".count", now.count());
        out.put(name + ".mean", now.mean());
        out.put(name + ".p50", now.p50());
        out.put(name + ".p99", now.p99());
        out.put(name + ".max", now.max());
    }
}
