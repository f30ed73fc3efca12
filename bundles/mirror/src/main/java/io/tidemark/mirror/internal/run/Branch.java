package io.tidemark.mirror.internal.run;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.replica.ReplicaOrigin;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Point;
import java.util.ArrayList;
import java.util.List;

/** What a source has said in a channel of the branch that it is on. For one thread. */
final class Branch {
    private List<Epoch> epochs = List.of();

    /** The source may no longer know the oldest epochs of what the replica has, which all are of its branch. */
    void opened(List<Epoch> own, Message.Opened opened) {
        epochs = own;
        opened.epochs().forEach(this::next);
    }

    void next(Epoch epoch) {
        if (epochs.isEmpty() || epoch.number() > epochs.get(epochs.size() - 1).number()) {
            List<Epoch> longer = new ArrayList<>(epochs);
            longer.add(epoch);
            epochs = List.copyOf(longer);
        }
    }

    List<Epoch> epochs() {
        return epochs;
    }

    /** Whether it lies in an epoch that the source has told of. */
    boolean knows(Point point) {
        return point.sequence() == 0
                || epochs.stream().anyMatch(epoch -> epoch.identity().equals(point.identity()));
    }

    /** What a replica is made with. */
    static ReplicaOrigin origin(Message.Opened opened) throws StorageException {
        Position registered = opened.start().position();
        Epoch first = null;
        for (Epoch epoch : opened.epochs()) {
            boolean here = registered.sequence() == 0 ? first == null : epoch.number() == registered.epoch();
            first = here ? epoch : first;
        }
        try {
            if (first == null) {
                throw new IllegalArgumentException("it names no epoch for " + registered);
            }
            return new ReplicaOrigin(opened.identity(), opened.sizeBytes(), opened.blockSizeBytes(), first, registered);
        } catch (IllegalArgumentException e) {
            throw new StorageException(
                    Reason.CORRUPT, "the source says what makes no sense: " + e.getMessage(), "update the peer", e);
        }
    }
}
