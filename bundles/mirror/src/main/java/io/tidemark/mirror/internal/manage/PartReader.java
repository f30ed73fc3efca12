package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.run.Hasty;
import io.tidemark.mirror.internal.run.PartSums;
import io.tidemark.mirror.internal.run.Settling;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Octets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads parts of an image and says at which event each was so, while clients write or a replica's head moves: a part that an event
 * touched while it was read is read again, and told so when that does not help. Has memory, as {@link PartSums}. For one thread.
 */
final class PartReader {
    private static final int ATTEMPTS = 3;
    private static final byte[] NOTHING = new byte[32];

    private final Desk desk;
    private final String image;
    private final PartSums partSums = new PartSums();

    PartReader(Desk desk, String image) {
        this.desk = desk;
        this.image = image;
    }

    /** What parts come to, as far as the image reaches. */
    Answer.Summed read(long offset, int partBytes, int parts) throws StorageException {
        BlockDevice device = desk.services()
                .devices()
                .device(image)
                .orElseThrow(() -> new StorageException(
                        Reason.UNAVAILABLE, "the image " + image + " is not served", "look at image:list"));
        try (DeviceSession session = device.connect("compare", new Hasty())) {
            long size = device.sizeBytes();
            int count = (int) Math.min(parts, (Math.max(0, size - offset) + partBytes - 1) / partBytes);
            List<Answer.Sum> sums = new ArrayList<>(all(session, offset, partBytes, count, size));
            for (int i = 0; i < count; i++) {
                long at = offset + (long) i * partBytes;
                for (int attempt = 1; attempt < ATTEMPTS && sums.get(i).sequence() < 0; attempt++) {
                    sums.set(i, all(session, at, partBytes, 1, size).get(0));
                }
            }
            ImageFacts facts = desk.facts(image);
            int last = facts.epochs().size() - 1;
            return new Answer.Summed(
                    size,
                    last < 0 ? facts.imageIdentity() : facts.epochs().get(last).identity(),
                    sums);
        }
    }

    private List<Answer.Sum> all(DeviceSession session, long offset, int partBytes, int count, long size)
            throws StorageException {
        Journal journal = desk.services().images().journal(image);
        long before = now(journal);
        long length = Math.max(0, Math.min((long) count * partBytes, size - offset));
        List<Octets> digests = partSums.of(session::read, offset, length, partBytes);
        long after = now(journal);
        // One that was closed says nothing of what is read from the image since.
        boolean same = desk.services().images().journal(image) == journal;
        Touches touches = new Touches(offset, partBytes, count);
        if (same && after > before) {
            settle(session, journal, after);
            touches.scan(journal, before, after);
        }
        List<Answer.Sum> sums = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean still = same && touches.last(i) <= before;
            sums.add(still ? new Answer.Sum(after, digests.get(i)) : new Answer.Sum(-1, Octets.of(NOTHING)));
        }
        return sums;
    }

    /** The last event that a read may show. */
    private long now(Journal journal) throws StorageException {
        ImageFacts facts = desk.facts(image);
        return facts.role() == ImageHead.Role.PRIMARY
                ? journal.appender().appended()
                : facts.replica().head();
    }

    /** What was seen becomes durable, because only that can be found in the journal, and stays. */
    private void settle(DeviceSession session, Journal journal, long sequence) throws StorageException {
        Settling.settle(session, journal, sequence, desk.context().workers().newGate(), () -> false);
    }
}
