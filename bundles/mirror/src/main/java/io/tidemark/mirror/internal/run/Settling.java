package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * Has what a read may have seen become durable. A flush has it forced, but its answer is not waited for: the image's commit rule may
 * have a flush wait for the very replica that is being copied or compared.
 */
public final class Settling {
    private static final long SECOND = 1_000_000_000L;

    private Settling() {}

    /**
     * Waits until an event is durable.
     *
     * @param session of the image
     * @param journal of the image
     * @param sequence of the event
     * @param gate to wait at; it may be opened by others, too
     * @param ended whether to give up
     * @throws StorageException when the image or its journal goes away
     */
    public static void settle(DeviceSession session, Journal journal, long sequence, Gate gate, BooleanSupplier ended)
            throws StorageException {
        if (journal.durable() >= sequence) {
            return;
        }
        AtomicReference<StorageException> failed = new AtomicReference<>();
        session.flush(failure -> {
            failed.set(failure);
            gate.open();
        });
        session.drive(false);
        while (journal.durable() < sequence && !ended.getAsBoolean()) {
            StorageException why = failed.get();
            // Where replicas are missing flushes may fail, and events become durable all the same.
            if (why != null && why.reason() != Reason.IO) {
                throw why;
            }
            try (JournalReader reader = journal.reader(journal.durable() + 1)) {
                reader.whenReadable(gate::open);
                gate.await(SECOND);
            }
        }
    }
}
