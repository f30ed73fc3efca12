package io.tidemark.simulation.sites;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.faults.ForwardingJournal;
import io.tidemark.simulation.AppenderOver;

/** A site's journal: what goes in is chronicled, and it keeps what it promised to keep. */
final class ChronicledJournal extends ForwardingJournal {
    private final Site site;
    private final Appender appender;

    ChronicledJournal(Journal below, Site site) {
        super(below);
        this.site = site;
        this.appender = new Appender(below);
        site.opened(this);
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        try {
            below.startEpoch(epoch);
            site.durable(below.durable());
        } finally {
            // Also where that failed or was cut: a journal that is opened again may be in it all the same.
            site.startedEpoch(epoch);
        }
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
    public boolean replaceClient(JournalClient before, JournalClient after) throws StorageException {
        boolean replaced = below.replaceClient(before, after);
        if (replaced) {
            site.keeps(after);
        }
        return replaced;
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

    private final class Appender extends AppenderOver {
        Appender(Journal journal) {
            super(journal);
        }

        @Override
        protected void appended(EventHeader header, byte[] body, int payloadOffset, int payloadBytes) {
            site.appended(epochs(), header, body);
        }

        @Override
        public long force() throws StorageException {
            return site.durable(super.force());
        }

        @Override
        public long commit() throws StorageException {
            return site.durable(super.commit());
        }
    }
}
