package io.tidemark.base.figures;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Figures as JMX beans of the domain {@code io.tidemark}. They are computed when somebody asks, and when a bean is registered. Safe
 * for all threads.
 */
public final class FigureBeans implements AutoCloseable {
    /** Domain of all names. */
    public static final String DOMAIN = "io.tidemark";

    /** Needs no quotes: all that the name of an image may have. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]*");

    private static final Logger LOG = LoggerFactory.getLogger(FigureBeans.class);

    private final MBeanServer server;
    private final Object lock = new Object();
    /** Registered names; guarded by the lock. */
    private final Set<String> registered = new HashSet<>();

    private boolean closed;

    /**
     * None yet.
     *
     * @param server where
     */
    public FigureBeans(MBeanServer server) {
        this.server = server;
    }

    /**
     * A name as it stands in that of a bean. One that was refused may have characters that mean something there.
     *
     * @param name of an image, say
     * @return the same where it is one that an image may have, quoted where it is not
     */
    public static String value(String name) {
        return PLAIN.matcher(name).matches() ? name : ObjectName.quote(name);
    }

    /**
     * Registers a bean, unless there is one of the name. Where that cannot be it is logged.
     *
     * @param name its keys: {@code type=Image,name=vm1}
     * @param description for people
     * @param figures by name; called by whoever asks
     */
    public void register(String name, String description, Supplier<Map<String, Object>> figures) {
        synchronized (lock) {
            if (closed || !registered.add(name)) {
                return;
            }
        }
        try {
            server.registerMBean(new FigureBean(description, figures), new ObjectName(DOMAIN + ":" + name));
        } catch (JMException e) {
            LOG.warn("No metrics of {}: {}", name, e.toString());
        }
    }

    /**
     * Takes a bean away.
     *
     * @param name its keys
     */
    public void unregister(String name) {
        synchronized (lock) {
            if (!registered.remove(name)) {
                return;
            }
        }
        try {
            server.unregisterMBean(new ObjectName(DOMAIN + ":" + name));
        } catch (JMException e) {
            // It was not registered, which was said then.
        }
    }

    /**
     * What there is.
     *
     * @return the keys of all beans that are registered
     */
    public Set<String> names() {
        synchronized (lock) {
            return Set.copyOf(registered);
        }
    }

    /** Takes all away, and registers no more. Idempotent. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
        }
        names().forEach(this::unregister);
    }
}
