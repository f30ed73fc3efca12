package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Split;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.base.text.Json;
import io.tidemark.console.internal.render.BranchViews;
import io.tidemark.console.internal.render.MirrorViews;
import io.tidemark.console.internal.render.MirrorWords;
import io.tidemark.console.internal.render.Words;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** {@code mirror:enable}, {@code mirror:disable} and {@code mirror:status}. */
final class MirrorImages {
    /** What all commands of the scope call the image. */
    static final String IMAGE = "IMAGE";

    /** Answers beforehand what a command asks. */
    static final String YES = "--yes";

    private static final String TO = "--to";
    private static final String WITH = "--with";
    private static final String DELAY = "--delay";
    private static final String NAME = "--name";
    private static final String POOL = "--pool";
    private static final String JOURNAL_POOL = "--journal-pool";
    private static final String SEED = "--seed";
    private static final String SHARED = "--shared";
    private static final String SET = "--set";
    private static final String WATCH = "--watch";
    private static final long WATCH_MILLIS = 1000;
    private static final String HOME_AND_CLEAR = "\u001b[H\u001b[2J";

    private MirrorImages() {}

    static List<ConsoleCommand> all() {
        return List.of(enable(), disable(), status());
    }

    // ---- what commands of the scope share

    /** The image that a command is about. */
    static String image(Call call) {
        return call.arguments().text(IMAGE);
    }

    /** The peer that an option has to name. */
    static String peer(Call call, String option) throws Failure {
        return call.arguments()
                .value(option)
                .orElseThrow(() -> Failure.usage("say which peer, with " + option
                        + " PEER; mirror:peer-list shows those that there are. Nothing was done."));
    }

    /** The peer that an option names; without it the only one that the image is mirrored with. */
    static String peerOrOnly(Call call, String option) throws Failure, StorageException {
        return peerOrOnly(call, option, status -> !status.peer().startsWith(ReplicaManager.CLIENT_PREFIX));
    }

    private static String peerOrOnly(Call call, String option, Predicate<MirrorStatus> counts)
            throws Failure, StorageException {
        if (call.arguments().has(option)) {
            return peer(call, option);
        }
        List<String> peers = call.node().mirrors().status(image(call)).stream()
                .filter(counts)
                .map(MirrorStatus::peer)
                .distinct()
                .toList();
        if (peers.size() > 1) {
            // Whom it follows may be unknown, and nobody could name that.
            peers = peers.stream().filter(peer -> !peer.isEmpty()).toList();
        }
        if (peers.size() != 1) {
            throw Failure.usage(image(call) + " is mirrored with " + Words.list(peers)
                    + "; say which one is meant, with " + option + " PEER. Nothing was done.");
        }
        return peers.get(0);
    }

    /** Tells what came of an order: a line, or all for machines. */
    static void done(Call call, MirrorStatus status, String line) {
        if (call.json()) {
            call.printJson(MirrorViews.json(status));
            return;
        }
        call.line(line);
        if (!status.trouble().isEmpty()) {
            call.line("last error: " + status.trouble());
        }
    }

    // ---- enable and disable

    private static ConsoleCommand enable() {
        return new SimpleCommand(
                Spec.of("mirror:enable", "Has a peer follow an image of this node.")
                        .detail(
                                "The peer makes a replica and copies what the image has while clients go on; where it has a replica"
                                        + " of this very image already, only what that one lacks is sent, and it"
                                        + " keeps its configuration. Returns when the peer has taken the wish; mirror:status"
                                        + " shows the copy. Clients of the replica can read and not"
                                        + " write.")
                        .takes(
                                IMAGE,
                                "The image. A replica may be followed in turn: what it receives goes on to the peer.",
                                Completions::images)
                        .needs(TO, "PEER", "Who is to follow it.", Completions::peers)
                        .option(
                                DELAY,
                                "DURATION",
                                "How far behind the replica's image is to stay. Unless given, real time, and where the peer has the"
                                        + " replica already the delay that it has. What it receives is durable there at once all"
                                        + " the same.",
                                Completions::durations)
                        .option(
                                NAME,
                                "NAME",
                                "What the replica is to be called; as here unless given.",
                                Completion.NONE)
                        .option(
                                MirrorPeers.TRANSPORT,
                                "NAME",
                                "The transport that it is to go by. It belongs to the peer, because one link carries all images"
                                        + " (mirror:peer-add --transport): where the peer has another one, nothing is done.",
                                Completions::transports)
                        .option(POOL, "POOL", "Image pool of the peer; its default unless given.", Completion.NONE)
                        .option(
                                JOURNAL_POOL,
                                "POOL",
                                "Journal pool of the peer; its default unless given.",
                                Completion.NONE)
                        .option(
                                SHARED,
                                "POOL",
                                "Journal pool of the peer that is this image's journal pool, too, because both nodes share it: the"
                                        + " replica reads the journal itself, and goes on when this node is gone.",
                                Completion.NONE)
                        .options(
                                SET,
                                "KEY=VALUE",
                                "Any other key of the replica's configuration; may be given several times.",
                                Completions::settings)
                        .flag(
                                SEED,
                                "The peer has an image of that name and size, whose bytes are mostly those of this one: it becomes the"
                                        + " replica, and only what differs is sent. What it is itself there is given up; asks first.")
                        .asks()
                        .example("mirror:enable vm1 --to siteb", "siteb follows vm1 in real time")
                        .example("mirror:enable vm1 --to siteb --seed", "siteb begins with the image vm1 that it has")
                        .example(
                                "mirror:enable vm1 --to sitec --delay 1h --pool slow",
                                "sitec stays an hour behind, in its pool slow")
                        .example(
                                "mirror:enable vm1 --to siteb --shared both",
                                "siteb reads the journal of vm1 itself, in the pool both that both nodes have")
                        .build(),
                MirrorImages::enable);
    }

    private static void checkTransport(Call call, String peer) throws Failure, StorageException {
        Arguments arguments = call.arguments();
        String wanted = arguments.value(MirrorPeers.TRANSPORT).orElse(null);
        if (wanted == null) {
            return;
        }
        String used = call.node().mirrors().peers().stream()
                .filter(each -> each.name().equals(peer))
                .map(each -> each.settings().transport())
                .findFirst()
                .orElse(wanted);
        if (!used.equals(wanted)) {
            throw Failure.usage(
                    MirrorPeers.TRANSPORT + ": the peer " + peer + " is reached by " + used + ", which carries all"
                            + " images that go to it, and not by " + wanted
                            + "; leave the option out, or add the peer anew with "
                            + MirrorPeers.TRANSPORT + " " + wanted + ". Nothing was done.");
        }
    }

    private static void enable(Call call) throws Failure, StorageException {
        Arguments arguments = call.arguments();
        String peer = peer(call, TO);
        checkTransport(call, peer);
        Map<String, String> properties = new LinkedHashMap<>(ImageChange.settings(arguments.values(SET)));
        arguments.value(POOL).ifPresent(pool -> properties.put(ImageKeys.POOL, pool));
        arguments.value(JOURNAL_POOL).ifPresent(pool -> properties.put(ImageKeys.JOURNAL_POOL, pool));
        arguments.value(SHARED).ifPresent(pool -> properties.put(ReplicaOptions.SHARED, pool));
        boolean seed = arguments.has(SEED);
        if (seed && !properties.isEmpty()) {
            throw Failure.usage(SEED + ": the image that is there has its own configuration; leave out "
                    + String.join(", ", properties.keySet()) + ", and change it there with image:set");
        }
        Duration delay = arguments.duration(DELAY).orElse(null);
        long delayNanos = delay == null ? ReplicaOptions.DELAY_AS_BEFORE : MirrorHeads.nanos(DELAY, delay);
        ReplicaOptions options = new ReplicaOptions(arguments.value(NAME).orElse(""), delayNanos, properties, seed);
        if (seed) {
            call.confirm(
                    "This makes the image " + (options.name().isEmpty() ? image(call) : options.name()) + " of " + peer
                            + " a replica of " + image(call) + ". What it is itself there is given up.",
                    YES);
        }
        MirrorStatus status = call.node().mirrors().enable(image(call), peer, options);
        done(
                call,
                status,
                image(call) + " " + MirrorWords.peer(status) + ": " + status.words() + "; mirror:status " + image(call)
                        + " shows how it goes on");
    }

    private static ConsoleCommand disable() {
        return new SimpleCommand(
                Spec.of("mirror:disable", "Ends the mirroring of an image with a peer.")
                        .detail(
                                "The replica stays as it is, read only, and its source keeps nothing for it any more. To follow again,"
                                        + " it has to be copied anew as soon as the source no longer has what it lacks. Can be run on"
                                        + " either node; where the other one cannot be told, it has to be run there, too. Asks first.")
                        .takes(IMAGE, "The image.", Completions::mirrored)
                        .option(
                                WITH,
                                "PEER",
                                "The other node; needed only where there are several. Where no peer has the key that the journal knows,"
                                        + " as when that node is gone or has another key now, or the peer that has it may not have"
                                        + " the image: who the journal is kept for, as mirror:status and journal:info name it.",
                                Completions::peers)
                        .asks()
                        .example("mirror:disable vm1", "when vm1 has one peer")
                        .example("mirror:disable vm1 --with siteb --yes", "for scripts")
                        .example(
                                "mirror:disable vm1 --with mirror:0123456789abcdef:vm1",
                                "when the node with that key is gone, and siteb has another one")
                        .build(),
                MirrorImages::disable);
    }

    private static void disable(Call call) throws Failure, StorageException {
        String image = image(call);
        // A node that is no peer any more may be meant, too.
        String peer = peerOrOnly(call, WITH, status -> true);
        // Without a name its configuration is refused.
        String who = peer.isEmpty() ? "its source" : peer;
        call.confirm(
                "This ends the mirroring of " + image + " with " + who
                        + ". Nothing is deleted, but nothing is kept for the"
                        + " replica any more: to follow again, it may have to be copied anew.",
                YES);
        boolean told = call.node().mirrors().disable(image, peer);
        if (call.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("image", image);
            json.put("peer", peer);
            json.put("peerTold", told);
            call.printJson(json);
            return;
        }
        call.line(image + ": no longer mirrored with " + who);
        if (!told) {
            call.line(who + " could not be told: run mirror:disable there, too, when it is back");
        }
    }

    // ---- status

    private static ConsoleCommand status() {
        return new SimpleCommand(
                Spec.of("mirror:status", "Shows how mirrored images fare.")
                        .detail(
                                "TO RECEIVE is what the source has and the replica not: what a loss of the source would lose. TO APPLY"
                                        + " is durable at the replica and not in its image yet. LAG is how far it is behind what it is"
                                        + " meant to be, so a delay or a hold does not show there, but under DELAY. STATE is idle"
                                        + " when there is nothing to do and STUCK when there is something and nothing comes;"
                                        + " docs/guides/mirror.md explains every state. Below the table stand what goes on, where an image"
                                        + " parted from its peer's and how much each side changed since, and last"
                                        + " errors with what to do.")
                        .mayTake(IMAGE, "Only this image, with all there is to know.", Completions::mirrored)
                        .flag(WATCH, "Shows it again every second, until Ctrl-C.")
                        .flag(Call.JSON, "Prints JSON; docs/reference/mirror.md explains the fields.")
                        .example("mirror:status", "all mirrored images")
                        .example("mirror:status vm1", "everything about vm1 and each of its peers")
                        .example("mirror:status --watch", "goes on showing them")
                        .build(),
                MirrorImages::status);
    }

    private static void status(Call call) throws StorageException {
        boolean watch = call.arguments().has(WATCH);
        boolean screen = watch && call.caller().columns() > 0 && !call.json();
        boolean first = true;
        do {
            String shown = shown(call);
            // On a terminal in place, as it is looked at; elsewhere one after the other.
            call.caller().out(screen ? HOME_AND_CLEAR + shown : first || call.json() ? shown : "\n" + shown);
            first = false;
        } while (watch && call.caller().pause(WATCH_MILLIS));
    }

    private static String shown(Call call) throws StorageException {
        String image = image(call);
        List<MirrorStatus> all = image.isEmpty()
                ? call.node().mirrors().status()
                : call.node().mirrors().status(image);
        List<Split> splits = splits(call, all);
        if (call.json()) {
            return Json.write(all.stream()
                            .map(one -> MirrorViews.json(one, splits))
                            .toList())
                    + "\n";
        }
        String shown = image.isEmpty()
                ? MirrorViews.list(all)
                : String.join("\n", all.stream().map(MirrorViews::info).toList());
        return shown + splits.stream().map(BranchViews::split).collect(Collectors.joining());
    }

    /** Of those images that may have parted: to look costs a question to the peer. */
    private static List<Split> splits(Call call, List<MirrorStatus> all) throws StorageException {
        Set<String> apart = all.stream()
                .filter(one ->
                        one.state() == State.REFUSED || one.state() == State.PRIMARY || one.state() == State.STARTING)
                .map(MirrorStatus::image)
                .collect(Collectors.toCollection(TreeSet::new));
        List<Split> splits = new ArrayList<>();
        for (String image : apart) {
            try {
                splits.addAll(call.node().mirrors().splits(image));
            } catch (StorageException e) {
                // It is no longer mirrored: the next look shows that.
                if (e.reason() != Reason.NOT_FOUND) {
                    throw e;
                }
            }
        }
        return splits;
    }
}
