package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.BlockImage;
import io.tidemark.mirror.internal.wire.Octets;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/**
 * What parts of an image come to, by which two of them are compared. However short the parts are, the image is read in long
 * pieces of aligned memory: so it can be read past a cache, which a whole image would fill with what nobody asks for again. Has
 * memory of one piece as long as it is there. For one thread.
 */
public final class PartSums {
    /** An image's bytes. */
    @FunctionalInterface
    public interface Source {
        /**
         * Reads until the buffer is full.
         *
         * @param offset first byte
         * @param destination filled from position to limit
         * @throws StorageException when that is not possible
         */
        void read(long offset, ByteBuffer destination) throws StorageException;
    }

    private static final int ZEROS_BYTES = 64 << 10;

    private final ByteBuffer piece = StorageFile.allocateAligned(BlockImage.LONG_BYTES);
    private final ByteBuffer zeros = ByteBuffer.allocate(ZEROS_BYTES);
    private final MessageDigest digest;
    private int zerosLength;
    private Octets zerosSum;

    /** Takes the memory. */
    public PartSums() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    /**
     * Reads a range, which has to be there, once and from its beginning to its end.
     *
     * @param source where it is read
     * @param offset first byte
     * @param length bytes, 0 or more
     * @param partBytes of each part, above 0; the last one has what is left
     * @return SHA-256 of each part
     * @throws StorageException of the source
     */
    public List<Octets> of(Source source, long offset, long length, int partBytes) throws StorageException {
        digest.reset();
        List<Octets> sums = new ArrayList<>();
        long end = offset + length;
        long partStart = offset;
        long partEnd = Math.min(end, offset + partBytes);
        for (long at = offset; at < end; ) {
            source.read(at, piece.clear().limit((int) Math.min(piece.capacity(), end - at)));
            piece.flip();
            while (piece.hasRemaining()) {
                int count = (int) Math.min(piece.remaining(), partEnd - at);
                ByteBuffer bytes = piece.slice(piece.position(), count);
                piece.position(piece.position() + count);
                boolean ends = at + count == partEnd;
                if (ends && at == partStart && isZero(bytes)) {
                    sums.add(ofZeros(bytes));
                } else {
                    digest.update(bytes);
                    if (ends) {
                        sums.add(Octets.of(digest.digest()));
                    }
                }
                at += count;
                if (ends) {
                    partStart = at;
                    partEnd = Math.min(end, partEnd + partBytes);
                }
            }
        }
        return sums;
    }

    /** Most of a thin image is nothing but zeros, and to compare is many times as fast as to compute a sum. */
    private boolean isZero(ByteBuffer bytes) {
        for (int at = 0; at < bytes.limit(); at += ZEROS_BYTES) {
            int count = Math.min(ZEROS_BYTES, bytes.limit() - at);
            if (bytes.slice(at, count).mismatch(zeros.slice(0, count)) >= 0) {
                return false;
            }
        }
        return true;
    }

    private Octets ofZeros(ByteBuffer bytes) {
        if (zerosLength != bytes.limit()) {
            digest.update(bytes);
            zerosLength = bytes.limit();
            zerosSum = Octets.of(digest.digest());
        }
        return zerosSum;
    }
}
