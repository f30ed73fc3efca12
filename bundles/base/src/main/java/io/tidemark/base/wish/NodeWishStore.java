package io.tidemark.base.wish;

import io.tidemark.api.StorageException;
import java.util.Map;

/** New configurations become files; one that somebody made without a file stays where it is. */
record NodeWishStore(EtcWishStore files, ConfigAdminWishStore configurations) implements WishStore {
    private WishStore keeper(Wish wish) {
        return ConfigAdminWishStore.isPid(wish.origin()) ? configurations : files;
    }

    @Override
    public Wish add(Wish wish) throws StorageException {
        return files.add(wish);
    }

    @Override
    public void change(Wish wish, Map<String, String> changes) throws StorageException {
        keeper(wish).change(wish, changes);
    }

    @Override
    public void remove(Wish wish) throws StorageException {
        keeper(wish).remove(wish);
    }
}
