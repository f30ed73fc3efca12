package io.tidemark.itests.nodes.node;

import java.nio.file.Path;

/** The sorts of things on disk whose forces matter, each for a reason of its own. */
public enum Part {
    /** Segments of a journal. */
    SEGMENT,
    /** What lies beside the segments of a journal: state, clients, membership. */
    JOURNAL_STATE,
    /** Directories of journals: names of segments. */
    JOURNAL_DIRECTORY,
    /** The bytes of an image. */
    IMAGE_DATA,
    /** The head of an image. */
    IMAGE_HEAD,
    /** Directories of images. */
    IMAGE_DIRECTORY;

    static Part ofFile(Path file, Path images) {
        String name = file.getFileName().toString();
        if (file.startsWith(images)) {
            return name.startsWith("head") ? IMAGE_HEAD : IMAGE_DATA;
        }
        return name.startsWith("segment-") || name.startsWith("prepare-") ? SEGMENT : JOURNAL_STATE;
    }

    static Part ofDirectory(Path directory, Path images) {
        return directory.startsWith(images) ? IMAGE_DIRECTORY : JOURNAL_DIRECTORY;
    }
}
