package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.console.internal.render.ImageViews;
import java.util.List;

/** {@code image:list} and {@code image:info}. */
final class ImageShow {
    private static final String VERBOSE = "--verbose";

    private ImageShow() {}

    static List<ConsoleCommand> all() {
        return List.of(
                new SimpleCommand(
                        Spec.of("image:list", "Lists the images and how they are.")
                                .detail(
                                        "BACKLOG is what is acknowledged and not yet in the image. JOURNAL is what the journal"
                                                + " takes, FULL how much of its limit that is. Where there are replicas, ROLE says so,"
                                                + " with a hold or a delay, HEAD is what its clients read, and RECEIVED what is durable"
                                                + " here of its source. Below the table stands what needs somebody's attention.")
                                .flag(Call.JSON, "Prints JSON.")
                                .example("image:list", "shows all images")
                                .example("image:list --json", "the same for scripts")
                                .build(),
                        ImageShow::list),
                new SimpleCommand(
                        Spec.of("image:info", "Shows everything about an image.")
                                .detail(
                                        "The watermarks are events of the journal: appended (in memory), durable (survives a"
                                                + " crash), applied (in the image), checkpointed (forced to the image), trimmed (no"
                                                + " longer in the journal). Of a replica, head is what its clients read, and received"
                                                + " what is durable here of its source.")
                                .takes("NAME", "The image.", Completions::images)
                                .flag(VERBOSE, "Shows every counter that is not zero, too.")
                                .flag(Call.JSON, "Prints JSON.")
                                .example("image:info vm1", "state, watermarks, counters and configuration of vm1")
                                .build(),
                        ImageShow::info));
    }

    private static void list(Call call) throws StorageException {
        List<ImageStatus> images = call.images().images();
        List<MirrorStatus> mirrored = mirrored(call);
        if (call.json()) {
            call.printJson(images.stream()
                    .map(image -> ImageViews.json(image, mirrored))
                    .toList());
        } else {
            call.caller().out(ImageViews.list(images, mirrored));
        }
    }

    private static void info(Call call) throws StorageException {
        ImageStatus image = call.images().image(call.arguments().text("NAME"));
        List<MirrorStatus> mirrored = mirrored(call);
        if (call.json()) {
            call.printJson(ImageViews.json(image, mirrored));
        } else {
            call.caller().out(ImageViews.info(image, mirrored, call.arguments().has(VERBOSE)));
        }
    }

    /** How mirrored images fare; nothing where no mirror runs, because images are there without it. */
    static List<MirrorStatus> mirrored(Call call) {
        try {
            return call.node().mirrors().status();
        } catch (StorageException e) {
            return List.of();
        }
    }

    /**
     * Tells what came of a change: a line, or all for machines.
     *
     * @param call of the command
     * @param image as it is now
     * @param line for people
     */
    static void done(Call call, ImageStatus image, String line) {
        if (call.json()) {
            call.printJson(ImageViews.json(image, mirrored(call)));
        } else {
            call.line(line);
            image.warnings().forEach(warning -> call.line("warning: " + warning));
        }
    }
}
