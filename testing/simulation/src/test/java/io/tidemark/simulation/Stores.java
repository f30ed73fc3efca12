package io.tidemark.simulation;

import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.journal.flash.FlashJournalStore;
import java.nio.file.Path;
import java.util.List;

/** Makes the stores of a site. */
final class Stores {
    private Stores() {}

    static JournalStore journals(StorageContext context, List<Path> directories, Scenario scenario) {
        return scenario.flash()
                ? new FlashJournalStore("journals", directories, scenario.options(), context.files())
                : new PlainJournalStore(context, directories.get(0));
    }
}
