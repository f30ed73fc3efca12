package io.tidemark.itests.felix.inside;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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
}
