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

    private final ByteBuffer piece = StorageFile.allocateAligned(BlockImage.LONG_BYTES);
    private final MessageDigest digest;

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
        long partEnd = Math.min(end, offset + partBytes);
        for (long at = offset; at < end; ) {
            source.read(at, piece.clear().limit((int) Math.min(piece.capacity(), end - at)));
            piece.flip();
            while (piece.hasRemaining()) {
                int count = (int) Math.min(piece.remaining(), partEnd - at);
                digest.update(piece.slice(piece.position(), count));
                piece.position(piece.position() + count);
                at += count;
                if (at == partEnd) {
                    sums.add(Octets.of(digest.digest()));
                    partEnd = Math.min(end, partEnd + partBytes);
                }
            }
        }
        return sums;
    }
}
