package io.tidemark.console.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Split;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A mirror without anything behind it: notes what it is told, and says what it was given. */
public final class FakeMirrors implements MirrorManager {
    /** The key of the peer siteb. */
    public static final String KEY_B = "ed25519:" + "0123456789abcdef".repeat(4);

    /** What it was told, one line for each call that changes something. */
    public final List<String> told = new ArrayList<>();

    /** Transports. */
    public final List<String> transports = new ArrayList<>(List.of("tcp", PeerSettings.LOCAL));

    /** Peers. */
    public final List<PeerStatus> peers = new ArrayList<>();

    /** Mirrored images. */
    public final List<MirrorStatus> images = new ArrayList<>();

    /** Images of which it was told to fetch what others have. */
    public final List<String> fetched = new ArrayList<>();

    /** How an image is after an order. */
    public MirrorStatus after = Following.replica("vm1").status();

    /** Thrown by everything that changes something or compares. */
    public StorageException failure;

    /** What a comparison finds. */
    public final List<Verification.Difference> differences = new ArrayList<>();

    /** What a comparison cannot compare. */
    public long skippedBytes;

    /** What is missing after a promotion. */
    public long missingEvents;

    /** Peers that a promotion could not ask, and those that have more. */
    public List<String> notAsked = List.of();

    public List<String> ahead = List.of();

    /** Images that parted. */
    public final List<Split> splits = new ArrayList<>();

    /** Branches that are kept. */
    public final List<KeptBranch> branches = new ArrayList<>();

    /** What the next resync keeps. */
    public final List<KeptBranch> keeping = new ArrayList<>();

    /** Whether peers can be told. */
    public boolean reachable = true;

    /** The peer siteb, linked. */
    public static PeerStatus peer(String name, String key) {
        return new PeerStatus(
                name,
                PeerSettings.of("192.0.2.7:10810", key),
                true,
                "linked",
                "",
                "b",
                "192.0.2.7:10810",
                true,
                -31_000_000L,
                2_100_000L,
                List.of("vm1"));
    }

    private void mayFail() throws StorageException {
        if (failure != null) {
            throw failure;
        }
    }

    private MirrorStatus done(String line) throws StorageException {
        mayFail();
        told.add(line);
        return after;
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
    public List<String> transports() {
        return List.copyOf(transports);
    }

    @Override
    public List<PeerStatus> peers() {
        return peers;
    }

    @Override
    public PeerStatus addPeer(String name, PeerSettings settings) throws StorageException {
        mayFail();
        told.add("add " + name + " " + settings);
        PeerStatus peer = new PeerStatus(name, settings, false, "opens a link", "", "", "", false, 0, -1, List.of());
        peers.add(peer);
        return peer;
    }

    @Override
    public void removePeer(String name) throws StorageException {
        mayFail();
        if (!peers.removeIf(peer -> peer.name().equals(name))) {
            throw new StorageException(Reason.NOT_FOUND, "there is no peer " + name, "look at mirror:peer-list");
        }
        told.add("remove " + name);
    }

    @Override
    public MirrorStatus enable(String image, String peer, ReplicaOptions options) throws StorageException {
        return done("enable " + image + " " + peer + " " + options);
    }

    @Override
    public boolean disable(String image, String peer) throws StorageException {
        done("disable " + image + " " + peer);
        return reachable;
    }

    @Override
    public List<MirrorStatus> status() {
        return List.copyOf(images);
    }

    @Override
    public List<MirrorStatus> status(String image) throws StorageException {
        List<MirrorStatus> found =
                images.stream().filter(one -> one.image().equals(image)).toList();
        if (found.isEmpty()) {
            throw new StorageException(
                    Reason.NOT_FOUND, "the image " + image + " is not mirrored", "mirror:enable begins it");
        }
        return found;
    }

    @Override
    public MirrorStatus hold(String image) throws StorageException {
        return done("hold " + image);
    }

    @Override
    public MirrorStatus release(String image) throws StorageException {
        return done("release " + image);
    }

    @Override
    public MirrorStatus step(String image, long events) throws StorageException {
        return done("step " + image + " " + events);
    }

    @Override
    public MirrorStatus step(String image, Position to) throws StorageException {
        return done("step " + image + " to " + to);
    }

    @Override
    public MirrorStatus delay(String image, long delayNanos) throws StorageException {
        return done("delay " + image + " " + delayNanos);
    }

    private Promotion promoted(String image, String node) {
        Epoch epoch = new Epoch(4, new UUID(1, 2), 104_212, new UUID(3, 4), 0, node);
        return new Promotion(image, node, new Position(3, 104_211), epoch, missingEvents).asked(notAsked, ahead);
    }

    @Override
    public Promotion promote(String image, boolean force) throws StorageException {
        done("promote " + image + (force ? " by force" : ""));
        return promoted(image, "sitea");
    }

    @Override
    public long fetch(String image) throws StorageException {
        fetched.add(image);
        return 0;
    }

    @Override
    public Promotion promoteAt(String image, Position at, boolean force, GivenUp given) throws StorageException {
        done("promote " + image + " at " + at + (force ? " by force" : "")
                + (given == GivenUp.LOST ? " keeping nothing" : ""));
        return promoted(image, "sitea");
    }

    @Override
    public void admit(String image) throws StorageException {
        done("admit " + image);
    }

    @Override
    public Position demote(String image) throws StorageException {
        done("demote " + image);
        return new Position(3, 104_211);
    }

    @Override
    public Promotion switchOver(String image, String peer, WorkListener listener) throws StorageException {
        done("switch " + image + " " + peer);
        if (!listener.progress("waits until siteb is close", 5, 10)) {
            throw new StorageException(Reason.CLOSED, "given up", "the image " + image + " is primary here as before");
        }
        return promoted(image, peer);
    }

    @Override
    public Verification verify(String image, String peer, WorkListener listener) throws StorageException {
        done("verify " + image + " " + peer);
        listener.progress("reads the events between the two sides", 0, -1);
        if (!listener.progress("compares", 1 << 20, 10 << 20)) {
            throw new StorageException(Reason.CLOSED, "the comparison was given up", "nothing was changed");
        }
        long differing = differences.stream()
                .mapToLong(Verification.Difference::lengthBytes)
                .sum();
        return new Verification(
                image,
                peer,
                new Position(3, 104_200),
                new Position(3, 104_211),
                (10 << 20) - skippedBytes - differing,
                skippedBytes,
                differing,
                differences);
    }

    @Override
    public MirrorStatus resync(String image, String peer, GivenUp given, boolean whole) throws StorageException {
        MirrorStatus after = done("resync " + image + " " + peer + (whole ? " as a whole" : "")
                + switch (given) {
                    case REFUSED -> "";
                    case KEPT -> " discarding";
                    case LOST -> " discarding, keeping nothing";
                });
        branches.addAll(keeping);
        keeping.clear();
        return after;
    }

    @Override
    public List<Split> splits(String image) {
        return splits.stream().filter(split -> split.image().equals(image)).toList();
    }

    @Override
    public List<KeptBranch> keptBranches() {
        return List.copyOf(branches);
    }

    @Override
    public void discardBranch(String name) throws StorageException {
        done("discard " + name);
        branches.removeIf(branch -> branch.name().equals(name));
    }
}
