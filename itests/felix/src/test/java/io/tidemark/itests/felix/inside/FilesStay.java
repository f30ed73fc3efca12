package io.tidemark.itests.felix.inside;

import io.tidemark.api.admin.ImageStatus.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ConfigurationEvent;
import org.osgi.service.cm.ConfigurationListener;

/**
 * A file is read and never written because of that: whoever changes it again meanwhile would lose the change, and a crash
 * in the middle the file.
 */
public final class FilesStay extends Scenario {
    private static final FileTime LONG_AGO = FileTime.fromMillis(1_500_000_000_000L);

    /**
     * A scenario.
     *
     * @param context of the bundle that it runs in
     */
    public FilesStay(BundleContext context) {
        super(context);
    }

    @Override
    public Object call() throws Exception {
        List<String> updated = new CopyOnWriteArrayList<>();
        ServiceRegistration<ConfigurationListener> listener = context()
                .registerService(
                        ConfigurationListener.class,
                        event -> {
                            if (event.getType() == ConfigurationEvent.CM_UPDATED) {
                                updated.add(event.getPid());
                            }
                        },
                        null);
        try {
            Path first = put("first");
            awaitImage("first", "serving", image -> image.state() == State.SERVING);
            put("second");
            // Events come one after the other: when the second one is here, everybody has had the first one.
            await("the second event", () -> updated.stream().anyMatch(pid -> pid.contains("second")));
            expect(updated.stream().anyMatch(pid -> pid.contains("first")), "updated: " + updated);
            FileTime now = Files.getLastModifiedTime(first);
            expect(now.equals(LONG_AGO), "written at " + now + ": " + Files.readString(first));
            return null;
        } finally {
            listener.unregister();
        }
    }

    private Path put(String image) throws IOException {
        Path etc = Path.of(context().getProperty("tidemark.etc"));
        Path file = etc.resolve("io.tidemark.image-" + image + ".cfg");
        Path aside = etc.resolve(image + ".aside");
        Files.writeString(aside, "# mine\nsize   =   8MiB\n");
        Files.setLastModifiedTime(aside, LONG_AGO);
        return Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
