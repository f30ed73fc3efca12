package io.tidemark.mirror.internal.run;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermarks;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.PeerProgress;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * An image of another node whose journal lies in a pool that both have: its journal is read here, whether the other node runs or
 * not. Its bytes are not to be had this way. For the worker that serves it; {@link #close} is for anybody.
 */
final class SharedOrigin implements Origin, AutoCloseable {
    /** How a journal describes a replica that reads it by itself. */
    static final String READS = ", which reads the journal itself";

    /**
     * What the source's node says of the journal.
     *
     * @param journal identity of the one that it means
     * @param durable up to where it is
     * @param goesOn whether it says so each time that this moves
     */
    private record Word(UUID journal, long durable, boolean goesOn) {
        static final Word NONE = new Word(new UUID(0, 0), 0, false);
    }

    private final StorageContext context;
    private final Services services;
    private final ReplicaWish wish;
    private final String node;
    private volatile Journal journal;
    private volatile Word word = Word.NONE;
    private boolean closed;

    SharedOrigin(StorageContext context, Services services, ReplicaWish wish, String node) {
        this.context = context;
        this.services = services;
        this.wish = wish;
        this.node = node;
    }

    @Override
    public ImageFacts facts(String image) throws StorageException {
        Journal open = openAnew(image);
        ImageFacts own = services.replicas().facts(wish.image());
        checkProven(open, own);
        // Its identity and size lie with its bytes. That the two belong together is proven by their epochs.
        return new ImageFacts(
                image,
                own.imageIdentity(),
                ImageHead.Role.PRIMARY,
                own.sizeBytes(),
                own.blockSizeBytes(),
                open.epochs(),
                new Watermarks(open.durable(), open.durable(), open.trimmed(), open.trimmed(), open.trimmed()),
                null,
                0);
    }

    /** What came over a link, or was read before a restart, may not be proven yet by what is in the files: that is no split brain. */
    private static void checkProven(Journal open, ImageFacts own) throws StorageException {
        List<Epoch> there = open.epochs();
        List<Epoch> here = own.epochs();
        boolean same = !there.isEmpty()
                && !here.isEmpty()
                && there.get(there.size() - 1)
                        .identity()
                        .equals(here.get(here.size() - 1).identity());
        long has = own.watermarks().appended();
        if (same && has > open.durable()) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "the journal of '" + open.name() + "' is proven to be durable up to " + open.durable()
                            + " only, and the replica has " + has,
                    "it goes on when the source has written more, or has sealed its journal");
        }
    }

    /** What was open may be of a journal that is no more. */
    private synchronized Journal openAnew(String image) throws StorageException {
        release();
        return open(image);
    }

    private synchronized Journal open(String image) throws StorageException {
        JournalStore store = services.journals().apply(wish.shared());
        if (store == null) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "there is no journal pool " + wish.shared() + " on the node " + node,
                    "configure it, or take the key " + ReplicaWish.SHARED + " out of the replica's configuration");
        }
        Journal opened = store.follow(context, image);
        journal = opened;
        pass(opened, word);
        if (closed) {
            release();
            throw new StorageException(Reason.CLOSED, "the replica is closed", "");
        }
        return opened;
    }

    /** By anybody; does not wait. */
    void told(UUID of, long durable) {
        Word said = new Word(of, durable, true);
        word = said;
        pass(journal, said);
    }

    /** Nobody says anything any more. By anybody; does not wait. */
    void toldNoMore() {
        word = Word.NONE;
        Journal now = journal;
        if (now != null) {
            now.told(0, false);
        }
    }

    /** Another journal of that name may have been opened before it was made anew. */
    private static void pass(Journal to, Word said) {
        if (to != null && said.goesOn() && to.identity().equals(said.journal())) {
            to.told(said.durable(), true);
        }
    }

    private synchronized void release() throws StorageException {
        Journal before = journal;
        journal = null;
        if (before != null) {
            before.close();
        }
    }

    @Override
    public synchronized Journal journal(String image) throws StorageException {
        Journal now = journal;
        return now == null ? open(image) : now;
    }

    @Override
    public boolean has(String image, Journal asked) {
        return journal == asked;
    }

    @Override
    public void checkpoint(String image) {
        // Nobody reads bytes here.
    }

    @Override
    public Optional<BlockDevice> device(String image) {
        return Optional.empty();
    }

    @Override
    public boolean peer(String image, PeerProgress progress) {
        // The source's node hears it over the link, or sees it in its journal, later. How often there is news it
        // decides, too.
        return word.goesOn();
    }

    @Override
    public boolean counts(PeerLink link) {
        return true;
    }

    @Override
    public void forgetPeer(String image, String peer) {
        // Nobody counts it here.
    }

    @Override
    public String describe(String peer, String replica) {
        return node + " as " + replica + READS;
    }

    @Override
    public synchronized void close() throws StorageException {
        closed = true;
        release();
    }
}
