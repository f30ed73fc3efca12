package io.tidemark.engine.manage;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.PeerProgress;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.api.replica.ReplicaOrigin;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Replicas among the images of a node. Safe for all threads. */
public final class Replicas implements ReplicaManager {
    private final ImageDirectory directory;

    /**
     * Those of a node.
     *
     * @param directory of all images
     */
    public Replicas(ImageDirectory directory) {
        this.directory = directory;
    }

    @Override
    public ImageFacts facts(String image) throws StorageException {
        ImageFacts facts = directory.engine(image).facts();
        boolean replica = facts.role() == Role.REPLICA;
        if (replica != (facts.replica() != null)) {
            // The new role is on the disk, and the image is not opened in it yet.
            throw new StorageException(
                    Reason.UNAVAILABLE, "the role of image " + image + " changes", "try again in a moment");
        }
        return facts;
    }

    @Override
    public ImageStatus create(String image, ReplicaOrigin origin, Map<String, String> properties)
            throws StorageException {
        return directory.createReplica(image, origin, properties);
    }

    @Override
    public ImageStatus adopt(String image, UUID seed, ReplicaOrigin origin) throws StorageException {
        return directory.adopt(image, seed, origin);
    }

    @Override
    public Replica receive(String image) throws StorageException {
        return directory.engine(image).receive();
    }

    @Override
    public ImageFacts order(String image, HeadOrder order) throws StorageException {
        checkRelay(image, !order.equals(HeadOrder.LIVE));
        directory.engine(image).order(order);
        return facts(image);
    }

    @Override
    public ImageFacts delay(String image, long delayNanos) throws StorageException {
        checkRelay(image, delayNanos > 0);
        directory.engine(image).delay(delayNanos);
        return facts(image);
    }

    /** What waits for its time waits in the journal. */
    private void checkRelay(String image, boolean waits) throws StorageException {
        if (waits && directory.isRelayOff(image)) {
            throw new StorageException(
                    Reason.INVALID,
                    ImageKeys.RELAY + ": the replica " + image
                            + " keeps no journal, so it can be neither held nor delayed",
                    "set relay=on for it first");
        }
    }

    @Override
    public ImageFacts promote(String image) throws StorageException {
        directory.turn(image, Role.PRIMARY, null);
        return facts(image);
    }

    @Override
    public ImageFacts promoteAt(String image, Position at) throws StorageException {
        directory.turn(image, Role.PRIMARY, at);
        return facts(image);
    }

    @Override
    public ImageFacts demote(String image) throws StorageException {
        directory.turn(image, Role.REPLICA, null);
        return facts(image);
    }

    @Override
    public Optional<Fence> fence(String image) throws StorageException {
        return directory.engine(image).fence();
    }

    @Override
    public void fence(String image, Fence fence) throws StorageException {
        directory.engine(image).fence(fence);
    }

    @Override
    public Optional<Fence> takenOver(String image) throws StorageException {
        return directory.engine(image).takenOver();
    }

    @Override
    public void unfence(String image, Fence fence) throws StorageException {
        directory.engine(image).unfence(fence);
    }

    @Override
    public Map<String, Long> asking() {
        return directory.asking();
    }

    @Override
    public boolean lostItsJournal(String image) throws StorageException {
        return directory.engine(image).lostItsJournal();
    }

    @Override
    public AutoCloseable whenAsking(Runnable listener) {
        return directory.asks().add(listener);
    }

    @Override
    public void answered(String image, long question) throws StorageException {
        directory.engine(image).answered(question);
    }

    @Override
    public boolean peer(String image, PeerProgress progress) throws StorageException {
        return directory.engine(image).peer(progress);
    }

    @Override
    public void forgetPeer(String image, String peer) throws StorageException {
        directory.engine(image).forgetPeer(peer);
    }
}
