package io.tidemark.api.context;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Everything that a plugin may use to reach the world outside its own objects. Handed in when something is opened. In
 * production it is the machine; in tests it is a simulation with one seed.
 */
@ProviderType
public interface StorageContext {
    /**
     * Time.
     *
     * @return the clock
     */
    Clock clock();

    /**
     * Threads and what they wait on.
     *
     * @return the workers
     */
    Workers workers();

    /**
     * Files.
     *
     * @return the file system
     */
    Files files();

    /**
     * Memory for payloads, bounded.
     *
     * @return the pool
     */
    PayloadPool payloads();

    /**
     * Randomness for identities. Not for secrets.
     *
     * @return 64 random bits
     */
    long randomBits();
}
