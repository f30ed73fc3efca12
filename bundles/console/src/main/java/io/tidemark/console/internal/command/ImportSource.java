package io.tidemark.console.internal.command;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.EventSource;
import io.tidemark.base.event.export.ExportReader;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** The events of an exported file; shows how far it is, and ends when its caller takes the command back. For one thread. */
final class ImportSource implements EventSource, Closeable {
    private static final int BUFFER_BYTES = 1 << 20;

    private final Counted counted;
    private final ExportReader reader;
    private final Progress progress;
    private final Caller caller;
    private long events;

    /** Thrown from {@link #next} when the command is taken back, through whoever asked for the next event. */
    static final class TakenBack extends StorageException {
        private static final long serialVersionUID = 1L;

        private final long events;

        TakenBack(long events) {
            super(Reason.CLOSED, "the import was cancelled after " + events + " events", "");
            this.events = events;
        }

        /** Events that were handed out before. */
        long events() {
            return events;
        }
    }

    private ImportSource(Counted counted, ExportReader reader, Progress progress, Caller caller) {
        this.counted = counted;
        this.reader = reader;
        this.progress = progress;
        this.caller = caller;
    }

    static ImportSource open(Path file, Progress progress, Caller caller) throws IOException {
        Counted counted = new Counted(Files.newInputStream(file));
        try {
            ExportReader reader = new ExportReader(new BufferedInputStream(counted, BUFFER_BYTES), file.toString());
            return new ImportSource(counted, reader, progress, caller);
        } catch (StorageException e) {
            counted.close();
            throw e;
        }
    }

    @Override
    public EventHeader next() throws StorageException {
        if (caller.cancelled()) {
            throw new TakenBack(events);
        }
        progress.at(counted.bytes);
        EventHeader event = reader.next();
        events += event == null ? 0 : 1;
        return event;
    }

    @Override
    public ByteBuffer body() {
        return reader.body();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }

    /** Counts what is read. */
    private static final class Counted extends FilterInputStream {
        private long bytes;

        Counted(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            bytes += b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int count = super.read(target, offset, length);
            bytes += Math.max(0, count);
            return count;
        }
    }
}
