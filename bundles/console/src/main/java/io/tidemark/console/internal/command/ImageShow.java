package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
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
                                                + " takes, FULL how much of its limit that is. Below the table stands what needs"
                                                + " somebody's attention.")
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
                                                + " longer in the journal).")
                                .takes("NAME", "The image.", Completions::images)
                                .flag(VERBOSE, "Shows every counter that is not zero, too.")
                                .flag(Call.JSON, "Prints JSON.")
                                .example("image:info vm1", "state, watermarks, counters and configuration of vm1")
                                .build(),
                        ImageShow::info));
    }

    private static void list(Call call) throws StorageException {
        List<ImageStatus> images = call.images().images();
        if (call.json()) {
            call.printJson(images.stream().map(ImageViews::json).toList());
        } else {
            call.caller().out(ImageViews.list(images));
        }
    }

    private static void info(Call call) throws StorageException {
        show(call, call.images().image(call.arguments().text("NAME")));
    }

    private static void show(Call call, ImageStatus image) {
        if (call.json()) {
            call.printJson(ImageViews.json(image));
        } else {
            call.caller().out(ImageViews.info(image, call.arguments().has(VERBOSE)));
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
            call.printJson(ImageViews.json(image));
        } else {
            call.line(line);
            image.warnings().forEach(warning -> call.line("warning: " + warning));
        }
    }
}
