package io.tidemark.simulation.sites;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import java.nio.ByteBuffer;
import java.util.List;

/** A site's journal: what goes in is chronicled, and it keeps what it promised to keep. */
final class ChronicledJournal extends JournalOver {
    private final Site site;
    private final Appender appender;

    ChronicledJournal(Journal below, Site site) {
        super(below);
        this.site = site;
        this.appender = new Appender(below.appender());
        site.opened(this);
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        below.startEpoch(epoch);
        site.durable(below.durable());
        site.startedEpoch(epoch);
    }

    @Override
    public JournalAppender appender() {
        return appender;
    }

    @Override
    public void putClient(JournalClient client) throws StorageException {
        below.putClient(client);
        site.keeps(client);
    }

    @Override
    public long trim(long sequence) throws StorageException {
        long trimmed = below.trim(sequence);
        for (JournalClient client : below.clients()) {
            site.chronicle()
                    .require(
                            client.state() != JournalClient.State.CONNECTED
                                    || client.commit().sequence() >= trimmed,
                            () -> site + " trimmed to " + trimmed + " what " + client + " has not received");
        }
        return trimmed;
    }

    private final class Appender implements JournalAppender {
        private final JournalAppender appends;

        Appender(JournalAppender appends) {
            this.appends = appends;
        }

        @Override
        public long append(
                EventKind kind,
                int flags,
                long timeNanos,
                long offset,
                long length,
                ByteBuffer head,
                ByteBuffer payload,
                ByteBuffer tail)
                throws StorageException {
            long place = appends.append(kind, flags, timeNanos, offset, length, head, payload, tail);
            if (place >= 0) {
                byte[] body = joined(head, payload, tail);
                List<Epoch> epochs = below.epochs();
                Position position = new Position(epochs.get(epochs.size() - 1).number(), appends.appended());
                site.appended(
                        epochs, new EventHeader(position, kind, flags, timeNanos, offset, length, body.length), body);
            }
            return place;
        }

        private static byte[] joined(ByteBuffer... parts) {
            int length = 0;
            for (ByteBuffer part : parts) {
                length += part == null ? 0 : part.remaining();
            }
            ByteBuffer body = ByteBuffer.allocate(length);
            for (ByteBuffer part : parts) {
                if (part != null) {
                    body.put(part.duplicate());
                }
            }
            return body.array();
        }

        @Override
        public long force() throws StorageException {
            return site.durable(appends.force());
        }

        @Override
        public long commit() throws StorageException {
            return site.durable(appends.commit());
        }

        @Override
        public boolean overlaps() {
            return appends.overlaps();
        }

        @Override
        public void expectReading(boolean expected) {
            appends.expectReading(expected);
        }

        @Override
        public long appended() {
            return appends.appended();
        }

        @Override
        public long unforcedBytes() {
            return appends.unforcedBytes();
        }
    }
}
