package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Octets;
import io.tidemark.mirror.internal.wire.Wire;
import java.util.BitSet;
import java.util.List;

/** Compares a seed with what the parts of its source come to. Memory as {@link PartSums} have. For one thread. */
final class SeedCheck {
    private final PartSums sums = new PartSums();

    /** Which parts are others here, or not here at all. */
    Message.Wanted compare(Message.Parts parts, PartSums.Source seed, long imageBytes) throws StorageException {
        int count = parts.digests().size();
        long length = parts.length();
        int here = count;
        if (parts.offset() + length > imageBytes) {
            here = (int) (Math.max(0, imageBytes - parts.offset()) / Wire.SEED_PART_BYTES);
            length = (long) here * Wire.SEED_PART_BYTES;
        }
        List<Octets> own = sums.of(seed, parts.offset(), length, Wire.SEED_PART_BYTES);
        BitSet wanted = new BitSet();
        for (int i = 0; i < count; i++) {
            wanted.set(i, i >= here || !own.get(i).equals(parts.digests().get(i)));
        }
        return new Message.Wanted(parts.offset(), wanted);
    }
}
