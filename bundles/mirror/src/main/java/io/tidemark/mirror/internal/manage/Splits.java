package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.mirror.Branch;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.Split;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.fork.BranchWalk;
import io.tidemark.mirror.internal.fork.ForkCheck;
import io.tidemark.mirror.internal.fork.Verdict;
import io.tidemark.mirror.internal.run.GivenOrder;
import io.tidemark.mirror.internal.run.Slots;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import io.tidemark.mirror.internal.wire.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Images that parted: where, and how much each side changed since. Each side looks at its own journal, and the other one asks. What
 * was found is shown again as long as nothing was written, or for some seconds.
 */
final class Splits {
    /** Nobody sends anything in these; in the others both are on one branch. */
    private static final Set<State> APART = Set.of(State.REFUSED, State.PRIMARY, State.STARTING);

    private static final long ANSWER_NANOS = 60 * Desk.SECOND;
    private static final long FRESH_NANOS = 10 * Desk.SECOND;

    /** What was found of an image. */
    private record Found(Point fork, Branch branch, long atNanos) {}

    private final Desk desk;
    private final Statuses statuses;
    private final Map<String, Found> found = new ConcurrentHashMap<>();
    /** Each look takes memory by what was changed, and whoever waits for one most likely asks the same. */
    private final Slots looks = new Slots(1);

    Splits(Desk desk, Statuses statuses) {
        this.desk = desk;
        this.statuses = statuses;
    }

    List<Split> of(String image) throws StorageException {
        List<Split> splits = new ArrayList<>();
        for (MirrorStatus one : statuses.of(image)) {
            if (APART.contains(one.state()) && desk.node().linked(one.peer())) {
                split(image, one).ifPresent(splits::add);
            }
        }
        if (splits.isEmpty()) {
            found.remove(image);
        }
        return splits;
    }

    private Optional<Split> split(String image, MirrorStatus one) throws StorageException {
        Answer.Facts theirs;
        ImageFacts ours;
        try {
            theirs = desk.look(one.peer(), one.peerImage());
            ours = desk.facts(image);
        } catch (StorageException e) {
            // Nothing is known of the other side, or of this one; the status says why.
            return Optional.empty();
        }
        Verdict verdict = ForkCheck.compare(
                new ForkCheck.Side(theirs.epochs(), theirs.durable()),
                0,
                new ForkCheck.Side(ours.epochs(), ours.watermarks().durable()));
        boolean related = theirs.identity().equals(ours.imageIdentity());
        if (verdict.kind() != Verdict.Kind.SPLIT || !related || Desk.lacksOnly(theirs, ours)) {
            return Optional.empty();
        }
        return Optional.of(looked(image, one, verdict.point()));
    }

    private Split looked(String image, MirrorStatus one, Point fork) {
        if (fork.equals(Point.NONE)) {
            return new Split(
                    image,
                    one.peer(),
                    one.peerImage(),
                    Position.NONE,
                    Optional.empty(),
                    Optional.empty(),
                    "neither side knows any more where they parted");
        }
        List<String> trouble = new ArrayList<>();
        Optional<Branch> here = attempt(trouble, () -> here(image, fork, () -> {}, () -> {}));
        Optional<Branch> there = attempt(trouble, () -> there(one, fork));
        Position at = new Position(fork.epoch(), fork.sequence());
        return new Split(image, one.peer(), one.peerImage(), at, here, there, String.join("; ", trouble));
    }

    /** Looks at a branch. */
    private interface Look {
        Branch run() throws StorageException;
    }

    private static Optional<Branch> attempt(List<String> trouble, Look look) {
        try {
            return Optional.of(look.run());
        } catch (StorageException e) {
            trouble.add(e.getMessage());
            return Optional.empty();
        }
    }

    private Branch there(MirrorStatus one, Point fork) throws StorageException {
        Answer.Branched answer = desk.expect(
                Answer.Branched.class,
                one.peer(),
                new Order.Branch(fork, one.peerImage()),
                ANSWER_NANOS,
                WorkListener.QUIET);
        return new Branch(
                answer.last(),
                answer.missing(),
                answer.extents(),
                answer.bytes(),
                answer.exact(),
                answer.exportBytes());
    }

    private Branch here(String image, Point fork, Slots.Waiting waiting, BranchWalk.Going going)
            throws StorageException {
        Journal journal = desk.services().images().journal(image);
        Optional<Branch> known = known(image, fork, journal);
        if (known.isPresent()) {
            return known.get();
        }
        looks.take(desk.context().workers().newGate(), waiting);
        try {
            // Somebody may have looked meanwhile.
            known = known(image, fork, journal);
            return known.isPresent() ? known.get() : look(image, fork, journal, going);
        } finally {
            looks.free();
        }
    }

    private Optional<Branch> known(String image, Point fork, Journal journal) {
        long now = desk.context().clock().monotonicNanos();
        return Optional.ofNullable(found.get(image))
                .filter(before -> before.fork().equals(fork))
                .filter(before -> before.branch().last() == journal.durable() || now - before.atNanos() < FRESH_NANOS)
                .map(Found::branch);
    }

    private Branch look(String image, Point fork, Journal journal, BranchWalk.Going going) throws StorageException {
        Branch branch = BranchWalk.look(journal, fork.sequence(), going);
        found.put(image, new Found(fork, branch, desk.context().clock().monotonicNanos()));
        return branch;
    }

    // ---- as asked by a peer

    Answer branched(GivenOrder given, Order.Branch order) throws StorageException {
        ImageFacts facts = desk.facts(order.image());
        Point fork = order.fork();
        boolean known =
                facts.epochs().stream().anyMatch(epoch -> epoch.identity().equals(fork.identity()));
        if (!known || fork.sequence() > facts.watermarks().durable()) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + order.image() + " of the node " + desk.nodeName() + " knows nothing of " + fork,
                    "look at mirror:status on both nodes");
        }
        Slots.Waiting waiting = () -> {
            given.checkWaited();
            given.working(0, -1, "waits until another branch is looked at");
        };
        Branch branch = here(order.image(), fork, waiting, given::checkWaited);
        return new Answer.Branched(
                branch.last(),
                branch.missing(),
                branch.extents(),
                branch.bytes(),
                branch.exportBytes(),
                branch.exact());
    }
}
