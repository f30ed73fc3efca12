package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.journal.flash.internal.RecoveryTable.Attested;
import io.tidemark.journal.flash.internal.RecoveryTable.Behind;
import io.tidemark.journal.flash.internal.RecoveryTable.Spare;
import io.tidemark.journal.flash.internal.RecoveryTable.Verdict;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Finds out what a journal has, and makes it fit to be written again. Refuses rather than guesses; removes nothing that ever
 * held an event.
 */
final class Recovery {
    private final StorageContext context;
    private final JournalPlaces places;
    private final JournalState state;
    private final long strideBytes;
    private final SegmentFiles segmentFiles;
    private final SegmentWalk walk;
    private final Checksums checksums = new Checksums();
    private final ByteBuffer block = ByteBuffer.allocateDirect(Layout.BLOCK).order(ByteOrder.LITTLE_ENDIAN);

    final List<Path> leftovers = new ArrayList<>();
    final List<Segment> live = new ArrayList<>();
    final List<Segment> spares = new ArrayList<>();

    /** Segments that were left and have no end. */
    final List<Segment> endless = new ArrayList<>();

    long durable;
    long attested;
    long lastTimeNanos = Long.MIN_VALUE;
    long cutBytes;
    int keptBatches;

    /** Of the first item that is not intact. */
    private long tornBytes;

    /** Appending goes on in a new segment although the last one has room. */
    boolean leaveLast;

    Verdict verdict = Verdict.RESUME;

    Recovery(
            StorageContext context,
            JournalPlaces places,
            JournalState state,
            long strideBytes,
            SegmentFiles segmentFiles,
            FlashSteps steps) {
        this.walk = new SegmentWalk(steps);
        this.context = context;
        this.places = places;
        this.state = state;
        this.strideBytes = strideBytes;
        this.segmentFiles = segmentFiles;
    }

    void run() throws StorageException {
        try {
            openSegments();
            sortOut();
            settleAllButLast();
            settleLast();
            // Of what was dropped as torn nothing was moved; what came in its place since holds the segment a little
            // longer.
            live.forEach(segment -> segment.movedUpTo = Math.min(segment.movedUpTo, durable));
        } catch (StorageException | RuntimeException | VirtualMachineError | LinkageError e) {
            closeAll();
            throw e;
        }
    }

    void closeAll() {
        for (List<Segment> list : List.of(live, spares)) {
            for (Segment segment : list) {
                try {
                    segment.file.close();
                } catch (StorageException e) {
                    // The failure that led here is reported.
                }
            }
        }
    }

    // ---- files ----

    private void openSegments() throws StorageException {
        Map<Long, Path> found = new TreeMap<>();
        Files files = context.files();
        for (int i = 0; i < places.directories().size(); i++) {
            Path directory = places.directories().get(i);
            for (String name : files.list(directory)) {
                long number = JournalPlaces.numberOf(name);
                if (name.startsWith(JournalPlaces.PREPARE_PREFIX)) {
                    // Never had a segment's name, so never an event.
                    files.delete(directory.resolve(name));
                } else if (number >= 0 && number < state.firstSegment()) {
                    leftovers.add(directory.resolve(name));
                } else if (number >= 0) {
                    if (places.directoryOf(number) != i) {
                        throw refuse(directory.resolve(name), "it belongs into another directory");
                    }
                    found.put(number, directory.resolve(name));
                }
            }
        }
        long expected = state.firstSegment();
        for (Map.Entry<Long, Path> entry : found.entrySet()) {
            if (entry.getKey() != expected) {
                throw refuse(places.segment(expected), "it is missing");
            }
            live.add(open(entry.getKey(), entry.getValue()));
            expected++;
        }
    }

    private Segment open(long number, Path path) throws StorageException {
        StorageFile file = context.files().open(path, Files.Mode.WRITE);
        SegmentIdentity identity = null;
        long size;
        try {
            size = file.size();
            identity = SegmentFiles.readHeader(file, path, block, checksums);
        } finally {
            if (identity == null) {
                file.close();
            }
        }
        Segment segment = new Segment(identity, path, file);
        if (identity == null
                || identity.number() != number
                || identity.bytes() > size
                || !identity.journal().equals(state.journal())) {
            if (identity != null) {
                file.close();
            }
            throw refuse(path, identity == null ? "its block 0 is damaged" : "its block 0 is that of another segment");
        }
        return segment;
    }

    /** The last segment with an intact beginning is the last one that was used; those behind it are spares. */
    private void sortOut() throws StorageException {
        int last = live.size() - 1;
        BatchHeader first = null;
        while (last >= 0) {
            Segment segment = live.get(last);
            first = walk.first(segment.file, segment.identity);
            if (first != null) {
                break;
            }
            if (walk.lookAt(segment.file, segment.identity, Segment.FIRST_BATCH) == BatchHeader.Look.DAMAGED) {
                cutBytes += Layout.BLOCK;
            }
            last--;
        }
        if (last >= 0) {
            Segment segment = live.get(last);
            dropCache(segment, first.offset());
            if (!state.clean() && !walk.intact(segment.file, segment.identity, first)) {
                // Torn while it was begun: the segment before has all that counts, or the search behind it tells.
                cutBytes += first.totalBytes();
                last--;
            }
        }
        while (live.size() - 1 > last) {
            spares.add(0, live.remove(live.size() - 1));
        }
    }

    private void dropCache(Segment segment, long offset) {
        if (!state.clean()) {
            segment.file.dropCache(offset, 0);
        }
    }

    // ---- the middle ----

    private void settleAllButLast() throws StorageException {
        long expected = state.trimmed() + 1;
        for (int i = 0; i < live.size(); i++) {
            Segment segment = live.get(i);
            BatchHeader first = walk.first(segment.file, segment.identity);
            BatchHeader next = i == live.size() - 1 ? null : firstBehind(i);
            if (first == null && next != null && next.firstSequence() == expected) {
                // All of it was written again to the next one, and then a power loss took what was never forced here.
                // Were there something missing instead, the chain of the segment before would not get to the next
                // one.
                segment.supersede(expected, next.firstTimeNanos());
                continue;
            }
            if (first == null) {
                throw refuse(segment.path, "its first batch is damaged");
            }
            if (first.firstSequence() != expected) {
                throw refuse(
                        segment.path,
                        "it starts with event " + first.firstSequence() + " where " + expected + " has to follow");
            }
            if (next != null) {
                settle(segment, first, next.previous());
                expected = segment.lastSequence + 1;
            }
        }
    }

    /** The first batch of the next segment that has one; the last segment has. */
    private BatchHeader firstBehind(int index) throws StorageException {
        for (int i = index + 1; i < live.size(); i++) {
            BatchHeader first = walk.first(live.get(i).file, live.get(i).identity);
            if (first != null) {
                return first;
            }
        }
        throw refuse(live.get(live.size() - 1).path, "its first batch is damaged");
    }

    private void settle(Segment segment, BatchHeader first, int link) throws StorageException {
        if (walk.readEnd(segment, link)) {
            noteMoved(segment, walk.headerAt(segment.file, segment.identity, segment.endOffset));
            return;
        }
        if (link == first.previous()) {
            // All that is in it was not attested once, and was written again to the next one.
            segment.supersede(first.firstSequence(), first.firstTimeNanos());
            segment.lastChecksum = link;
            noteMoved(segment, first);
            return;
        }
        SegmentWalk.Chain chain = walk.chain(segment.file, segment.identity, first, link);
        if (!chain.linked()) {
            throw refuse(segment.path, "the batch at byte " + chain.endOffset() + " is damaged, in the middle");
        }
        chain.items().forEach(item -> segment.addFound(item, strideBytes));
        segment.cutStride();
        segment.left = true;
        // What lies behind the link may be the tail of an earlier opening, whose places must stay readable.
        segment.keepTail = true;
        endless.add(segment);
        noteMoved(segment, walk.headerAt(segment.file, segment.identity, segment.endOffset));
    }

    /** An opening before this one may have moved what lies behind the end of a segment: the places there are known yet. */
    private void noteMoved(Segment segment, BatchHeader behind) throws StorageException {
        if (behind != null && behind.isData() && behind.previous() == segment.lastChecksum) {
            for (BatchHeader item :
                    walk.chain(segment.file, segment.identity, behind, null).items()) {
                segment.movedUpTo = Math.max(segment.movedUpTo, item.lastSequence());
            }
        }
    }

    // ---- the end ----

    private void settleLast() throws StorageException {
        attested = Math.max(state.durable(), state.trimmed());
        if (live.isEmpty()) {
            durable = state.trimmed();
            searchBehind(null);
            if (attested > durable) {
                throw refuse(places.segment(state.firstSegment()), "events up to " + attested + " are missing");
            }
            return;
        }
        Segment last = live.get(live.size() - 1);
        // What a failed force left in the cache alone is not there.
        dropCache(last, Segment.FIRST_BATCH);
        BatchHeader first = walk.first(last.file, last.identity);
        SegmentWalk.Chain chain = walk.chain(last.file, last.identity, first, null);
        for (BatchHeader item : chain.items()) {
            attested = Math.max(attested, item.durable());
        }
        List<BatchHeader> kept = checkTail(last, chain.items());
        durable = last.isEmpty() ? first.firstSequence() - 1 : last.lastSequence;
        lastTimeNanos = last.isEmpty() ? timeBefore() : last.lastTimeNanos;
        // The search meets what is torn again, unless only the page cache had its header.
        cutBytes += Math.max(tornBytes, searchBehind(last));
        boolean torn = cutBytes > 0 || lookBehind(last);
        Attested relation = attested > durable
                ? Attested.MORE_THAN_INTACT
                : kept.isEmpty() ? Attested.EXACTLY : Attested.LESS_THAN_INTACT;
        Spare spare = kept.isEmpty() && !torn ? Spare.THERE : spare(last);
        verdict = RecoveryTable.decide(relation, torn ? Behind.TORN : Behind.NOTHING, spare);
        act(last, kept);
    }

    private long timeBefore() {
        return live.size() > 1 ? live.get(live.size() - 2).lastTimeNanos : Long.MIN_VALUE;
    }

    /** Takes over what is attested by its headers, and what is not only when it is intact on the device. */
    private List<BatchHeader> checkTail(Segment last, List<BatchHeader> items) throws StorageException {
        List<BatchHeader> kept = new ArrayList<>();
        boolean dropped = false;
        for (BatchHeader item : items) {
            boolean unattested = item.lastSequence() > attested || !kept.isEmpty();
            if (unattested && !dropped) {
                dropCache(last, item.offset());
                dropped = true;
            }
            if (unattested && !walk.intact(last.file, last.identity, item)) {
                tornBytes = item.totalBytes();
                break;
            }
            if (unattested && item.isData()) {
                kept.add(item);
            }
            last.addFound(item, strideBytes);
        }
        return kept;
    }

    private boolean lookBehind(Segment last) throws StorageException {
        if (walk.lookAt(last.file, last.identity, last.endOffset) == BatchHeader.Look.ABSENT) {
            return false;
        }
        cutBytes += Layout.BLOCK;
        return true;
    }

    /**
     * Whatever is attested behind the end, in this segment or a spare one, has to be there.
     *
     * @return bytes of the items behind the end: none of them follows what is intact
     */
    private long searchBehind(Segment last) throws StorageException {
        if (state.clean()) {
            return 0;
        }
        long itemBytes = 0;
        if (last != null) {
            SegmentWalk.Behind behind = walk.behind(last.file, last.identity, last.endOffset);
            attested = Math.max(attested, behind.attested());
            itemBytes = behind.itemBytes();
        }
        for (Segment spare : spares) {
            SegmentWalk.Behind behind = walk.behind(spare.file, spare.identity, Segment.FIRST_BATCH);
            attested = Math.max(attested, behind.attested());
        }
        return itemBytes;
    }

    private Spare spare(Segment last) throws StorageException {
        if (!spares.isEmpty()) {
            return Spare.THERE;
        }
        try {
            spares.add(segmentFiles.create(last.number() + 1, false, () -> false));
            return Spare.THERE;
        } catch (StorageException e) {
            if (e.reason() != Reason.NO_SPACE) {
                throw e;
            }
            return Spare.NONE;
        }
    }

    private void act(Segment last, List<BatchHeader> kept) throws StorageException {
        switch (verdict) {
            case REFUSE ->
                throw refuse(
                        last.path,
                        "events up to " + attested + " were durable and only those up to " + durable
                                + " are intact; the damage is at byte " + last.endOffset);
            case KEEP, KEEP_AND_CUT -> rewrite(last, kept);
            default -> {
                keptBatches = kept.size();
                leaveLast = verdict == Verdict.CUT;
                if (!state.clean() || !kept.isEmpty()) {
                    // Also of what is attested: the seal or index that the next batch is chained with may be in the
                    // cache alone.
                    last.file.force();
                }
            }
        }
        last.cutStride();
    }

    /**
     * What is intact but not attested goes into a new segment, so that it is on the device whatever a failed force did. Its first
     * batch comes last: until that is there the segment counts as a spare, and all of it is found in the old one again.
     */
    private void rewrite(Segment last, List<BatchHeader> kept) throws StorageException {
        Segment target = freshSpare();
        spares.add(0, target);
        BatchHeader first = kept.get(0);
        int previous = first.previous();
        for (BatchHeader batch : kept) {
            ByteBuffer bytes = walk.load(last.file, batch);
            BatchFields fields = Rewriting.move(bytes, batch, target, target.endOffset, previous, checksums);
            previous = bytes.getInt(Layout.Batch.CHECKSUM);
            if (!batch.equals(first)) {
                write(target, bytes, fields);
            }
            target.addData(fields, 0, 0, previous, strideBytes);
            keptBatches++;
        }
        if (kept.size() > 1) {
            target.file.force();
        }
        begin(target, last, first);
        truncate(last, first);
        spares.remove(target);
        live.add(target);
        target.cutStride();
    }

    /** Writes its first batch: from now on the segment is the last one. */
    private void begin(Segment target, Segment last, BatchHeader first) throws StorageException {
        ByteBuffer bytes = walk.load(last.file, first);
        write(target, bytes, Rewriting.move(bytes, first, target, Segment.FIRST_BATCH, first.previous(), checksums));
        target.file.force();
    }

    private static void write(Segment target, ByteBuffer bytes, BatchFields fields) throws StorageException {
        bytes.clear().limit(fields.totalBytes);
        target.file.write(bytes, fields.offset);
    }

    /** A spare with a new identity, so that nothing that was torn in it can ever fit. */
    private Segment freshSpare() throws StorageException {
        Segment spare = spares.remove(0);
        spare.file.close();
        return segmentFiles.reuse(spare.path, spare.number());
    }

    /** Forgets what was moved; the bytes stay, because places of an earlier opening point there. */
    private void truncate(Segment last, BatchHeader firstKept) throws StorageException {
        BatchHeader first = walk.first(last.file, last.identity);
        List<BatchHeader> items =
                walk.chain(last.file, last.identity, first, null).items();
        last.forget();
        for (BatchHeader item : items) {
            if (item.offset() >= firstKept.offset()) {
                break;
            }
            last.addFound(item, strideBytes);
        }
        last.cutStride();
        last.left = true;
        last.keepTail = true;
        last.movedUpTo = durable;
        if (last.isEmpty()) {
            last.supersede(firstKept.firstSequence(), firstKept.firstTimeNanos());
        } else {
            endless.add(last);
        }
    }

    /** After an unclean end spares are made anew: what is in them may be torn. */
    Segment spareForUse(List<Segment> extra) throws StorageException {
        if (spares.isEmpty()) {
            return null;
        }
        Segment spare = state.clean() ? spares.remove(0) : freshSpare();
        extra.addAll(spares);
        spares.clear();
        return spare;
    }

    private StorageException refuse(Path path, String why) {
        return new StorageException(
                Reason.CORRUPT,
                "journal " + places.journal() + " is damaged: " + path + ": " + why,
                Advice.damaged(places.journal()));
    }
}
