package io.tidemark.journal.flash;

import io.tidemark.api.journal.JournalStore;
import io.tidemark.tck.journal.JournalStoreContract;
import java.nio.file.Path;
import java.util.List;

class FlashJournalStoreTest extends JournalStoreContract {
    @Override
    protected JournalStore newStore(Path directory) {
        return new FlashJournalStore("pool", List.of(directory), FlashOptions.DEFAULT);
    }

    @Override
    protected void takeAway(JournalStore gone) {
        ((FlashJournalStore) gone).close();
    }

    @Override
    protected boolean follows() {
        return true;
    }
}
