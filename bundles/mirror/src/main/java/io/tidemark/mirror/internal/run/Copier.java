package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Point;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
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
    private static final int CHUNK_BYTES = 256 << 10;
    private static final long STRETCH_BYTES = 64L << 20;
    private static final int MOST_EXTENTS = 1024;

    private record Extent(long offset, long length, boolean data) {}

    private final Sources all;
    private final Outgoing outgoing;
    private final PeerLink link;
    private final Gate gate;
    private final Gate sending;
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    private long pacedBytes;
    private long pacedFromNanos;
    private volatile boolean begun;
    private volatile long leftBytes = -1;
    private final AtomicLong copiedBytes = new AtomicLong();
    private volatile long beganNanos;
    private volatile boolean done;
    private volatile long consistentAt = Long.MAX_VALUE;

    Copier(Sources all, Outgoing outgoing, PeerLink link) {
        this.all = all;
        this.outgoing = outgoing;
        this.link = link;
        this.gate = all.context().workers().newGate();
        this.sending = all.context().workers().newGate();
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
        double seconds = Math.max(1, all.context().clock().monotonicNanos() - beganNanos) / (double) SECOND;
        long rate = begun ? (long) (copied / seconds) : 0;
        long left = leftBytes;
        return new MirrorStatus.Copy(
                copied, left, rate, rate == 0 || left < 0 ? -1 : (long) (left / (double) rate * SECOND));
    }

    String words() {
        return begun ? CopyWords.of(progress()) : "waits until another copy is done";
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
        } finally {
            link.sleepsNoMore(gate);
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
        SessionListener quiet = new SessionListener() {
            @Override
            public void swept() {
                // One request at a time, which has a completion of its own.
            }

            @Override
            public void closed(String why) {
                outgoing.fail(new StorageException(Reason.UNAVAILABLE, "'" + image + "' went away: " + why, ""));
                gate.open();
            }
        };
        try (DeviceSession session = device.connect("copy to " + outgoing.peer(), quiet)) {
            copy(session, device);
        }
    }

    private void copy(DeviceSession session, BlockDevice device) throws StorageException {
        long offset = outgoing.request().nextOffset();
        long left = dataBytes(session, offset, device.sizeBytes());
        pacedFromNanos = all.context().clock().monotonicNanos();
        beganNanos = pacedFromNanos;
        leftBytes = left;
        begun = true;
        LOG.info("{}: a copy of '{}' goes on at {}, {} bytes to send", outgoing.peer(), outgoing.image(), offset, left);
        while (offset < device.sizeBytes()) {
            if (!control(new Message.Copying(offset, Math.max(0, left)))) {
                return;
            }
            List<Extent> extents = extents(session, offset, Math.min(STRETCH_BYTES, device.sizeBytes() - offset));
            for (Extent extent : extents) {
                if (!(extent.data() ? data(session, device, extent) : zeros(extent))) {
                    return;
                }
                left -= extent.data() ? extent.length() : 0;
                leftBytes = Math.max(0, left);
                offset = extent.offset() + extent.length();
            }
            if (extents.isEmpty()) {
                break;
            }
        }
        long last = settle(session);
        Point at = last == 0
                ? Point.NONE
                : Point.in(Sources.epoch(outgoing.journal().epochs(), last), last);
        if (control(new Message.Copying(offset, 0)) && control(new Message.Copied(at))) {
            LOG.info("{}: the copy of '{}' is whole, consistent at {}", outgoing.peer(), outgoing.image(), at);
            consistentAt = at.sequence();
            done = true;
            outgoing.copied();
        }
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

    private boolean zeros(Extent extent) {
        return counted(Encoder.encode(outgoing.channel(), new Message.Zeros(extent.offset(), extent.length())));
    }

    private boolean data(DeviceSession session, BlockDevice device, Extent extent) throws StorageException {
        long end = extent.offset() + extent.length();
        for (long offset = extent.offset(); offset < end; ) {
            int length = (int) Math.min(CHUNK_BYTES, end - offset);
            if (offset + length > device.sizeBytes()) {
                // It was made smaller meanwhile, and an event says so.
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

    /** Everything that a read may have seen becomes durable; the last such event. Of a replica only what is durable is read. */
    private long settle(DeviceSession session) throws StorageException {
        ImageFacts facts = all.origin().facts(outgoing.image());
        if (facts.role() == ImageHead.Role.REPLICA) {
            return facts.replica().head();
        }
        Journal journal = outgoing.journal();
        Settling.settle(session, journal, journal.appender().appended(), gate, this::ended);
        return journal.durable();
    }

    private boolean pace(int bytes) {
        long rate = all.settings().copyBytesPerSecond();
        pacedBytes += bytes;
        while (rate > 0 && !ended()) {
            long due = pacedFromNanos + (long) (pacedBytes * (double) SECOND / rate);
            long early = due - all.context().clock().monotonicNanos();
            if (early <= 0) {
                break;
            }
            gate.await(early);
        }
        return !ended();
    }

    private boolean control(Message message) {
        return !ended() && link.send(sending, outgoing.channel(), message);
    }

    /** Sends what counts against the window. */
    private boolean counted(ByteBuffer frame) {
        while (!ended()) {
            if (outgoing.credit().tryTake(frame.remaining())) {
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
