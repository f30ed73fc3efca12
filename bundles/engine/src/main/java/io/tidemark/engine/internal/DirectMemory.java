package io.tidemark.engine.internal;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How much direct memory the Java machine gives out. */
final class DirectMemory {
    private static final Logger LOG = LoggerFactory.getLogger(DirectMemory.class);
    private static final String OPTION = "MaxDirectMemorySize";

    private DirectMemory() {}

    /**
     * The bound.
     *
     * @return bytes; {@link Long#MAX_VALUE} when this machine does not tell
     */
    static long limitBytes() {
        try {
            MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            // By name: the interface of this bean is no part of Java SE.
            CompositeData option = (CompositeData) server.invoke(
                    new ObjectName("com.sun.management:type=HotSpotDiagnostic"),
                    "getVMOption",
                    new Object[] {OPTION},
                    new String[] {String.class.getName()});
            long bytes = Long.parseLong(String.valueOf(option.get("value")));
            // Not set, it is as much as the heap may take.
            return bytes == 0 ? Runtime.getRuntime().maxMemory() : bytes;
        } catch (JMException | RuntimeException e) {
            LOG.debug("The bound of direct memory is not known: {}", e.toString());
            return Long.MAX_VALUE;
        }
    }
}
