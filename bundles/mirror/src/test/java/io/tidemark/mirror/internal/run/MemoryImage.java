package io.tidemark.mirror.internal.run;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.base.event.Event;
import io.tidemark.base.event.EventCodec;
import io.tidemark.mirror.internal.wire.Point;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** An image and its journal, as they lie on a disk. */
final class MemoryImage {
    static final int SIZE_BYTES = 1 << 20;

    final String name;
    final UUID identity;
    MemoryJournal journal;
    final byte[] bytes = new byte[SIZE_BYTES];
    /** The one that knew its replicas. */
    boolean lostItsJournal;

    /** The bytes behind it are zeros. */
    int sizeBytes = SIZE_BYTES;

    ImageHead.Role role;
    Consistency consistency = Consistency.CONSISTENT;
    long consistentAt;
    long nextOffset;
    /** What the bytes show at most, while they are no position. */
    Point shown = Point.NONE;
    /** Applied up to here. */
    long head;
    /** So much may be offered and not forced; a slow one has little and forces seldom. */
    long roomBytes = 1 << 20;

    /** So many bytes of events its journal takes. A replica that was copied gives up what it has applied. */
    long journalLimitBytes = Long.MAX_VALUE;

    long unforcedBytes;
    long offeredBytes;
    boolean stopped;
    /** Nothing is received behind it. */
    long receivesUpTo = Long.MAX_VALUE;
    /** Flushes wait for a replica that is in sync, and there is none; the engine forces when it is driven. */
    boolean flushesWait;

    boolean suspended;
    /** What is wished of it beside the mirror. */
    Map<String, String> properties = Map.of();

    /** Attached sessions: with any, it is not deleted. */
    List<String> clients = List.of();
    /** Who attaches when the image is about to be deleted or begun anew, and is not seen before. */
    List<String> lateClients = List.of();
    /** What somebody does when its writing is about to be ended. */
    Runnable beforeDemotion = () -> {};
    /** Its role cannot be stored; null when it can. */
    StorageException noDemotion;

    /** Kept over crashes, as the head is. */
    Fence fence;

    Fence overruled;
    /** Number of the question that its replicas are to be asked before it is written; 0 for none. */
    long question;

    /** The longest of what was read at once to be copied or compared. */
    int longestRead;

    int copiedRanges;
    long copiedBytes;
    /** Of holes of the source. */
    long zeroedBytes;

    HeadOrder order = HeadOrder.LIVE;
    private long lastNanos;
    /** What the bytes were before the device lost some of them, which no force has said yet; null for nothing. */
    private byte[] whole;

    /** What clients' writes replaced that are not durable yet: a crash takes them back. */
    private final ArrayDeque<Undo> undo = new ArrayDeque<>();

    private record Undo(long sequence, int offset, byte[] before) {}

    MemoryImage(String name, UUID identity, ImageHead.Role role, long start) {
        this(name, identity, new UUID(identity.getMostSignificantBits(), 77), role, start);
    }

    MemoryImage(String name, UUID identity, UUID journalIdentity, ImageHead.Role role, long start) {
        this.name = name;
        this.identity = identity;
        this.role = role;
        this.journal = new MemoryJournal(journalIdentity, start);
        this.head = start;
    }

    /** To be copied or compared: in memory that a store could read into past a page cache, where it is worth that. */
    void read(long offset, ByteBuffer destination) {
        int length = destination.remaining();
        boolean aligned = destination.isDirect()
                && destination.alignmentOffset(destination.position(), StorageFile.DIRECT_ALIGNMENT_BYTES) == 0;
        if (length >= BlockImage.LONG_BYTES && !aligned) {
            throw new AssertionError("so long a read cannot go past a page cache: its memory is not aligned");
        }
        longestRead = Math.max(longestRead, length);
        destination.put(bytes, (int) offset, length);
    }

    void crash() {
        journal.crash();
        unforcedBytes = 0;
        while (!undo.isEmpty()) {
            Undo last = undo.removeLast();
            if (last.sequence() > journal.durable()) {
                System.arraycopy(last.before(), 0, bytes, last.offset(), last.before().length);
            }
        }
        head = Math.min(head, journal.durable());
        if (consistency == Consistency.COPYING) {
            // Not forced: anything may be there.
            Arrays.fill(bytes, (int) nextOffset, bytes.length, (byte) 0x5a);
        }
    }

    /** Its stores give way to others. */
    void swapStores() {
        journal = journal.openedAgain();
    }

    /** The device loses what it was not made to keep. */
    void lose(int offset, int length) {
        whole = bytes.clone();
        Arrays.fill(bytes, offset, offset + length, (byte) 0);
    }

    /** When it fails the image is opened again, and what was lost is applied from the journal. */
    void force() throws StorageException {
        if (whole != null) {
            System.arraycopy(whole, 0, bytes, 0, bytes.length);
            whole = null;
            swapStores();
            throw new StorageException(StorageException.Reason.IO, name + " could not be forced", "");
        }
    }

    Epoch newestEpoch() {
        return journal.epochs().get(journal.epochs().size() - 1);
    }

    void newEpoch(UUID id, String owner) throws StorageException {
        journal.startEpoch(
                journal.epochs().isEmpty()
                        ? new Epoch(1, id, 1, Epoch.NO_PREDECESSOR, 0, owner)
                        : newestEpoch().next(id, journal.appended() + 1, 0, owner));
    }

    /** A client's write on a primary: readable at once, durable when the engine forces. */
    void write(long offset, byte[] data, long timeNanos) throws StorageException {
        ByteBuffer body = ByteBuffer.allocate(EventCodec.WRITE_HEAD_BYTES + data.length + EventCodec.TAIL_BYTES);
        EventCodec.putHead(body, EventKind.WRITE, offset, data.length, data.length, "");
        body.put(data);
        EventCodec.putTail(body, timeNanos);
        body.flip();
        put(EventKind.WRITE, timeNanos, offset, data.length, body);
        undo.removeIf(one -> one.sequence() <= journal.durable());
        undo.add(new Undo(
                journal.appended(), (int) offset, Arrays.copyOfRange(bytes, (int) offset, (int) offset + data.length)));
        System.arraycopy(data, 0, bytes, (int) offset, data.length);
    }

    /** On a primary; at most what it was made with. */
    void resize(int newSizeBytes, long timeNanos) throws StorageException {
        ByteBuffer body = ByteBuffer.allocate(EventCodec.MAX_HEAD_BYTES + EventCodec.TAIL_BYTES);
        EventCodec.putHead(body, EventKind.RESIZE, 0, newSizeBytes, 0, "");
        EventCodec.putTail(body, timeNanos);
        put(EventKind.RESIZE, timeNanos, 0, newSizeBytes, body.flip());
        resized(newSizeBytes);
    }

    private void resized(int newSizeBytes) {
        sizeBytes = newSizeBytes;
        Arrays.fill(bytes, newSizeBytes, SIZE_BYTES, (byte) 0);
    }

    private void put(EventKind kind, long timeNanos, long offset, long length, ByteBuffer body)
            throws StorageException {
        Position position = new Position(newestEpoch().number(), journal.appended() + 1);
        lastNanos = Math.max(lastNanos, timeNanos);
        journal.put(new EventHeader(position, kind, 0, lastNanos, offset, length, body.remaining()), body);
    }

    private void note(EventKind kind, long timeNanos) throws StorageException {
        ByteBuffer body = ByteBuffer.allocate(EventCodec.MAX_HEAD_BYTES + EventCodec.TAIL_BYTES);
        EventCodec.putHead(body, kind, 0, 0, 0, "");
        EventCodec.putTail(body, timeNanos);
        put(kind, timeNanos, 0, 0, body.flip());
    }

    /** Everything received is applied; an epoch of this site begins. */
    void promote(UUID id, String owner, long timeNanos) throws StorageException {
        order = HeadOrder.LIVE;
        work(timeNanos);
        role = ImageHead.Role.PRIMARY;
        UUID before = newestEpoch().identity();
        journal.startEpoch(newestEpoch()
                .next(id, journal.appended() + 1, timeNanos, owner)
                .promoted(overruled == null ? before : overruled.identity()));
        note(EventKind.PROMOTE, timeNanos);
        journal.reopened();
    }

    void demote(long timeNanos) throws StorageException {
        role = ImageHead.Role.REPLICA;
        order = HeadOrder.LIVE;
        if (fence == null) {
            note(EventKind.DEMOTE, timeNanos);
            overruled = null;
        } else {
            overruled = fence;
            fence = null;
        }
        work(timeNanos);
        journal.reopened();
        // All of it is applied, so it keeps what others need.
        journal.trim(journal.durable());
    }

    private boolean mayPass(long sequence, long nowNanos) {
        if (role == ImageHead.Role.PRIMARY || consistency != Consistency.CONSISTENT) {
            return true;
        }
        return order instanceof HeadOrder.Hold hold
                ? sequence <= hold.at().sequence()
                : journal.kept(sequence).header().timeNanos() + ((HeadOrder.Follow) order).delayNanos() <= nowNanos;
    }

    boolean hasRoom(int bytes) {
        return unforcedBytes < roomBytes
                && journal.appended() < receivesUpTo
                && journal.keptBytes() + bytes <= journalLimitBytes;
    }

    /** Forces, and moves a replica's head. */
    void work(long nowNanos) throws StorageException {
        if (stopped) {
            return;
        }
        journal.forceAll();
        unforcedBytes = 0;
        if (consistency == Consistency.COPYING) {
            return;
        }
        while (head < journal.durable() && mayPass(head + 1, nowNanos)) {
            head++;
            if (role == ImageHead.Role.REPLICA) {
                apply(journal.kept(head));
            }
        }
        if (consistency == Consistency.REPLAYING && head >= consistentAt) {
            consistency = Consistency.CONSISTENT;
        }
        if (journalLimitBytes < Long.MAX_VALUE) {
            journal.trim(head);
        }
    }

    private void apply(MemoryJournal.Kept kept) throws StorageException {
        Event event = EventCodec.decode(kept.header(), ByteBuffer.wrap(kept.body()));
        if (event.kind() == EventKind.WRITE) {
            event.payload().get(bytes, (int) event.offset(), (int) event.length());
        } else if (event.kind() == EventKind.RESIZE) {
            resized((int) event.length());
        }
    }
}
