package io.tidemark.image.file;

import io.tidemark.api.image.ImageStore;
import io.tidemark.tck.image.ImageStoreContract;
import java.nio.file.Path;

class FileImageStoreContractTest extends ImageStoreContract {
    @Override
    protected ImageStore newStore(Path directory) {
        return new FileImageStore("default", directory);
    }

    @Override
    protected void takeAway(ImageStore gone) {
        ((FileImageStore) gone).close();
    }

    @Override
    protected boolean adopts() {
        return true;
    }
}
