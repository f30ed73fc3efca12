package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageContext;
import io.tidemark.base.news.NewsDesk;
import io.tidemark.mirror.internal.identity.Handshake;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source's side of the protocol, run here for one replica over a journal that this node shares with its source. So everything
 * else is as over a link: how branches are compared, what is registered and kept, who waits for whom.
 */
final class SharedSource {
    private static final Logger LOG = LoggerFactory.getLogger(SharedSource.class);
    private static final long END_NANOS = 10_000_000_000L;

    private final StorageContext context;
    private final MirrorSettings settings;
    private final Handshake.Self self;
    private final Master master;
    private final ReplicaWish wish;
    private final SharedOrigin origin;
    private final Sources sources;
    private PeerLink link;
    private SourceSide side;

    SharedSource(
            StorageContext context,
            Services services,
            MirrorSettings settings,
            Handshake.Self self,
            Master master,
            ReplicaWish wish) {
        this.context = context;
        this.settings = settings;
        this.self = self;
        this.master = master;
        this.wish = wish;
        this.origin = new SharedOrigin(context, services, wish, self.name());
        // What the replica tells of itself is all that is news here.
        NewsDesk unheard = new NewsDesk(context, "news-unheard");
        this.sources = new Sources(context, origin, unheard, settings, permits());
        sources.start();
    }

    private Permits permits() {
        return new Permits() {
            @Override
            public Set<String> replicas(String peer, String image) {
                return image.equals(wish.sourceImage()) ? Set.of(wish.image()) : Set.of();
            }

            @Override
            public boolean mayFetch(String peer, String image) {
                return false;
            }

            @Override
            public void moved() {
                // Nobody can be asked here.
            }
        };
    }

    /** The link to it, which is always there; who takes it is told when it ends, to ask again. By the replica's worker. */
    PeerLink link(Runnable told) {
        if (link == null || !link.isOpen()) {
            PeerLink.Owner quiet = new PeerLink.Owner() {
                @Override
                public boolean proven(PeerLink begun) {
                    return true;
                }

                @Override
                public void ended(PeerLink gone, boolean wasProven, StorageException why) {
                    LOG.debug("{} no longer reads the journal of its source: {}", wish.image(), why.getMessage());
                    told.run();
                }
            };
            PeerLink[] ends = PeerLink.inside(context, settings.handshakeNanos());
            side = new SourceSide(context, sources);
            ends[1].startInside(wish.peer(), self, quiet, side, master);
            ends[0].startInside(wish.peer(), self, quiet, new SourceSide(context, sources), master);
            link = ends[0];
        }
        return link;
    }

    /** The source's node says how far a journal is durable, and goes on saying so. By anybody; does not wait. */
    void told(UUID journal, long durable) {
        origin.told(journal, durable);
    }

    /** It says nothing any more. */
    void toldNoMore() {
        origin.toldNoMore();
    }

    /** By the replica's worker. With {@code forget} the journal need keep nothing for it any more. */
    void close(boolean forget) {
        if (link != null) {
            link.close("the replica ends");
            // What it is about to register would stay.
            side.awaitEnd(END_NANOS);
        }
        if (forget) {
            try {
                sources.forget(wish.sourceImage(), self.key().publicKey(), wish.peer(), wish.image());
            } catch (StorageException e) {
                LOG.warn(
                        "the journal of {} may still be kept for the replica {}: {}",
                        wish.sourceImage(),
                        wish.image(),
                        e.getMessage());
            }
        }
        sources.close();
        try {
            origin.close();
        } catch (StorageException e) {
            LOG.debug("the journal of {}: {}", wish.sourceImage(), e.getMessage());
        }
    }
}
