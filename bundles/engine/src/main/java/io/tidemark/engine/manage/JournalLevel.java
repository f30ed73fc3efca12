package io.tidemark.engine.manage;

import io.tidemark.api.journal.Journal.JournalStatus;
import io.tidemark.base.text.Sizes;

/**
 * Tells when the journal of one image has filled up to the level of its configuration: once, and again only after it was
 * clearly emptier, since a journal that is trimmed goes up and down all the time. For the image's worker.
 */
final class JournalLevel {
    private static final double CLEARLY = 0.05;

    private boolean passed;

    /**
     * Looks at a journal.
     *
     * @param journal as it is now
     * @param level part of its limit
     * @param keeper what keeps it from being trimmed
     * @return what an operator should know; empty for nothing new
     */
    String look(JournalStatus journal, double level, String keeper) {
        double used = (double) journal.usedBytes() / journal.limitBytes();
        boolean before = passed;
        passed = used >= level || (passed && used >= level - CLEARLY);
        if (!passed || before) {
            return "";
        }
        return "its journal is " + Math.round(used * 100) + " % full, " + Sizes.format(journal.usedBytes()) + " of "
                + Sizes.format(journal.limitBytes()) + (keeper.isEmpty() ? "" : ": " + keeper)
                + "; raise journal.limit, make space in its pool, or let what keeps it go on";
    }
}
