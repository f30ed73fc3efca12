package io.tidemark.journal.flash.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/** A journal in segments, as far as it is read: the same whether this process writes it or only follows it. */
abstract class SegmentedJournal implements Journal {
    final JournalPlaces places;
    final UUID identity;
    final SegmentTable table;
    final Failures failures;
    final FlashSteps steps;
    private final BodyReads bodyReads;

    SegmentedJournal(JournalPlaces places, UUID identity, SegmentTable table, Failures failures, FlashSteps steps) {
        this.places = places;
        this.identity = identity;
        this.table = table;
        this.failures = failures;
        this.steps = steps;
        this.bodyReads = new BodyReads(table, steps);
    }

    /** As it is kept beside the segments. */
    abstract JournalState state();

    @Override
    public final String name() {
        return places.journal();
    }

    @Override
    public final UUID identity() {
        return identity;
    }

    @Override
    public final List<Epoch> epochs() {
        return state().epochs();
    }

    private long epochNumberOf(long sequence) {
        return JournalState.epochOf(state().epochs(), sequence).number();
    }

    @Override
    public final long durable() {
        return table.durable();
    }

    @Override
    public final long trimmed() {
        return table.trimmed();
    }

    @Override
    public final JournalReader reader(long fromSequence) throws StorageException {
        failures.checkOpen();
        if (fromSequence > table.durable() + 1) {
            throw new StorageException(
                    Reason.INVALID,
                    "journal " + name() + " is durable up to " + table.durable() + "; nothing can be read from "
                            + fromSequence,
                    "");
        }
        FlashReader reader = new FlashReader(this::epochNumberOf, table, failures, steps, fromSequence);
        if (!table.addReader(reader)) {
            throw table.trimmedAway("event " + fromSequence);
        }
        return reader;
    }

    @Override
    public final void readBody(long place, int bodyOffset, ByteBuffer destination) throws StorageException {
        failures.checkOpen();
        bodyReads.read(place, bodyOffset, destination);
    }

    @Override
    public final void startRead(long place, int bodyBytes) {
        bodyReads.start(place, bodyBytes);
    }

    @Override
    public final long sequenceAt(long timeNanos) throws StorageException {
        failures.checkOpen();
        Segment segment = table.pinAt(timeNanos);
        if (segment == null) {
            return table.trimmed();
        }
        try {
            return new TimeSearch(table, segment).lastAt(timeNanos);
        } finally {
            table.unpin(segment);
        }
    }

    @Override
    public final long sequenceAtBytesBack(long bytes) throws StorageException {
        failures.checkOpen();
        return table.sequenceAtBytesBack(bytes);
    }
}
