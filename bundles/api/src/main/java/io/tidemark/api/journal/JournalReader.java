package io.tidemark.api.journal;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ConsumerType;

/** Reads a journal forward and follows its tail. For one thread at a time. */
@ConsumerType
public interface JournalReader extends AutoCloseable {
    /**
     * Steps to the next durable event.
     *
     * @return its header, or null when there is none yet
     * @throws StorageException CORRUPT (nothing at or behind the damage is returned), CLOSED or IO
     */
    EventHeader next() throws StorageException;

    /**
     * The place of the event that {@link #next} returned last.
     *
     * @return for {@link Journal#readBody}
     */
    long place();

    /**
     * The body of the event that {@link #next} returned last, its checksum verified.
     *
     * @return a read-only view, valid until the next call of {@link #next} or {@link #close}
     * @throws StorageException CORRUPT or IO
     */
    ByteBuffer body() throws StorageException;

    /**
     * Asks to be told once when an event behind the last one read is durable, or the journal is closed. Called at once
     * when that is so already. The listener must not block; opening a gate is the usual thing.
     *
     * @param listener called at most once per call
     */
    void whenReadable(Runnable listener);

    @Override
    void close();
}
