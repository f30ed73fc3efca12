package io.tidemark.base.wish;

import io.tidemark.api.admin.RefusedConfiguration;
import io.tidemark.base.text.Names;
import java.nio.file.Path;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;

/** Tells of configurations that are refused, for whoever shows them. */
public final class Refusals {
    private Refusals() {}

    /**
     * Registers a refusal.
     *
     * @param context of the bundle that refuses
     * @param sort what the configuration was for
     * @param nameKey of the key that names it
     * @param properties of the configuration, with those that the container adds
     * @param reason beginning with the key that is wrong
     * @return to be unregistered when the configuration is gone or changed
     */
    public static ServiceRegistration<?> tell(
            BundleContext context,
            RefusedConfiguration.Sort sort,
            String nameKey,
            Map<String, ?> properties,
            String reason) {
        return context.registerService(RefusedConfiguration.class, refused(sort, nameKey, properties, reason), null);
    }

    static RefusedConfiguration refused(
            RefusedConfiguration.Sort sort, String nameKey, Map<String, ?> properties, String reason) {
        String pid = String.valueOf(properties.get("service.pid"));
        Object text = properties.get(Configurations.FILE);
        Path file = text == null ? null : Configurations.file(text.toString());
        String fileName = file == null ? pid : file.getFileName().toString();
        return new RefusedConfiguration(
                sort, name(properties.get(nameKey), pid, fileName), file == null ? pid : "etc/" + fileName, reason);
    }

    /** The name that was meant, also when the key for it is the one that is wrong: then the file's name says it. */
    private static String name(Object key, String pid, String fileName) {
        if (key != null) {
            try {
                return Names.check("pool", key.toString().trim());
            } catch (IllegalArgumentException e) {
                // It may be what is refused.
            }
        }
        int dash = fileName.indexOf('-');
        int dot = fileName.lastIndexOf('.');
        return dash > 0 && dot > dash ? fileName.substring(dash + 1, dot) : pid.substring(pid.indexOf('~') + 1);
    }
}
