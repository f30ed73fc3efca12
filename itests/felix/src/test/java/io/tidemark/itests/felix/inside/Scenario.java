package io.tidemark.itests.felix.inside;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceRegistry;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;

/** What scenarios share. A failed expectation is an {@link AssertionError}, which reaches the test outside. */
abstract class Scenario implements Callable<Object> {
    private static final long PATIENCE_SECONDS = 60;

    private final BundleContext context;

    Scenario(BundleContext context) {
        this.context = context;
    }

    final BundleContext context() {
        return context;
    }

    final <T> T service(Class<T> type) {
        ServiceReference<?>[] found = new ServiceReference<?>[1];
        await("a service " + type.getSimpleName(), () -> {
            found[0] = context.getServiceReference(type);
            return found[0] != null && context.getService(found[0]) != null;
        });
        return type.cast(context.getService(found[0]));
    }

    final ImageManager images() {
        return service(ImageManager.class);
    }

    final BlockDevice device(String name) {
        return service(DeviceRegistry.class).device(name).orElseThrow(() -> new AssertionError("no device " + name));
    }

    final ImageStatus awaitImage(String name, String what, Predicate<ImageStatus> condition) {
        ImageStatus[] last = new ImageStatus[1];
        try {
            await(what, () -> {
                try {
                    last[0] = images().image(name);
                    return condition.test(last[0]);
                } catch (StorageException e) {
                    return false;
                }
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; the image is " + last[0], e);
        }
        return last[0];
    }

    final Bundle bundle(String symbolicName) {
        for (Bundle bundle : context.getBundles()) {
            if (bundle.getSymbolicName().equals(symbolicName)) {
                return bundle;
            }
        }
        throw new AssertionError("no bundle " + symbolicName);
    }

    final void restart(String symbolicName, Runnable meanwhile) throws BundleException {
        Bundle bundle = bundle(symbolicName);
        long began = System.nanoTime();
        bundle.stop();
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
        expect(seconds < 10, "stopping " + symbolicName + " took " + seconds + " s");
        meanwhile.run();
        bundle.start();
    }

    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + PATIENCE_SECONDS + " s: " + what);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    static void expect(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
