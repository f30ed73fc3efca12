package io.tidemark.simulation;

import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.journal.flash.FlashBreaker;
import io.tidemark.journal.flash.internal.FlashSteps;
import java.nio.file.Path;
import java.util.List;

/** Makes the stores of a site. */
final class Stores {
    private Stores() {}

    static JournalStore journals(StorageContext context, List<Path> directories, Scenario scenario, FlashSteps steps) {
        return scenario.flash()
                ? FlashBreaker.store(directories, scenario.options(), context.files(), steps)
                : new PlainJournalStore(context, directories.get(0));
    }
}
