package io.tidemark.simulation.sites;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
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

/** Replicas as the engine below has them; for those that watch them, or are broken on purpose. */
class ReplicasOver implements ReplicaManager {
    final ReplicaManager below;

    ReplicasOver(ReplicaManager below) {
        this.below = below;
    }

    @Override
    public ImageFacts facts(String image) throws StorageException {
        return below.facts(image);
    }

    @Override
    public ImageStatus create(String image, ReplicaOrigin origin, Map<String, String> properties)
            throws StorageException {
        return below.create(image, origin, properties);
    }

    @Override
    public ImageStatus adopt(String image, UUID seed, ReplicaOrigin origin) throws StorageException {
        return below.adopt(image, seed, origin);
    }

    @Override
    public Replica receive(String image) throws StorageException {
        return below.receive(image);
    }

    @Override
    public ImageFacts order(String image, HeadOrder order) throws StorageException {
        return below.order(image, order);
    }

    @Override
    public ImageFacts delay(String image, long delayNanos) throws StorageException {
        return below.delay(image, delayNanos);
    }

    @Override
    public ImageFacts promote(String image) throws StorageException {
        return below.promote(image);
    }

    @Override
    public ImageFacts promoteAt(String image, Position at) throws StorageException {
        return below.promoteAt(image, at);
    }

    @Override
    public ImageFacts demote(String image) throws StorageException {
        return below.demote(image);
    }

    @Override
    public Optional<Fence> fence(String image) throws StorageException {
        return below.fence(image);
    }

    @Override
    public void fence(String image, Fence fence) throws StorageException {
        below.fence(image, fence);
    }

    @Override
    public Optional<Fence> takenOver(String image) throws StorageException {
        return below.takenOver(image);
    }

    @Override
    public void unfence(String image, Fence fence) throws StorageException {
        below.unfence(image, fence);
    }

    @Override
    public Map<String, Long> asking() {
        return below.asking();
    }

    @Override
    public boolean lostItsJournal(String image) throws StorageException {
        return below.lostItsJournal(image);
    }

    @Override
    public AutoCloseable whenAsking(Runnable listener) {
        return below.whenAsking(listener);
    }

    @Override
    public void answered(String image, long question) throws StorageException {
        below.answered(image, question);
    }

    @Override
    public boolean peer(String image, PeerProgress progress) throws StorageException {
        return below.peer(image, progress);
    }

    @Override
    public void forgetPeer(String image, String peer) throws StorageException {
        below.forgetPeer(image, peer);
    }
}
