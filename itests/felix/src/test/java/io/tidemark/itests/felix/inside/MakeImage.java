package io.tidemark.itests.felix.inside;

import java.util.Map;
import org.osgi.framework.BundleContext;

/** Makes an image and writes to it; the answer is how many blocks were acknowledged. */
public final class MakeImage extends Scenario {
    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public MakeImage(BundleContext context) {
        super(context);
    }

    @Override
    public Object call() throws Exception {
        images().create("v1", 16 << 20, Map.of());
        try (Writer writer = new Writer(device("v1"), new Silent())) {
            writer.start();
            await("writes", () -> writer.acknowledged() > 200);
            return writer.finish();
        }
    }
}
