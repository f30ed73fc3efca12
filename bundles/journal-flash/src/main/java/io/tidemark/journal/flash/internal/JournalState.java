package io.tidemark.journal.flash.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.journal.flash.internal.Layout.EpochEntry;
import io.tidemark.journal.flash.internal.Layout.State;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The file {@code state}: what must be durable apart from events.
 *
 * @param trimmed last event that is gone; the one before the first event while nothing is
 * @param firstSegment lowest number of a live segment
 * @param durable an event that was durable when this was written
 * @param clean the journal was closed in order and not opened since
 */
record JournalState(
        UUID journal,
        long generation,
        long segmentBytes,
        int directories,
        long createdNanos,
        long trimmed,
        long firstSegment,
        long durable,
        boolean clean,
        List<Epoch> epochs) {
    JournalState withClean(boolean nowClean, long nowDurable) {
        return new JournalState(
                journal,
                generation + 1,
                segmentBytes,
                directories,
                createdNanos,
                trimmed,
                firstSegment,
                nowDurable,
                nowClean,
                epochs);
    }

    /** Forgets the epochs too that no position can be in any more: neither one that is kept nor a client's. */
    JournalState withTrimmed(long nowTrimmed, long nowFirstSegment, long nowDurable, List<JournalClient> clients) {
        long oldest = nowTrimmed;
        for (JournalClient client : clients) {
            oldest = Math.min(oldest, client.commit().sequence());
        }
        int first = epochs.indexOf(epochOf(epochs, oldest));
        return new JournalState(
                journal,
                generation + 1,
                segmentBytes,
                directories,
                createdNanos,
                nowTrimmed,
                nowFirstSegment,
                nowDurable,
                clean,
                List.copyOf(epochs.subList(first, epochs.size())));
    }

    JournalState withEpoch(Epoch epoch, long nowTrimmed, long nowDurable) {
        List<Epoch> all = new ArrayList<>(epochs);
        all.add(epoch);
        return new JournalState(
                journal,
                generation + 1,
                segmentBytes,
                directories,
                createdNanos,
                nowTrimmed,
                firstSegment,
                nowDurable,
                clean,
                List.copyOf(all));
    }

    /** The epoch that a sequence belongs to. */
    static Epoch epochOf(List<Epoch> epochs, long sequence) {
        for (int i = epochs.size() - 1; i > 0; i--) {
            if (epochs.get(i).firstSequence() <= sequence) {
                return epochs.get(i);
            }
        }
        return epochs.get(0);
    }

    void save(Files files, JournalPlaces places) throws StorageException {
        int bytes = State.SIZE;
        for (Epoch epoch : epochs) {
            bytes += EpochEntry.SIZE + epoch.owner().getBytes(StandardCharsets.UTF_8).length;
        }
        ByteBuffer out = SmallFile.buffer(bytes);
        out.putLong(State.MAGIC, State.MAGIC_VALUE);
        out.putInt(State.VERSION, Layout.VERSION);
        out.putInt(State.CLEAN, clean ? 1 : 0);
        Checksums.putUuid(out, State.JOURNAL, journal);
        out.putLong(State.GENERATION, generation);
        out.putLong(State.SEGMENT_BYTES, segmentBytes);
        out.putLong(State.CREATED_NANOS, createdNanos);
        out.putLong(State.TRIMMED, trimmed);
        out.putLong(State.FIRST_SEGMENT, firstSegment);
        out.putLong(State.DURABLE, durable);
        out.putInt(State.DIRECTORIES, directories);
        out.putInt(State.EPOCHS, epochs.size());
        out.position(State.SIZE);
        epochs.forEach(epoch -> put(out, epoch));
        SlotFile.save(files, places.state(), out);
    }

    private static void put(ByteBuffer out, Epoch epoch) {
        int at = out.position();
        byte[] owner = epoch.owner().getBytes(StandardCharsets.UTF_8);
        out.putLong(at + EpochEntry.NUMBER, epoch.number());
        Checksums.putUuid(out, at + EpochEntry.IDENTITY, epoch.identity());
        out.putLong(at + EpochEntry.FIRST_SEQUENCE, epoch.firstSequence());
        Checksums.putUuid(out, at + EpochEntry.PREDECESSOR, epoch.predecessorIdentity());
        out.putLong(at + EpochEntry.STARTED_NANOS, epoch.startedNanos());
        Checksums.putUuid(out, at + EpochEntry.PROMOTED_OVER, epoch.promotedOver());
        out.putInt(at + EpochEntry.OWNER_BYTES, owner.length);
        out.position(at + EpochEntry.SIZE).put(owner);
    }

    static JournalState load(Files files, JournalPlaces places) throws StorageException {
        ByteBuffer in = SlotFile.read(files, places.state(), State.MAGIC_VALUE);
        try {
            List<Epoch> epochs = new ArrayList<>();
            int count = in.getInt(State.EPOCHS);
            in.position(State.SIZE);
            for (int i = 0; i < count; i++) {
                epochs.add(getEpoch(in));
            }
            return new JournalState(
                    Checksums.getUuid(in, State.JOURNAL),
                    in.getLong(State.GENERATION),
                    in.getLong(State.SEGMENT_BYTES),
                    in.getInt(State.DIRECTORIES),
                    in.getLong(State.CREATED_NANOS),
                    in.getLong(State.TRIMMED),
                    in.getLong(State.FIRST_SEGMENT),
                    in.getLong(State.DURABLE),
                    in.getInt(State.CLEAN) == 1,
                    List.copyOf(epochs));
        } catch (RuntimeException e) {
            throw SmallFile.corrupt(places.state(), "its fields make no sense (" + e.getMessage() + ")");
        }
    }

    private static Epoch getEpoch(ByteBuffer in) {
        int at = in.position();
        byte[] owner = new byte[in.getInt(at + EpochEntry.OWNER_BYTES)];
        in.position(at + EpochEntry.SIZE).get(owner);
        return new Epoch(
                in.getLong(at + EpochEntry.NUMBER),
                Checksums.getUuid(in, at + EpochEntry.IDENTITY),
                in.getLong(at + EpochEntry.FIRST_SEQUENCE),
                Checksums.getUuid(in, at + EpochEntry.PREDECESSOR),
                in.getLong(at + EpochEntry.STARTED_NANOS),
                new String(owner, StandardCharsets.UTF_8),
                Checksums.getUuid(in, at + EpochEntry.PROMOTED_OVER));
    }

    /**
     * Refuses an epoch that does not begin where the journal ends.
     *
     * @param last of the journal; null while it has none
     * @param appended last sequence of the journal
     */
    static void checkContinues(String journal, Epoch last, long appended, Epoch next) throws StorageException {
        boolean continues = last == null
                || (next.predecessorIdentity().equals(last.identity())
                        && next.number() == last.number() + 1
                        && next.firstSequence() == appended + 1);
        if (!continues) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "epoch " + next.number() + " from sequence " + next.firstSequence() + " does not continue epoch "
                            + last.number() + " of journal " + journal + ", which ends at " + appended,
                    "start the epoch from the journal's last one");
        }
    }
}
