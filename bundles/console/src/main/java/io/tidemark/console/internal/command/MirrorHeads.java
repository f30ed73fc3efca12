package io.tidemark.console.internal.command;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.console.internal.render.Words;
import java.time.Duration;
import java.util.List;

/** {@code mirror:hold}, {@code mirror:release}, {@code mirror:step} and {@code mirror:delay}: what a replica shows. */
final class MirrorHeads {
    private static final String TO = "TO";
    private static final String DURATION = "DURATION";
    private static final String REPLICA = "The replica, on the node that has it.";

    private MirrorHeads() {}

    static List<ConsoleCommand> all() {
        return List.of(hold(), release(), step(), delay());
    }

    private static String image(Call call) {
        return MirrorImages.image(call);
    }

    private static MirrorManager mirrors(Call call) throws StorageException {
        return call.node().mirrors();
    }

    private static ConsoleCommand hold() {
        return new SimpleCommand(
                Spec.of("mirror:hold", "Holds a replica where it is.")
                        .detail(
                                "It goes on receiving, and what it receives is durable here; only what its clients read stays. A hold"
                                        + " survives restarts. Its journal grows meanwhile.")
                        .takes(MirrorImages.IMAGE, REPLICA, Completions::replicas)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:hold vm1", "vm1 stays as it is until mirror:release")
                        .build(),
                call -> held(call, mirrors(call).hold(image(call))));
    }

    private static void held(Call call, MirrorStatus status) {
        long above = status.marks().received() - status.marks().head();
        boolean known = status.marks().received() >= 0 && status.marks().head() >= 0;
        MirrorImages.done(
                call,
                status,
                image(call) + ": held"
                        + status.heldAt().map(at -> " at event " + at).orElse("")
                        + (known ? "; " + Words.count(above, "event") + " more received" : ""));
    }

    private static ConsoleCommand release() {
        return new SimpleCommand(
                Spec.of("mirror:release", "Lets a replica follow again, with its delay.")
                        .takes(MirrorImages.IMAGE, REPLICA, Completions::replicas)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:release vm1", "vm1 follows its source again")
                        .build(),
                call -> {
                    MirrorStatus status = mirrors(call).release(image(call));
                    MirrorImages.done(call, status, image(call) + ": follows again" + behind(status));
                });
    }

    private static String behind(MirrorStatus status) {
        long wanted = status.delayWantedNanos();
        if (wanted <= 0) {
            return wanted < 0 ? "" : ", in real time";
        }
        return ", " + Words.duration(wanted) + " behind its source";
    }

    private static ConsoleCommand step() {
        return new SimpleCommand(
                Spec.of("mirror:step", "Moves a replica some events forward.")
                        .detail(
                                "It is held there. For looking at what happened, one write after the other: journal:inspect --verbose"
                                        + " lists the events, with their positions. Returns when the replica is there.")
                        .takes(MirrorImages.IMAGE, REPLICA, Completions::replicas)
                        .mayTake(
                                TO,
                                "How many events, or a moment that is received and not behind: " + Moments.FORMS
                                        + "; 1 unless given.",
                                Moments.COMPLETION)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:step vm1", "one event further")
                        .example("mirror:step vm1 100", "a hundred events further, or as far as it has received")
                        .example("mirror:step vm1 3:1042", "up to this event, and including it")
                        .example("mirror:step vm1 before-upgrade", "up to this mark")
                        .build(),
                MirrorHeads::step);
    }

    private static void step(Call call) throws Failure, StorageException {
        String to = call.arguments().text(TO);
        if (to.isEmpty() || to.chars().allMatch(Character::isDigit)) {
            held(call, mirrors(call).step(image(call), to.isEmpty() ? 1 : events(to)));
        } else {
            held(call, mirrors(call).step(image(call), position(call, to)));
        }
    }

    private static Position position(Call call, String moment) throws Failure, StorageException {
        Position head = call.images().image(image(call)).head();
        return Moments.lastAt(call, call.images().journal(image(call)), head, moment);
    }

    private static long events(String text) throws Failure {
        try {
            long events = Long.parseLong(text);
            if (events > 0) {
                return events;
            }
        } catch (NumberFormatException e) {
            // falls through to the message, which is the same for both
        }
        throw Failure.usage(
                TO + ": '" + text + "' is no number of events from 1 on; write it as in 100. Nothing was done.");
    }

    private static ConsoleCommand delay() {
        return new SimpleCommand(
                Spec.of("mirror:delay", "Changes how far a replica stays behind.")
                        .detail(
                                "What it receives is durable here at once all the same; only its image waits. A shorter delay takes"
                                        + " effect at once, a longer one by waiting; a replica that is held has it when it is"
                                        + " released.")
                        .takes(MirrorImages.IMAGE, REPLICA, Completions::replicas)
                        .takes(DURATION, "As 1h; 0s is real time.", Completions::durations)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("mirror:delay vm1 1h", "vm1 stays an hour behind")
                        .example("mirror:delay vm1 0s", "vm1 follows in real time")
                        .build(),
                MirrorHeads::delay);
    }

    private static void delay(Call call) throws Failure, StorageException {
        long nanos = nanos(DURATION, call.arguments().durationOf(DURATION));
        MirrorStatus status = mirrors(call).delay(image(call), nanos);
        String line = status.heldAt().isPresent()
                ? ": held; when it is released, it follows" + behind(status)
                : ": follows" + behind(status);
        MirrorImages.done(call, status, image(call) + line);
    }

    /**
     * A delay as the mirror takes it.
     *
     * @param what the argument, for the message
     * @param delay as given
     * @return nanoseconds
     * @throws Failure USAGE when it is longer than anything can be behind
     */
    static long nanos(String what, Duration delay) throws Failure {
        try {
            return delay.toNanos();
        } catch (ArithmeticException e) {
            throw Failure.usage(
                    what + ": " + delay.toDays() + " days are more than a delay can be; take 36500d at most");
        }
    }
}
