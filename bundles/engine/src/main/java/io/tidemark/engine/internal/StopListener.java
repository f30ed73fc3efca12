package io.tidemark.engine.internal;

import io.tidemark.engine.manage.ImageDirectory;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.Constants;
import org.osgi.framework.SynchronousBundleListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes images when the whole node begins to stop. That is told before the first bundle is stopped, so stores are still
 * there for the last checkpoints; a component's own deactivation comes too late for waiting, and must not wait.
 */
final class StopListener implements SynchronousBundleListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StopListener.class);

    private final BundleContext context;
    private final ImageDirectory directory;
    private final Runnable closeDoors;
    private final long timeoutNanos;

    StopListener(BundleContext context, ImageDirectory directory, Runnable closeDoors, long timeoutNanos) {
        this.context = context;
        this.directory = directory;
        this.closeDoors = closeDoors;
        this.timeoutNanos = timeoutNanos;
        context.addBundleListener(this);
    }

    @Override
    public void bundleChanged(BundleEvent event) {
        if (event.getType() != BundleEvent.STOPPING || event.getBundle().getBundleId() != Constants.SYSTEM_BUNDLE_ID) {
            return;
        }
        closeDoors.run();
        directory.stop();
        if (directory.awaitStopped(timeoutNanos)) {
            LOG.info("Images are closed");
        } else {
            LOG.warn("Not all images were closed in time; the next start replays more of their journals");
        }
    }

    @Override
    public void close() {
        try {
            context.removeBundleListener(this);
        } catch (IllegalStateException e) {
            // The bundle is stopped already, and its listeners with it.
        }
    }
}
