package io.tidemark.itests.felix.inside;

import io.tidemark.api.admin.ImageStatus.State;
import org.osgi.framework.BundleContext;

/** Waits for the image {@code dropped} and writes to it. */
public final class AwaitDropped extends Scenario {
    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public AwaitDropped(BundleContext context) {
        super(context);
    }

    @Override
    public Object call() throws Exception {
        awaitImage("dropped", "serving", image -> image.state() == State.SERVING && image.sizeBytes() == 8 << 20);
        try (Writer writer = new Writer(device("dropped"), new Silent())) {
            writer.start();
            await("writes", () -> writer.acknowledged() > 20);
            writer.verify(writer.finish());
        }
        return null;
    }
}
