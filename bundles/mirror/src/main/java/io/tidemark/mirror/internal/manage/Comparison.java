package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import io.tidemark.mirror.internal.wire.Wire;
import java.util.ArrayList;
import java.util.List;

/**
 * One comparison of a replica with its source, while both go on. Both sides say for each part at which event it was as they read
 * it; no event between the two may have changed it, which the replica's own journal tells. What was changed is read again, and
 * what is changed all the time, or by events that the replica's head has not passed yet, is not compared. So nothing that only
 * differs because the two are at different events is taken for a difference. One use.
 */
final class Comparison {
    private static final int LEAST_PART_BYTES = 256 << 10;
    private static final int MOST_PARTS_OF_IMAGE = 1 << 18;
    private static final int BATCH_BYTES = 16 << 20;
    private static final int ROUNDS = 3;

    /** After so many it is told that it goes on. */
    private static final int EVENTS_AT_ONCE = 1 << 13;

    private static final long ANSWER_NANOS = 60 * Desk.SECOND;
    private static final long RECEIVE_NANOS = 10 * Desk.SECOND;
    private static final long LOOK_NANOS = Desk.SECOND / 100;

    private enum Finding {
        EQUAL,
        DIFFERENT,
        UNKNOWN
    }

    private final Desk desk;
    private final String image;
    private final PartReader own;
    private final String peer;
    private final String there;
    private final WorkListener listener;
    private final List<Answer.Extent> differences = new ArrayList<>();
    private long sizeBytes;
    private int partBytes;
    private Touches touches;
    private JournalReader reader;
    /** The events behind this one are looked at. */
    private long begun;

    private long scanned;
    private long from = -1;
    private long to;
    private long equalBytes;
    private long skippedBytes;
    private long differingBytes;

    Comparison(Desk desk, String image, String peer, String there, WorkListener listener) {
        this.desk = desk;
        this.image = image;
        this.own = new PartReader(desk, image);
        this.peer = peer;
        this.there = there;
        this.listener = listener;
    }

    Answer.Verified run() throws StorageException {
        ImageFacts facts = desk.replica(image);
        sizeBytes = facts.sizeBytes();
        partBytes = partBytes(sizeBytes);
        touches = new Touches(0, partBytes, (int) ((sizeBytes + partBytes - 1) / partBytes));
        Journal journal = desk.services().images().journal(image);
        long head = facts.replica().head();
        // A source that is a replica itself sends what it has received, and its head may be behind.
        long behind = Math.min(head, desk.look(peer, there).head());
        // What is trimmed says nothing of what it changed: such parts are not compared.
        begun = behind < journal.trimmed() ? head : behind;
        scanned = begun;
        // From there on, for as long as this lasts: the reader keeps the journal from being trimmed.
        reader = journal.reader(scanned + 1);
        try {
            for (long offset = 0; offset < sizeBytes; ) {
                offset = batch(offset);
                if (!listener.progress("comparing with " + peer, offset, sizeBytes)) {
                    throw Desk.givenUp("nothing was changed");
                }
            }
        } finally {
            reader.close();
        }
        return new Answer.Verified(
                Math.max(0, from), to, equalBytes, skippedBytes, differingBytes, List.copyOf(differences));
    }

    /** So large that what is remembered of each part fits into some MiB. */
    private static int partBytes(long sizeBytes) {
        long bytes = LEAST_PART_BYTES;
        while (sizeBytes / bytes > MOST_PARTS_OF_IMAGE && bytes < Wire.MAX_PART_BYTES) {
            bytes *= 2;
        }
        return (int) bytes;
    }

    /** Compares some parts; where the next ones begin. */
    private long batch(long offset) throws StorageException {
        int count =
                (int) Math.min(Math.max(1, BATCH_BYTES / partBytes), (sizeBytes - offset + partBytes - 1) / partBytes);
        Finding[] found = new Finding[count];
        compare(offset, count, found, 0);
        for (int i = 0; i < count; i++) {
            long at = offset + (long) i * partBytes;
            for (int round = 1; round < ROUNDS && found[i] == Finding.UNKNOWN; round++) {
                compare(at, 1, found, i);
            }
            note(found[i], at, Math.min(partBytes, sizeBytes - at));
        }
        return offset + (long) count * partBytes;
    }

    private void compare(long offset, int count, Finding[] found, int first) throws StorageException {
        Answer.Summed mine = own.read(offset, partBytes, count);
        Answer.Summed theirs = desk.expect(
                Answer.Summed.class, peer, new Order.Sums(offset, partBytes, count, there), ANSWER_NANOS, listener);
        long newest = Math.max(newest(mine), newest(theirs));
        boolean known = newest >= 0 && scanTo(newest) && isOfBranch(theirs);
        for (int i = 0; i < count; i++) {
            boolean both = known && i < mine.sums().size() && i < theirs.sums().size();
            found[first + i] = both
                    ? finding(
                            (int) (offset / partBytes) + i,
                            mine.sums().get(i),
                            theirs.sums().get(i))
                    : Finding.UNKNOWN;
        }
    }

    private static long newest(Answer.Summed summed) {
        return summed.sums().stream().mapToLong(Answer.Sum::sequence).max().orElse(-1);
    }

    private Finding finding(int part, Answer.Sum mine, Answer.Sum theirs) {
        if (mine.sequence() < 0 || theirs.sequence() < 0) {
            return Finding.UNKNOWN;
        }
        // What was scanned beyond both may have changed it later only: then it is read again.
        long first = Math.min(mine.sequence(), theirs.sequence());
        if (mine.sequence() != theirs.sequence() && (first < begun || touches.last(part) > first)) {
            return Finding.UNKNOWN;
        }
        from = from < 0 ? theirs.sequence() : Math.min(from, theirs.sequence());
        to = Math.max(to, theirs.sequence());
        return mine.digest().equals(theirs.digest()) ? Finding.EQUAL : Finding.DIFFERENT;
    }

    /** Has all events up to one been looked at? Those that the source had are on their way. */
    private boolean scanTo(long sequence) throws StorageException {
        if (sequence <= scanned) {
            return true;
        }
        Journal journal = desk.services().images().journal(image);
        long deadline = desk.context().clock().monotonicNanos() + RECEIVE_NANOS;
        while (journal.durable() < sequence) {
            if (desk.context().clock().monotonicNanos() > deadline) {
                return false;
            }
            desk.pause(LOOK_NANOS);
        }
        long before = scanned;
        while (scanned < sequence) {
            long upTo = Math.min(sequence, scanned + EVENTS_AT_ONCE);
            touches.scan(reader, scanned, upTo);
            scanned = upTo;
            tellScanned(scanned - before, sequence - before);
        }
        return true;
    }

    /** Behind a long delay there are many, and whoever waits for this may give it up, or think that it has ended. */
    private void tellScanned(long events, long all) throws StorageException {
        if (events < all
                && !listener.progress("reads the events between the two sides, " + events + " of " + all, 0, -1)) {
            throw Desk.givenUp("nothing was changed");
        }
    }

    /** Whether the source is where this replica comes from. An epoch that has just begun may be on its way. */
    private boolean isOfBranch(Answer.Summed theirs) throws StorageException {
        long deadline = desk.context().clock().monotonicNanos() + RECEIVE_NANOS;
        while (!knows(theirs)) {
            if (desk.context().clock().monotonicNanos() > deadline) {
                throw new StorageException(
                        Reason.MISMATCH,
                        "the image " + there + " of " + peer + " is in an epoch that " + image + " does not know",
                        "look at mirror:status: either it is still to be received, or both are on different branches");
            }
            desk.pause(LOOK_NANOS);
        }
        return true;
    }

    private boolean knows(Answer.Summed theirs) throws StorageException {
        List<Epoch> epochs = desk.facts(image).epochs();
        return epochs.stream().anyMatch(epoch -> epoch.identity().equals(theirs.newest()));
    }

    private void note(Finding found, long offset, long length) {
        switch (found) {
            case EQUAL -> equalBytes += length;
            case UNKNOWN -> skippedBytes += length;
            case DIFFERENT -> {
                differingBytes += length;
                differ(offset, length);
            }
        }
    }

    private void differ(long offset, long length) {
        int last = differences.size() - 1;
        if (last >= 0 && differences.get(last).offset() + differences.get(last).length() == offset) {
            differences.set(
                    last,
                    new Answer.Extent(
                            differences.get(last).offset(),
                            differences.get(last).length() + length));
        } else if (differences.size() < Wire.MAX_EXTENTS) {
            differences.add(new Answer.Extent(offset, length));
        }
    }
}
