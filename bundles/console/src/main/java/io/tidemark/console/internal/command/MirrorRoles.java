package io.tidemark.console.internal.command;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.console.internal.render.MirrorResults;
import io.tidemark.console.internal.render.Words;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code mirror:promote}, {@code mirror:demote} and {@code mirror:switch}. */
final class MirrorRoles {
    private static final String FORCE = "--force";
    private static final String TO = "--to";
    private static final String AT = "--at";

    /** What comes of two primaries. */
    private static final String BOTH = " both are written until they are linked, and only one of the two can be kept.";

    private MirrorRoles() {}

    static List<ConsoleCommand> all() {
        return List.of(promote(), demote(), switchOver(), admit());
    }

    private static String image(Call call) {
        return MirrorImages.image(call);
    }

    private static void promoted(Call call, Promotion promotion) {
        if (call.json()) {
            call.printJson(MirrorResults.json(promotion));
        } else {
            call.line(MirrorResults.promoted(promotion));
        }
    }

    // ---- promote

    private static ConsoleCommand promote() {
        return new SimpleCommand(
                Spec.of("mirror:promote", "Turns a replica into the primary.")
                        .detail("At everything that it has received, whatever hold or delay. Without " + FORCE
                                + " only where it is sure that nothing is missing and nobody else is primary: after"
                                + " mirror:demote at the source, and where that is away after every other peer has said that it is"
                                + " not. Refused, too, while the demotion has not come and who wrote last is no peer that answers"
                                + " or was fenced by another node before it was demoted,"
                                + " where a peer has more and cannot give it, and where one was promoted on a branch of its own."
                                + " With it in any case, as when the source's site is gone:"
                                + " what the source had acknowledged and this node has not received is missing then, and"
                                + " when the source comes back, both have a branch of their own. Asks all peers first how far they"
                                + " are, and fetches what the furthest replica has more. A source that comes back is fenced:"
                                + " its writes fail until an order decides. With " + AT
                                + " as the image was at a moment: what is received and was later is given up, which is"
                                + " what a delayed replica is for; its events are kept in a file (mirror:branch-list) unless "
                                + MirrorCompare.NO_KEEP + " says otherwise. Without " + FORCE
                                + " that, too, only where nobody else is primary: after mirror:demote at the source. Asks"
                                + " first with " + FORCE + " and " + AT + ".")
                        .takes(MirrorImages.IMAGE, "The replica, on the node that has it.", Completions::replicas)
                        .option(
                                AT,
                                "MOMENT",
                                "Where to go on, not behind what the replica shows: " + Moments.FORMS + ".",
                                Moments.COMPLETION)
                        .flag(FORCE, "Although the source may have more, or may still be written.")
                        .flag(MirrorCompare.NO_KEEP, "With " + AT + ": keeps nothing of what is given up.")
                        .asks()
                        .example("mirror:promote vm1", "after mirror:demote at the source")
                        .example("mirror:promote vm1 --force", "when the source is gone")
                        .example(
                                "mirror:promote vm1 --at 2026-05-01T14:03:07Z",
                                "as it was before something spoilt it; vm1 is delayed or held")
                        .example("mirror:promote vm1 --at before-upgrade", "as it was when image:mark named it")
                        .example(
                                "mirror:promote vm1 --at before-upgrade --no-keep",
                                "where nobody needs what was received after it")
                        .build(),
                MirrorRoles::promote);
    }

    private static void promote(Call call) throws Failure, StorageException {
        boolean force = call.arguments().has(FORCE);
        Optional<String> moment = call.arguments().value(AT);
        if (moment.isPresent()) {
            promoteAt(call, moment.get(), force);
            return;
        }
        if (call.arguments().has(MirrorCompare.NO_KEEP)) {
            throw Failure.usage(MirrorCompare.NO_KEEP + " says what becomes of what " + AT
                    + " gives up; say both. Nothing was done.");
        }
        if (force) {
            call.confirm(forced(call), MirrorImages.YES);
        }
        promoted(call, call.node().mirrors().promote(image(call), force));
    }

    private static void promoteAt(Call call, String moment, boolean force) throws Failure, StorageException {
        String image = image(call);
        // The moment may be one that only a replica elsewhere has received.
        call.node().mirrors().fetch(image);
        Journal journal = call.images().journal(image);
        Position at = Moments.lastAt(call, journal, call.images().image(image).head(), moment);
        long later = journal.durable() - at.sequence();
        boolean noKeep = call.arguments().has(MirrorCompare.NO_KEEP);
        call.confirm(
                "This makes " + image + " primary here as it was at event " + at + ", and gives up "
                        + Words.count(later, "event") + " that " + (later == 1 ? "was" : "were")
                        + " received after it; " + (noKeep ? "nothing of them is kept" : "they are kept in a file")
                        + ". Every other replica that has more, and its"
                        + " source, have to be copied anew to follow it." + (force ? both(replica(call)) : ""),
                MirrorImages.YES);
        Set<String> before = MirrorBranches.before(call);
        promoted(call, call.node().mirrors().promoteAt(image, at, force, noKeep ? GivenUp.LOST : GivenUp.KEPT));
        MirrorBranches.tell(call, before);
    }

    /** What will happen, and what is known to be lost by it. */
    private static String forced(Call call) throws StorageException {
        String image = image(call);
        MirrorStatus replica = replica(call);
        String will = "This makes " + image + " primary here, with what it has received.";
        return will + (replica == null ? " Nobody knows what it lacks." : lacks(replica)) + both(replica);
    }

    private static String both(MirrorStatus replica) {
        return (replica == null ? " If it is primary elsewhere," : " If " + replica.peer() + " is still alive,") + BOTH;
    }

    private static String lacks(MirrorStatus replica) {
        long lacking = replica.lag().unreceivedEvents();
        boolean linked = replica.state() != MirrorStatus.State.UNLINKED;
        if (lacking > 0) {
            return " It lacks " + (linked ? "" : "at least ") + Words.count(lacking, "event") + " of " + replica.peer()
                    + ", which are lost.";
        }
        return linked && lacking == 0
                ? " It has everything that " + replica.peer() + " is known to have."
                : " What " + replica.peer() + " had acknowledged since they were linked last is lost.";
    }

    private static MirrorStatus replica(Call call) throws StorageException {
        try {
            return call.node().mirrors().status(image(call)).stream()
                    .filter(one -> one.role() == Role.REPLICA && !one.peer().isEmpty())
                    .findFirst()
                    .orElse(null);
        } catch (StorageException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    // ---- demote

    private static ConsoleCommand demote() {
        return new SimpleCommand(
                Spec.of("mirror:demote", "Turns a primary into a replica.")
                        .detail(
                                "Clients' writes fail from then on, and everything acknowledged is durable and applied. Its peers go on"
                                        + " receiving what they lack; then one of them can be promoted without " + FORCE
                                        + ". Where the journal is full or fails just then the log says so, and that needs a link"
                                        + " with this node. mirror:switch does both in one command. Asks first.")
                        .takes(MirrorImages.IMAGE, "The image; primary here.", Completions::primaries)
                        .asks()
                        .example("mirror:demote vm1", "nobody writes vm1 here any more")
                        .build(),
                MirrorRoles::demote);
    }

    private static void demote(Call call) throws Failure, StorageException {
        String image = image(call);
        call.confirm(
                "This ends writing to " + image + clients(call)
                        + ". Nobody can write it anywhere until it is promoted, here or at a peer.",
                MirrorImages.YES);
        Position end = call.node().mirrors().demote(image);
        if (call.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("image", image);
            json.put("end", end.toString());
            call.printJson(json);
        } else {
            call.line(image + ": a replica, which ends at event " + end + "; mirror:promote " + image
                    + " at a peer, or here, goes on from there");
        }
    }

    /** Who will notice. */
    private static String clients(Call call) throws StorageException {
        List<String> clients = call.images().image(image(call)).clients();
        return clients.isEmpty()
                ? ""
                : " (" + Words.count(clients.size(), "client") + " connected: " + Words.list(clients) + ")";
    }

    // ---- admit

    private static ConsoleCommand admit() {
        return new SimpleCommand(
                Spec.of("mirror:admit", "Admits writes without the replicas' answer.")
                        .detail(
                                "A primary with replicas asks them when it starts whether one of them was promoted meanwhile, and"
                                        + " holds writes until they have answered, for as long as peer.ask and peer.ask.timeout"
                                        + " say. This goes on without an answer, as when a replica's site is gone. Asks first.")
                        .takes(MirrorImages.IMAGE, "The image; primary here.", Completions::primaries)
                        .asks()
                        .example("mirror:admit vm1", "nobody has promoted a replica of vm1")
                        .build(),
                MirrorRoles::admit);
    }

    private static void admit(Call call) throws Failure, StorageException {
        String image = image(call);
        call.confirm(
                "This lets clients write " + image + " here. If a replica of it was promoted meanwhile," + BOTH,
                MirrorImages.YES);
        call.node().mirrors().admit(image);
        if (call.json()) {
            call.printJson(Map.of("image", image));
        } else {
            call.line(image + ": admits writes");
        }
    }

    // ---- switch

    private static ConsoleCommand switchOver() {
        return new SimpleCommand(
                Spec.of("mirror:switch", "Makes a peer primary and follows it.")
                        .detail(
                                "Without losing a write: waits until the peer is close, ends writing here, waits until the peer has"
                                        + " everything, promotes it, and follows it. When the peer cannot, or the command is taken"
                                        + " back, the image is primary here as before; when nobody can say what the peer came to,"
                                        + " it is not, so that there are never two. A peer that is held or delayed far behind is"
                                        + " refused: nobody could write while it applies what it lacks. Clients have to connect to"
                                        + " the peer. Asks first.")
                        .takes(MirrorImages.IMAGE, "The image; primary here.", Completions::primaries)
                        .needs(TO, "PEER", "Who is to be primary.", Completions::peers)
                        .asks()
                        .example("mirror:switch vm1 --to siteb", "siteb is primary, and this node follows it")
                        .build(),
                MirrorRoles::switchOver);
    }

    private static void switchOver(Call call) throws Failure, StorageException {
        String image = image(call);
        String peer = MirrorImages.peer(call, TO);
        call.confirm(
                "This ends writing to " + image + " here" + clients(call) + ", and goes on with it at " + peer + ".",
                MirrorImages.YES);
        promoted(call, call.node().mirrors().switchOver(image, peer, steps(call)));
        if (!call.json()) {
            call.line("Clients connect to it at " + peer + " from now on; here it can be read");
        }
    }

    private static WorkListener steps(Call call) {
        return (step, done, total) -> {
            String far = total > 0 ? "  " + Words.number(done) + " of " + Words.count(total, "event") : "";
            call.caller().progress(step + far);
            return !call.caller().cancelled();
        };
    }
}
