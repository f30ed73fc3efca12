package io.tidemark.image.file;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.ImageHead;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The head of an image on disk: two slots of fixed size that are written in turns. A crash tears at most the slot that
 * is being written, and the other one is the head before. Written in place, so that a checkpoint succeeds on a full file
 * system, where it is what frees space. For one thread at a time.
 */
final class HeadFile implements AutoCloseable {
    /** Its name in the image's directory. */
    static final String NAME = "head";

    /** Its name while an image is being made. */
    static final String NEW_NAME = "head.new";

    private final String imageName;
    private final Path path;
    private final StorageFile file;
    private HeadCodec.Slot current;

    private HeadFile(String imageName, Path path, StorageFile file, HeadCodec.Slot current) {
        this.imageName = imageName;
        this.path = path;
        this.file = file;
        this.current = current;
    }

    /** Makes the file with both slots; it has its name only when it is complete and durable. */
    static HeadFile create(Files files, Path home, String imageName, ImageHead head) throws StorageException {
        Path temporary = home.resolve(NEW_NAME);
        files.delete(temporary);
        try (StorageFile made = files.open(temporary, Files.Mode.CREATE)) {
            made.write(HeadCodec.encode(imageName, new HeadCodec.Slot(0, head)), 0);
            made.write(HeadCodec.encode(imageName, new HeadCodec.Slot(1, head)), HeadCodec.SLOT_BYTES);
            made.force();
        }
        files.rename(temporary, home.resolve(NAME));
        files.forceDirectory(home);
        return open(files, home, imageName);
    }

    static HeadFile open(Files files, Path home, String imageName) throws StorageException {
        HeadFile opened = open(files, home, imageName, Files.Mode.WRITE);
        boolean durable = false;
        try {
            // A process that was killed may have written the newest slot and not forced it. Journals are trimmed by
            // what is found here, so nothing older may ever be found again.
            opened.file.force();
            durable = true;
            return opened;
        } finally {
            if (!durable) {
                opened.close();
            }
        }
    }

    /** For reading only, beside the process that has the image open. */
    static HeadFile inspect(Files files, Path home, String imageName) throws StorageException {
        return open(files, home, imageName, Files.Mode.READ);
    }

    private static HeadFile open(Files files, Path home, String imageName, Files.Mode mode) throws StorageException {
        Path path = home.resolve(NAME);
        StorageFile file = files.open(path, mode);
        HeadFile opened = null;
        try {
            // After a force that failed the cache has what the device may not have.
            file.dropCache(0, 0);
            opened = new HeadFile(imageName, path, file, newest(file, path, imageName));
            return opened;
        } finally {
            if (opened == null) {
                file.close();
            }
        }
    }

    private static HeadCodec.Slot newest(StorageFile file, Path path, String imageName) throws StorageException {
        HeadCodec.Slot newest = null;
        String problem = "";
        for (int slot = 0; slot < 2; slot++) {
            ByteBuffer bytes = ByteBuffer.allocate(HeadCodec.SLOT_BYTES);
            file.read(bytes, (long) slot * HeadCodec.SLOT_BYTES);
            try {
                HeadCodec.Slot found = HeadCodec.decode(bytes.flip());
                if (newest == null || found.generation() > newest.generation()) {
                    newest = found;
                }
            } catch (HeadCodec.UnsupportedVersionException e) {
                throw new StorageException(
                        Reason.UNSUPPORTED,
                        "image " + imageName + ": " + path + ": " + e.getMessage(),
                        "use the version of Tidemark that wrote it, or a newer one");
            } catch (IllegalArgumentException e) {
                problem = "slot " + slot + ": " + e.getMessage();
            }
        }
        if (newest == null) {
            throw new StorageException(
                    Reason.CORRUPT,
                    "image " + imageName + ": neither slot of " + path + " is intact (" + problem + ")",
                    "nothing was changed: restore the file from a backup together with the image's data");
        }
        return newest;
    }

    ImageHead head() {
        return current.head();
    }

    /** Durable when it returns. After a failure the slot with the head before is untouched, and stays so when tried again. */
    void store(ImageHead head) throws StorageException {
        HeadCodec.Slot next = new HeadCodec.Slot(current.generation() + 1, head);
        ByteBuffer bytes = HeadCodec.encode(imageName, next);
        file.write(bytes, (next.generation() & 1) * HeadCodec.SLOT_BYTES);
        file.force();
        current = next;
    }

    @Override
    public void close() throws StorageException {
        file.close();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
