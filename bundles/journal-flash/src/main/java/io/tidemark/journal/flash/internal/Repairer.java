package io.tidemark.journal.flash.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.journal.flash.tool.JournalReport;
import io.tidemark.journal.flash.tool.RepairReport;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Cuts a closed journal where it is damaged. What it removes is put aside first; an interrupted repair is begun again. */
public final class Repairer {
    private static final int COPY_BYTES = 1 << 20;

    private final Files files;
    private final List<Path> directories;
    private final List<Path> aside = new ArrayList<>();

    /**
     * A repair.
     *
     * @param files where the journal is
     * @param directories of the journal
     */
    public Repairer(Files files, List<Path> directories) {
        this.files = files;
        this.directories = directories;
    }

    /**
     * Repairs.
     *
     * @return what was done
     * @throws StorageException BUSY, NOT_FOUND, MISMATCH, NO_SPACE, IO or CORRUPT
     */
    public RepairReport repair() throws StorageException {
        JournalPlaces places = Examiner.places(files, directories);
        List<AutoCloseable> claims = FlashPool.claim(files, places);
        try {
            JournalReport before = new Examiner(files, directories).examineClaimed(true, null);
            if (before.isSound()) {
                return new RepairReport(before, before.intact(), before.intact(), List.of());
            }
            long lost = Math.max(before.attested(), highest(places, before));
            cut(places, before);
            return new RepairReport(before, before.intact(), lost, List.copyOf(aside));
        } finally {
            FlashPool.release(claims);
        }
    }

    /** The last event that any segment behind the damage tells of. */
    private long highest(JournalPlaces places, JournalReport before) throws StorageException {
        long highest = before.intact();
        SegmentWalk walk = new SegmentWalk(FlashSteps.NORMAL);
        ByteBuffer block = ByteBuffer.allocateDirect(Layout.BLOCK).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (Path path : behind(places, before.damage().segment())) {
            try (StorageFile file = files.open(path, Files.Mode.READ)) {
                SegmentIdentity identity = SegmentFiles.readHeader(file, path, block, new Checksums());
                if (identity != null) {
                    highest = Math.max(
                            highest,
                            walk.behind(file, identity, Segment.FIRST_BATCH).attested());
                }
            }
        }
        return highest;
    }

    private List<Path> behind(JournalPlaces places, long number) throws StorageException {
        List<Path> paths = new ArrayList<>();
        for (Path directory : places.directories()) {
            for (String name : files.list(directory)) {
                if (JournalPlaces.numberOf(name) >= number) {
                    paths.add(directory.resolve(name));
                }
            }
        }
        return paths;
    }

    private void cut(JournalPlaces places, JournalReport before) throws StorageException {
        JournalReport.Damage damage = before.damage();
        Path damaged = places.segment(damage.segment());
        boolean keepsFront = damage.offset() > Segment.FIRST_BATCH && files.exists(damaged);
        for (Path path : behind(places, damage.segment())) {
            if (path.equals(damaged) && keepsFront) {
                copyAside(path);
            } else {
                moveAside(path);
            }
        }
        if (keepsFront) {
            zero(damaged, damage.offset());
        }
        JournalState state = JournalState.load(files, places);
        List<Epoch> epochs = new ArrayList<>(state.epochs());
        // An epoch that starts behind the cut has no event left; the next owner starts a new one.
        while (epochs.size() > 1 && epochs.get(epochs.size() - 1).firstSequence() > before.intact() + 1) {
            epochs.remove(epochs.size() - 1);
        }
        new JournalState(
                        state.journal(),
                        state.generation() + 1,
                        state.segmentBytes(),
                        state.directories(),
                        state.createdNanos(),
                        state.trimmed(),
                        state.firstSegment(),
                        before.intact(),
                        false,
                        List.copyOf(epochs))
                .save(files, places);
    }

    private Path asideName(Path path) {
        String base = JournalPlaces.ASIDE_PREFIX + path.getFileName();
        Path name = path.resolveSibling(base);
        for (int i = 2; files.exists(name); i++) {
            name = path.resolveSibling(base + "." + i);
        }
        return name;
    }

    private void moveAside(Path path) throws StorageException {
        Path name = asideName(path);
        files.rename(path, name);
        files.forceDirectory(path.getParent());
        aside.add(name);
    }

    private void copyAside(Path path) throws StorageException {
        Path name = asideName(path);
        Path temporary = path.resolveSibling(name.getFileName() + ".new");
        files.delete(temporary);
        ByteBuffer buffer = ByteBuffer.allocateDirect(COPY_BYTES);
        try (StorageFile from = files.open(path, Files.Mode.READ);
                StorageFile to = files.open(temporary, Files.Mode.CREATE)) {
            long size = from.size();
            for (long at = 0; at < size; at += COPY_BYTES) {
                buffer.clear();
                from.read(buffer, at);
                to.write(buffer.flip(), at);
            }
            to.force();
        }
        files.rename(temporary, name);
        files.forceDirectory(path.getParent());
        aside.add(name);
    }

    /** So that nothing behind the cut attests anything any more. */
    private void zero(Path path, long from) throws StorageException {
        try (StorageFile file = files.open(path, Files.Mode.WRITE)) {
            long size = file.size();
            ByteBuffer zeros = ByteBuffer.allocateDirect(COPY_BYTES);
            for (long at = from; at < size; at += COPY_BYTES) {
                zeros.clear().limit((int) Math.min(COPY_BYTES, size - at));
                file.write(zeros, at);
            }
            file.force();
        }
    }
}
