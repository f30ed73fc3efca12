package io.tidemark.base.machine;

import com.sun.jna.Pointer;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a failure of the file system means. Java gives no error numbers but the texts of strerror, in the language of the user
 * who started the process: so strerror is asked for the texts that matter. Safe for all threads.
 */
final class FileFailures {
    /** Fails every write for want of space. */
    private static final Path FULL_DEVICE = Path.of("/dev/full");

    private final LibC libc;

    /** There is no space, or no more of it for this user. */
    private final Set<String> full = new LinkedHashSet<>(List.of("No space left on device", "Disk quota exceeded"));

    private final Set<String> tooLarge = new LinkedHashSet<>(List.of("File too large"));

    /**
     * By the texts of this process.
     *
     * @param libc null where there is none; then it is known in English, and that there is no space in any language
     */
    FileFailures(LibC libc) {
        this.libc = libc;
        if (libc == null) {
            add(full, provoked());
        } else {
            add(full, text(LibC.ENOSPC));
            add(full, text(LibC.EDQUOT));
            add(tooLarge, text(LibC.EFBIG));
        }
    }

    private static void add(Set<String> texts, String text) {
        if (!text.isBlank()) {
            texts.add(text);
        }
    }

    private String text(int error) {
        Pointer text = libc.strerror(error);
        // Of the locale, as Java reads it too; the default encoding is often another one.
        return text == null ? "" : text.getString(0, System.getProperty("native.encoding", "UTF-8"));
    }

    private static String provoked() {
        try (FileChannel channel = FileChannel.open(FULL_DEVICE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1));
            return "";
        } catch (NoSuchFileException e) {
            // A container without it.
            return "";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** A failed call to libc. */
    StorageException of(String verb, Path path, int error) {
        boolean noSpace = error == LibC.ENOSPC || error == LibC.EDQUOT;
        IOException cause = new IOException(text(error) + " (error " + error + ")");
        return noSpace ? noSpace(verb, path, cause) : other(verb, path, cause);
    }

    /** A failed call to Java. */
    StorageException of(String verb, Path path, IOException e) {
        if (e instanceof NoSuchFileException) {
            return new StorageException(
                    Reason.NOT_FOUND,
                    "cannot " + verb + " " + path + ": it does not exist",
                    "bring it back, or check the path that the configuration names",
                    e);
        }
        if (e instanceof FileAlreadyExistsException) {
            return new StorageException(
                    Reason.EXISTS,
                    "cannot " + verb + " " + path + ": it exists already",
                    "move it away if nothing needs it, or use another name",
                    e);
        }
        if (e instanceof ClosedChannelException) {
            return new StorageException(Reason.CLOSED, "cannot " + verb + " " + path + ": it was closed", "", e);
        }
        return isOf(full, e) ? noSpace(verb, path, e) : other(verb, path, e);
    }

    /** A failed attempt to give a file another size. */
    StorageException ofResize(Path path, IOException e) {
        if (isOf(tooLarge, e)) {
            return new StorageException(
                    Reason.INVALID,
                    "cannot resize " + path + ": it would be larger than a file may be there",
                    "make it smaller, or use another file system",
                    e);
        }
        return of("resize", path, e);
    }

    private static boolean isOf(Set<String> texts, IOException e) {
        String text = String.valueOf(e.getMessage());
        return texts.stream().anyMatch(text::contains);
    }

    private static StorageException noSpace(String verb, Path path, IOException e) {
        return new StorageException(
                Reason.NO_SPACE,
                "cannot " + verb + " " + path + ": no space left",
                "free space in its file system, or move it to a larger one",
                e);
    }

    private static StorageException other(String verb, Path path, IOException e) {
        return new StorageException(
                Reason.IO,
                "cannot " + verb + " " + path + ": " + e.getMessage(),
                "look at the kernel's log and the state of the disk",
                e);
    }
}
