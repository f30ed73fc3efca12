package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.Clock;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaOrigin;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.base.event.EventCodec;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.faults.ForwardingContext;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Semaphore;

/** A replica over stores in memory, and a source that is a list of events with what the image is at each of them. */
final class ReplicaRig implements ImageListener, SessionListener, AutoCloseable {
    static final int SIZE = 1 << 20;
    static final int BLOCK = 4096;
    static final Epoch FIRST = new Epoch(1, new UUID(5, 1), 1, Epoch.NO_PREDECESSOR, 1, "source");

    /** An event of the source. */
    record Sent(EventHeader header, ByteBuffer body) {}

    private final MachineContext machine = new MachineContext(32L << 20);
    final HandClock hand = new HandClock();
    StorageContext context = machine;
    final List<String> failures = Collections.synchronizedList(new ArrayList<>());
    final Semaphore trimsWanted = new Semaphore(0);
    final List<Sent> source = new ArrayList<>();
    final List<byte[]> states = new ArrayList<>();
    final List<Epoch> epochs = new ArrayList<>(List.of(FIRST));
    final ReplicaOrigin origin;
    MemoryJournal journal = new MemoryJournal(new UUID(1, 2));
    MemoryImage image;
    ImageSettings settings = Rig.EAGER;
    Steps steps = Steps.NORMAL;
    JournaledImage engine;
    Replica replica;

    private ReplicaRig(ReplicaOrigin origin, ImageHead head, byte[] bytes) throws StorageException {
        this.origin = origin;
        this.image = new MemoryImage(bytes, head);
        for (long s = 0; s <= origin.registered().sequence(); s++) {
            states.add(bytes.clone());
        }
    }

    /** A new replica of an empty source, which has all its bytes. */
    static ReplicaRig consistent() throws StorageException {
        ReplicaOrigin origin = new ReplicaOrigin(new UUID(7, 7), SIZE, BLOCK, FIRST, Position.NONE);
        ImageHead head = JournaledImage.replicaHead(origin, "flash", new UUID(1, 2));
        return new ReplicaRig(
                origin, HeadProperties.put(head, ImageHead.Role.REPLICA, HeadProperties.LIVE), new byte[SIZE]);
    }

    /** As {@link #consistent}, and it applies when it is told to. */
    static ReplicaRig lazy() throws StorageException {
        ReplicaRig rig = consistent();
        rig.settings = Rig.LAZY;
        return rig;
    }

    /** A new replica of a source that was registered after so many events. */
    static ReplicaRig copying(long registered) throws StorageException {
        ReplicaOrigin origin = new ReplicaOrigin(new UUID(7, 7), SIZE, BLOCK, FIRST, new Position(1, registered));
        return new ReplicaRig(origin, JournaledImage.replicaHead(origin, "flash", new UUID(1, 2)), new byte[SIZE]);
    }

    /** Time passes only by hand from now on. */
    ReplicaRig byHand() {
        context = new ForwardingContext(machine) {
            @Override
            public Clock clock() {
                return hand;
            }
        };
        return this;
    }

    ReplicaRig start() throws StorageException {
        JournaledImage.beginRelay(origin, journal);
        return open();
    }

    ReplicaRig open() throws StorageException {
        engine = JournaledImage.open(
                context,
                new ImageLabels("disk", "", "node"),
                settings,
                CommitRule.JOURNAL,
                journal,
                image,
                this,
                steps);
        replica = engine.facts().replica() == null ? null : engine.receive();
        return this;
    }

    /** The process dies: what is not forced is gone, but for so many events. */
    void crash(long survivors) throws StorageException {
        MemoryJournal dead = journal;
        MemoryImage deadImage = image;
        journal = dead.reopened(survivors);
        image = deadImage.reopened();
        stop();
        open();
    }

    /** Both stores are replaced under the running image, with so many events that were not confirmed. */
    void swap(long survivors) throws StorageException {
        engine.suspend("swapped");
        journal = journal.reopened(survivors);
        image = image.reopened();
        engine.resume(journal, image);
    }

    void stop() {
        try {
            engine.close();
        } catch (StorageException e) {
            // Its stores are gone.
        }
    }

    // ---------------------------------------------------------------- the source

    long last() {
        return states.size() - 1L;
    }

    private Sent add(EventKind kind, long offset, long length, byte[] payload, byte[] after) {
        return add(kind, 0, offset, length, payload, after);
    }

    private Sent add(EventKind kind, int flags, long offset, long length, byte[] payload, byte[] after) {
        ByteBuffer body = ByteBuffer.allocate(EventCodec.MAX_HEAD_BYTES + (payload == null ? 0 : payload.length) + 32);
        EventCodec.putHead(body, kind, offset, length, payload == null ? 0 : payload.length, "");
        if (payload != null) {
            body.put(payload);
        }
        long time = context.clock().wallNanos();
        EventCodec.putTail(body, time);
        body.flip();
        long number = epochs.get(epochs.size() - 1).number();
        Position position = new Position(number, last() + 1);
        Sent sent = new Sent(
                new EventHeader(position, kind, flags, time, offset, length, body.remaining()),
                body.asReadOnlyBuffer());
        source.add(sent);
        states.add(after);
        return sent;
    }

    /** The source is written at a block. */
    Sent write(int block, int value) {
        byte[] payload = new byte[BLOCK];
        Arrays.fill(payload, (byte) value);
        byte[] after = states.get((int) last()).clone();
        System.arraycopy(payload, 0, after, block * BLOCK, BLOCK);
        return add(EventKind.WRITE, (long) block * BLOCK, BLOCK, payload, after);
    }

    /** The source is written with a MiB of zeros. Nobody looks at what it is then. */
    Sent writeMib(int mib) {
        return add(EventKind.WRITE, (long) mib << 20, 1 << 20, new byte[1 << 20], null);
    }

    /** A client of the source has flushed. */
    Sent flush() {
        byte[] after = states.get((int) last()).clone();
        return add(EventKind.FLUSH, EventHeader.FLAG_BARRIER, 0, 0, null, after);
    }

    Sent event(EventKind kind, long offset, long length) {
        byte[] after = states.get((int) last()).clone();
        if (kind == EventKind.DISCARD) {
            Arrays.fill(after, (int) offset, (int) (offset + length), (byte) 0);
        } else if (kind == EventKind.RESIZE) {
            after = Arrays.copyOf(after, (int) length);
        }
        return add(kind, offset, length, null, after);
    }

    Epoch nextEpoch() {
        Epoch epoch = epochs.get(epochs.size() - 1).next(new UUID(5, epochs.size() + 1), last() + 1, 1, "source");
        epochs.add(epoch);
        return epoch;
    }

    // ---------------------------------------------------------------- the replica

    boolean offer(Sent sent) throws StorageException {
        return replica.offer(sent.header(), sent.body());
    }

    /** Sends what the replica lacks, and waits until it is durable there. */
    void sendAll() throws StorageException {
        for (Sent sent : source) {
            if (sent.header().position().sequence() > progress().arrived()) {
                assertTrue(offer(sent), "no room for " + sent.header());
            }
        }
        replica.commit();
        long end = progress().arrived();
        Rig.eventually(() -> progress().received() >= end, "all is received");
    }

    ReplicaProgress progress() {
        return engine.facts().replica();
    }

    void awaitHead(long sequence) {
        Rig.eventually(() -> progress().head() >= sequence, "the head reaches " + sequence);
        assertEquals(sequence, progress().head());
    }

    /** The head is somewhere, what is read is exactly that, and it does not move meanwhile. */
    void verifyAt(long sequence) throws StorageException {
        engine.checkInvariants();
        assertEquals(sequence, progress().head());
        assertArrayEquals(states.get((int) sequence), read(), "what is read is not position " + sequence);
        assertEquals(sequence, progress().head());
    }

    byte[] read() throws StorageException {
        try (DeviceSession session = engine.connect("reader", this)) {
            ByteBuffer buffer = ByteBuffer.allocate((int) engine.sizeBytes());
            session.read(0, buffer);
            return buffer.array();
        }
    }

    Consistency consistency() {
        return progress().consistency();
    }

    @Override
    public void stateChanged(State state, String detail) {}

    @Override
    public void failed(Part part, StorageException failure) {
        failures.add(part + ": " + failure.getMessage());
    }

    @Override
    public void trimWanted(boolean journalFull) {
        trimsWanted.release();
    }

    @Override
    public void warning(String line) {
        failures.add(line);
    }

    @Override
    public void swept() {}

    @Override
    public void closed(String why) {}

    @Override
    public void close() {
        stop();
        assertEquals(0, machine.payloads().usedBytes(), "payload leaked");
    }
}
