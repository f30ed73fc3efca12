package io.tidemark.console.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.Consistency;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** A mirror without anything behind it: notes what it is told, and says what it was given. */
public final class FakeMirrors implements MirrorManager {
    /** What it was told, one line for each call that changes something. */
    public final List<String> told = new ArrayList<>();

    /** Peers. */
    public final List<PeerStatus> peers = new ArrayList<>();

    /** Mirrored images. */
    public final List<MirrorStatus> images = new ArrayList<>();

    /** What a comparison finds. */
    public long differingBytes;

    /** What is missing after a promotion. */
    public long missingEvents;

    /** Whether peers can be told. */
    public boolean reachable = true;

    /** An image on its way. */
    public static MirrorStatus status(String image, Role role, State state, String words, String trouble) {
        return new MirrorStatus(
                image,
                "siteb",
                image,
                role,
                state,
                words,
                Optional.of(Consistency.CONSISTENT),
                new MirrorStatus.Marks(104_211, 104_200, 104_200, 104_000, 104_000),
                new MirrorStatus.Lag(211, 900_000, 2_500_000_000L, 11, 1_000_000_000L),
                new MirrorStatus.Rate(1200, 5 << 20),
                180_000_000L,
                3_600_000_000_000L,
                3_599_000_000_000L,
                Optional.empty(),
                Optional.of(new MirrorStatus.Copy(3L << 30, 1L << 30, 100L << 20, 10_240_000_000L)),
                trouble);
    }

    private MirrorStatus done(String line) {
        told.add(line);
        return status("vm1", Role.REPLICA, State.UP_TO_DATE, "up to date", "");
    }

    @Override
    public String ownKey() {
        return "ed25519:00ff";
    }

    @Override
    public List<String> ownAddresses() {
        return List.of("127.0.0.1:10810");
    }

    @Override
    public List<PeerStatus> peers() {
        return peers;
    }

    @Override
    public PeerStatus addPeer(String name, PeerSettings settings) {
        told.add("add " + name + " " + settings);
        PeerStatus peer = new PeerStatus(name, settings, false, "opens a link", "", "", "", false, 0, -1, List.of());
        peers.add(peer);
        return peer;
    }

    @Override
    public void removePeer(String name) throws StorageException {
        if (!peers.removeIf(peer -> peer.name().equals(name))) {
            throw new StorageException(Reason.NOT_FOUND, "there is no peer " + name, "look at mirror:peer-list");
        }
    }

    @Override
    public MirrorStatus enable(String image, String peer, ReplicaOptions options) {
        return done("enable " + image + " " + peer + " " + options);
    }

    @Override
    public boolean disable(String image, String peer) {
        told.add("disable " + image + " " + peer);
        return reachable;
    }

    @Override
    public List<MirrorStatus> status() {
        return images;
    }

    @Override
    public List<MirrorStatus> status(String image) {
        return images.stream().filter(one -> one.image().equals(image)).toList();
    }

    @Override
    public MirrorStatus hold(String image) {
        return done("hold " + image);
    }

    @Override
    public MirrorStatus release(String image) {
        return done("release " + image);
    }

    @Override
    public MirrorStatus step(String image, long events) {
        return done("step " + image + " " + events);
    }

    @Override
    public MirrorStatus step(String image, Position to) {
        return done("step " + image + " to " + to);
    }

    @Override
    public MirrorStatus delay(String image, long delayNanos) {
        return done("delay " + image + " " + delayNanos);
    }

    private Promotion promoted(String image, String node) {
        Epoch epoch = new Epoch(4, new UUID(1, 2), 104_212, new UUID(3, 4), 0, node);
        return new Promotion(image, node, new Position(3, 104_211), epoch, missingEvents);
    }

    @Override
    public Promotion promote(String image, boolean force) {
        told.add("promote " + image + " " + force);
        return promoted(image, "sitea");
    }

    @Override
    public Position demote(String image) {
        told.add("demote " + image);
        return new Position(3, 104_211);
    }

    @Override
    public Promotion switchOver(String image, String peer, WorkListener listener) {
        told.add("switch " + image + " " + peer);
        listener.progress("waiting for siteb", 5, 10);
        return promoted(image, peer);
    }

    @Override
    public Verification verify(String image, String peer, WorkListener listener) {
        listener.progress("comparing", 1, 10);
        return new Verification(
                image,
                peer,
                new Position(3, 1),
                new Position(3, 9),
                1 << 20,
                0,
                differingBytes,
                differingBytes == 0 ? List.of() : List.of(new Verification.Difference(8192, differingBytes)));
    }

    @Override
    public MirrorStatus resync(String image, String peer, boolean discard) {
        return done("resync " + image + " " + peer + " " + discard);
    }
}
