package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/** The file {@code member} in each directory of a journal: which of how many directories it is. */
record Member(UUID journal, int directory, int directories) {
    void save(Files files, Path where) throws StorageException {
        ByteBuffer out = SmallFile.buffer(Layout.Member.SIZE);
        out.putLong(Layout.Member.MAGIC, Layout.Member.MAGIC_VALUE);
        out.putInt(Layout.Member.VERSION, Layout.VERSION);
        out.putInt(Layout.Member.DIRECTORY, directory);
        Checksums.putUuid(out, Layout.Member.JOURNAL, journal);
        out.putInt(Layout.Member.DIRECTORIES, directories);
        out.position(Layout.Member.SIZE);
        SmallFile.replace(files, where.resolve(JournalPlaces.MEMBER), out);
    }

    static Member load(Files files, Path where) throws StorageException {
        ByteBuffer in = SmallFile.read(files, where.resolve(JournalPlaces.MEMBER), Layout.Member.MAGIC_VALUE);
        return new Member(
                Checksums.getUuid(in, Layout.Member.JOURNAL),
                in.getInt(Layout.Member.DIRECTORY),
                in.getInt(Layout.Member.DIRECTORIES));
    }

    /**
     * Puts directories into the journal's order, whatever order they were given in. A directory that is missing is never a
     * tail: it refuses.
     */
    static JournalPlaces order(Files files, JournalPlaces given) throws StorageException {
        int count = given.directories().size();
        Path[] ordered = new Path[count];
        UUID journal = null;
        for (Path directory : given.directories()) {
            if (!files.exists(directory.resolve(JournalPlaces.MEMBER))) {
                throw new StorageException(
                        Reason.MISMATCH,
                        "journal " + given.journal() + " misses its directory " + directory,
                        "mount what belongs there, or correct the pool's directories");
            }
            Member member = load(files, directory);
            boolean fits = member.directories == count
                    && member.directory < count
                    && ordered[member.directory] == null
                    && (journal == null || journal.equals(member.journal));
            if (!fits) {
                throw new StorageException(
                        Reason.MISMATCH,
                        "directory " + directory + " is number " + (member.directory + 1) + " of "
                                + member.directories + " of journal " + member.journal
                                + " and does not fit the others of " + given.journal(),
                        "correct the pool's directories");
            }
            ordered[member.directory] = directory;
            journal = member.journal;
        }
        return new JournalPlaces(given.journal(), List.copyOf(Arrays.asList(ordered)));
    }
}
