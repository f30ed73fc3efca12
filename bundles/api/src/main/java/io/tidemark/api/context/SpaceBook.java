package io.tidemark.api.context;

import io.tidemark.api.StorageException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * The free space of one file system, and what of it is spoken for. Images promise here what the events in their journals
 * will take when they are applied; journals grow only into what nobody was promised, and give up what they do not need when a
 * promise cannot be kept. So a journal never takes the space that applying needs, whoever has laid the two onto one file
 * system. It binds the users of one {@link Files}; other programs take what they get.
 *
 * <p>Safe for all threads. Nothing is called back under its lock.
 */
public final class SpaceBook {
    /** More than there is anywhere, and far from overflowing in a sum. */
    private static final long MOST_BYTES = 1L << 50;

    /** One user takes at most this part of what nobody needs. */
    private static final int HEADROOM_SHARE = 4;

    /** How often the free space is looked at for one answer: entries of busy images change all the time. */
    private static final int MOST_LOOKS = 3;

    private final Files files;
    private final List<Promise> promises = new ArrayList<>();

    /** How often an entry has become smaller. Guarded by the list. */
    private long shrunk;

    /**
     * An empty book.
     *
     * @param files that say how much is free
     */
    public SpaceBook(Files files) {
        this.files = files;
    }

    /**
     * Opens an entry of 0 bytes.
     *
     * @param path through which the free space is looked at; in this file system
     * @param shortage run when another entry lacks space: whoever has something to spare gives it up. It may run on any
     *     thread and must not wait
     * @return the entry; the caller closes it
     */
    public Promise open(Path path, Runnable shortage) {
        Promise promise = new Promise(path, shortage);
        synchronized (promises) {
            promises.add(promise);
        }
        return promise;
    }

    /** One user's entry. */
    public final class Promise implements AutoCloseable {
        private final Path path;
        private final Runnable shortage;

        // Guarded by the list.
        private long bytes;
        private long missing;

        private Promise(Path path, Runnable shortage) {
            this.path = path;
            this.shortage = shortage;
        }

        /**
         * Changes the entry to what is needed, as far as that is there, and to what is wished beyond it, as far as that
         * leaves most of the rest to others.
         *
         * @param neededBytes where there is less than this, the others are asked to give something up
         * @param wishedBytes at least as much; no more than this is entered
         * @return what is entered now
         * @throws StorageException IO; the entry stays
         */
        public long ask(long neededBytes, long wishedBytes) throws StorageException {
            long entered = withFree(free -> {
                long there = Math.max(0, free - others());
                long headroom = Math.max(0, there - neededBytes) / HEADROOM_SHARE;
                enter(Math.min(there, Math.min(wishedBytes, neededBytes + headroom)));
                missing = Math.min(MOST_BYTES, Math.max(0, neededBytes - bytes));
                return bytes;
            });
            if (entered < neededBytes) {
                tellOthers();
            }
            return entered;
        }

        /**
         * Changes the entry if all of it is there and nobody else lacks space.
         *
         * @param wantedBytes the new entry
         * @return false when it was not changed
         * @throws StorageException IO
         */
        public boolean take(long wantedBytes) throws StorageException {
            long left = withFree(free -> {
                long beside = free - others() - allMissing() - wantedBytes;
                enter(beside < 0 ? bytes : wantedBytes);
                return beside;
            });
            return left >= 0;
        }

        /**
         * Changes the entry, whatever there is.
         *
         * @param keptBytes the new entry
         */
        public void keep(long keptBytes) {
            synchronized (promises) {
                enter(Math.min(keptBytes, MOST_BYTES));
            }
        }

        /**
         * Notes that the file system had no space for something, whatever was promised; asks the others to give something up.
         *
         * @param lackingBytes what did not fit; 0 when it did after all
         * @throws StorageException IO
         */
        public void lacks(long lackingBytes) throws StorageException {
            long free = lackingBytes == 0 ? 0 : files.usableBytes(path);
            synchronized (promises) {
                missing = lackingBytes == 0 ? 0 : Math.max(0, free - others() - bytes) + lackingBytes;
            }
            if (lackingBytes > 0) {
                tellOthers();
            }
        }

        /**
         * What this user could take now.
         *
         * @return free bytes that no other entry has; not negative
         * @throws StorageException IO
         */
        public long available() throws StorageException {
            return withFree(free -> Math.max(0, free - others()));
        }

        /**
         * How much should be given up so that nobody lacks space.
         *
         * @return bytes; 0 when nobody does
         * @throws StorageException IO
         */
        public long lackingElsewhere() throws StorageException {
            synchronized (promises) {
                if (allMissing() == 0) {
                    return 0;
                }
            }
            long free = files.usableBytes(path);
            synchronized (promises) {
                return Math.max(0, allMissing() - Math.max(0, free - others() - bytes));
            }
        }

        @Override
        public void close() {
            synchronized (promises) {
                promises.remove(this);
                enter(0);
                missing = 0;
            }
        }

        /**
         * Uses the free space, under the lock. Where an entry has shrunk since it was looked at, what that entry was for may be
         * written by now and count as free still, and for nobody any more: then it is looked at again.
         */
        private long withFree(LongUnaryOperator use) throws StorageException {
            for (int look = 1; ; look++) {
                long before;
                synchronized (promises) {
                    before = shrunk;
                }
                long free = files.usableBytes(path);
                synchronized (promises) {
                    if (before == shrunk || look == MOST_LOOKS) {
                        return use.applyAsLong(free);
                    }
                }
            }
        }

        private void enter(long newBytes) {
            shrunk += newBytes < bytes ? 1 : 0;
            bytes = newBytes;
        }

        private long others() {
            long sum = -bytes;
            for (Promise promise : promises) {
                sum += promise.bytes;
            }
            return sum;
        }

        private long allMissing() {
            long sum = -missing;
            for (Promise promise : promises) {
                sum += promise.missing;
            }
            return sum;
        }

        private void tellOthers() {
            List<Promise> told;
            synchronized (promises) {
                told = List.copyOf(promises);
            }
            for (Promise promise : told) {
                if (promise != this) {
                    promise.shortage.run();
                }
            }
        }
    }
}
