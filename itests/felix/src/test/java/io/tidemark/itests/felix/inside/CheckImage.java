package io.tidemark.itests.felix.inside;

import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.journal.Journal;
import org.osgi.framework.BundleContext;

/** Finds what {@link MakeImage} wrote; the number of writes is in the property {@code test.writes}; says whether
 * opening had to replay. */
public final class CheckImage extends Scenario {
    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public CheckImage(BundleContext context) {
        super(context);
    }

    @Override
    public Object call() throws Exception {
        ImageStatus image = awaitImage("v1", "serving again", status -> status.state() == State.SERVING);
        try (Writer writer = new Writer(device("v1"), new Silent())) {
            writer.verify(Long.parseLong(context().getProperty("test.writes")));
        }
        Journal.RecoveryReport recovery = images().journal("v1").recovery();
        return recovery.clean() && image.state() == State.SERVING ? "checkpointed" : recovery.toString();
    }
}
