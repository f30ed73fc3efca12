package io.tidemark.console.internal.command;

import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.base.text.Sizes;
import io.tidemark.console.internal.render.JournalReaders;
import io.tidemark.console.internal.render.JournalViews;
import io.tidemark.console.internal.render.Words;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code image:set}, {@code image:resize}, {@code image:checkpoint}, {@code image:mark}, {@code image:open} and {@code image:delete}. */
final class ImageChange {
    private static final String YES = "--yes";
    private static final String JOURNAL_LOST = "--journal-lost";
    private static final String SNAPSHOT = "--snapshot";
    private static final String FORCE = "--force";
    static final String SHRINK = "--allow-shrink";

    private static final Set<ImageStatus.State> NOT_SERVED =
            EnumSet.of(ImageStatus.State.STARTING, ImageStatus.State.SUSPENDED, ImageStatus.State.REFUSED);

    private ImageChange() {}

    static List<ConsoleCommand> all() {
        return List.of(set(), resize(), checkpoint(), mark(), open(), delete());
    }

    private static ConsoleCommand set() {
        return new SimpleCommand(
                Spec.of("image:set", "Changes the configuration of an image.")
                        .detail(
                                "Takes effect between two writes where that is safe; otherwise the command says what to do."
                                        + " KEY= without a value takes a key back to its default."
                                        + " etc/io.tidemark.image-NAME.cfg.example explains the keys.")
                        .takes("NAME", "The image.", Completions::images)
                        .takesMany("KEY=VALUE", "What to change.", Completions::settings)
                        .flag(Call.JSON, "Prints the image as JSON.")
                        .example(
                                "image:set vm1 commit=journal+image",
                                "acknowledges writes when journal and image have them")
                        .example(
                                "image:set vm1 journal.limit=8G trim=age trim.age=1h",
                                "keeps an hour of journal, within 8 GiB")
                        .build(),
                ImageChange::set);
    }

    private static void set(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        Map<String, String> changes = settings(call.arguments().texts("KEY=VALUE"));
        ImageStatus image = call.images().configure(name, changes);
        StringBuilder line = new StringBuilder(name).append(": ");
        String separator = "";
        for (String key : changes.keySet()) {
            line.append(separator).append(key).append(shown(image.properties().get(key)));
            separator = ", ";
        }
        if (NOT_SERVED.contains(image.state())) {
            line.append("; it is ").append(Words.lower(image.state()));
            line.append(image.detail().isEmpty() ? "" : ": ").append(image.detail());
        }
        ImageShow.done(call, image, line.toString());
    }

    /**
     * Reads settings.
     *
     * @param words each {@code KEY=VALUE}
     * @return by key, in their order
     * @throws Failure USAGE when a word is no setting, or a key comes twice
     */
    static Map<String, String> settings(List<String> words) throws Failure {
        Map<String, String> changes = new LinkedHashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals < 1) {
                throw Failure.usage("'" + word + "' is no setting; write KEY=VALUE, as in commit=journal");
            }
            if (changes.put(word.substring(0, equals), word.substring(equals + 1)) != null) {
                throw Failure.usage("the key " + word.substring(0, equals) + " is set twice; say it once");
            }
        }
        return changes;
    }

    private static String shown(String value) {
        return value == null || value.isEmpty() ? " is back to its default" : " is " + value;
    }

    private static ConsoleCommand resize() {
        return new SimpleCommand(
                Spec.of("image:resize", "Changes the size of an image.")
                        .detail(
                                "Clients that are connected keep the size that they were told, and see the new one when they"
                                        + " connect again. A smaller size cuts data off for good, so it has to be allowed.")
                        .takes("NAME", "The image.", Completions::images)
                        .takes("SIZE", "The new size, as 20G; +5G adds to the size it has.", Completions::sizes)
                        .flag(SHRINK, "Allows a smaller size.")
                        .flag(Call.JSON, "Prints the image as JSON.")
                        .example("image:resize vm1 20G", "makes vm1 20 GiB large")
                        .example("image:resize vm1 +5G", "adds 5 GiB")
                        .build(),
                ImageChange::resize);
    }

    private static void resize(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        ImageStatus before = call.images().image(name);
        String text = call.arguments().text("SIZE");
        long size =
                text.startsWith("+") ? grown(before, text) : call.arguments().size("SIZE");
        ImageCreate.wholeSectors(size);
        if (size < before.sizeBytes() && !call.arguments().has(SHRINK)) {
            throw Failure.failed(name + " has " + Words.size(before.sizeBytes()) + "; with " + Words.size(size)
                    + " everything behind that would be lost. Say " + SHRINK + " if that is meant. Nothing was done.");
        }
        ImageStatus image = call.images().resize(name, size);
        ImageShow.done(
                call,
                image,
                name + ": " + Words.size(image.sizeBytes()) + ", was " + Words.size(before.sizeBytes())
                        + (image.clients().isEmpty() ? "" : "; connected clients see it when they connect again"));
    }

    private static long grown(ImageStatus before, String text) throws Failure {
        try {
            return Math.addExact(before.sizeBytes(), Sizes.parse(text.substring(1)));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw Failure.usage("SIZE: '" + text + "' is no size to add; write it as in +5G");
        }
    }

    private static ConsoleCommand checkpoint() {
        return new SimpleCommand(
                Spec.of("image:checkpoint", "Brings the backlog into the image and forces it.")
                        .detail(
                                "Everything that is acknowledged is in the image then, and a restart has nothing to replay."
                                        + " Clients go on meanwhile.")
                        .takes("NAME", "The image.", Completions::images)
                        .flag(Call.JSON, "Prints the image as JSON.")
                        .example("image:checkpoint vm1", "before the disk below is copied, say")
                        .build(),
                ImageChange::checkpoint);
    }

    private static void checkpoint(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        long backlog = call.images().image(name).backlogBytes();
        Progress progress =
                new Progress(call.caller(), call.node().clock()::monotonicNanos, "checkpointing " + name, backlog);
        ImageStatus image = Watched.run(
                call,
                () -> call.images().checkpoint(name),
                () -> progress.at(
                        Math.max(0, backlog - call.images().image(name).backlogBytes())),
                "stopped waiting; the checkpoint of " + name + " goes on by itself");
        ImageShow.done(
                call,
                image,
                name + ": checkpointed at " + Words.number(image.watermarks().checkpointed()) + ", "
                        + progress.summary(backlog));
    }

    private static ConsoleCommand mark() {
        return new SimpleCommand(
                Spec.of("image:mark", "Gives the present moment of an image a name.")
                        .detail(
                                "The mark is an event in the journal: everything that was acknowledged is before it, replicas"
                                        + " receive it in its place, and it lasts as long as the journal has it. Commands that take a"
                                        + " MOMENT take its name. A file system is as after a power cut there, unless it is frozen or"
                                        + " synced first.")
                        .takes("NAME", "The image; primary here.", Completions::primaries)
                        .takes(
                                "LABEL",
                                "The name: letters, digits, dots, dashes and underscores, beginning with a letter; not latest.",
                                Completion.NONE)
                        .flag(
                                SNAPSHOT,
                                "Writes it as a snapshot: a barrier too, and what Ceph's tools know. No copy is kept of it.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example(
                                "image:mark vm1 before-upgrade",
                                "names this moment; journal:inspect vm1 --marks shows it")
                        .example("image:mark vm1 monday --snapshot", "the same, as a snapshot")
                        .build(),
                ImageChange::mark);
    }

    private static void mark(Call call) throws StorageException {
        String name = call.arguments().text("NAME");
        String label = call.arguments().text("LABEL");
        EventKind kind = call.arguments().has(SNAPSHOT) ? EventKind.SNAPSHOT : EventKind.MARK;
        Position at = call.images().mark(name, kind, label);
        if (call.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("image", name);
            json.put("kind", JournalViews.word(kind));
            json.put("label", label);
            json.put("position", at.toString());
            call.printJson(json);
        } else {
            call.line(name + ": " + label + " is event " + at);
        }
    }

    private static ConsoleCommand open() {
        return new SimpleCommand(
                Spec.of("image:open", "Serves an image whose journal is lost.")
                        .detail(
                                "Images open by themselves; this is for one that is refused because its journal is gone for good."
                                        + " What only the lost journal had is lost with it. Under the commit policy journal+image that is"
                                        + " nothing that was acknowledged; under any other the image is no point in time, so check its"
                                        + " file system, or take a replica or a backup instead. Asks first.")
                        .takes("NAME", "The image.", Completions::images)
                        .flag(JOURNAL_LOST, "Says that the journal is lost. Without it nothing is done.")
                        .flag(YES, "Does not ask.")
                        .flag(Call.JSON, "Prints the image as JSON.")
                        .example("image:open vm1 --journal-lost", "after the disk with the journal died")
                        .build(),
                ImageChange::open);
    }

    private static void open(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        ImageStatus before = call.images().image(name);
        if (!call.arguments().has(JOURNAL_LOST)) {
            throw Failure.failed(
                    name + " is " + Words.lower(before.state()) + "; images open by themselves. Only where the"
                            + " journal is lost for good: image:open " + name + " " + JOURNAL_LOST);
        }
        call.confirm(
                "This gives " + name + " an empty journal. What was acknowledged and is not in the image yet is gone.",
                YES);
        ImageStatus image = call.images().replaceLostJournal(name);
        ImageShow.done(
                call, image, name + ": " + Words.lower(image.state()) + " with an empty journal; check its content");
    }

    private static ConsoleCommand delete() {
        return new SimpleCommand(
                Spec.of("image:delete", "Deletes an image with its journal.")
                        .detail(
                                "Deletes its configuration, too; without one, what the pools have under the name. Asks first. Refused"
                                        + " while clients are connected, and while the image is mirrored, unless "
                                        + FORCE
                                        + " is given. Where the mirror does not run, an image whose journal is not open"
                                        + " needs that, too: nobody else knows whether it is mirrored.")
                        .takes("NAME", "The image.", Completions::images)
                        .flag(
                                FORCE,
                                "Deletes a mirrored image, too: replicas of it stay as they are and follow nothing; of a replica a new"
                                        + " copy is made.")
                        .asks()
                        .example("image:delete vm1", "deletes vm1 when you answer y")
                        .example("image:delete vm1 --yes", "for scripts")
                        .build(),
                ImageChange::delete);
    }

    private static void delete(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        if (!call.arguments().has(FORCE)) {
            refuseMirrored(call, name);
        }
        call.confirm(doomed(call.images(), name), YES);
        call.images().delete(name);
        if (call.json()) {
            call.printJson(Map.of("image", name));
        } else {
            call.line(name + ": deleted");
        }
    }

    private static void refuseMirrored(Call call, String name) throws Failure, StorageException {
        List<MirrorStatus> mirrored;
        try {
            mirrored = call.node().mirrors().status();
        } catch (StorageException e) {
            refuseFollowed(call.images(), name, e);
            return;
        }
        refuseMirrored(name, mirrored);
    }

    /** Where the mirror cannot be asked, the image knows whether it is a replica, and its journal who follows it. */
    private static void refuseFollowed(ImageManager images, String name, StorageException noMirror)
            throws Failure, StorageException {
        String who;
        try {
            if (images.image(name).role() == ImageHead.Role.REPLICA) {
                throw Failure.failed(noMirror.getMessage() + ". " + name
                        + " is a replica, of which a new copy would be made. Run" + " mirror:disable " + name
                        + " when the mirror runs, or say " + FORCE + ". Nothing was done.");
            }
            who = images.journal(name).clients().stream()
                    .filter(client -> client.id().startsWith(JournalReaders.MIRROR + ":"))
                    .map(client -> client.description().isEmpty() ? client.id() : client.description())
                    .sorted()
                    .collect(Collectors.joining(", "));
        } catch (StorageException e) {
            if (e.reason() == StorageException.Reason.NOT_FOUND) {
                // No configuration names it, so nobody can follow it.
                return;
            }
            throw Failure.failed(
                    "nobody can say whether " + name + " has replicas: " + e.getMessage() + "; and "
                            + noMirror.getMessage() + ". Say " + FORCE
                            + " to delete it all the same. Nothing was done.",
                    e);
        }
        if (!who.isEmpty()) {
            throw Failure.failed(noMirror.getMessage() + ". The journal of " + name + " knows " + who
                    + ", which would follow nothing any more. Run mirror:disable " + name
                    + " when the mirror runs, or say " + FORCE + ". Nothing was done.");
        }
    }

    /** Its peers would find nothing, or it would come back as a copy. */
    private static void refuseMirrored(String name, List<MirrorStatus> mirrored) throws Failure {
        for (MirrorStatus one : mirrored) {
            if (one.image().equals(name) && one.peer().isEmpty()) {
                throw Failure.failed(name + " is to follow another image, and that is " + one.words()
                        + ". Run mirror:disable " + name + " first, which removes it, or say " + FORCE
                        + ". Nothing was done.");
            }
            if (one.image().equals(name) && one.role() == ImageHead.Role.REPLICA) {
                throw Failure.failed(
                        name + " follows " + one.peer() + ", and would be copied anew from there. Run mirror:disable "
                                + name + " --with " + one.peer() + " first, or say " + FORCE + ". Nothing was done.");
            }
        }
        List<String> peers = mirrored.stream()
                .filter(one -> one.image().equals(name))
                .map(MirrorStatus::peer)
                .distinct()
                .sorted()
                .toList();
        if (!peers.isEmpty()) {
            throw Failure.failed(name + " is mirrored with " + Words.list(peers)
                    + ", where its replicas would follow nothing any more. Run mirror:disable " + name + " --with "
                    + String.join(" and --with ", peers) + " first, or say " + FORCE + ". Nothing was done.");
        }
    }

    /** What goes; also where no configuration names it, as after a lost one: then pools may have image, journal or both. */
    private static String doomed(ImageManager images, String name) throws StorageException {
        try {
            long bytes = images.image(name).sizeBytes();
            String size = bytes > 0 ? " (" + Words.size(bytes) + ")" : "";
            return "This deletes the image " + name + size + " and its journal for good.";
        } catch (StorageException e) {
            List<String> places = images.pools().stream()
                    .filter(pool -> pool.members().contains(name))
                    .map(pool -> pool.sort() + " pool " + pool.name())
                    .toList();
            if (e.reason() != StorageException.Reason.NOT_FOUND || places.isEmpty()) {
                throw e;
            }
            return "No configuration names " + name + ". This deletes what " + String.join(" and ", places)
                    + " hold of it for good.";
        }
    }
}
