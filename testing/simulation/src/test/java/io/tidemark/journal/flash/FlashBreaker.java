package io.tidemark.journal.flash;

import io.tidemark.api.context.Files;
import io.tidemark.journal.flash.internal.FlashSteps;
import java.nio.file.Path;
import java.util.List;

/** Makes stores whose steps are broken; lies in this package because nobody else shall make any. */
public final class FlashBreaker {
    private FlashBreaker() {}

    /**
     * A store as the others, but for some steps.
     *
     * @param directories where its journals lie
     * @param options how it works
     * @param files of its pool
     * @param steps maybe broken ones
     * @return the store
     */
    public static FlashJournalStore store(List<Path> directories, FlashOptions options, Files files, FlashSteps steps) {
        return new FlashJournalStore("journals", directories, options, files, new BatchMemory(), steps);
    }
}
