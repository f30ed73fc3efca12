package io.tidemark.journal.flash.internal;

import java.nio.file.Path;

/** What people can do about a damaged journal, in the words that they have to type. */
final class Advice {
    private Advice() {}

    static String damaged(String journal) {
        return "nothing was changed; restore what is damaged, or cut the journal there: tm --offline journal:repair "
                + journal + " says what is lost; tm --offline journal:inspect " + journal + " only looks";
    }

    /** A segment lies in the directory that has the journal's name. */
    static String damagedSegment(Path segment) {
        return damaged(segment.getParent().getFileName().toString());
    }
}
