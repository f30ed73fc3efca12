package io.tidemark.base.wish;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Configurations as files in {@code etc/}. The file is the one source: nothing is written through Configuration Admin,
 * whose watchers would write it back. A file is replaced under a temporary name, so that a watcher never reads half of it.
 */
public final class EtcWishStore implements WishStore {
    /** No watcher of configuration files takes this ending for one. */
    private static final String TEMPORARY = ".new";

    private static final int MAX_FILE_BYTES = 1 << 20;

    private final WishKind kind;
    private final Files files;
    private final Path directory;

    /**
     * A directory.
     *
     * @param kind which of its files
     * @param files file system
     * @param directory of configuration files; exists
     */
    public EtcWishStore(WishKind kind, Files files, Path directory) {
        this.kind = kind;
        this.files = files;
        this.directory = directory;
    }

    /**
     * The file of a configuration.
     *
     * @param name of what has it
     * @return its path, whether or not it is there
     */
    public Path file(String name) {
        return directory.resolve(kind.fileName(name));
    }

    @Override
    public Wish add(Wish wish) throws StorageException {
        Path path = file(wish.name());
        for (Path each : Configurations.formats(path)) {
            if (files.exists(each)) {
                throw new StorageException(
                        Reason.EXISTS,
                        each + " is there already",
                        "remove it, or choose another name for the " + kind.thing());
            }
        }
        String text = kind.comment().replace("NAME", wish.name());
        replace(path, null, CfgText.edit(text, new TreeMap<>(wish.properties())));
        return new Wish(path.toString(), wish.name(), wish.properties());
    }

    @Override
    public void change(Wish wish, Map<String, String> changes) throws StorageException {
        Path path = own(wish);
        if (!path.toString().endsWith(WishKind.SUFFIX)) {
            throw new StorageException(
                    Reason.INVALID,
                    path + " has typed values, which commands do not write",
                    "change it by hand, or replace it by a file " + kind.fileName(wish.name()));
        }
        String before = read(path);
        replace(path, before, CfgText.edit(before == null ? "" : before, new TreeMap<>(changes)));
    }

    @Override
    public void remove(Wish wish) throws StorageException {
        Path path = own(wish);
        files.delete(path);
        files.forceDirectory(path.getParent());
    }

    /** A data directory may be a copy: files of the one that it was copied from are not for its node to touch. */
    private Path own(Wish wish) throws StorageException {
        Path path = Path.of(wish.origin());
        if (!Configurations.isIn(path, directory)) {
            throw new StorageException(
                    Reason.INVALID,
                    "the configuration of " + kind.thing() + " " + wish.name() + " is " + path + ", which is not in "
                            + directory,
                    "change or remove it there by hand, or move it to " + directory);
        }
        return path;
    }

    /**
     * Read and written in a character set that keeps every byte, because what people wrote is not ours to change. Null when
     * there is no file.
     */
    private String read(Path path) throws StorageException {
        if (!files.exists(path)) {
            return null;
        }
        try (StorageFile file = files.open(path, Files.Mode.READ)) {
            if (file.size() > MAX_FILE_BYTES) {
                throw new StorageException(
                        Reason.INVALID,
                        path + " has " + file.size() + " bytes, too many for a configuration",
                        "shorten it to at most " + MAX_FILE_BYTES + " bytes");
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(bytes, 0);
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1);
        }
    }

    /** Puts a text in place of one that was there before, or of none. When that fails what was there before is there. */
    private void replace(Path path, String before, String text) throws StorageException {
        put(path, text);
        try {
            files.forceDirectory(path.getParent());
        } catch (StorageException e) {
            takeBack(path, before, e);
            throw e;
        }
    }

    /** The file has its name, and a watcher may have read it: it sees this as one more change. */
    private void takeBack(Path path, String before, StorageException why) {
        try {
            if (before == null) {
                files.delete(path);
            } else {
                put(path, before);
            }
        } catch (StorageException e) {
            why.addSuppressed(e);
        }
    }

    private void put(Path path, String text) throws StorageException {
        Path temporary = path.resolveSibling(path.getFileName() + TEMPORARY);
        files.delete(temporary);
        try {
            try (StorageFile file = files.open(temporary, Files.Mode.CREATE)) {
                file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)), 0);
                file.force();
            }
            files.rename(temporary, path);
        } catch (StorageException e) {
            files.delete(temporary);
            throw e;
        }
    }
}
