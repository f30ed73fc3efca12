package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.DeviceSession;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads from a device into replies. Zeros go out as holes where the client negotiated structured replies: looking at what
 * was read costs next to nothing, asking the image for its extents before every read would not.
 */
final class ReadReplies {
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 << 10).asReadOnlyBuffer();
    /** Pieces of long reads end at multiples of it, as far as offsets allow. */
    private static final int PIECE_BYTES = 128 << 10;

    private final DeviceSession session;
    private final Replies replies;
    private final ByteBuffer staged;
    private final ReadPace pace;
    private boolean begun;

    ReadReplies(DeviceSession session, Replies replies, ByteBuffer staged, ReadPace pace) {
        this.session = session;
        this.replies = replies;
        this.staged = staged;
        this.pace = pace;
    }

    boolean slow() {
        return pace.slow();
    }

    /** How long the next piece of a long read is at most. */
    int pieceBytes(long offset) {
        return PIECE_BYTES - (int) (offset % PIECE_BYTES);
    }

    /**
     * A read that fits the staged buffer, header included.
     *
     * @return false when it failed, which the request says then
     */
    boolean intoStaged(Request request) {
        int start = staged.position();
        try {
            encode(request, staged, request.offset, (int) request.length, true);
            return true;
        } catch (StorageException e) {
            staged.limit(staged.capacity()).position(start);
            request.fail(e);
            return false;
        }
    }

    /** The same on another thread, into a buffer of its own. */
    void intoLease(Request request, BufferPool.Lease lease) {
        request.lease = lease;
        ByteBuffer reply = lease.buffer();
        try {
            encode(request, reply, request.offset, (int) request.length, true);
            request.reply = reply.flip();
        } catch (StorageException e) {
            request.fail(e);
        } catch (RuntimeException | Error e) {
            request.error = Nbd.EIO;
            request.message = "the read failed: " + e;
        }
    }

    /**
     * One piece of a long read as a chunk of its own. A failure is the last chunk.
     *
     * @return whether to go on
     */
    boolean chunk(Request request, long done, int length) {
        int start = staged.position();
        try {
            encode(request, staged, request.offset + done, length, done + length == request.length);
            return true;
        } catch (StorageException e) {
            staged.limit(staged.capacity()).position(start);
            request.fail(e);
            replies.errorAtOffset(staged, request.cookie, request.error, request.message, request.offset + done);
            return false;
        }
    }

    private void encode(Request request, ByteBuffer out, long offset, int length, boolean last)
            throws StorageException {
        int start = out.position();
        int data = start + replies.dataHeaderBytes();
        fill(out, data, offset, length);
        out.limit(out.capacity()).position(start);
        if (replies.structured() && allZero(out, data, length)) {
            replies.hole(out, request.cookie, offset, length, last);
        } else {
            replies.dataHeader(out, request.cookie, offset, length, last);
            out.position(data + length);
        }
    }

    private void fill(ByteBuffer out, int position, long offset, int length) throws StorageException {
        long before = System.nanoTime();
        session.read(offset, out.limit(position + length).position(position));
        pace.took(System.nanoTime() - before, length);
    }

    private static boolean allZero(ByteBuffer bytes, int position, int length) {
        if (length >= Long.BYTES && bytes.getLong(position) != 0) {
            return false;
        }
        ByteBuffer rest = bytes.slice(position, length);
        for (int done = 0; done < length; done += ZEROS.capacity()) {
            int some = Math.min(length - done, ZEROS.capacity());
            if (!rest.slice(done, some).equals(ZEROS.slice(0, some))) {
                return false;
            }
        }
        return true;
    }

    /** Whether the reply of the streamed read under way has a header already, so that its length is a promise. */
    boolean begun() {
        return begun;
    }

    /**
     * One piece of a reply that is one contiguous run of data. When reading fails behind the header, a structured reply is
     * filled up with zeros and ends with the error; a simple one cannot say so, and the connection has to end.
     */
    void streamed(Request request, long done, int length) throws IOException {
        boolean first = done == 0;
        boolean last = done + length == request.length;
        int header = first ? replies.dataHeaderBytes() : 0;
        begun = !first;
        if (request.error == 0) {
            try {
                fill(staged, header, request.offset + done, length);
            } catch (StorageException e) {
                if (!first && !replies.structured()) {
                    throw new IOException("a read failed in the middle of a simple reply: " + e.getMessage(), e);
                }
                request.fail(e);
                request.failedAt = request.offset + done;
            }
        }
        staged.clear();
        if (first && request.error != 0) {
            replies.error(staged, request.cookie, request.error, request.message);
            return;
        }
        begun = true;
        if (first) {
            replies.dataHeader(staged, request.cookie, request.offset, (int) request.length, false);
        }
        if (request.error != 0) {
            putZeros(header, length);
        }
        staged.position(header + length);
        if (last && replies.structured()) {
            end(request);
        }
    }

    private void putZeros(int position, int length) {
        staged.position(position);
        for (int done = 0; done < length; done += ZEROS.capacity()) {
            staged.put(ZEROS.slice(0, Math.min(length - done, ZEROS.capacity())));
        }
    }

    private void end(Request request) {
        if (request.error == 0) {
            replies.endOfChunks(staged, request.cookie);
        } else {
            replies.errorAtOffset(staged, request.cookie, request.error, request.message, request.failedAt);
        }
    }
}
