package io.tidemark.itests.felix.inside;

import io.tidemark.api.device.DeviceRegistry;
import org.osgi.framework.BundleContext;

/** Waits until there is no image {@code dropped}; its data stays. */
public final class AwaitGone extends Scenario {
    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public AwaitGone(BundleContext context) {
        super(context);
    }

    @Override
    public Object call() {
        await("the image is closed", () -> images().images().isEmpty());
        expect(service(DeviceRegistry.class).devices().isEmpty(), "no device is left");
        expect(
                images().pools().stream().anyMatch(pool -> pool.members().contains("dropped")),
                "removing the file closes the image and keeps its data: " + images().pools());
        return null;
    }
}
