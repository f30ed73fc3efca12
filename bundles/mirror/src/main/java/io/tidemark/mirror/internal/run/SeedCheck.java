package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.replica.Replica;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Octets;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.BitSet;

/** What parts of an image come to, at the source and in a seed. Memory of one part, taken when it is first needed. For one thread. */
final class SeedCheck {
    private final MessageDigest digest;
    private ByteBuffer part;

    SeedCheck() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    /** Memory for a part, of so many bytes. */
    ByteBuffer part(int bytes) {
        if (part == null) {
            part = ByteBuffer.allocateDirect(Wire.SEED_PART_BYTES);
        }
        return part.clear().limit(bytes);
    }

    /** What bytes come to, from position to limit; consumed. */
    Octets sum(ByteBuffer bytes) {
        digest.reset();
        digest.update(bytes);
        return Octets.of(digest.digest());
    }

    /** Which parts are others here, or not here at all. */
    Message.Wanted compare(Message.Parts parts, Replica replica, long imageBytes) throws StorageException {
        BitSet wanted = new BitSet();
        long end = parts.offset() + parts.length();
        for (int i = 0; i < parts.digests().size(); i++) {
            long offset = parts.offset() + (long) i * Wire.SEED_PART_BYTES;
            int bytes = (int) Math.min(Wire.SEED_PART_BYTES, end - offset);
            wanted.set(i, offset + bytes > imageBytes || !same(parts.digests().get(i), replica, offset, bytes));
        }
        return new Message.Wanted(parts.offset(), wanted);
    }

    private boolean same(Octets theirs, Replica replica, long offset, int bytes) throws StorageException {
        ByteBuffer own = part(bytes);
        replica.readSeed(offset, own);
        return sum(own.flip()).equals(theirs);
    }
}
