package io.tidemark.journal.flash.internal;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.journal.flash.internal.Layout.Batch;
import io.tidemark.journal.flash.internal.Layout.EventRecord;
import io.tidemark.journal.flash.tool.EventSink;
import io.tidemark.journal.flash.tool.JournalReport;
import io.tidemark.journal.flash.tool.JournalReport.Damage;
import io.tidemark.journal.flash.tool.JournalReport.Use;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads a closed journal from outside and tells what it looks like. Changes nothing; used once. */
public final class Examiner {
    private final Files files;
    private final List<Path> directories;
    private final SegmentWalk walk = new SegmentWalk(FlashSteps.NORMAL);
    private final Checksums checksums = new Checksums();
    private final ByteBuffer block = ByteBuffer.allocateDirect(Layout.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    private final List<JournalReport.Segment> segments = new ArrayList<>();

    private JournalPlaces places;
    private JournalState state;
    private boolean contents;
    private EventSink sink;
    private long intact;
    private long attested;
    private long events;
    private long tornBytes;
    private Damage damage;

    /**
     * An examination.
     *
     * @param files where the journal is
     * @param directories of the journal
     */
    public Examiner(Files files, List<Path> directories) {
        this.files = files;
        this.directories = directories;
    }

    /**
     * Examines the journal.
     *
     * @param everything whether all contents are read
     * @param events who gets the events, or null
     * @return what it looks like
     * @throws StorageException BUSY, NOT_FOUND, MISMATCH, IO or CORRUPT
     */
    public JournalReport examine(boolean everything, EventSink events) throws StorageException {
        places = places(files, directories);
        List<AutoCloseable> claims = FlashPool.claim(files, places);
        try {
            return examineClaimed(everything, events);
        } finally {
            FlashPool.release(claims);
        }
    }

    static JournalPlaces places(Files files, List<Path> directories) throws StorageException {
        for (Path directory : directories) {
            if (!files.exists(directory.resolve(JournalPlaces.MEMBER))) {
                throw new StorageException(
                        Reason.NOT_FOUND,
                        directory + " is no directory of a flash journal",
                        "give the directory that has the journal's name, in each directory of its pool");
            }
        }
        return Member.order(
                files, new JournalPlaces(directories.get(0).getFileName().toString(), directories));
    }

    JournalReport examineClaimed(boolean everything, EventSink receiver) throws StorageException {
        places = places(files, directories);
        contents = everything || receiver != null;
        sink = receiver;
        state = JournalState.load(files, places);
        intact = state.trimmed();
        attested = Math.max(state.durable(), state.trimmed());
        List<Long> numbers = numbers();
        long last = lastUsed(numbers);
        for (long number : numbers) {
            if (damage != null) {
                break;
            }
            examine(number, last);
        }
        if (damage == null && attested > intact) {
            lost(last);
        }
        return new JournalReport(
                places.journal(),
                state.journal(),
                state.clean(),
                state.trimmed(),
                intact,
                Math.max(attested, intact),
                events,
                tornBytes,
                state.epochs(),
                ClientTable.load(files, places.clients(), state.journal()),
                List.copyOf(segments),
                damage);
    }

    /** Numbers of the segments from the first live one to the highest, missing ones included. */
    private List<Long> numbers() throws StorageException {
        long highest = state.firstSegment() - 1;
        for (Path directory : places.directories()) {
            for (String name : files.list(directory)) {
                highest = Math.max(highest, JournalPlaces.numberOf(name));
            }
        }
        List<Long> numbers = new ArrayList<>();
        for (long number = state.firstSegment(); number <= highest; number++) {
            numbers.add(number);
        }
        return numbers;
    }

    /** The highest segment with a valid first batch; what is behind is spare. */
    private long lastUsed(List<Long> numbers) throws StorageException {
        for (int i = numbers.size() - 1; i >= 0; i--) {
            if (firstOf(numbers.get(i)) != null) {
                return numbers.get(i);
            }
        }
        return state.firstSegment() - 1;
    }

    private BatchHeader firstOf(long number) throws StorageException {
        Path path = places.segment(number);
        if (!files.exists(path)) {
            return null;
        }
        try (StorageFile file = files.open(path, Files.Mode.READ)) {
            SegmentIdentity identity = SegmentFiles.readHeader(file, path, block, checksums);
            return identity == null || identity.number() != number ? null : walk.first(file, identity);
        }
    }

    /** The first batch of the next segment that has one, or null. */
    private BatchHeader firstBehind(long number, long last) throws StorageException {
        BatchHeader first = null;
        for (long next = number + 1; next <= last && first == null && hasHeader(next); next++) {
            first = firstOf(next);
        }
        return first;
    }

    /** A segment that is missing or has no header ends what can be followed: it is reported when its turn comes. */
    private boolean hasHeader(long number) throws StorageException {
        Path path = places.segment(number);
        if (!files.exists(path)) {
            return false;
        }
        try (StorageFile file = files.open(path, Files.Mode.READ)) {
            return SegmentFiles.readHeader(file, path, block, checksums) != null;
        }
    }

    private void examine(long number, long last) throws StorageException {
        Path path = places.segment(number);
        if (!files.exists(path)) {
            damage = new Damage(path, number, 0, "the segment is missing");
            return;
        }
        try (StorageFile file = files.open(path, Files.Mode.READ)) {
            SegmentIdentity identity = SegmentFiles.readHeader(file, path, block, checksums);
            if (identity == null
                    || identity.number() != number
                    || !identity.journal().equals(state.journal())) {
                damage = new Damage(path, number, 0, "its block 0 is damaged or that of another segment");
            } else if (number > last) {
                spare(number, path, file, identity);
            } else {
                used(number, path, file, identity, firstBehind(number, last));
            }
        }
    }

    private void spare(long number, Path path, StorageFile file, SegmentIdentity identity) throws StorageException {
        if (!state.clean()) {
            attested = Math.max(
                    attested, walk.behind(file, identity, Segment.FIRST_BATCH).attested());
        }
        segments.add(new JournalReport.Segment(number, path, Use.SPARE, 0, 0, 0, 0, Segment.FIRST_BATCH, 0));
    }

    private void used(long number, Path path, StorageFile file, SegmentIdentity identity, BatchHeader next)
            throws StorageException {
        BatchHeader first = walk.first(file, identity);
        boolean isLast = next == null;
        boolean moved =
                !isLast && next.firstSequence() == intact + 1 && (first == null || next.previous() == first.previous());
        if (moved) {
            segments.add(new JournalReport.Segment(number, path, Use.SUPERSEDED, 0, 0, 0, 0, Segment.FIRST_BATCH, 0));
            return;
        }
        if (first == null || first.firstSequence() != intact + 1) {
            damage = new Damage(
                    path,
                    number,
                    Segment.FIRST_BATCH,
                    first == null
                            ? "its first batch is damaged"
                            : "it starts with event " + first.firstSequence() + " where " + (intact + 1) + " follows");
            return;
        }
        SegmentWalk.Chain chain = walk.chain(file, identity, first, isLast ? null : next.previous());
        chain.items().forEach(item -> attested = Math.max(attested, item.durable()));
        long behindBytes = 0;
        if (isLast && !state.clean()) {
            SegmentWalk.Behind behind = walk.behind(file, identity, chain.endOffset());
            attested = Math.max(attested, behind.attested());
            behindBytes = behind.itemBytes();
        }
        long end = items(number, path, file, identity, chain);
        report(number, path, first, chain, end);
        if (damage == null && !isLast && !chain.linked()) {
            damage = new Damage(path, number, chain.endOffset(), "the batch there is damaged");
        } else if (damage == null && isLast && end == chain.endOffset()) {
            boolean torn = walk.lookAt(file, identity, end) != BatchHeader.Look.ABSENT;
            tornBytes += Math.max(behindBytes, torn ? Layout.BLOCK : 0);
        }
    }

    /** Goes through the items; returns where what is intact ends. */
    private long items(long number, Path path, StorageFile file, SegmentIdentity identity, SegmentWalk.Chain chain)
            throws StorageException {
        long end = Segment.FIRST_BATCH;
        for (BatchHeader item : chain.items()) {
            boolean unattested = item.lastSequence() > attested;
            if ((contents || unattested) && !walk.intact(file, identity, item)) {
                if (unattested) {
                    tornBytes += item.totalBytes();
                } else if (item.isData()) {
                    damage = new Damage(path, number, item.offset(), "the content of the batch there is damaged");
                } else {
                    // An index or a seal holds no event: what it says is found without it.
                    end = item.endOffset();
                    continue;
                }
                return end;
            }
            if (item.isData()) {
                intact = item.lastSequence();
                events += item.count();
                hand(number, file, item);
            }
            end = item.endOffset();
        }
        return end;
    }

    private void report(long number, Path path, BatchHeader first, SegmentWalk.Chain chain, long end) {
        long batches = 0;
        long lastTimeNanos = first.firstTimeNanos();
        for (BatchHeader item : chain.items()) {
            if (item.isData() && item.endOffset() <= end) {
                batches++;
                lastTimeNanos = item.lastTimeNanos();
            }
        }
        segments.add(new JournalReport.Segment(
                number,
                path,
                Use.EVENTS,
                first.firstSequence(),
                intact,
                first.firstTimeNanos(),
                lastTimeNanos,
                end,
                batches));
    }

    private void hand(long number, StorageFile file, BatchHeader item) throws StorageException {
        if (sink == null) {
            return;
        }
        ByteBuffer bytes = walk.load(file, item);
        int at = Batch.SIZE;
        for (int i = 0; i < item.count(); i++) {
            EventKind kind = EventKind.ofCode(bytes.get(at + EventRecord.KIND) & 0xFF);
            int bodyBytes = bytes.getInt(at + EventRecord.BODY_BYTES);
            if (kind != null) {
                sink.event(
                        new EventHeader(
                                new Position(item.epoch(), item.firstSequence() + i),
                                kind,
                                bytes.getShort(at + EventRecord.FLAGS) & 0xFFFF,
                                bytes.getLong(at + EventRecord.TIME),
                                bytes.getLong(at + EventRecord.OFFSET),
                                bytes.getLong(at + EventRecord.LENGTH),
                                bodyBytes),
                        WriteEnd.place(number, item.offset() + at));
            }
            at += Layout.recordBytes(bodyBytes);
        }
    }

    /** Durable events are not there although everything that is there is intact. */
    private void lost(long last) {
        long offset = 0;
        for (JournalReport.Segment segment : segments) {
            offset = segment.number() == last ? segment.usedBytes() : offset;
        }
        long number = Math.max(last, state.firstSegment());
        damage = new Damage(
                places.segment(number),
                number,
                offset,
                "events up to " + attested + " were durable and only those up to " + intact + " are intact");
    }
}
