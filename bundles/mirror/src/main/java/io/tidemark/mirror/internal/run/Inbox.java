package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.mirror.internal.wire.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * What a channel brought to a replica that its worker is not done with, and what the source may send for that. Events that find no
 * room before their copy is whole are set aside, so that the bytes of the copy go past them: then the window counts once for what
 * comes, and once for them. Safe for all threads.
 */
final class Inbox {
    /**
     * A frame.
     *
     * @param bytes that count against the window
     * @param early whether the source has had them back already, as it was set aside
     */
    record Entry(PeerLink.Said said, int bytes, boolean early) {
        Message message() {
            return said.message();
        }
    }

    private final String image;
    private final long mostUncounted;
    private final ArrayDeque<Entry> queue = new ArrayDeque<>();
    private final ArrayDeque<Entry> aside = new ArrayDeque<>();
    private long windowBytes;
    private long queuedBytes;
    private long earlyBytes;
    private long releasedBytes;
    private long toldBytes;

    Inbox(String image, long mostUncounted) {
        this.image = image;
        this.mostUncounted = mostUncounted;
    }

    /** A channel begins. */
    synchronized void open(long window) {
        windowBytes = window;
    }

    /** The channel has ended; what nobody was done with. */
    synchronized List<Entry> clear() {
        List<Entry> unused = new ArrayList<>(aside);
        unused.addAll(queue);
        queue.clear();
        aside.clear();
        queuedBytes = 0;
        earlyBytes = 0;
        releasedBytes = 0;
        toldBytes = 0;
        return unused;
    }

    synchronized void add(PeerLink.Said said) throws StorageException {
        boolean counted = counts(said.message());
        if (counted && queuedBytes > 0 && queuedBytes + said.bytes() > windowBytes) {
            throw new StorageException(
                    Reason.CORRUPT,
                    "the source of '" + image + "' sends more than its window of " + windowBytes + " bytes",
                    "update the peer");
        }
        if (!counted && queue.size() > mostUncounted) {
            throw new StorageException(
                    Reason.CORRUPT, "the source of '" + image + "' does not stop talking", "update the peer");
        }
        int bytes = counted ? said.bytes() : 0;
        queuedBytes += bytes;
        queue.add(new Entry(said, bytes, false));
    }

    private static boolean counts(Message message) {
        return switch (message.type()) {
            case EVENTS, RANGE, ZEROS, EPOCH, PARTS -> true;
            default -> false;
        };
    }

    /** What is next, which stays there; null when there is nothing. */
    synchronized Entry next() {
        return aside.isEmpty() ? queue.peek() : aside.peek();
    }

    /** What is next behind all that was set aside. */
    synchronized Entry nextBehind() {
        return queue.peek();
    }

    /** Somebody takes what was {@link #next}. */
    synchronized void remove() {
        (aside.isEmpty() ? queue : aside).remove();
    }

    /** Somebody takes what was {@link #nextBehind}. */
    synchronized void removeBehind() {
        queue.remove();
    }

    /** An entry that was next behind all of them is set aside, too. */
    synchronized void setAside(Entry entry) {
        queue.remove();
        aside.add(early(entry));
    }

    /** Gives the source back what an entry takes of the window, though somebody still has it; as far as memory for that is bounded. */
    synchronized Entry early(Entry entry) {
        if (entry.early() || (earlyBytes > 0 && earlyBytes + entry.bytes() > windowBytes)) {
            return entry;
        }
        released(entry);
        earlyBytes += entry.bytes();
        return new Entry(entry.said(), entry.bytes(), true);
    }

    /** Somebody is done with an entry. */
    synchronized void released(Entry entry) {
        if (entry.early()) {
            earlyBytes -= entry.bytes();
        } else {
            queuedBytes -= entry.bytes();
            releasedBytes += entry.bytes();
        }
    }

    /** What the source is to be told that it had back in all; negative when that is not worth it yet. */
    synchronized long credit() {
        long news = releasedBytes - toldBytes;
        if (news == 0 || (!queue.isEmpty() && news < windowBytes / 4)) {
            return -1;
        }
        toldBytes = releasedBytes;
        return releasedBytes;
    }
}
