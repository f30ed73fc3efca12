package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.PeerProgress;
import java.util.Optional;

/** Where the source's side of the protocol gets an image from. */
interface Origin {
    /** What is known of an image. */
    ImageFacts facts(String image) throws StorageException;

    /** Its journal; whoever gives it closes it. */
    Journal journal(String image) throws StorageException;

    /**
     * Whether a journal is the one that an image has, and was not closed since.
     *
     * @throws StorageException when nobody knows, because the image is being opened
     */
    boolean has(String image, Journal journal) throws StorageException;

    /** Makes sure that its bytes hold all that was applied to them until now. */
    void checkpoint(String image) throws StorageException;

    /** Its bytes, for copies; empty when they are not to be had. */
    Optional<BlockDevice> device(String image);

    /** How far a replica is; whether somebody waits for that. Waits for no store. */
    boolean peer(String image, PeerProgress progress) throws StorageException;

    /** Whether it is told how far a replica at the other end of a link is. */
    boolean counts(PeerLink link);

    /** A replica does not count any more. */
    void forgetPeer(String image, String peer) throws StorageException;

    /** For people: a replica as the journal is to describe it. */
    String describe(String peer, String replica);

    /** The images of this node. */
    static Origin of(Services services) {
        return new Origin() {
            @Override
            public ImageFacts facts(String image) throws StorageException {
                return services.replicas().facts(image);
            }

            @Override
            public Journal journal(String image) throws StorageException {
                return services.images().journal(image);
            }

            @Override
            public boolean has(String image, Journal journal) throws StorageException {
                return services.images().journal(image) == journal;
            }

            @Override
            public void checkpoint(String image) throws StorageException {
                services.images().checkpoint(image);
            }

            @Override
            public Optional<BlockDevice> device(String image) {
                return services.devices().device(image);
            }

            @Override
            public boolean peer(String image, PeerProgress progress) throws StorageException {
                return services.replicas().peer(image, progress);
            }

            @Override
            public boolean counts(PeerLink link) {
                // Who waits for replicas wants what is written to outlive this node.
                return !link.isInside();
            }

            @Override
            public void forgetPeer(String image, String peer) throws StorageException {
                services.replicas().forgetPeer(image, peer);
            }

            @Override
            public String describe(String peer, String replica) {
                return peer + " as " + replica;
            }
        };
    }
}
