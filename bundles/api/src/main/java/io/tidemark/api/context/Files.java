package io.tidemark.api.context;

import io.tidemark.api.StorageException;
import java.nio.file.Path;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** A file system. Safe for all threads. Errors name the path. */
@ProviderType
public interface Files {
    /** How to open a file. */
    enum Mode {
        /** For reading; it must exist. */
        READ,
        /** For reading and writing; it must exist. */
        WRITE,
        /** For reading and writing; it must not exist. */
        CREATE
    }

    /**
     * Opens a file.
     *
     * @param path where
     * @param mode how
     * @return the file; the caller closes it
     * @throws StorageException NOT_FOUND, EXISTS, NO_SPACE or IO
     */
    StorageFile open(Path path, Mode mode) throws StorageException;

    /**
     * Takes an exclusive claim on a file, made if it is missing, that ends when it is closed or this process dies.
     *
     * @param path of the lock file
     * @return the claim
     * @throws StorageException BUSY when another process or another user in this process holds it
     */
    AutoCloseable claim(Path path) throws StorageException;

    /**
     * Names in a directory, sorted.
     *
     * @param directory where
     * @return file names without the directory; empty when it does not exist
     * @throws StorageException IO
     */
    List<String> list(Path directory) throws StorageException;

    /**
     * Whether something is there.
     *
     * @param path what
     * @return true when it exists
     */
    boolean exists(Path path);

    /**
     * Makes a directory and its parents where they are missing. Durable after {@link #forceDirectory} of its parent.
     *
     * @param directory what
     * @throws StorageException IO or NO_SPACE
     */
    void createDirectories(Path directory) throws StorageException;

    /**
     * Deletes a file or an empty directory if it exists. Durable after {@link #forceDirectory}.
     *
     * @param path what
     * @throws StorageException IO
     */
    void delete(Path path) throws StorageException;

    /**
     * Gives a file a new name in one step, replacing what has it. Durable after {@link #forceDirectory}.
     *
     * @param from old name
     * @param to new name, in the same file system
     * @throws StorageException NOT_FOUND or IO
     */
    void rename(Path from, Path to) throws StorageException;

    /**
     * Makes creations, deletions and renames in a directory durable.
     *
     * @param directory which
     * @throws StorageException IO
     */
    void forceDirectory(Path directory) throws StorageException;

    /**
     * Free bytes for this user.
     *
     * @param path an existing file or directory of the file system
     * @return bytes
     * @throws StorageException IO
     */
    long usableBytes(Path path) throws StorageException;

    /**
     * The book of what the free space of a file system is promised for.
     *
     * @param path an existing file or directory of the file system
     * @return the same for every path in it
     * @throws StorageException IO
     */
    SpaceBook space(Path path) throws StorageException;

    /**
     * All bytes of the file system.
     *
     * @param path an existing file or directory of it
     * @return bytes
     * @throws StorageException IO
     */
    long totalBytes(Path path) throws StorageException;
}
