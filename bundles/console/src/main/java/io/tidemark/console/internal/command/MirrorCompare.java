package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.console.internal.render.MirrorResults;
import io.tidemark.console.internal.render.Words;
import java.util.List;
import java.util.Set;

/** {@code mirror:verify} and {@code mirror:resync}. */
final class MirrorCompare {
    private static final String WITH = "--with";
    private static final String FROM = "--from";
    private static final String DISCARD = "--discard";

    private static final String FULL = "--full";

    /** Of orders that give up events which only this node has. */
    static final String NO_KEEP = "--no-keep";

    private MirrorCompare() {}

    static List<ConsoleCommand> all() {
        return List.of(verify(), resync());
    }

    // ---- verify

    private static ConsoleCommand verify() {
        return new SimpleCommand(
                Spec.of("mirror:verify", "Compares an image with the peer's.")
                        .detail(
                                "Each part at one and the same position of both sides, while clients write; changes nothing. What is"
                                        + " written again and again meanwhile is skipped and counted as that. Exit status"
                                        + " 0: nothing that was compared differs; 5: something does, and the parts are"
                                        + " named; 6: nothing could be compared.")
                        .takes(MirrorImages.IMAGE, "The image; on either side.", Completions::mirrored)
                        .option(
                                WITH,
                                "PEER",
                                "Who has the other one; needed only where there are several.",
                                Completions::peers)
                        .flag(Call.JSON, "Prints JSON; docs/reference/mirror.md explains the fields.")
                        .example("mirror:verify vm1 --with siteb", "says whether both are the same, byte for byte")
                        .build(),
                MirrorCompare::verify);
    }

    private static void verify(Call call) throws Failure, StorageException {
        String image = MirrorImages.image(call);
        String peer = MirrorImages.peerOrOnly(call, WITH);
        Compared compared = new Compared(call, "comparing " + image + " with that of " + peer);
        Verification found = call.node().mirrors().verify(image, peer, compared);
        if (call.json()) {
            call.printJson(MirrorResults.json(found));
        } else {
            call.caller().out(MirrorResults.verified(found, compared.took(found)));
        }
        if (found.differingBytes() > 0) {
            throw Failure.different(
                    image + " is not what " + peer + " has. Find out which side is right: journal:verify "
                            + image
                            + " on both, and what the disks log. Then run mirror:resync at the replica, if it is the wrong"
                            + " one; if the primary is, promote the replica first");
        }
        if (found.equalBytes() == 0 && found.skippedBytes() > 0) {
            throw Failure.notCompared("Nothing of " + image + " could be compared with what " + peer
                    + " has. Release the replica if it is held (mirror:release) or take away its delay (mirror:delay), and run"
                    + " this again");
        }
    }

    /** Shows how far the comparison is. How much there is to compare is known with the first news. */
    private static final class Compared implements WorkListener {
        private final Call call;
        private final String label;
        private Progress progress;
        private long totalBytes = -1;

        Compared(Call call, String label) {
            this.call = call;
            this.label = label;
            this.progress = begin(0);
        }

        private Progress begin(long total) {
            return new Progress(call.caller(), call.node().clock()::monotonicNanos, label, total);
        }

        @Override
        public boolean progress(String step, long done, long total) {
            if (total >= 0 && total != totalBytes) {
                totalBytes = total;
                progress = begin(total);
            }
            if (total >= 0) {
                progress.at(done);
            } else if (totalBytes < 0) {
                // Nothing is compared yet. Later on it is no news what is waited for in between.
                call.caller().progress(step);
            }
            return !call.caller().cancelled();
        }

        String took(Verification found) {
            return progress.summary(found.equalBytes() + found.differingBytes());
        }
    }

    // ---- resync

    private static ConsoleCommand resync() {
        return new SimpleCommand(
                Spec.of("mirror:resync", "Begins anew with an image, from a peer.")
                        .detail(
                                "For a replica that cannot go on, because its source no longer has what it lacks, or because both were"
                                        + " written. Its bytes here stay: both sides compare them by checksums, and only what differs is"
                                        + " sent; its journal is given up. Where it cannot be opened here, or has another size, it is"
                                        + " deleted and all of it is copied, as with " + FULL
                                        + ". Name, delay and configuration stay. Until it is whole it takes no clients and"
                                        + " cannot be promoted, and a delayed one has no past to go back to. Returns when"
                                        + " that can begin; mirror:status shows it. Without " + DISCARD
                                        + " it is refused where something would be lost that only this node has. With it the events of that"
                                        + " branch are kept in a file (mirror:branch-list) until mirror:branch-discard; where that"
                                        + " cannot be, it is refused without " + NO_KEEP + ". Asks first.")
                        .takes(MirrorImages.IMAGE, "The image here.", Completions::images)
                        .needs(FROM, "PEER", "Who is primary, or follows another node.", Completions::peers)
                        .flag(DISCARD, "Gives up what only this node has, and keeps its events in a file.")
                        .flag(NO_KEEP, "With " + DISCARD + ": keeps nothing of it.")
                        .flag(FULL, "Compares nothing: deletes what is here and copies all of it.")
                        .asks()
                        .example("mirror:resync vm1 --from siteb", "makes vm1 equal to siteb's again, and follows it")
                        .example(
                                "mirror:resync vm1 --from siteb --discard",
                                "gives up the branch of this node after both were written")
                        .example(
                                "mirror:resync vm1 --from siteb --discard --no-keep",
                                "where the branch cannot be kept, and nobody needs it")
                        .build(),
                MirrorCompare::resync);
    }

    private static void resync(Call call) throws Failure, StorageException {
        String image = MirrorImages.image(call);
        String peer = MirrorImages.peer(call, FROM);
        GivenUp given = given(call);
        boolean full = call.arguments().has(FULL);
        call.confirm(doomed(call, image, peer, given, full), MirrorImages.YES);
        Set<String> before = MirrorBranches.before(call);
        MirrorStatus status = call.node().mirrors().resync(image, peer, given, full);
        MirrorImages.done(
                call,
                status,
                image + ": begun anew from " + peer + "; mirror:status " + image + " shows how far it is");
        MirrorBranches.tell(call, before);
    }

    private static GivenUp given(Call call) throws Failure {
        boolean discard = call.arguments().has(DISCARD);
        boolean noKeep = call.arguments().has(NO_KEEP);
        if (noKeep && !discard) {
            throw Failure.usage(
                    NO_KEEP + " says what becomes of what " + DISCARD + " gives up; say both. Nothing was done.");
        }
        return noKeep ? GivenUp.LOST : discard ? GivenUp.KEPT : GivenUp.REFUSED;
    }

    private static String doomed(Call call, String image, String peer, GivenUp given, boolean full)
            throws StorageException {
        String what = what(call.images().images(), image);
        String lost =
                switch (given) {
                    case REFUSED -> "";
                    case KEPT -> ", keeps the events that only this node has in a file,";
                    case LOST -> " for good, with everything that only this node has,";
                };
        return "This " + (full ? "deletes " : "gives up ") + what + " on this node" + lost
                + (full ? " and copies it anew from " : " and makes it equal to that of ") + peer
                + ". Until that is done, it takes no clients here, and this node cannot take over. Its journal begins anew: there"
                + " is no going back to a moment before.";
    }

    private static String what(List<ImageStatus> images, String image) throws StorageException {
        ImageStatus here = images.stream()
                .filter(one -> one.name().equals(image))
                .findFirst()
                .orElseThrow(() -> new StorageException(
                        Reason.NOT_FOUND, "there is no image " + image, "image:list shows those that there are"));
        String role = here.role() == Role.PRIMARY ? "the PRIMARY " : "the replica ";
        return role + image + (here.sizeBytes() > 0 ? " (" + Words.size(here.sizeBytes()) + ")" : "");
    }
}
