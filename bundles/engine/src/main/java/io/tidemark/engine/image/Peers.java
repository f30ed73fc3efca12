package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitRule.MissingPeers;
import io.tidemark.api.replica.PeerProgress;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * What the replicas of a primary have, and the requests that wait for them. A request is answered when everything up to it is
 * durable here, and has arrived at, or is durable at, as many replicas as the commit rule asks for. Guarded by the image's lock.
 *
 * <p>Whether replicas are missing is found by {@link PeerWatch}; what is done then is done here. An image whose rule asks for none
 * has nobody in these queues, and no watch.
 */
final class Peers {
    private final Core core;
    private final Map<String, PeerProgress> known = new TreeMap<>();
    private final Waiters arrivedWaiters = new Waiters();
    private final Waiters receivedWaiters = new Waiters();

    /** As many peers as the rule asks for have had it once: a peer that is away does not take back what it has. */
    private long arrived;

    private long received;

    private int reachable;
    private boolean missing;
    private boolean late;
    private long losses;

    final PeerWatch watch;

    Peers(Core core) {
        this.core = core;
        this.watch = new PeerWatch(core);
    }

    static boolean isAtPeers(Watermark mark) {
        return mark == Watermark.ARRIVED || mark == Watermark.RECEIVED;
    }

    /** Linked and in sync. */
    int reachable() {
        return reachable;
    }

    /** How often there were fewer than the rule asks for. */
    long losses() {
        return losses;
    }

    boolean isMissing() {
        return missing;
    }

    // ---------------------------------------------------------------- what peers have

    void report(PeerProgress now, Aftermath after) throws StorageException {
        if (Math.max(now.arrived(), now.received()) > core.appended) {
            throw new StorageException(
                    Reason.INVALID,
                    "replica " + now.peer() + " of image " + core.labels.name() + " claims to have event "
                            + Math.max(now.arrived(), now.received()) + ", and the last one is " + core.appended,
                    "compare the epochs of both sides: they may have parted");
        }
        known.put(now.peer(), now);
        moved(after);
    }

    void forget(String peer, Aftermath after) {
        if (known.remove(peer) != null) {
            moved(after);
        }
    }

    private void moved(Aftermath after) {
        int before = reachable;
        reachable = 0;
        for (PeerProgress each : known.values()) {
            reachable += each.reachable() ? 1 : 0;
        }
        if (core.rule.peers() > 0) {
            arrived = Math.max(arrived, reachedBy(core.rule.peers(), Watermark.ARRIVED));
            received = Math.max(received, reachedBy(core.rule.peers(), Watermark.RECEIVED));
            sweep(after);
        }
        if (reachable != before) {
            after.peersChanged();
            watch.wake();
            if (missing) {
                core.updateState(after);
            }
        }
    }

    private static long of(PeerProgress peer, Watermark mark) {
        return mark == Watermark.ARRIVED ? peer.arrived() : peer.received();
    }

    /** The last event that so many of those that are there now have; 0 when there are fewer. */
    private long reachedBy(int peers, Watermark mark) {
        long most = 0;
        for (PeerProgress each : known.values()) {
            long candidate = of(each, mark);
            if (candidate > most && having(candidate, mark) >= peers) {
                most = candidate;
            }
        }
        return most;
    }

    private int having(long sequence, Watermark mark) {
        int count = 0;
        for (PeerProgress each : known.values()) {
            count += each.reachable() && of(each, mark) >= sequence ? 1 : 0;
        }
        return count;
    }

    /** Whether as many as the rule asks for are there now and have an event, as the rule means it. */
    boolean have(long sequence) {
        CommitRule rule = core.rule;
        boolean durably = rule.write() == Watermark.RECEIVED || rule.flush() == Watermark.RECEIVED;
        return having(sequence, durably ? Watermark.RECEIVED : Watermark.ARRIVED) >= rule.peers();
    }

    // ---------------------------------------------------------------- who waits

    /** Whether requests wait for peers now. */
    private boolean count() {
        return core.rule.peers() > 0 && !(missing && core.rule.missingPeers() == MissingPeers.JOURNAL);
    }

    private boolean acts(MissingPeers choice, Watermark mark) {
        return missing && core.rule.peers() > 0 && core.rule.missingPeers() == choice && isAtPeers(mark);
    }

    /** Whether a request is not to be appended before enough peers are back. */
    boolean holds(Watermark mark) {
        return acts(MissingPeers.HOLD, mark);
    }

    /** Why a request fails that would have to wait for peers; null when it does not. */
    StorageException refusal(Watermark mark) {
        return acts(MissingPeers.FAIL, mark) ? Failures.peersMissing(core.labels.name(), why()) : null;
    }

    /** Takes a request that waits for peers; false when it has to wait for this node's journal only. */
    boolean await(Watermark mark, Request request, Aftermath after) {
        if (!isAtPeers(mark) || !count()) {
            return false;
        }
        Waiters waiters = mark == Watermark.ARRIVED ? arrivedWaiters : receivedWaiters;
        waiters.add(core.appended, request.startNanos, request.completion, request.session);
        sweep(after);
        if (missing) {
            failWhatWaits(after);
        }
        if (waits()) {
            watch.somebodyWaits();
        }
        return true;
    }

    /** Answers what is everywhere it has to be. Something is durable here or at a peer now, or the rule has changed. */
    void sweep(Aftermath after) {
        if (!waits()) {
            return;
        }
        int from = after.sweep.count();
        arrivedWaiters.sweep(upTo(arrived), after.sweep);
        receivedWaiters.sweep(upTo(core.steps.receivedAtPeers(received, arrived)), after.sweep);
        core.figures.acknowledged(after.sweep, from, core.context.clock().monotonicNanos());
    }

    private long upTo(long atPeers) {
        return count() ? Math.min(core.durable, atPeers) : core.durable;
    }

    boolean waits() {
        return !arrivedWaiters.isEmpty() || !receivedWaiters.isEmpty();
    }

    /** Whether somebody waits for an event that is not durable here. */
    boolean waitsForForce() {
        return Math.max(arrivedWaiters.lastSequence(), receivedWaiters.lastSequence()) > core.durable;
    }

    /** Whether somebody waits for an event at or before one. */
    boolean waitsFor(long sequence) {
        return Math.min(arrivedWaiters.firstSequence(), receivedWaiters.firstSequence()) <= sequence;
    }

    int waiting() {
        return arrivedWaiters.count() + receivedWaiters.count();
    }

    void fail(StorageException why, Sweep out) {
        arrivedWaiters.fail(why, out);
        receivedWaiters.fail(why, out);
    }

    // ---------------------------------------------------------------- when there are too few

    /** There are fewer than the rule asks for, or they do not keep up, for longer than is waited. */
    void miss(boolean tooLate, Aftermath after) {
        missing = true;
        late = tooLate;
        losses++;
        act(after);
    }

    /** There are enough again. */
    void back(long wallNanos, Aftermath after) {
        missing = false;
        core.updateState(after);
        core.admitHeld(wallNanos, after);
    }

    /** Another rule is in force. What was counted for the one before says nothing about it. */
    void ruleChanged(long wallNanos, Aftermath after) {
        missing &= core.rule.peers() > 0;
        arrived = reachedBy(core.rule.peers(), Watermark.ARRIVED);
        received = reachedBy(core.rule.peers(), Watermark.RECEIVED);
        if (core.rule.peers() == 0 && core.rule.flush() == Watermark.CHECKPOINTED && waits()) {
            // The rule promises more than this node's journal, as the one before did.
            core.checkpointWaiters.takeOver(arrivedWaiters);
            core.checkpointWaiters.takeOver(receivedWaiters);
            core.checkpointWaitersAdded(after);
            core.forceWanted |= core.appended > core.durable;
            core.committer.wake();
        }
        act(after);
        core.admitHeld(wallNanos, after);
        watch.wake();
    }

    private void act(Aftermath after) {
        sweep(after);
        if (missing) {
            failWhatWaits(after);
        }
        core.updateState(after);
    }

    private void failWhatWaits(Aftermath after) {
        if (core.rule.missingPeers() == MissingPeers.FAIL && waits()) {
            fail(Failures.peersMissing(core.labels.name(), why()), after.sweep);
            if (core.appended > core.durable) {
                // Nobody waits any more, and it is to reach replicas all the same: they see nothing that is not
                // durable.
                core.forceWanted = true;
                core.committer.wake();
            }
        }
    }

    // ---------------------------------------------------------------- for people

    State state() {
        return switch (core.rule.missingPeers()) {
            case HOLD -> State.HOLDING;
            case FAIL -> State.FAILING;
            case JOURNAL -> State.SERVING;
        };
    }

    String detail() {
        String does =
                switch (core.rule.missingPeers()) {
                    case HOLD -> "holding writes";
                    case FAIL -> "failing writes";
                    case JOURNAL -> "acknowledging writes when this node's journal has them";
                };
        return "replicas missing: " + does + ", because " + why()
                + "; bring them back, it goes on by itself, or change " + ImageKeys.PEER_MISSING + " or "
                + ImageKeys.COMMIT;
    }

    /** A line while writes are acknowledged by less than the rule; null otherwise. */
    String warning() {
        return missing && core.rule.missingPeers() == MissingPeers.JOURNAL ? detail() : null;
    }

    private String why() {
        int wanted = core.rule.peers();
        boolean slow = late && reachable >= wanted;
        StringJoiner away = new StringJoiner(", ", " (", ")").setEmptyValue("");
        for (PeerProgress each : known.values()) {
            if (!each.reachable()) {
                away.add(each.peer() + " is not linked or not in sync");
            }
        }
        return "the rule " + core.rule.name() + " asks for " + wanted + (wanted == 1 ? " replica" : " replicas")
                + " in sync, and " + (slow ? "those that are linked do not keep up" : "there are " + reachable) + away;
    }

    void check() {
        require(arrivedWaiters, upTo(arrived));
        require(receivedWaiters, upTo(core.steps.receivedAtPeers(received, arrived)));
        if (missing && core.rule.missingPeers() == MissingPeers.FAIL && waits()) {
            throw new AssertionError("requests wait for peers that are missing, in place of failing");
        }
    }

    private static void require(Waiters waiters, long upTo) {
        if (waiters.firstSequence() <= upTo) {
            throw new AssertionError(
                    "somebody waits for " + waiters.firstSequence() + ", and peers have up to " + upTo);
        }
    }
}
