package io.tidemark.base.wish;

import io.tidemark.api.StorageException;
import java.util.Map;

/** Where configurations are kept, so that they are there after the next start. Safe for all threads. */
public interface WishStore {
    /**
     * Keeps a new configuration. Durable when it returns.
     *
     * @param wish the configuration; its origin is empty
     * @return the same with its origin
     * @throws StorageException EXISTS when there is one of the name, NO_SPACE or IO; nothing is kept then
     */
    Wish add(Wish wish) throws StorageException;

    /**
     * Changes keys of a configuration. Durable when it returns.
     *
     * @param wish the configuration before
     * @param changes new values; an empty value takes a key away
     * @throws StorageException NO_SPACE or IO; nothing is changed then
     */
    void change(Wish wish, Map<String, String> changes) throws StorageException;

    /**
     * Forgets a configuration. Durable when it returns.
     *
     * @param wish the configuration
     * @throws StorageException IO
     */
    void remove(Wish wish) throws StorageException;

    /** Keeps nothing: for embedders that make their wishes at each start. */
    WishStore NOTHING = new WishStore() {
        @Override
        public Wish add(Wish wish) {
            return wish;
        }

        @Override
        public void change(Wish wish, Map<String, String> changes) {}

        @Override
        public void remove(Wish wish) {}
    };
}
