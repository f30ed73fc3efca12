package io.tidemark.simulation.sites;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaProgress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/** A receiving end that does what the one below does; for those that watch it, or are broken on purpose. */
class ReplicaOver implements Replica {
    final Replica below;

    ReplicaOver(Replica below) {
        this.below = below;
    }

    @Override
    public ReplicaProgress progress() {
        return below.progress();
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        below.startEpoch(epoch);
    }

    @Override
    public boolean offer(EventHeader header, ByteBuffer body) throws StorageException {
        return below.offer(header, body);
    }

    @Override
    public void whenRoom(Runnable listener) {
        below.whenRoom(listener);
    }

    @Override
    public void commit() {
        below.commit();
    }

    @Override
    public void whenProgress(long aboveReceived, long aboveReplayed, Runnable listener) {
        below.whenProgress(aboveReceived, aboveReplayed, listener);
    }

    @Override
    public void clockOffset(long sourceMinusMonotonicNanos, boolean known) {
        below.clockOffset(sourceMinusMonotonicNanos, known);
    }

    @Override
    public void writtenBySource(long fromSequence) {
        below.writtenBySource(fromSequence);
    }

    @Override
    public void catchUpTo(long sequence) {
        below.catchUpTo(sequence);
    }

    @Override
    public void sourceDurable(long sequence) {
        below.sourceDurable(sequence);
    }

    @Override
    public void sourceTime(long timeNanos) {
        below.sourceTime(timeNanos);
    }

    @Override
    public void readSeed(long offset, ByteBuffer destination) throws StorageException {
        below.readSeed(offset, destination);
    }

    @Override
    public void copy(long offset, ByteBuffer bytes) throws StorageException {
        below.copy(offset, bytes);
    }

    @Override
    public void copyZeros(long offset, long length) throws StorageException {
        below.copyZeros(offset, length);
    }

    @Override
    public void shows(Position last, UUID epoch) {
        below.shows(last, epoch);
    }

    @Override
    public void copied(long nextOffset) throws StorageException {
        below.copied(nextOffset);
    }

    @Override
    public void endBootstrap(Position consistentAt) throws StorageException {
        below.endBootstrap(consistentAt);
    }

    @Override
    public boolean copyAgain(List<Epoch> branch) throws StorageException {
        return below.copyAgain(branch);
    }

    @Override
    public void close() {
        below.close();
    }
}
