package io.tidemark.nbd.internal;

import io.tidemark.api.image.BlockImage;
import java.nio.ByteBuffer;

/**
 * Collects the extents of a device into what a BLOCK_STATUS reply carries: neighbours of the same kind merged, data
 * rounded outward to sectors, never more extents than fit one reply. For one thread.
 */
final class Allocation implements BlockImage.ExtentVisitor {
    /** Most extents in a reply; the client asks again for the rest. */
    static final int MAX_EXTENTS = 1024;

    private static final long SECTOR_BYTES = 512;

    private final long start;
    private final long end;
    private final int limit;
    private final int[] lengths;
    private final boolean[] data;
    private int count;
    private long reached;

    /**
     * For one request.
     *
     * @param offset first byte
     * @param length bytes, less than 2^32
     * @param one whether only the first extent is wanted
     */
    Allocation(long offset, long length, boolean one) {
        this.start = offset;
        this.end = offset + length;
        this.limit = one ? 1 : MAX_EXTENTS;
        this.lengths = new int[limit];
        this.data = new boolean[limit];
        this.reached = offset;
    }

    @Override
    public boolean extent(long offset, long length, boolean isData) {
        long last = offset + length;
        long to = isData ? roundUp(last) : last < end ? last - last % SECTOR_BYTES : last;
        return add(Math.min(to, end), isData);
    }

    private static long roundUp(long offset) {
        return (offset + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    }

    /** Extends what was collected up to an offset; what lies behind already belongs to data that was rounded up. */
    private boolean add(long to, boolean isData) {
        if (to <= reached) {
            return true;
        }
        if (count > 0 && data[count - 1] == isData) {
            lengths[count - 1] += (int) (to - reached);
        } else if (count == limit) {
            return false;
        } else {
            data[count] = isData;
            lengths[count++] = (int) (to - reached);
        }
        reached = to;
        return true;
    }

    /** How many extents the reply has; at least one. A device that told nothing is all data. */
    int extents() {
        if (count == 0) {
            add(end, true);
        }
        return count;
    }

    void put(ByteBuffer out) {
        for (int i = 0; i < count; i++) {
            out.putInt(lengths[i]).putInt(data[i] ? 0 : Nbd.STATE_HOLE | Nbd.STATE_ZERO);
        }
    }

    static int maxReplyBytes() {
        return Nbd.CHUNK_HEADER_BYTES + Integer.BYTES + MAX_EXTENTS * 2 * Integer.BYTES;
    }

    @Override
    public String toString() {
        return count + " extents from " + start + " to " + reached;
    }
}
