package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.news.News.Topic;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Octets;
import io.tidemark.mirror.internal.wire.Point;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the bytes of an image that clients write meanwhile. The events behind the registration are sent beside it, so a byte may be
 * newer than it, but never newer than what is durable here: what a crash takes back must not stay in the replica.
 */
final class Copier {
    private static final Logger LOG = LoggerFactory.getLogger(Copier.class);
    private static final long SECOND = 1_000_000_000L;
    private static final int CHUNK_BYTES = BlockImage.LONG_BYTES;
    private static final long STRETCH_BYTES = 64L << 20;
    private static final int MOST_EXTENTS = 1024;
    /** So often the replica is told how far it is: it notes that, and goes on there after a cut. */
    private static final long TOLD_BYTES = 4L << 20;

    private static final long TOLD_NANOS = SECOND / 4;

    private record Extent(long offset, long length, boolean data) {}

    private final Sources all;
    private final Outgoing outgoing;
    private final PeerLink link;
    private final Gate gate;
    private final Gate sending;
    /** Of the copy's worker, while it has bytes to send: the channel may live long after its copy. */
    private ByteBuffer chunk;

    private final Pace pace;
    /** The last event that what was sent may show. */
    private long shown;

    private long untoldBytes;
    private long toldNanos;
    /** It has its place among the copies, and waits for the image. */
    private volatile boolean forces;

    private volatile boolean begun;
    private volatile long leftBytes = -1;
    private final AtomicLong copiedBytes = new AtomicLong();
    private final AtomicLong comparedBytes = new AtomicLong();
    private final boolean seeded;
    /** Of the copy's worker, as long as it runs. */
    private PartSums sums;

    /** Where the parts begin that the replica is asked about; negative while it is not. */
    private final AtomicLong askedAt = new AtomicLong(-1);

    private volatile BitSet answer;
    private volatile long beganNanos;
    private volatile boolean done;
    private volatile long consistentAt = Long.MAX_VALUE;

    Copier(Sources all, Outgoing outgoing, PeerLink link) {
        this.all = all;
        this.outgoing = outgoing;
        this.link = link;
        this.gate = all.context().workers().newGate();
        this.sending = all.context().workers().newGate();
        this.pace = new Pace(all.context().clock().monotonicNanos());
        this.seeded = outgoing.request().copy().seeded();
    }

    void start() {
        all.context().workers().start("mirror-copy", this::run);
    }

    void wake() {
        gate.open();
    }

    boolean done() {
        return done;
    }

    /** From here on the replica is a position of the source; not known before the copy is whole. */
    long consistentAt() {
        return consistentAt;
    }

    MirrorStatus.Copy progress() {
        long copied = copiedBytes.get();
        long compared = seeded ? comparedBytes.get() : -1;
        double seconds = Math.max(1, all.context().clock().monotonicNanos() - beganNanos) / (double) SECOND;
        long rate = begun ? (long) (Math.max(copied, compared) / seconds) : 0;
        long left = leftBytes;
        return new MirrorStatus.Copy(
                copied, left, rate, rate == 0 || left < 0 ? -1 : (long) (left / (double) rate * SECOND), compared);
    }

    String words() {
        return begun
                ? CopyWords.of(progress())
                : forces
                        ? "waits until all is in the image that was written before"
                        : "waits until another copy is done";
    }

    private boolean ended() {
        return outgoing.isClosed() || !link.isOpen();
    }

    private void run() {
        link.wakeAtEnd(gate);
        boolean slot = false;
        try {
            slot = all.slots().tryTake(gate);
            while (!slot && !ended()) {
                gate.await(SECOND);
                slot = all.slots().tryTake(gate);
            }
            if (slot && !ended()) {
                copy();
            }
        } catch (StorageException e) {
            outgoing.fail(e);
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            outgoing.fail(Failures.unexpected("copy '" + outgoing.image() + "' to " + link.peer(), e));
        } finally {
            link.sleepsNoMore(gate);
            chunk = null;
            sums = null;
            if (slot) {
                all.slots().free();
            } else {
                all.slots().giveUp(gate);
            }
        }
    }

    private void copy() throws StorageException {
        String image = outgoing.image();
        BlockDevice device = all.origin()
                .device(image)
                .orElseThrow(() -> new StorageException(
                        Reason.UNAVAILABLE, "the image '" + image + "' is not served", "look at image:list"));
        SessionListener hasty = new Hasty() {
            @Override
            public void closed(String why) {
                outgoing.fail(new StorageException(Reason.UNAVAILABLE, "'" + image + "' went away: " + why, ""));
                gate.open();
            }
        };
        try (DeviceSession session = device.connect("copy to " + outgoing.peer(), hasty)) {
            copy(session, device);
        }
    }

    private void copy(DeviceSession session, BlockDevice device) throws StorageException {
        forces = true;
        checkpoint();
        long offset = outgoing.request().nextOffset();
        leftBytes = dataBytes(session, offset, device.sizeBytes());
        beganNanos = all.context().clock().monotonicNanos();
        sums = seeded ? new PartSums() : null;
        begun = true;
        LOG.info(
                "{}: a copy of '{}' goes on at {}, {} bytes to send",
                outgoing.peer(),
                outgoing.image(),
                offset,
                leftBytes);
        while (offset < device.sizeBytes()) {
            if (!tell(offset)) {
                return;
            }
            List<Extent> extents = extents(session, offset, Math.min(STRETCH_BYTES, device.sizeBytes() - offset));
            if (extents.stream().anyMatch(extent -> !extent.data())) {
                // A crash may take back what discarded it.
                settle(session);
            }
            for (Extent extent : extents) {
                if (!send(session, device, extent)) {
                    return;
                }
                offset = extent.offset() + extent.length();
            }
            if (extents.isEmpty()) {
                break;
            }
        }
        long last = settle(session);
        Point at = Epochs.point(outgoing.journal().epochs(), last);
        if (control(copying(offset, 0)) && control(new Message.Copied(at))) {
            LOG.info(
                    "{}: the copy of '{}' is whole, {} bytes were sent{}, consistent at {}",
                    outgoing.peer(),
                    outgoing.image(),
                    copiedBytes.get(),
                    seeded ? " of " + comparedBytes.get() + " that were compared" : "",
                    at);
            all.news()
                    .tell(
                            Topic.REPLICA_COPIED,
                            outgoing.image(),
                            link.peer(),
                            "all of the copy is sent",
                            Map.of("role", "primary", "position", at.toString()));
            consistentAt = at.sequence();
            done = true;
            outgoing.copied();
        }
    }

    /**
     * What the replica registered behind comes to it as bytes alone. A device may lose what was not forced, and nobody knows before
     * the next force: then it is applied again here, from the journal, but not there.
     */
    private void checkpoint() throws StorageException {
        try {
            all.origin().checkpoint(outgoing.image());
        } catch (StorageException e) {
            if (e.reason() != Reason.NO_SPACE) {
                throw e;
            }
            // As long as its pool is full it cannot be had; a replica may be how the image gets out of that.
            LOG.debug("{}: '{}' is copied without a checkpoint: {}", outgoing.peer(), outgoing.image(), e.getMessage());
        }
    }

    /** Everything before is sent. */
    private boolean tell(long offset) {
        untoldBytes = 0;
        toldNanos = all.context().clock().monotonicNanos();
        return control(copying(offset, leftBytes));
    }

    private Message.Copying copying(long offset, long left) {
        return new Message.Copying(offset, left, Epochs.point(outgoing.journal().epochs(), shown));
    }

    /** So much is done, up to there; the replica is told from time to time. */
    private boolean moved(long bytes, long offset) {
        leftBytes = Math.max(0, leftBytes - bytes);
        return worked(bytes, offset);
    }

    private boolean worked(long bytes, long offset) {
        untoldBytes += bytes;
        boolean due = untoldBytes >= TOLD_BYTES || all.context().clock().monotonicNanos() - toldNanos >= TOLD_NANOS;
        return !due || tell(offset);
    }

    private static long dataBytes(DeviceSession session, long offset, long size) throws StorageException {
        long[] bytes = new long[1];
        if (offset < size) {
            session.extents(offset, size - offset, (at, length, data) -> {
                bytes[0] += data ? length : 0;
                return true;
            });
        }
        return bytes[0];
    }

    private static List<Extent> extents(DeviceSession session, long offset, long length) throws StorageException {
        List<Extent> extents = new ArrayList<>();
        session.extents(offset, length, (at, bytes, data) -> {
            extents.add(new Extent(at, bytes, data));
            return extents.size() < MOST_EXTENTS;
        });
        return extents;
    }

    private boolean send(DeviceSession session, BlockDevice device, Extent extent) throws StorageException {
        if (!extent.data()) {
            return zeros(extent);
        }
        return seeded ? differing(session, device, extent) : data(session, device, extent);
    }

    // ---- with a seed

    /** Sends of an extent what the replica does not have yet. */
    private boolean differing(DeviceSession session, BlockDevice device, Extent extent) throws StorageException {
        long end = extent.offset() + extent.length();
        for (long offset = extent.offset(); offset < end; ) {
            long most = (long) Wire.MAX_SEED_PARTS * Wire.SEED_PART_BYTES;
            long length = Math.min(most, still(device, offset, end));
            if (length == 0) {
                return zeros(new Extent(offset, end - offset, false));
            }
            BitSet wanted = ask(session, offset, length);
            if (wanted == null || !wanted(session, device, offset, length, wanted)) {
                return false;
            }
            comparedBytes.addAndGet(length);
            offset += length;
            if (!moved(length, offset)) {
                return false;
            }
        }
        return true;
    }

    /** Which parts the replica wants; null when the channel ended meanwhile. */
    private BitSet ask(DeviceSession session, long offset, long length) throws StorageException {
        List<Octets> digests = sums.of(session::read, offset, length, Wire.SEED_PART_BYTES);
        // What is the same there stays there: it must not be what a crash takes back here.
        settle(session);
        answer = null;
        askedAt.set(offset);
        ByteBuffer frame = Encoder.encode(outgoing.channel(), new Message.Parts(offset, length, digests));
        if (!pace(frame.remaining()) || !counted(frame)) {
            return null;
        }
        while (answer == null && !ended()) {
            gate.await(SECOND);
        }
        return answer;
    }

    /** By the link's worker; false when nobody asked. */
    boolean wanted(Message.Wanted message) {
        if (!askedAt.compareAndSet(message.offset(), -1)) {
            return false;
        }
        answer = message.parts();
        gate.open();
        return true;
    }

    private boolean wanted(DeviceSession session, BlockDevice device, long offset, long length, BitSet parts)
            throws StorageException {
        int count = (int) Message.Parts.count(length);
        int from = parts.nextSetBit(0);
        while (from >= 0 && from < count) {
            int to = Math.min(parts.nextClearBit(from), count);
            long begin = offset + (long) from * Wire.SEED_PART_BYTES;
            long end = Math.min(offset + length, offset + (long) to * Wire.SEED_PART_BYTES);
            if (!data(session, device, new Extent(begin, end - begin, true))) {
                return false;
            }
            from = parts.nextSetBit(to);
        }
        return true;
    }

    // ---- bytes

    /**
     * How much of a range is still there. When the image was made smaller meanwhile an event says so, but none brings again what lies
     * in front of its new end.
     */
    private static long still(BlockDevice device, long offset, long end) {
        return Math.max(0, Math.min(end, device.sizeBytes()) - offset);
    }

    private boolean zeros(Extent extent) {
        return counted(Encoder.encode(outgoing.channel(), new Message.Zeros(extent.offset(), extent.length())));
    }

    private boolean data(DeviceSession session, BlockDevice device, Extent extent) throws StorageException {
        if (chunk == null) {
            // Aligned and long: an image can be read past the page cache then, and its pages do not stay there.
            chunk = StorageFile.allocateAligned(CHUNK_BYTES);
        }
        long end = extent.offset() + extent.length();
        for (long offset = extent.offset(); offset < end; ) {
            int length = (int) Math.min(CHUNK_BYTES, still(device, offset, end));
            if (length == 0) {
                return zeros(new Extent(offset, end - offset, false));
            }
            chunk.clear().limit(length);
            session.read(offset, chunk);
            settle(session);
            chunk.flip();
            if (!pace(length) || !range(offset)) {
                return false;
            }
            copiedBytes.addAndGet(length);
            offset += length;
            if (seeded ? !worked(length, offset) : !moved(length, offset)) {
                return false;
            }
        }
        return true;
    }

    private boolean range(long offset) {
        if (allZero(chunk)) {
            return zeros(new Extent(offset, chunk.remaining(), false));
        }
        return counted(Encoder.encode(outgoing.channel(), new Message.Range(offset, chunk)));
    }

    private static boolean allZero(ByteBuffer bytes) {
        for (int i = bytes.position(); i < bytes.limit(); i++) {
            if (bytes.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Everything that a read or a map may have seen becomes durable; the last such event. Of a replica only what is durable is read. */
    private long settle(DeviceSession session) throws StorageException {
        shown = Math.max(shown, settled(session));
        return shown;
    }

    private long settled(DeviceSession session) throws StorageException {
        ImageFacts facts = all.origin().facts(outgoing.image());
        outgoing.checkJournal();
        if (facts.role() == ImageHead.Role.REPLICA) {
            return facts.replica().head();
        }
        Journal journal = outgoing.journal();
        Settling.settle(session, journal, journal.appender().appended(), gate, this::ended);
        return journal.durable();
    }

    private boolean pace(int bytes) {
        long early = early();
        while (early > 0 && !ended()) {
            gate.await(early);
            early = early();
        }
        pace.sent(bytes);
        return !ended();
    }

    private long early() {
        return pace.waitNanos(all.copyBytesPerSecond(), all.context().clock().monotonicNanos());
    }

    private boolean control(Message message) {
        return !ended() && link.send(sending, outgoing.channel(), message);
    }

    /** Sends what counts against the window. */
    private boolean counted(ByteBuffer frame) {
        while (!ended()) {
            if (outgoing.takeCopyCredit(frame.remaining())) {
                return link.send(sending, frame);
            }
            gate.await(SECOND);
        }
        return false;
    }

    static {
        if (CHUNK_BYTES > Wire.MAX_RANGE_BYTES) {
            throw new AssertionError("a chunk is longer than a range may be");
        }
    }
}
