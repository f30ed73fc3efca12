package io.tidemark.base.wish;

/**
 * A sort of configuration of which there are many, each with a name.
 *
 * @param pid factory PID, as {@code io.tidemark.image}: the file of {@code disk} is {@code io.tidemark.image-disk.cfg}
 * @param thing what has the configuration, for messages: {@code image}
 * @param comment what a new file says above its keys: lines that begin with {@code #} and end in a line break, with {@code NAME}
 *     for the name
 */
public record WishKind(String pid, String thing, String comment) {
    static final String SUFFIX = ".cfg";

    String fileName(String name) {
        return pid + "-" + name + SUFFIX;
    }

    /** The name in a file's name; null when it is a file of something else. */
    String nameIn(String fileName) {
        String prefix = pid + "-";
        int end = fileName.lastIndexOf('.');
        return fileName.startsWith(prefix) && end > prefix.length() ? fileName.substring(prefix.length(), end) : null;
    }
}
