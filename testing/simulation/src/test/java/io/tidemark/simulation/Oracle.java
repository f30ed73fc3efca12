package io.tidemark.simulation;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermarks;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal.RecoveryReport;
import io.tidemark.faults.SimulatedMachine;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/**
 * What must never happen. Outlives every crash; any complaint ends the run at once, with the seed.
 *
 * <p>Three witnesses: the {@link Ledger} knows what clients were promised, the {@link Tape} what the journal was given, and
 * the watermarks have an order.
 */
final class Oracle {
    private static final Path IMAGE_FILE = Path.of("/images", Site.NAME, "data");

    private final SimulatedMachine machine;
    private final Ledger ledger;
    private final Tape tape;
    private Watermarks last = new Watermarks(0, 0, 0, 0, 0);
    private long checkpointStored;
    private long sizeBefore;
    private long sizeAfter;
    private boolean faults;
    private boolean tight;
    private boolean resizes;
    private long overlaps;
    private long filledBeside;
    private long waits;
    private long foundInImage;

    /** Of the process that runs. */
    private final Set<UUID> ownEpochs = new HashSet<>();

    Oracle(SimulatedMachine machine, long sizeBytes) {
        this.machine = machine;
        this.ledger = new Ledger(sizeBytes);
        this.tape = new Tape(sizeBytes);
    }

    Ledger ledger() {
        return ledger;
    }

    Tape tape() {
        return tape;
    }

    void note(String what, Object subject, long first, long second) {
        machine.note(what, subject, first, second);
    }

    /** Ends the run when there is a complaint. */
    void check(String complaint) {
        if (complaint != null) {
            machine.note("BROKEN", complaint, 0, 0);
            machine.fail(new AssertionError(complaint));
        }
    }

    // ---- journal

    void appended(Tape.Event event) {
        machine.note(
                "append",
                event.header().kind(),
                event.header().position().sequence(),
                event.header().offset());
        check(tape.appended(event));
    }

    /** Whatever becomes of it, the journal may be in it. */
    void epochStarting(Epoch epoch) {
        machine.note("epoch", epoch.identity(), epoch.number(), epoch.firstSequence());
        ownEpochs.add(epoch.identity());
    }

    /** What is appended in the epoch of an earlier process may have been written otherwise by that one, and be lost. */
    void appendsIn(Epoch epoch) {
        check(ownEpochs.contains(epoch.identity()) ? null : "an event goes into " + epoch + ", of an earlier process");
    }

    /** A commit begins beside another one. */
    void overlapped() {
        overlaps++;
    }

    long overlaps() {
        return overlaps;
    }

    /** Clients have waited so often in a life for the image to take what is in memory. */
    void waited(long times) {
        waits += times;
    }

    long waits() {
        return waits;
    }

    /** Something happened between the begin of a set of image writes and the wait for it. */
    void filledBeside() {
        filledBeside++;
    }

    long filledBesides() {
        return filledBeside;
    }

    long steps() {
        return machine.steps();
    }

    void forced(long durable) {
        tape.durable(durable);
    }

    void journalOpened(RecoveryReport report) {
        // What was trimmed may have come back: forgetting need not be durable.
        last = new Watermarks(last.appended(), last.durable(), last.applied(), last.checkpointed(), 0);
        check(tape.reopened(report.kept()));
    }

    void journalTrimmed(long trimmed) {
        // What the head on the disk does not have is needed by the next recovery.
        check(
                trimmed <= checkpointStored
                        ? null
                        : "trimmed to " + trimmed + ", but the image's head is at " + checkpointStored);
    }

    // ---- image

    void headOpened(ImageHead head) {
        checkpointStored = head.checkpointed().sequence();
    }

    void headStoring(ImageHead head) {
        long sequence = head.checkpointed().sequence();
        check(
                sequence <= tape.durable()
                        ? null
                        : "a head at " + sequence + " is stored, but durable is " + tape.durable());
        check(sequence >= checkpointStored ? null : "the head goes back from " + checkpointStored + " to " + sequence);
    }

    void headStored(ImageHead head) {
        checkpointStored = head.checkpointed().sequence();
        machine.note("head", "stored", checkpointStored, head.sizeBytes());
    }

    /** A write was acknowledged. Where that is the rule, the image has it even if the journal is lost now. */
    void acknowledged(Ledger.Write write) {
        if (ledger.isInImage(write)) {
            long from = write.offset() / Ledger.SECTOR_BYTES * Ledger.SECTOR_BYTES;
            long end = write.offset() + write.length() + Ledger.SECTOR_BYTES - 1;
            int length = (int) (end / Ledger.SECTOR_BYTES * Ledger.SECTOR_BYTES - from);
            check(ledger.inImage(from, machine.disk().durableBytes(IMAGE_FILE, from, length)));
            foundInImage++;
        }
    }

    long foundInImage() {
        return foundInImage;
    }

    // ---- sizes

    /** A resize has begun: until it is answered, either size may be there after a crash. */
    void sizeChanges(long from, long to) {
        resizes = true;
        sizeBefore = from;
        sizeAfter = to;
    }

    /** This is the size, as the device says when nothing changes it. */
    void sizeIs(long bytes) {
        long expected = ledger.sizeBytes();
        boolean pending = sizeAfter != 0 && bytes == sizeAfter;
        check(
                bytes == expected || pending
                        ? null
                        : "the device has " + bytes + " bytes in place of " + expected
                                + (sizeAfter == 0 ? "" : " or " + sizeAfter));
        if (pending) {
            // Through the least of both: what was cut and came back is zeros.
            ledger.resized(Math.min(sizeBefore, sizeAfter));
            ledger.resized(sizeAfter);
        }
        sizeAfter = 0;
    }

    // ---- failures

    /** A store failed under the engine. */
    void storeFailed(StorageException failure) {
        boolean gone = failure.reason() == Reason.STALE_SERVICE || failure.reason() == Reason.CLOSED;
        boolean full = failure.reason() == Reason.NO_SPACE && tight;
        check(faults || gone || full ? null : "a store failed on a good disk: " + failure.getMessage());
        check(failure.getMessage().contains("unexpected") ? "the engine met a defect: " + failure.getMessage() : null);
    }

    /** A request was answered with a failure. */
    void requestFailed(StorageException failure) {
        boolean full = failure.reason() == Reason.JOURNAL_FULL || failure.reason() == Reason.NO_SPACE;
        boolean ends = failure.reason() == Reason.CLOSED || failure.reason() == Reason.UNAVAILABLE;
        check(full || ends || faults ? null : "a request failed: " + failure.getMessage());
    }

    /** A read was answered with a failure. */
    void readFailed(StorageException failure) {
        boolean ends = failure.reason() == Reason.CLOSED || failure.reason() == Reason.UNAVAILABLE;
        boolean cut = failure.reason() == Reason.INVALID && resizes;
        check(ends || faults || cut ? null : "a read failed on a good disk: " + failure.getMessage());
    }

    /** Stores that failed for a while do not fit any more. */
    void refused(StorageException failure) {
        check("opening again was refused: " + failure.getMessage());
    }

    /** A life could not go on. */
    void lifeFailed(StorageException failure) {
        check("the site cannot go on: " + failure.getMessage());
    }

    /** The follower's journal was closed under it, or trimmed before it came. */
    void followerFailed(StorageException failure) {
        check(failure.reason() != Reason.CORRUPT || faults ? null : "a reader failed: " + failure.getMessage());
    }

    /** Whether file calls fail at times, and whether the disk may be full. */
    void expect(boolean failing, boolean full) {
        faults = failing;
        tight = full;
    }

    // ---- watermarks

    /** A process has started. */
    void booted() {
        last = new Watermarks(0, 0, 0, 0, 0);
        ownEpochs.clear();
    }

    void watermarks(Watermarks now) {
        check(now.inOrder() ? null : "watermarks out of order: " + now);
        check(now.durable() >= last.durable() ? null : "durable went back: " + last + " to " + now);
        check(now.checkpointed() >= last.checkpointed() ? null : "checkpointed went back: " + last + " to " + now);
        check(now.trimmed() >= last.trimmed() ? null : "trimmed went back: " + last + " to " + now);
        check(
                now.durable() <= tape.durable()
                        ? null
                        : "durable is " + now.durable() + ", but only " + tape.durable() + " was forced");
        last = now;
    }
}
