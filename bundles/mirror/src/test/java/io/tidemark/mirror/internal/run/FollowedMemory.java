package io.tidemark.mirror.internal.run;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.faults.ForwardingJournal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A journal that another node writes: it shows what its follower was told of, and, as long as nobody tells anything, what there is
 * at a look every {@link #LOOK_NANOS}.
 */
final class FollowedMemory extends ForwardingJournal {
    static final long LOOK_NANOS = 5_000_000_000L;

    private final List<Runnable> listeners = new ArrayList<>();
    private long durable;
    private boolean isTold;
    private int tellings;
    private boolean closed;
    private StorageException broken;

    private FollowedMemory(StorageContext context, MemoryJournal below) {
        super(below);
        this.durable = below.durable();
        context.workers().start("follow", () -> {
            while (!closed) {
                context.workers().newGate().await(LOOK_NANOS);
                if (!isTold) {
                    show(below.durable());
                }
            }
        });
    }

    /** Journals of a node, as other nodes have them. */
    static final class Pool implements JournalStore {
        private final Map<String, MemoryImage> images;
        private final List<FollowedMemory> followed = new ArrayList<>();
        /** Why none of its journals can be followed now; null when they can. */
        StorageException refusal;

        Pool(Map<String, MemoryImage> images) {
            this.images = images;
        }

        /** Those who follow find that they have to look again. */
        void refuse(StorageException why) {
            refusal = why;
            List.copyOf(followed).forEach(one -> one.broken = why);
            List.copyOf(followed).forEach(one -> one.show(one.durable));
        }

        /** How often any of its followers was told something. */
        int tellings() {
            return followed.stream().mapToInt(one -> one.tellings).sum();
        }

        @Override
        public Journal follow(StorageContext context, String name) throws StorageException {
            if (refusal != null) {
                throw refusal;
            }
            MemoryImage image = images.get(name);
            if (image == null) {
                throw new StorageException(Reason.NOT_FOUND, "no journal " + name, "");
            }
            FollowedMemory opened = new FollowedMemory(context, image.journal);
            followed.add(opened);
            return opened;
        }

        @Override
        public PoolInfo pool() {
            return new PoolInfo("memory", "", -1, -1);
        }

        @Override
        public List<String> list() {
            return List.copyOf(images.keySet());
        }

        @Override
        public Journal create(StorageContext context, String name, UUID identity, JournalSettings settings) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Journal open(StorageContext context, String name, JournalSettings settings) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void delete(StorageContext context, String name) {
            throw new UnsupportedOperationException();
        }
    }

    @Override
    public void told(long upTo, boolean goesOn) {
        isTold = goesOn;
        tellings++;
        show(upTo);
    }

    private void show(long upTo) {
        durable = Math.max(durable, upTo);
        List<Runnable> told = List.copyOf(listeners);
        listeners.clear();
        told.forEach(Runnable::run);
    }

    @Override
    public JournalReader reader(long fromSequence) throws StorageException {
        JournalReader reader = below.reader(fromSequence);
        return new JournalReader() {
            private long at = fromSequence - 1;

            @Override
            public EventHeader next() throws StorageException {
                if (broken != null) {
                    throw new StorageException(Reason.UNAVAILABLE, broken.getMessage(), "");
                }
                if (at >= durable) {
                    return null;
                }
                at++;
                return reader.next();
            }

            @Override
            public long place() {
                return reader.place();
            }

            @Override
            public ByteBuffer body() throws StorageException {
                return reader.body();
            }

            @Override
            public void whenReadable(Runnable listener) {
                if (at < durable) {
                    listener.run();
                } else {
                    listeners.add(listener);
                }
            }

            @Override
            public void close() {
                reader.close();
            }
        };
    }

    @Override
    public void startEpoch(Epoch epoch) {
        throw new UnsupportedOperationException();
    }

    @Override
    public JournalAppender appender() {
        throw new UnsupportedOperationException();
    }

    @Override
    public long durable() {
        return durable;
    }

    @Override
    public void readBody(long place, int bodyOffset, ByteBuffer destination) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long sequenceAt(long timeNanos) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long sequenceAtBytesBack(long bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long trim(long sequence) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void configure(JournalSettings settings) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        closed = true;
        show(durable);
    }
}
