package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.mirror.internal.wire.Message;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The channel of a replica that reads its source's journal itself, over the link to the source's node as long as there is one: the
 * source says that there is news, and the replica how far it is. By the replica's worker, but for {@link #deliver}.
 */
final class Wakes implements PeerLink.Receiver {
    /** One frame is under way at a time. */
    static final long WINDOW_BYTES = 1;

    private static final Logger LOG = LoggerFactory.getLogger(Wakes.class);

    private final StorageContext context;
    private final SharedSource shared;
    private final long retryNanos;
    private final Gate gate;
    private final Gate sending;
    private final LongConsumer heard;

    // Shared with the link's worker.
    private final Object lock = new Object();
    private PeerLink link;
    private int channel;
    /** Null while the source's node has not answered. */
    private Message.Opened opened;

    private boolean ended;
    private long releasedBytes;
    private long toldReleasedBytes;

    // Of the replica's worker alone.
    private final ToldProgress told = new ToldProgress();
    private long openAtNanos;

    /** The gate is the replica's worker's, the other one its gate for sending; {@code heard} is told up to where the source is. */
    Wakes(StorageContext context, SharedSource shared, long retryNanos, Gate gate, Gate sending, LongConsumer heard) {
        this.context = context;
        this.shared = shared;
        this.retryNanos = retryNanos;
        this.gate = gate;
        this.sending = sending;
        this.heard = heard;
    }

    /** Goes on over this link only; null for none. Whether a channel is to be opened now. */
    boolean isDue(PeerLink now) {
        boolean over;
        synchronized (lock) {
            over = link != null && (ended || link != now || !link.isOpen());
        }
        if (over) {
            leave("the journal is read without news", false);
        }
        return now != null && link == null && context.clock().monotonicNanos() >= openAtNanos;
    }

    /** What the source's node answered over this link; null while it is not known to have the journal open that is read here. */
    Message.Opened opened(PeerLink over, UUID journal) {
        synchronized (lock) {
            boolean same = opened != null && link == over && opened.journal().equals(journal);
            return same ? opened : null;
        }
    }

    /** When {@link #isDue} may say something else, unless the link is another one. */
    long pauseNanos() {
        return link != null
                ? Long.MAX_VALUE
                : Math.max(1, openAtNanos - context.clock().monotonicNanos());
    }

    void open(PeerLink over, Message.Open request) {
        int number;
        synchronized (lock) {
            link = over;
            number = over.attach(this);
            channel = number;
            opened = null;
            ended = false;
            releasedBytes = 0;
            toldReleasedBytes = 0;
        }
        told.opens(request);
        openAtNanos = context.clock().monotonicNanos() + retryNanos;
        over.send(sending, number, request);
    }

    /** How far the replica is, and that it has heard what was said. */
    void tell(ReplicaProgress now) {
        long released;
        synchronized (lock) {
            if (opened == null || ended) {
                return;
            }
            released = releasedBytes;
        }
        Message.Progress next = told.next(now);
        if (next != null) {
            link.send(sending, channel, next);
        }
        if (released > toldReleasedBytes) {
            toldReleasedBytes = released;
            link.send(sending, channel, new Message.Credit(released));
        }
    }

    void leave(String why, boolean forget) {
        PeerLink before;
        int number;
        boolean says;
        synchronized (lock) {
            before = link;
            number = channel;
            says = !ended;
            link = null;
            channel = 0;
            opened = null;
        }
        if (before == null) {
            return;
        }
        before.detach(number);
        shared.toldNoMore();
        if (says && before.isOpen()) {
            before.send(sending, number, new Message.Leave(why, forget));
        }
    }

    // ---- by the link's worker

    @Override
    public boolean deliver(PeerLink from, int toChannel, PeerLink.Said said) throws StorageException {
        Message message = said.message();
        long durable = 0;
        synchronized (lock) {
            if (from != link || toChannel != channel) {
                return false;
            }
            if (message instanceof Message.Opened begun) {
                opened = begun;
                durable = begun.durable();
                shared.told(begun.journal(), durable);
            } else if (message instanceof Message.Durable news && opened != null) {
                durable = news.durable();
                shared.told(opened.journal(), durable);
                releasedBytes += said.bytes();
            } else if (message instanceof Message.Ended refusal) {
                LOG.info("{} tells no news of its journal: {}", from.peer(), refusal.words());
                ended = true;
                opened = null;
                shared.toldNoMore();
            } else {
                throw new StorageException(
                        Reason.CORRUPT, message.type() + " came where only news was asked for", "update the peer");
            }
        }
        heard.accept(durable);
        gate.open();
        return false;
    }
}
