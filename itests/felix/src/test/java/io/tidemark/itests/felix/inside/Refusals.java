package io.tidemark.itests.felix.inside;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.admin.PoolStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Predicate;
import org.osgi.framework.BundleContext;

/** What a configuration cannot be is refused with the key's name, as a listed state; a running image keeps its settings. */
public final class Refusals extends Scenario {
    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public Refusals(BundleContext context) {
        super(context);
    }

    @Override
    public Object call() throws Exception {
        Path etc = Path.of(context().getProperty("tidemark.etc"));
        Path bad = etc.resolve("io.tidemark.image-bad.cfg");
        Files.writeString(bad, "size = 8MiB\ncolour = red\n");
        awaitImage(
                "bad",
                "refused for its key",
                image -> image.state() == State.REFUSED && image.detail().contains("colour"));
        Files.writeString(bad, "size = much\n");
        awaitImage(
                "bad",
                "refused for its size",
                image -> image.state() == State.REFUSED && image.detail().contains("size"));
        Files.writeString(bad, "size = 8MiB\npool = nowhere\n");
        awaitImage(
                "bad",
                "no such pool",
                image -> image.state() != State.SERVING && image.detail().contains("nowhere"));
        Files.writeString(bad, "size = 8MiB\n");
        awaitImage("bad", "serving when corrected", image -> image.state() == State.SERVING);
        pools(etc, bad);
        twoFiles(etc, bad);

        try {
            images().configure("bad", Map.of("journal.limit", "3 apples"));
            throw new AssertionError("a value that cannot be was taken");
        } catch (StorageException e) {
            expect(e.getMessage().contains("journal.limit"), "names the key: " + e.getMessage());
        }
        Files.writeString(bad, "size = 8MiB\njournal.limit = 3 apples\n");
        awaitImage(
                "bad",
                "serving with its last good settings, and saying so",
                image -> image.state() == State.SERVING
                        && image.warnings().toString().contains("journal.limit"));
        return null;
    }

    /** A pool that is refused is listed with the key, and so is the image that waits for it. */
    private void pools(Path etc, Path bad) throws Exception {
        Path slow = etc.resolve("io.tidemark.image.file-slow.cfg");
        Path fast = etc.resolve("io.tidemark.journal.flash-fast.cfg");
        Files.writeString(slow, "pool = slow\ndirectory = slow\nreserv = 1MiB\n");
        Files.writeString(fast, "pool = fast\ndirectories = fast\nspareSegments = many\n");
        awaitPool("slow", pool -> pool.problem()
                .startsWith("refused: reserv: there is no such key; write reserve (etc/"));
        awaitPool("fast", pool -> pool.problem().startsWith("refused: spareSegments: 'many' is no whole number (etc/"));
        Path other = etc.resolve("io.tidemark.image-other.cfg");
        Files.writeString(other, "size = 8MiB\npool = slow\njournalPool = fast\n");
        awaitImage("other", "naming the refused journal pool", image -> image.detail()
                .contains("spareSegments: 'many'"));
        Files.writeString(fast, "pool = fast\ndirectories = fast\n");
        awaitPool("fast", pool -> pool.problem().isEmpty());
        awaitImage("other", "naming the refused image pool", image -> image.detail()
                .contains("reserv: there is no"));
        Files.writeString(slow, "pool = slow\ndirectory = slow\n");
        awaitImage("other", "serving when its pools are mended", image -> image.state() == State.SERVING);
        expect(images().image("bad").state() == State.SERVING, "others are not touched");
        images().delete("other");
    }

    private void awaitPool(String name, Predicate<PoolStatus> condition) {
        await("pool " + name + " as expected: " + images().pools(), () -> images().pools().stream()
                .anyMatch(pool -> pool.name().equals(name) && condition.test(pool)));
    }

    /** Both formats of one configuration: named, in place of one of them winning. */
    private void twoFiles(Path etc, Path cfg) throws Exception {
        Path config = etc.resolve("io.tidemark.image-bad.config");
        Files.writeString(config, "size=\"8MiB\"\ndescription=\"twin\"\n");
        awaitImage(
                "bad",
                "serving as before, and naming both files",
                image -> image.state() == State.SERVING
                        && image.properties().get("description") == null
                        && image.warnings()
                                .toString()
                                .contains(cfg.getFileName().toString())
                        && image.warnings()
                                .toString()
                                .contains(config.getFileName().toString()));
        Files.delete(config);
        await("the configuration gone with one of its files", () -> images().images().stream()
                .noneMatch(image -> image.name().equals("bad")));
        Files.writeString(cfg, "size = 8MiB\ndescription = alone\n");
        awaitImage(
                "bad",
                "serving with the file that is left",
                image -> image.state() == State.SERVING && image.warnings().isEmpty());
    }
}
