package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.base.text.Names;
import io.tidemark.base.text.Sizes;
import io.tidemark.console.internal.render.Words;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@code image:create}. */
final class ImageCreate {
    private static final int SECTOR_BYTES = 512;
    private static final String SET = "--set";

    private ImageCreate() {}

    static List<ConsoleCommand> all() {
        Spec.Builder spec = Spec.of("image:create", "Makes an image and serves it.")
                .detail(
                        "Returns when clients can connect. When something fails, nothing of it stays behind. The configuration"
                                + " is written to etc/io.tidemark.image-NAME.cfg; change it later with image:set.")
                .takes("NAME", "Its name: letters, digits, dots, dashes and underscores.", Completion.NONE)
                .takes("SIZE", "Its size, as 512MiB or 10G: a multiple of 512 bytes.", Completions::sizes);
        for (KeyOptions.Key key : KeyOptions.ALL) {
            Option option = key.option();
            spec.option(option.name(), option.value(), option.help(), option.completion());
        }
        spec.options(
                SET,
                "KEY=VALUE",
                "Any other key of the configuration; may be given several times.",
                Completions::settings);
        spec.flag(Call.JSON, "Prints the new image as JSON.")
                .example("image:create vm1 10G", "an image of 10 GiB with the node's defaults")
                .example(
                        "image:create db 200G --commit journal+image --journal-limit 20G --trim age --set trim.age=1d",
                        "acknowledges when journal and image have a write, and keeps a day of journal");
        return List.of(new SimpleCommand(spec.build(), ImageCreate::run));
    }

    private static void run(Call call) throws Failure, StorageException {
        Arguments arguments = call.arguments();
        String name = name(arguments.text("NAME"));
        long size = wholeSectors(arguments.size("SIZE"));
        Map<String, String> properties = new HashMap<>(ImageChange.settings(arguments.values(SET)));
        for (KeyOptions.Key key : KeyOptions.ALL) {
            arguments.value(key.option().name()).ifPresent(value -> properties.put(key.key(), value));
        }
        ImageStatus image = call.images().create(name, size, properties);
        ImageShow.done(
                call,
                image,
                image.name() + ": " + Words.size(image.sizeBytes()) + " in pool " + image.pool() + ", journal in pool "
                        + image.journalPool() + ", commit policy " + image.commitPolicy() + ", "
                        + Words.lower(image.state()));
        if (!call.json()) {
            NbdCommands.connectHint(call, image.name());
        }
    }

    private static String name(String text) throws Failure {
        try {
            return Names.check("image", text);
        } catch (IllegalArgumentException e) {
            throw Failure.usage(e.getMessage());
        }
    }

    /**
     * Checks what every image size has to be.
     *
     * @param bytes wanted
     * @return the same
     * @throws Failure USAGE with the nearest good size
     */
    static long wholeSectors(long bytes) throws Failure {
        if (bytes < SECTOR_BYTES) {
            throw Failure.usage("a size of " + Sizes.format(bytes) + " is too small; the smallest image has "
                    + SECTOR_BYTES + " bytes, and a useful one some MiB, as in 512MiB");
        }
        if (bytes % SECTOR_BYTES != 0) {
            long next = bytes / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES;
            throw Failure.usage(
                    "a size of " + bytes + " bytes is not a multiple of " + SECTOR_BYTES + "; take " + next);
        }
        return bytes;
    }
}
