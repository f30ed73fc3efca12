package io.tidemark.journal.flash.internal;

import java.nio.file.Path;

/** What people can do about a damaged journal, in the words that they have to type. */
final class Advice {
    static final String OTHER_VERSION = "use the version of Tidemark that wrote it, or a newer one";

    private Advice() {}

    static String damaged(String journal) {
        return "nothing was changed; restore what is damaged, or cut the journal there: tm --offline journal:repair "
                + journal + " says what is lost; tm --offline journal:inspect " + journal + " only looks";
    }

    /** A segment lies in the directory that has the journal's name. */
    static String damagedSegment(Path segment) {
        return damaged(segment.getParent().getFileName().toString());
    }

    /** Of the files beside the segments: without them nobody knows what the segments mean, so nothing can repair them. */
    static String damagedFile(Path file) {
        String journal = file.getParent().getFileName().toString();
        return "restore " + file.getFileName() + " from a copy; if there is none, the journal is lost: move its"
                + " directory " + journal + " out of each directory of the pool, then image:open --journal-lost "
                + journal + " serves the image as it was at its last checkpoint";
    }
}
