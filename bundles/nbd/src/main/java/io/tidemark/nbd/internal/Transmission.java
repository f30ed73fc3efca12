package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Requests and replies of one connection, on its thread. Takes requests as they come, many per system call, hands them to
 * the device, and drives it when no further one is at hand. At depth 1 that is one read, the device's force, and one write,
 * all on this thread.
 */
final class Transmission {
    /** What may be collected before replies of reads go out while more requests are at hand. */
    private static final int STAGED_ENOUGH_BYTES = 32 << 10;
    /**
     * So many requests, and such a part of what the client usually has in flight, are handed over before the device is told to
     * start: with more, forces came too late at depth 32; with less, they were too small at depth 128.
     */
    private static final int UNDRIVEN_LIMIT = 8;

    private static final int UNDRIVEN_PART = 4;
    /** What is still missing of a payload from here on is read from the socket straight into it. */
    private static final int DIRECT_BYTES = 16 << 10;
    /** After a long write the next request is most likely one too: its payload is not to land in the receive buffer. */
    private static final int NARROW_BYTES = 4 << 10;

    /**
     * With so many in flight, more come while these are forced: taking them in meanwhile, and leaving the force to the device's
     * own thread, was 1.3 to 2 times as fast at depths 8 to 128. With fewer the hand-over costs more than it gains.
     */
    private static final int DEEP = 4;

    /**
     * Up to so many in flight may be all that a client sends before it gets an answer. Of a client with more some are usually
     * still on their way, because a socket holds only so much.
     */
    private static final int MOST_ALONE = 32;

    /** A client counts as one that reads until it has sent so many other requests without a read among them. */
    private static final int READS_NO_MORE = 64;

    /** What a deep writer sends without any pause is handed over in portions of so many. */
    private static final int DEEP_UNDRIVEN_LIMIT = 128;

    /** Whoever waits for others notices within that time that its own connection is to end. */
    private static final int LOOK_AGAIN_MILLIS = 200;

    /** The force of a write of this length takes so long that a hand-over does not count, and the next one comes meanwhile. */
    private static final int LONG_BYTES = 128 << 10;

    /**
     * So long a client that sends no more is answered. It may listen still, but most likely it is gone: then what is in flight
     * is done without it, and its place is for others, however long its image holds that.
     */
    private static final long GONE_NANOS = 1_000_000_000;

    /** What leads a force for less has no client that is answered elsewhere meanwhile. */
    private static final long BACK_NANOS = 1_000_000;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Whether what is received now had to wait here, before or for its memory; that its client sends it slowly does not count. */
    private boolean waited;

    private final ConnectionIo io;
    private final BlockDevice device;
    private final DeviceSession session;
    private final RequestRules rules;
    private final Replies replies;
    private final Shared shared;
    private final DeviceShare share;
    private final Counters counters;
    private final Outbox outbox;
    private final ReadReplies reads;
    private final int maxRequests;

    private final ByteBuffer received;
    private final ByteBuffer staged;
    private Request freeRequests;
    private int requestsMade;
    private int undriven;

    /** Requests that were handed over since the last read. */
    private int sinceRead = READS_NO_MORE;

    private int parsedSinceWait;
    private int receiveLimit;

    /** Most that the client had in flight lately. */
    private long usualDepth;

    /**
     * What is left of the time that the client has while it holds what others wait for; without end otherwise. Counts over
     * all waiting for the client, so that one byte now and then does not hold a permit for ever.
     */
    private long patienceNanos = Long.MAX_VALUE;

    Transmission(
            ConnectionIo io,
            BlockDevice device,
            DeviceSession session,
            RequestRules rules,
            Shared shared,
            Counters counters,
            Outbox outbox,
            ConnectionBuffers buffers,
            int maxRequests) {
        this.io = io;
        this.device = device;
        this.session = session;
        this.rules = rules;
        this.replies = new Replies(rules.structured());
        this.shared = shared;
        this.share = shared.device(device);
        this.counters = counters;
        this.outbox = outbox;
        this.maxRequests = maxRequests;
        this.received = buffers.received.clear().limit(0);
        this.staged = buffers.staged.clear();
        this.receiveLimit = received.capacity();
        this.reads = new ReadReplies(session, replies, staged, new ReadPace());
    }

    /**
     * Serves the client until it goes, or is sent away.
     *
     * @param early bytes that came behind the negotiation
     * @return why it ended, for people; empty when the client said goodbye
     * @throws IOException when the socket or the client's bytes are broken
     */
    String run(ByteBuffer early) throws IOException {
        received.clear();
        received.put(early).flip();
        String reason = null;
        while (reason == null) {
            reason = next();
        }
        settle(false);
        boolean gone = !reason.isEmpty() && io.ending() == null;
        awaitAnswers(gone ? GONE_NANOS : Long.MAX_VALUE);
        return reason;
    }

    /** One request. Null to go on. */
    private String next() throws IOException {
        if (!ensure(Nbd.REQUEST_BYTES, true)) {
            return received.hasRemaining() ? "the connection ended within a request" : io.ended("the connection ended");
        }
        int magic = received.getInt();
        if (magic != Nbd.REQUEST_MAGIC) {
            throw new IOException("no NBD request where one belongs (magic 0x" + Integer.toHexString(magic) + ")");
        }
        int flags = Short.toUnsignedInt(received.getShort());
        int command = Short.toUnsignedInt(received.getShort());
        if (command == Nbd.CMD_DISC) {
            return "";
        }
        Request request = takeRequest();
        request.flags = flags;
        request.command = command;
        request.cookie = received.getLong();
        request.offset = received.getLong();
        request.length = Integer.toUnsignedLong(received.getInt());
        parsedSinceWait++;
        counters.begun(request);
        return handle(request);
    }

    private String handle(Request request) throws IOException {
        if (io.ending() != null) {
            return refuse(request, Nbd.ESHUTDOWN, io.ending());
        }
        RequestRules.Refusal refusal = rules.check(
                request.command, request.flags, request.offset, request.length, device.sizeBytes(), device.readOnly());
        if (refusal != null) {
            return refuse(request, refusal.error, refusal.text);
        }
        if (request.length == 0 && request.command != Nbd.CMD_FLUSH) {
            outbox.add(request);
            return null;
        }
        boolean fua = (request.flags & Nbd.CMD_FLAG_FUA) != 0;
        String gone = null;
        switch (request.command) {
            case Nbd.CMD_READ -> read(request);
            case Nbd.CMD_WRITE -> gone = write(request, fua);
            case Nbd.CMD_FLUSH -> session.flush(handedOver(request));
            case Nbd.CMD_TRIM -> session.discard(request.offset, request.length, fua, handedOver(request));
            case Nbd.CMD_WRITE_ZEROES -> {
                // A journaled zero is a record without payload: always fast, so FAST_ZERO never has to be refused.
                boolean provision = (request.flags & Nbd.CMD_FLAG_NO_HOLE) != 0;
                session.zero(request.offset, request.length, provision, fua, handedOver(request));
            }
            case Nbd.CMD_BLOCK_STATUS -> blockStatus(request);
            default -> outbox.add(request);
        }
        if (undriven >= UNDRIVEN_LIMIT
                && undriven >= (writesDeep() ? DEEP_UNDRIVEN_LIMIT : usualDepth / UNDRIVEN_PART)) {
            drive(true);
        }
        return gone;
    }

    private Request handedOver(Request request) {
        undriven++;
        sinceRead = Math.min(sinceRead + 1, READS_NO_MORE);
        return request;
    }

    private String refuse(Request request, int error, String text) throws IOException {
        if (request.command == Nbd.CMD_WRITE && !skip(request.length)) {
            recycleUnanswered(request);
            return "the connection ended within a payload";
        }
        request.error = error;
        request.message = text;
        outbox.add(request);
        return null;
    }

    /** Reads over a payload that nobody wants. One that no sane client sends ends the connection instead. */
    private boolean skip(long length) throws IOException {
        if (length > 2L * Nbd.MAX_PAYLOAD_BYTES) {
            throw new IOException("a payload of " + length + " bytes");
        }
        long left = length;
        while (left > 0) {
            if (!ensure(1, false)) {
                return false;
            }
            int some = (int) Math.min(left, received.remaining());
            received.position(received.position() + some);
            left -= some;
        }
        return true;
    }

    // Reads

    private void read(Request request) throws IOException {
        sinceRead = 0;
        int bytes = replies.dataHeaderBytes() + (int) request.length;
        boolean alone = !received.hasRemaining() && counters.inFlight() <= 1;
        if (reads.slow() && !alone) {
            BufferPool.Lease lease = shared.readBuffer(share, bytes);
            if (lease != null) {
                if (undriven > 0) {
                    drive(true);
                }
                share.read(() -> {
                    reads.intoLease(request, lease);
                    outbox.add(request);
                    outbox.pump();
                });
                return;
            }
        }
        if (bytes > staged.capacity() - Replies.MAX_BYTES) {
            longRead(request);
            return;
        }
        if (staged.remaining() < bytes) {
            sendStaged();
        }
        if (reads.intoStaged(request)) {
            answeredHere(request);
        } else {
            outbox.add(request);
        }
        if (staged.position() >= STAGED_ENOUGH_BYTES) {
            sendStaged();
        }
    }

    private void longRead(Request request) throws IOException {
        if (undriven > 0) {
            drive(true);
        }
        sendStaged();
        if (replies.structured() && (request.flags & Nbd.CMD_FLAG_DF) == 0) {
            boolean more = true;
            for (long done = 0; more && done < request.length; ) {
                int piece = (int) Math.min(request.length - done, reads.pieceBytes(request.offset + done));
                more = reads.chunk(request, done, piece);
                sendStaged();
                done += piece;
            }
            answeredHere(request);
        } else {
            streamedRead(request);
        }
    }

    /** One contiguous reply that is longer than the buffer: nobody else's reply may come between its pieces. */
    private void streamedRead(Request request) throws IOException {
        while (!outbox.beginExclusive()) {
            awaitWritable();
        }
        boolean whole = false;
        try {
            for (long done = 0; done < request.length; ) {
                int piece = (int) Math.min(request.length - done, reads.pieceBytes(request.offset + done));
                reads.streamed(request, done, piece);
                staged.flip();
                while (!outbox.sendExclusively(staged)) {
                    awaitWritable();
                }
                staged.clear();
                done += piece;
                if (!reads.begun()) {
                    break;
                }
            }
            whole = true;
        } finally {
            if (!whole) {
                outbox.breakOff();
            }
            outbox.endExclusive();
        }
        answeredHere(request);
    }

    private void blockStatus(Request request) throws IOException {
        boolean one = (request.flags & Nbd.CMD_FLAG_REQ_ONE) != 0;
        Allocation allocation = new Allocation(request.offset, request.length, one);
        try {
            session.extents(request.offset, request.length, allocation);
        } catch (StorageException e) {
            request.fail(e);
            outbox.add(request);
            return;
        }
        if (staged.remaining() < Allocation.maxReplyBytes()) {
            sendStaged();
        }
        replies.blockStatusHeader(staged, request.cookie, allocation.extents());
        allocation.put(staged);
        answeredHere(request);
    }

    /** A request whose reply is in the staged buffer, or already sent. */
    private void answeredHere(Request request) {
        counters.answeredByOwner(request);
        recycle(request);
    }

    // Writes

    private String write(Request request, boolean fua) throws IOException {
        int length = (int) request.length;
        waited = false;
        if (length > PayloadPool.MAX_PAYLOAD_BYTES) {
            return longWrite(request, fua);
        }
        int missing = length - received.remaining();
        if (missing >= DIRECT_BYTES || (missing > 0 && length > received.capacity() / 2)) {
            return directWrite(request, length, fua);
        }
        if (!ensure(length, false)) {
            recycleUnanswered(request);
            return "the connection ended within a payload";
        }
        Payload payload;
        try {
            payload = take(length);
        } catch (StorageException e) {
            request.fail(e);
            received.position(received.position() + length);
            outbox.add(request);
            return null;
        }
        int limit = received.limit();
        payload.buffer().put(received.limit(received.position() + length));
        received.limit(limit);
        return hand(request, payload, fua);
    }

    private Payload take(int length) throws StorageException {
        Payload payload = session.take(length);
        waited |= session.takeWaited();
        return payload;
    }

    private String hand(Request request, Payload payload, boolean fua) {
        String gone = waited ? gone() : null;
        if (gone != null) {
            payload.release();
            recycleUnanswered(request);
            return gone;
        }
        session.write(request.offset, new Payload[] {payload}, fua, handedOver(request));
        return null;
    }

    /**
     * Looks whether a write that waited still has a client, who may be back over another connection, and may have been
     * answered to something newer at the same place. The end of the socket comes behind all that was sent, so it is seen where
     * that fits into the receive buffer.
     *
     * @return why there is none; null where the write is to be done
     */
    private String gone() {
        received.compact();
        try {
            int count;
            do {
                count = io.link().read(received);
            } while (count > 0);
            return count < 0 && !saidGoodbye() ? "the connection ended while a write waited" : null;
        } catch (IOException e) {
            return saidGoodbye() ? null : "the connection ended while a write waited: " + e.getMessage();
        } finally {
            received.flip();
        }
    }

    /** Whether a goodbye is the last that was received, from 0 to position. Its sender wants all done that came before. */
    private boolean saidGoodbye() {
        int last = received.position() - Nbd.REQUEST_BYTES;
        return last >= 0
                && received.getInt(last) == Nbd.REQUEST_MAGIC
                && Short.toUnsignedInt(received.getShort(last + Integer.BYTES + Short.BYTES)) == Nbd.CMD_DISC;
    }

    /** The rest of the payload goes from the socket to where it stays. */
    private String directWrite(Request request, int length, boolean fua) throws IOException {
        Payload payload;
        try {
            payload = receivePayload(length);
        } catch (StorageException e) {
            return refuse(request, Errors.number(e.reason()), e.getMessage());
        } catch (IOException e) {
            recycleUnanswered(request);
            throw e;
        }
        if (payload == null) {
            recycleUnanswered(request);
            return "the connection ended within a payload";
        }
        String gone = hand(request, payload, fua);
        receiveLimit = NARROW_BYTES;
        if (undriven > 2 || length >= LONG_BYTES) {
            drive(true);
        }
        return gone;
    }

    /** Memory of the node with what the client sends into it. Null when the client goes. */
    private Payload receivePayload(int length) throws IOException, StorageException {
        acquire(share.receptions, 1, () -> false);
        patienceNanos = io.stallNanos();
        try {
            Payload payload = take(length);
            boolean complete = false;
            try {
                complete = receive(payload.buffer());
            } finally {
                if (!complete) {
                    payload.release();
                }
            }
            return complete ? payload : null;
        } finally {
            patienceNanos = Long.MAX_VALUE;
            share.receptions.release();
        }
    }

    /**
     * A write that is longer than one payload. Received whole first, because a client that breaks off in the middle must
     * leave nothing behind; in memory of the server, because several of them that wait for payload memory, each with a
     * part of what it needs, would wait for ever. Where that memory is kept for other devices or for clients that send nothing, or
     * there is none, it is received and handed over piece by piece: whatever others do, this one goes on.
     */
    private String longWrite(Request request, boolean fua) throws IOException {
        int count = ((int) request.length + PayloadPool.MAX_PAYLOAD_BYTES - 1) / PayloadPool.MAX_PAYLOAD_BYTES;
        LongWrites memory = shared.longWrites;
        if (!acquire(memory.permits, count, () -> memory.keptForOthers(device))) {
            return writeInPieces(request, count, fua);
        }
        LongWrites.Holder holder = memory.begin();
        try {
            BufferPool.Lease[] pieces = memory.tryTake(count);
            if (pieces != null) {
                return wholeWrite(request, pieces, holder, fua);
            }
        } finally {
            memory.end(holder);
            memory.permits.release(count);
        }
        return writeInPieces(request, count, fua);
    }

    private String wholeWrite(Request request, BufferPool.Lease[] pieces, LongWrites.Holder holder, boolean fua)
            throws IOException {
        try {
            long left = request.length;
            for (BufferPool.Lease lease : pieces) {
                ByteBuffer piece = lease.buffer().limit((int) Math.min(left, PayloadPool.MAX_PAYLOAD_BYTES));
                left -= piece.remaining();
                patienceNanos = io.stallNanos();
                if (!receive(piece)) {
                    recycleUnanswered(request);
                    return "the connection ended within a payload";
                }
                piece.flip();
                holder.goesOn();
            }
            patienceNanos = Long.MAX_VALUE;
            holder.received(device);
            return handPieces(request, pieces, holder, fua);
        } finally {
            LongWrites.giveBack(pieces);
        }
    }

    private String handPieces(Request request, BufferPool.Lease[] pieces, LongWrites.Holder holder, boolean fua) {
        Parts parts = new Parts(handedOver(request), pieces.length);
        String gone = null;
        long offset = request.offset;
        for (BufferPool.Lease piece : pieces) {
            int length = piece.buffer().remaining();
            if (gone == null) {
                gone = handPiece(offset, piece.buffer(), fua, parts);
            } else {
                parts.completed(new StorageException(StorageException.Reason.IO, gone, ""));
            }
            holder.goesOn();
            offset += length;
        }
        drive(true);
        return gone;
    }

    /** Why its client is gone, which is then the part's failure; null otherwise. */
    private String handPiece(long offset, ByteBuffer piece, boolean fua, Parts parts) {
        try {
            Payload payload = take(piece.remaining());
            String gone = waited ? gone() : null;
            if (gone != null) {
                payload.release();
                parts.completed(new StorageException(StorageException.Reason.IO, gone, ""));
                return gone;
            }
            payload.buffer().put(piece);
            session.write(offset, new Payload[] {payload}, fua, parts);
        } catch (StorageException e) {
            parts.completed(e);
        }
        return null;
    }

    /** Holds no more than one piece at a time, and nothing that clients of other devices wait for. */
    private String writeInPieces(Request request, int count, boolean fua) throws IOException {
        long offset = request.offset;
        long missing = request.length;
        StorageException failure =
                new StorageException(StorageException.Reason.IO, "the connection ended within a payload", "");
        Parts parts = new Parts(handedOver(request), count);
        int left = count;
        try {
            for (; left > 0; left--) {
                int length = (int) Math.min(missing, PayloadPool.MAX_PAYLOAD_BYTES);
                Payload payload = receivePayload(length);
                if (payload == null) {
                    return failure.getMessage();
                }
                String gone = waited ? gone() : null;
                if (gone != null) {
                    payload.release();
                    return gone;
                }
                session.write(offset, new Payload[] {payload}, fua, parts);
                undriven++;
                offset += length;
                missing -= length;
            }
        } catch (StorageException e) {
            failure = e;
            return skip(missing) ? null : "the connection ended within a payload";
        } finally {
            // Answered with the last part, of those too that never came.
            for (; left > 0; left--) {
                parts.completed(failure);
            }
        }
        drive(true);
        return null;
    }

    /** Fills a buffer, first with what was received already. False when the client goes. */
    private boolean receive(ByteBuffer destination) throws IOException {
        int ready = Math.min(received.remaining(), destination.remaining());
        int limit = received.limit();
        destination.put(received.limit(received.position() + ready));
        received.limit(limit);
        while (destination.hasRemaining()) {
            int count = io.link().read(destination);
            if (count < 0) {
                return false;
            }
            if (count == 0) {
                settleWithin(true);
                awaitReadable(patienceNanos);
            }
        }
        return true;
    }

    /**
     * Waits as long as it takes: who has the permits is bounded by the time that its client may stop, or waits for a device
     * that does not take writes now, which clients of that device are to see as a pause.
     *
     * @param inVain looked at while it waits
     * @return false when it would wait in vain; it has none then
     */
    private boolean acquire(Semaphore semaphore, int permits, BooleanSupplier inVain) throws IOException {
        if (semaphore.tryAcquire(permits)) {
            return true;
        }
        waited = true;
        settle(true);
        try {
            while (!inVain.getAsBoolean()) {
                if (semaphore.tryAcquire(permits, LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS)) {
                    return true;
                }
                io.checkOpen();
            }
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    // Requests as objects

    private Request takeRequest() throws IOException {
        Request request = freeRequests;
        if (request == null) {
            request = outbox.takeFree();
            if (request == null) {
                if (requestsMade < maxRequests) {
                    requestsMade++;
                    return new Request(outbox);
                }
                request = awaitFreeRequest();
            }
        }
        freeRequests = request.next;
        request.next = null;
        return request;
    }

    private Request awaitFreeRequest() throws IOException {
        settle(true);
        Request request = outbox.takeFree();
        outbox.ownerWaits(true);
        try {
            while (request == null) {
                request = outbox.takeFree();
                if (request == null) {
                    awaitAnswer(Long.MAX_VALUE);
                }
            }
        } finally {
            outbox.ownerWaits(false);
        }
        return request;
    }

    private void recycle(Request request) {
        request.clear();
        request.next = freeRequests;
        freeRequests = request;
    }

    private void recycleUnanswered(Request request) {
        request.error = Nbd.EIO;
        counters.answeredByOwner(request);
        recycle(request);
    }

    // Waiting

    /**
     * Sees to it that so many bytes are received.
     *
     * @param boundary whether a request begins here: then the client may take its time, and the connection may end
     * @return false when the client or the server ended the connection
     */
    private boolean ensure(int count, boolean boundary) throws IOException {
        while (received.remaining() < count) {
            boolean idle = boundary && !received.hasRemaining();
            if (!fill(idle)) {
                return false;
            }
        }
        return true;
    }

    private boolean fill(boolean idle) throws IOException {
        if (staged.position() > 0) {
            sendStaged();
        }
        received.compact();
        if (received.position() < receiveLimit) {
            received.limit(receiveLimit);
        }
        receiveLimit = received.capacity();
        try {
            int count = eager() ? io.link().read(received) : 0;
            while (count == 0) {
                boolean more = !idle || moreComes();
                settleWithin(more && !writesDeep());
                if (idle && ended()) {
                    return false;
                }
                awaitReadable(idle ? Long.MAX_VALUE : Math.min(patienceNanos, io.stallNanos()));
                parsedSinceWait = 0;
                count = io.link().read(received);
            }
            return count > 0;
        } finally {
            received.flip();
        }
    }

    /** Whether the client is likely to send more while what it has sent is forced: not when it has sent all that it usually does. */
    private boolean moreComes() {
        long inFlight = counters.inFlight();
        boolean all = inFlight == usualDepth;
        usualDepth = Math.max(inFlight, usualDepth - 1);
        return inFlight >= DEEP && !(all && inFlight <= MOST_ALONE);
    }

    /**
     * Whether this thread forces although more is on its way, and even within a request: a client that has much in flight and
     * reads nothing is answered in portions, and sends the next one while this one is forced. It waits in the socket and is then
     * read at once, for fewer system calls and without waking another thread for each force.
     */
    private boolean writesDeep() {
        return usualDepth > MOST_ALONE && sinceRead >= READS_NO_MORE;
    }

    private boolean ended() {
        if (io.ending() == null) {
            return false;
        }
        outbox.ownerWaits(true);
        return counters.inFlight() == 0;
    }

    /** Whether it pays to look for more requests before those at hand are started. At depth 1 there are none. */
    private boolean eager() {
        return io.ending() != null
                || parsedSinceWait > 1
                || counters.inFlight() > 1
                || io.link().hasBufferedInput();
    }

    /** Nothing more is at hand: starts what was handed over, and sends what is answered. */
    private void settle(boolean moreExpected) throws IOException {
        if (undriven > 0) {
            drive(moreExpected);
        }
        sendStaged();
    }

    /** While a write is received. A force that this thread leads may last until the client is back over another connection. */
    private void settleWithin(boolean moreExpected) throws IOException {
        long begun = System.nanoTime();
        settle(moreExpected);
        waited |= System.nanoTime() - begun >= BACK_NANOS;
    }

    private void drive(boolean moreExpected) {
        undriven = 0;
        session.drive(moreExpected);
    }

    /** Sends everybody's replies. Waits until the client takes them. */
    private void sendStaged() throws IOException {
        if (staged.position() == 0) {
            outbox.pump();
        } else {
            staged.flip();
            while (!outbox.ownerSends(staged)) {
                checkSending();
                awaitWritable();
            }
            staged.clear();
        }
        checkSending();
    }

    private void checkSending() throws IOException {
        IOException failure = outbox.failure();
        if (failure != null) {
            throw new IOException("sending failed: " + failure.getMessage(), failure);
        }
    }

    private void awaitWritable() throws IOException {
        long started = System.nanoTime();
        io.waiter().await(Waiter.WRITE, patienceNanos);
        io.checkOpen();
        spend(started);
    }

    private void spend(long startedNanos) throws IOException {
        if (patienceNanos != Long.MAX_VALUE) {
            patienceNanos -= System.nanoTime() - startedNanos;
            if (patienceNanos <= 0) {
                throw new IOException("the client took too long to send a payload");
            }
        }
    }

    /** Waits for input; helps replies on that did not fit into the socket meanwhile. */
    private void awaitReadable(long timeoutNanos) throws IOException {
        long started = System.nanoTime();
        boolean full = outbox.blocked();
        io.waiter().await(full ? Waiter.READ | Waiter.WRITE : Waiter.READ, timeoutNanos);
        io.checkOpen();
        if (full || outbox.blocked()) {
            outbox.ownerSends(NOTHING);
        }
        checkSending();
        if (timeoutNanos != Long.MAX_VALUE && System.nanoTime() - started >= timeoutNanos) {
            throw new IOException("the client stopped in the middle of a request");
        }
        spend(started);
    }

    /** Waits for any reply to be encoded, or the socket to take more. The owner has said that it waits. */
    private void awaitAnswer(long timeoutNanos) throws IOException {
        boolean full = outbox.blocked();
        io.waiter().await(full ? Waiter.WRITE : 0, timeoutNanos);
        io.checkOpen();
        outbox.ownerSends(NOTHING);
        checkSending();
    }

    private void awaitAnswers(long timeoutNanos) throws IOException {
        outbox.ownerWaits(true);
        long started = System.nanoTime();
        long left = timeoutNanos;
        while (left > 0 && (counters.inFlight() > 0 || !outbox.ownerSends(NOTHING))) {
            awaitAnswer(left);
            if (timeoutNanos != Long.MAX_VALUE) {
                left = timeoutNanos - (System.nanoTime() - started);
            }
        }
        checkSending();
    }
}
