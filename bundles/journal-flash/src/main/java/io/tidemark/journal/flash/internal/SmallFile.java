package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** A file that is replaced as a whole: it is there as before or as after, whatever happens. Ends with a CRC32C. */
final class SmallFile {
    private static final int MAX_BYTES = 64 << 20;

    private SmallFile() {}

    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Replaces a file; durable when it returns. The content goes from 0 to the buffer's position. */
    static void replace(Files files, Path path, ByteBuffer content) throws StorageException {
        int length = content.position();
        ByteBuffer all = buffer(length + Integer.BYTES);
        all.put(0, content, 0, length);
        all.putInt(length, new Checksums().plain(content, 0, length));
        Path temporary = path.resolveSibling(path.getFileName() + ".new");
        files.delete(temporary);
        try (StorageFile file = files.open(temporary, Files.Mode.CREATE)) {
            file.write(all, 0);
            file.force();
        }
        files.rename(temporary, path);
        files.forceDirectory(path.getParent());
    }

    /** Reads a file and checks it. */
    static ByteBuffer read(Files files, Path path, long magic) throws StorageException {
        ByteBuffer all;
        try (StorageFile file = files.open(path, Files.Mode.READ)) {
            long size = file.size();
            if (size < 2 * Long.BYTES || size > MAX_BYTES) {
                throw corrupt(path, "it has " + size + " bytes");
            }
            all = buffer((int) size);
            file.read(all, 0);
        }
        int length = all.capacity() - Integer.BYTES;
        boolean whole = all.position() == all.capacity();
        all.clear();
        int checksum = all.getInt(length);
        if (!whole || new Checksums().plain(all, 0, length) != checksum) {
            throw corrupt(path, "its checksum is wrong");
        }
        checkKind(path, all, magic);
        all.position(0);
        return all;
    }

    /** What is whole begins with its kind and its version. Another version is no damage, and must not be repaired as such. */
    static void checkKind(Path path, ByteBuffer content, long magic) throws StorageException {
        if (content.getLong(0) != magic) {
            throw corrupt(path, "it is of another kind");
        }
        checkVersion(path, content.getInt(Long.BYTES));
    }

    static void checkVersion(Path path, int version) throws StorageException {
        if (version != Layout.VERSION) {
            throw new StorageException(
                    Reason.UNSUPPORTED,
                    path + ": its format has version " + version + ", this is version " + Layout.VERSION,
                    Advice.OTHER_VERSION);
        }
    }

    static StorageException corrupt(Path path, String why) {
        return new StorageException(Reason.CORRUPT, path + " is damaged: " + why, Advice.damagedFile(path));
    }
}
