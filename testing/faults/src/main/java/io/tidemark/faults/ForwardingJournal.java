package io.tidemark.faults;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/** A journal that does what the one below does; for those that watch it, or are broken on purpose. */
public class ForwardingJournal implements Journal {
    /** The one below. */
    protected final Journal below;

    /**
     * Over another one.
     *
     * @param below does what is not overridden
     */
    public ForwardingJournal(Journal below) {
        this.below = below;
    }

    @Override
    public String name() {
        return below.name();
    }

    @Override
    public UUID identity() {
        return below.identity();
    }

    @Override
    public RecoveryReport recovery() {
        return below.recovery();
    }

    @Override
    public List<Epoch> epochs() {
        return below.epochs();
    }

    @Override
    public void startEpoch(Epoch epoch) throws StorageException {
        below.startEpoch(epoch);
    }

    @Override
    public JournalAppender appender() {
        return below.appender();
    }

    @Override
    public long durable() {
        return below.durable();
    }

    @Override
    public long trimmed() {
        return below.trimmed();
    }

    @Override
    public JournalReader reader(long fromSequence) throws StorageException {
        return below.reader(fromSequence);
    }

    @Override
    public void readBody(long place, int bodyOffset, ByteBuffer destination) throws StorageException {
        below.readBody(place, bodyOffset, destination);
    }

    @Override
    public void startRead(long place, int bodyBytes) {
        below.startRead(place, bodyBytes);
    }

    @Override
    public long sequenceAt(long timeNanos) throws StorageException {
        return below.sequenceAt(timeNanos);
    }

    @Override
    public long sequenceAtBytesBack(long bytes) throws StorageException {
        return below.sequenceAtBytesBack(bytes);
    }

    @Override
    public List<JournalClient> clients() {
        return below.clients();
    }

    @Override
    public List<JournalClient> refreshClients() throws StorageException {
        return below.refreshClients();
    }

    @Override
    public void putClient(JournalClient client) throws StorageException {
        below.putClient(client);
    }

    @Override
    public boolean replaceClient(JournalClient before, JournalClient after) throws StorageException {
        return below.replaceClient(before, after);
    }

    @Override
    public void removeClient(String id) throws StorageException {
        below.removeClient(id);
    }

    @Override
    public long trim(long sequence) throws StorageException {
        return below.trim(sequence);
    }

    @Override
    public void configure(JournalSettings settings) {
        below.configure(settings);
    }

    @Override
    public void told(long durable, boolean goesOn) {
        below.told(durable, goesOn);
    }

    @Override
    public long roomBytes() {
        return below.roomBytes();
    }

    @Override
    public JournalStatus status() {
        return below.status();
    }

    @Override
    public void close() throws StorageException {
        below.close();
    }
}
