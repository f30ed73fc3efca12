package io.tidemark.base.machine;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import java.nio.file.Path;

/** Makes directories that are still there after a power loss, so that what is made in them is not lost along with them. */
public final class DurableDirectories {
    private DurableDirectories() {}

    /**
     * Makes a directory and its parents where they are missing. Each is forced into its parent before anything is made in
     * it: so of those that a process made which died, only the deepest may be unforced, and that one is forced here.
     *
     * @param files where
     * @param directory that is there when this returns, whatever happens then; the parent of the deepest directory that is
     *     there already has to be readable
     * @throws StorageException IO or NO_SPACE
     */
    public static void make(Files files, Path directory) throws StorageException {
        Path parent = directory.toAbsolutePath().getParent();
        if (!files.exists(directory)) {
            if (parent != null) {
                make(files, parent);
            }
            files.createDirectories(directory);
        }
        if (parent != null) {
            files.forceDirectory(parent);
        }
    }
}
