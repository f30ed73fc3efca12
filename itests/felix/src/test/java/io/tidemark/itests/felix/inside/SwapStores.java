package io.tidemark.itests.felix.inside;

import io.tidemark.api.admin.ImageStatus.State;
import java.util.Map;
import org.osgi.framework.BundleContext;

/** A bundle of stores goes and comes back while a client writes: a pause, no error, nothing lost. */
public final class SwapStores extends Scenario {
    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public SwapStores(BundleContext context) {
        super(context);
    }

    @Override
    public Object call() throws Exception {
        images().create("v1", 16 << 20, Map.of());
        try (Writer writer = new Writer(device("v1"), new Silent())) {
            writer.start();
            for (String name :
                    new String[] {"io.tidemark.journal.flash", "io.tidemark.image.file", "io.tidemark.journal.flash"}) {
                long before = writer.acknowledged();
                await("writes before " + name + " goes", () -> writer.acknowledged() > before + 20);
                restart(
                        name,
                        () -> awaitImage("v1", "suspended without " + name, image -> {
                            boolean suspended = image.state() == State.SUSPENDED;
                            expect(!suspended || !image.detail().isBlank(), "a suspended image says why");
                            return suspended;
                        }));
                awaitImage("v1", "serving with " + name + " again", image -> image.state() == State.SERVING);
                long after = writer.acknowledged();
                await("writes after " + name + " is back", () -> writer.acknowledged() > after + 20);
            }
            writer.verify(writer.finish());
        }
        return null;
    }
}
