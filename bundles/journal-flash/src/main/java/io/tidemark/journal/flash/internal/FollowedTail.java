package io.tidemark.journal.flash.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/**
 * Finds what somebody else writes into a journal, and puts into the table what is proven durable: the header of an item says how
 * far the journal was durable before the item was written, and whoever writes it may have said so. Changes nothing. For one thread.
 *
 * <p>What is not proven is looked at anew each time: a recovery may put something else in its place. What is proven stays as it is
 * until it is trimmed; where the files contradict that, the journal has to be opened again.
 */
final class FollowedTail {
    private final StorageContext context;
    private final JournalPlaces places;
    private final SegmentTable table;
    private final SegmentWalk walk;
    private final Checksums checksums = new Checksums();
    private final ByteBuffer block = ByteBuffer.allocateDirect(Layout.BLOCK).order(ByteOrder.LITTLE_ENDIAN);

    private volatile JournalState state;
    private long attested;

    /** As the writer itself says it, at this look. */
    private long told;

    /** The segment that is read now; null before the first one. */
    private Segment current;

    /** Its last batch in the table; null while it has none there. */
    private BatchHeader last;

    /** The one behind it, as long as it is looked at. */
    private Segment following;

    FollowedTail(
            StorageContext context, JournalPlaces places, SegmentTable table, JournalState state, FlashSteps steps) {
        this.context = context;
        this.places = places;
        this.table = table;
        this.state = state;
        this.walk = new SegmentWalk(steps);
        this.attested = Math.max(state.durable(), state.trimmed());
    }

    JournalState state() {
        return state;
    }

    /**
     * Takes over what has become durable.
     *
     * @param toldDurable up to where whoever writes the journal says that it is; 0 when nobody says anything
     * @return whether there was anything
     * @throws StorageException UNAVAILABLE when the journal has to be opened again
     */
    boolean step(long toldDurable) throws StorageException {
        told = toldDurable;
        boolean any = false;
        boolean more = true;
        try {
            while (more) {
                more = current == null ? begin() : advance();
                any |= more;
            }
        } finally {
            close();
        }
        return any;
    }

    /** Looks at what is kept beside the events: epochs, and where the journal begins now. */
    void reload() throws StorageException {
        JournalState now = JournalState.load(context.files(), places);
        if (!now.journal().equals(state.journal())) {
            throw changed("it was deleted and made anew");
        }
        state = now;
        attested = Math.max(attested, Math.max(now.durable(), now.trimmed()));
        if (current != null && current.number() < now.firstSegment()) {
            throw changed("what follows event " + table.durable() + " was trimmed");
        }
        table.forgetBelow(now.firstSegment(), now.trimmed());
    }

    /** The file that is not in the table. */
    void close() throws StorageException {
        Segment left = following;
        following = null;
        if (left != null) {
            left.file.close();
        }
    }

    // ---- from segment to segment

    private boolean begin() throws StorageException {
        Segment first = open(state.firstSegment());
        if (first == null) {
            return false;
        }
        enter(first);
        return true;
    }

    /** Null while there is none, or none that is ready. */
    private Segment open(long number) throws StorageException {
        Path path = places.segment(number);
        if (!context.files().exists(path)) {
            return null;
        }
        StorageFile file = context.files().open(path, Files.Mode.READ);
        Segment segment = null;
        try {
            SegmentIdentity identity = SegmentFiles.readHeader(file, path, block, checksums);
            boolean fits = identity != null
                    && identity.number() == number
                    && identity.journal().equals(state.journal());
            segment = fits ? new Segment(identity, path, file) : null;
        } finally {
            if (segment == null) {
                file.close();
            }
        }
        return segment;
    }

    private void enter(Segment segment) {
        current = segment;
        last = null;
        following = null;
        table.found(segment);
    }

    /** The first batch of the next segment; null while it has none. Opened each time: a recovery makes spares anew. */
    private BatchHeader firstBehind() throws StorageException {
        close();
        following = open(current.number() + 1);
        return following == null ? null : walk.first(following.file, following.identity);
    }

    private boolean isStill(Segment segment) throws StorageException {
        SegmentIdentity now = SegmentFiles.readHeader(segment.file, segment.path, block, checksums);
        return now != null && now.segment().equals(segment.identity.segment()) && now.number() == segment.number();
    }

    // ---- inside of a segment

    /** Takes over some of what the current segment has, or goes to the next one; false when neither can be done now. */
    private boolean advance() throws StorageException {
        // First what is behind: then what is before it is there, too.
        BatchHeader next = firstBehind();
        BatchHeader first = last == null ? walk.first(current.file, current.identity) : last;
        if (next != null && last == null && (settled(next) || isSuperseded(first, next))) {
            enter(following);
            return true;
        }
        if (first == null) {
            return replaced();
        }
        if (last == null && first.firstSequence() > table.durable() + 1) {
            throw changed("it continues with event " + first.firstSequence() + " behind " + table.durable());
        }
        List<BatchHeader> items =
                walk.chain(current.file, current.identity, first, null).items();
        int end = next == null ? items.size() : link(items, next) + 1;
        int proven = proven(items.subList(0, end), next);
        boolean taken = take(items.subList(last == null ? 0 : 1, Math.max(proven, last == null ? 0 : 1)));
        if (next != null && proven == end) {
            enter(following);
            return true;
        }
        return taken || (last == null && replaced());
    }

    /** A segment whose end tells all of it: nothing in it has to be looked at. */
    private boolean settled(BatchHeader next) throws StorageException {
        Segment whole = new Segment(current.identity, current.path, current.file);
        boolean proven = walk.readEnd(whole, next.previous())
                && whole.firstSequence <= table.durable() + 1
                && whole.lastSequence <= Math.max(attested, next.durable())
                && whole.lastSequence == next.firstSequence() - 1
                && knows(next.epoch());
        if (proven) {
            attested = Math.max(attested, next.durable());
            table.replaceLast(whole);
            current = whole;
            table.readable(whole.lastSequence);
        }
        return proven;
    }

    /** All that had been written to it was written again to the next one. */
    private boolean isSuperseded(BatchHeader first, BatchHeader next) {
        boolean superseded =
                next.firstSequence() <= table.durable() + 1 && (first == null || next.previous() == first.previous());
        if (superseded) {
            synchronized (table.lock()) {
                current.supersede(next.firstSequence(), next.firstTimeNanos());
            }
        }
        return superseded;
    }

    /** The segment was made ready anew before anything in it was durable. */
    private boolean replaced() throws StorageException {
        if (!isStill(current)) {
            throw changed("segment " + current.path + " begins anew");
        }
        return false;
    }

    /** The item that the next segment is chained with. */
    private int link(List<BatchHeader> items, BatchHeader next) throws StorageException {
        for (int i = items.size() - 1; i >= 0; i--) {
            if (items.get(i).checksum() == next.previous()) {
                return i;
            }
        }
        throw changed("segment " + (current.number() + 1) + " is not chained with what is in front of it");
    }

    /** How many items are durable for sure, up to the last of them that has events. */
    private int proven(List<BatchHeader> items, BatchHeader next) throws StorageException {
        long durable = next == null ? attested : Math.max(attested, next.durable());
        for (BatchHeader item : items) {
            durable = Math.max(durable, item.durable());
        }
        attested = durable;
        durable = Math.max(durable, told);
        int proven = 0;
        for (int i = 0; i < items.size() && items.get(i).lastSequence() <= durable; i++) {
            if (items.get(i).isData() && !knows(items.get(i).epoch())) {
                return proven;
            }
            // A seal may be written over where a power loss took it: the next look begins at the last batch again.
            proven = items.get(i).isData() || (next != null && i == items.size() - 1) ? i + 1 : proven;
        }
        return proven;
    }

    /** An epoch is kept before its first event is written. */
    private boolean knows(long epoch) throws StorageException {
        if (newest() < epoch) {
            reload();
        }
        return newest() >= epoch;
    }

    private long newest() {
        List<Epoch> epochs = state.epochs();
        return epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).number();
    }

    private boolean take(List<BatchHeader> items) {
        if (items.isEmpty()) {
            return false;
        }
        long durable = table.durable();
        synchronized (table.lock()) {
            for (BatchHeader item : items) {
                current.addFound(item, table.strideBytes());
                last = item.isData() ? item : last;
            }
            durable = Math.max(durable, current.lastSequence);
        }
        table.readable(durable);
        return true;
    }

    private StorageException changed(String why) {
        return new StorageException(
                Reason.UNAVAILABLE,
                "journal " + places.journal() + " is not as it was any more: " + why,
                "it is opened again by itself");
    }
}
