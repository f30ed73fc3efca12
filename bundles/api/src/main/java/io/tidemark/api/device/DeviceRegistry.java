package io.tidemark.api.device;

import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** The devices of a node. An OSGi service that is there as long as the engine is. Safe for all threads. */
@ProviderType
public interface DeviceRegistry {
    /**
     * Devices that clients may attach to, by name.
     *
     * @return sorted by name
     */
    List<BlockDevice> devices();

    /**
     * One device.
     *
     * @param exportName {@code NAME}, or later {@code NAME@MOMENT}
     * @return empty when there is none, or it is not served
     */
    Optional<BlockDevice> device(String exportName);
}
