package io.tidemark.console.internal.command;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.base.text.Durations;
import io.tidemark.console.internal.render.MirrorViews;
import io.tidemark.console.internal.render.Words;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The commands of the scope {@code mirror} that are about images. */
final class MirrorImages {
    private static final String TO = "--to";
    private static final String FROM = "--from";
    private static final String WITH = "--with";
    private static final String DELAY = "--delay";
    private static final String NAME_THERE = "--name";
    private static final String POOL = "--pool";
    private static final String JOURNAL_POOL = "--journal-pool";
    private static final String SET = "--set";
    private static final String FORCE = "--force";
    private static final String DISCARD = "--discard";
    private static final String WATCH = "--watch";
    private static final String YES = "--yes";
    private static final long WATCH_MILLIS = 1000;

    private MirrorImages() {}

    static List<ConsoleCommand> all() {
        return List.of(
                enable(),
                disable(),
                status(),
                hold(),
                release(),
                step(),
                delay(),
                promote(),
                demote(),
                switchOver(),
                verify(),
                resync());
    }

    private static MirrorManager mirrors(Call call) throws StorageException {
        return call.node().mirrors();
    }

    private static String image(Call call) {
        return call.arguments().text("IMAGE");
    }

    private static String peer(Call call, String option) throws Failure {
        return call.arguments()
                .value(option)
                .orElseThrow(() -> Failure.usage("say which peer with " + option
                        + " PEER; mirror:peer-list shows those that there are. Nothing was done."));
    }

    private static void done(Call call, MirrorStatus status) {
        if (call.json()) {
            call.printJson(MirrorViews.json(status));
        } else {
            call.caller().out(MirrorViews.info(status));
        }
    }

    // ---- enable and disable

    private static ConsoleCommand enable() {
        return new SimpleCommand(
                Spec.of("mirror:enable", "Has a peer follow an image of this node.")
                        .detail(
                                "The peer makes a replica and copies what the image has while clients go on; where it has a replica"
                                        + " of this very image already, only what is missing is sent. The replica is read only.")
                        .takes("IMAGE", "The image; primary here.", Completions::images)
                        .option(TO, "PEER", "Who is to follow it.", Completions::peers)
                        .option(
                                DELAY,
                                "DURATION",
                                "How far behind it is to stay.",
                                Completions.words("10m", "1h", "1d"))
                        .option(NAME_THERE, "NAME", "What it is to be called there.", Completion.NONE)
                        .option(POOL, "POOL", "The image pool there.", Completion.NONE)
                        .option(JOURNAL_POOL, "POOL", "The journal pool there.", Completion.NONE)
                        .options(SET, "KEY=VALUE", "Other configuration of the image there.", Completions::settings)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:enable vm1 --to siteb", "siteb follows vm1 in real time")
                        .example("mirror:enable vm1 --to siteb --delay 1h", "siteb stays an hour behind")
                        .build(),
                call -> {
                    Arguments arguments = call.arguments();
                    Map<String, String> properties = new LinkedHashMap<>(ImageChange.settings(arguments.values(SET)));
                    arguments.value(POOL).ifPresent(pool -> properties.put(ImageKeys.POOL, pool));
                    arguments.value(JOURNAL_POOL).ifPresent(pool -> properties.put(ImageKeys.JOURNAL_POOL, pool));
                    long delayNanos =
                            arguments.duration(DELAY).orElse(Duration.ZERO).toNanos();
                    ReplicaOptions options =
                            new ReplicaOptions(arguments.value(NAME_THERE).orElse(""), delayNanos, properties);
                    done(call, mirrors(call).enable(image(call), peer(call, TO), options));
                });
    }

    private static ConsoleCommand disable() {
        return new SimpleCommand(
                Spec.of("mirror:disable", "Ends the mirroring of an image with a peer.")
                        .detail(
                                "The replica stays as it is, read only, and its source keeps nothing for it any more: to follow"
                                        + " again, it may have to be copied anew. Can be run on either node.")
                        .takes("IMAGE", "The image.", Completions::images)
                        .option(WITH, "PEER", "The other node.", Completions::peers)
                        .flag(YES, "Does not ask.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:disable vm1 --with siteb", "vm1 is no longer sent to siteb")
                        .build(),
                call -> {
                    String peer = peer(call, WITH);
                    call.confirm(
                            image(call) + " is no longer mirrored with " + peer
                                    + "; what a replica lacks later may have to be copied anew.",
                            YES);
                    boolean told = mirrors(call).disable(image(call), peer);
                    if (call.json()) {
                        call.printJson(Map.of("image", image(call), "peer", peer, "peerTold", told));
                        return;
                    }
                    call.line(image(call) + ": no longer mirrored with " + peer);
                    if (!told) {
                        call.line(peer + " could not be told: run mirror:disable there too");
                    }
                });
    }

    // ---- status

    private static ConsoleCommand status() {
        return new SimpleCommand(
                Spec.of("mirror:status", "Shows how mirrored images fare.")
                        .detail(
                                "BEHIND, BYTES and TIME are what the replica's image lacks of its source; a delay or a hold shows"
                                        + " there too and is said in STATE. Up to date means that nothing is to be sent; stuck, that"
                                        + " something is and nothing comes. What somebody has to do stands below the table.")
                        .mayTake("IMAGE", "Only this image, with all there is to know.", Completions::images)
                        .flag(WATCH, "Goes on every second until Ctrl-C.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:status", "all mirrored images")
                        .example("mirror:status vm1", "everything about vm1")
                        .example("mirror:status --watch", "shows it again every second")
                        .build(),
                call -> {
                    show(call);
                    while (call.arguments().has(WATCH) && !call.caller().cancelled() && pause()) {
                        show(call);
                    }
                });
    }

    private static boolean pause() {
        try {
            Thread.sleep(WATCH_MILLIS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void show(Call call) throws StorageException {
        String image = image(call);
        List<MirrorStatus> all =
                image.isEmpty() ? mirrors(call).status() : mirrors(call).status(image);
        if (call.json()) {
            call.printJson(all.stream().map(MirrorViews::json).toList());
        } else if (image.isEmpty() || call.arguments().has(WATCH)) {
            call.caller().out(MirrorViews.list(all));
        } else {
            String gap = "";
            for (MirrorStatus one : all) {
                call.caller().out(gap + MirrorViews.info(one));
                gap = "\n";
            }
        }
    }

    // ---- the head

    private static ConsoleCommand hold() {
        return new SimpleCommand(
                Spec.of("mirror:hold", "Holds a replica where it is.")
                        .detail("It goes on receiving, and what it receives is durable; only its image stays.")
                        .takes("IMAGE", "The replica.", Completions::images)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:hold vm1", "vm1 stays as it is until mirror:release, over restarts too")
                        .build(),
                call -> done(call, mirrors(call).hold(image(call))));
    }

    private static ConsoleCommand release() {
        return new SimpleCommand(
                Spec.of("mirror:release", "Lets a replica follow again, with its delay.")
                        .takes("IMAGE", "The replica.", Completions::images)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:release vm1", "vm1 follows its source again")
                        .build(),
                call -> done(call, mirrors(call).release(image(call))));
    }

    private static ConsoleCommand step() {
        return new SimpleCommand(
                Spec.of("mirror:step", "Moves a replica some events forward.")
                        .detail(
                                "It is held there. For looking at what happened one write after the other. A position is one"
                                        + " that journal:events shows.")
                        .takes("IMAGE", "The replica.", Completions::images)
                        .mayTake(
                                "TO",
                                "A number of events, or a position EPOCH:SEQUENCE; 1 when left out.",
                                Completion.NONE)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:step vm1", "one event further")
                        .example("mirror:step vm1 100", "a hundred events further")
                        .example("mirror:step vm1 3:104211", "up to this event")
                        .build(),
                call -> {
                    String to = call.arguments().text("TO");
                    int colon = to.indexOf(':');
                    if (colon >= 0) {
                        Position position =
                                new Position(number(to.substring(0, colon), to), number(to.substring(colon + 1), to));
                        done(call, mirrors(call).step(image(call), position));
                    } else {
                        done(call, mirrors(call).step(image(call), to.isEmpty() ? 1 : number(to, to)));
                    }
                });
    }

    private static long number(String digits, String whole) throws Failure {
        try {
            long number = Long.parseLong(digits);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The message is the same for both.
        }
        throw Failure.usage(
                "'" + whole + "' is neither a number of events above 0 nor a position; write 100 or 3:104211");
    }

    private static ConsoleCommand delay() {
        return new SimpleCommand(
                Spec.of("mirror:delay", "Changes how far a replica stays behind.")
                        .detail(
                                "What is received is durable at once all the same; only the image waits. 0s is real time.")
                        .takes("IMAGE", "The replica.", Completions::images)
                        .takes("DURATION", "As 1h.", Completions.words("0s", "10m", "1h", "1d"))
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:delay vm1 1h", "vm1 stays an hour behind")
                        .example("mirror:delay vm1 0s", "vm1 follows in real time")
                        .build(),
                call -> {
                    long nanos;
                    try {
                        nanos = Durations.parse(call.arguments().text("DURATION"))
                                .toNanos();
                    } catch (IllegalArgumentException e) {
                        throw Failure.usage("DURATION: " + e.getMessage());
                    }
                    done(call, mirrors(call).delay(image(call), nanos));
                });
    }

    // ---- roles

    private static void promoted(Call call, Promotion promotion) {
        if (call.json()) {
            call.printJson(MirrorViews.json(promotion));
        } else {
            call.line(MirrorViews.promoted(promotion));
        }
    }

    private static ConsoleCommand promote() {
        return new SimpleCommand(
                Spec.of("mirror:promote", "Turns a replica into the primary.")
                        .detail("Without " + FORCE
                                + " only where it is sure that nothing is missing and nobody else is primary:"
                                + " after mirror:demote at the source. With it in any case, as when the source's site is"
                                + " gone: what the source had acknowledged and this node has not received is missing then,"
                                + " and if it comes back, both have a branch of their own.")
                        .takes("IMAGE", "The replica.", Completions::images)
                        .flag(FORCE, "Although the source may have more, or may still be written.")
                        .flag(YES, "Does not ask.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:promote vm1", "after mirror:demote at the source")
                        .example("mirror:promote vm1 --force", "when the source is gone")
                        .build(),
                call -> {
                    boolean force = call.arguments().has(FORCE);
                    if (force) {
                        call.confirm(
                                image(call)
                                        + " becomes primary here with what it has received. If its source is still written,"
                                        + " both part, and one of the two branches will be lost.",
                                YES);
                    }
                    promoted(call, mirrors(call).promote(image(call), force));
                });
    }

    private static ConsoleCommand demote() {
        return new SimpleCommand(
                Spec.of("mirror:demote", "Turns a primary into a replica.")
                        .detail(
                                "Clients' writes fail as read-only from then on; everything acknowledged is durable. Then a peer"
                                        + " can be promoted without " + FORCE + ". mirror:switch does both.")
                        .takes("IMAGE", "The image.", Completions::images)
                        .flag(YES, "Does not ask.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:demote vm1", "nobody writes vm1 here any more")
                        .build(),
                call -> {
                    call.confirm("Clients' writes to " + image(call) + " fail from now on.", YES);
                    Position end = mirrors(call).demote(image(call));
                    if (call.json()) {
                        call.printJson(Map.of("image", image(call), "end", end.toString()));
                    } else {
                        call.line(image(call) + ": a replica, it ends at " + end
                                + "; mirror:promote at a peer goes on there");
                    }
                });
    }

    private static ConsoleCommand switchOver() {
        return new SimpleCommand(
                Spec.of("mirror:switch", "Makes a peer primary and follows it.")
                        .detail(
                                "Without losing a write: waits until the peer is close, ends writing here, waits until the peer has"
                                        + " everything, promotes it, and follows it. When the peer cannot, the image is primary here"
                                        + " again. Clients have to connect to the peer.")
                        .takes("IMAGE", "The image; primary here.", Completions::images)
                        .option(TO, "PEER", "Who is to be primary.", Completions::peers)
                        .flag(YES, "Does not ask.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:switch vm1 --to siteb", "siteb is primary, this node follows it")
                        .build(),
                call -> {
                    String peer = peer(call, TO);
                    call.confirm(
                            "Clients' writes to " + image(call) + " fail here from now on, and go on at " + peer + ".",
                            YES);
                    promoted(call, mirrors(call).switchOver(image(call), peer, steps(call)));
                });
    }

    private static WorkListener steps(Call call) {
        return (step, done, total) -> {
            call.caller().progress(step + (total > 0 ? "  " + Words.number(done) + " of " + Words.number(total) : ""));
            return !call.caller().cancelled();
        };
    }

    // ---- comparing and copying anew

    private static ConsoleCommand verify() {
        return new SimpleCommand(
                Spec.of("mirror:verify", "Compares an image with the peer's.")
                        .detail(
                                "Each part at one and the same position of both. Changes nothing. Exits with 1 when something"
                                        + " differs, and names the parts.")
                        .takes("IMAGE", "The image; on either side.", Completions::images)
                        .option(WITH, "PEER", "Who has the other one.", Completions::peers)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:verify vm1 --with siteb", "says how much is equal, and what is not")
                        .build(),
                MirrorImages::verify);
    }

    private static void verify(Call call) throws Failure, StorageException {
        String peer = peer(call, WITH);
        Progress[] progress = new Progress[1];
        Verification found = mirrors(call).verify(image(call), peer, (step, done, total) -> {
            if (progress[0] == null) {
                progress[0] =
                        new Progress(call.caller(), call.node().clock()::monotonicNanos, step, Math.max(0, total));
            }
            progress[0].at(done);
            return !call.caller().cancelled();
        });
        if (call.json()) {
            call.printJson(MirrorViews.json(found));
        } else {
            call.caller().out(MirrorViews.verified(found));
        }
        if (found.differingBytes() > 0) {
            throw Failure.failed(
                    image(call) + " differs from " + peer + "'s: find out which side is right (journal:verify, the"
                            + " disks' logs), and run mirror:resync on the other one");
        }
    }

    private static ConsoleCommand resync() {
        return new SimpleCommand(
                Spec.of("mirror:resync", "Copies an image anew from a peer.")
                        .detail(
                                "For a replica that cannot go on, because its source no longer has what it lacks, or because both"
                                        + " were written. What is here is deleted first. " + DISCARD
                                        + " is needed where only this"
                                        + " node has something that is lost by it.")
                        .takes("IMAGE", "The image here.", Completions::images)
                        .option(FROM, "PEER", "Who is primary.", Completions::peers)
                        .flag(DISCARD, "Gives up what only this node has.")
                        .flag(YES, "Does not ask.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:resync vm1 --from siteb", "begins vm1 anew with a copy of siteb's")
                        .build(),
                call -> {
                    String peer = peer(call, FROM);
                    boolean discard = call.arguments().has(DISCARD);
                    call.confirm(
                            image(call) + " is deleted here and copied anew from " + peer + "."
                                    + (discard ? " What only this node has is lost." : ""),
                            YES);
                    done(call, mirrors(call).resync(image(call), peer, discard));
                });
    }
}
