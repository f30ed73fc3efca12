package io.tidemark.nbd.internal;

import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceRegistry;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which devices a client may see, and which of them only over TLS.
 *
 * @param registry the node's devices
 * @param defaultExport what the empty name means; empty for "the only one, if there is only one"
 * @param tlsOnly exports that are hidden from clients without TLS
 * @param listable whether clients may list names
 */
record Exports(DeviceRegistry registry, String defaultExport, Set<String> tlsOnly, boolean listable) {
    List<BlockDevice> visible(boolean tls) {
        List<BlockDevice> devices = registry.devices();
        return tls || tlsOnly.isEmpty()
                ? devices
                : devices.stream().filter(d -> !tlsOnly.contains(d.name())).toList();
    }

    Optional<BlockDevice> find(String name) {
        if (!name.isEmpty()) {
            return registry.device(name);
        }
        if (!defaultExport.isEmpty()) {
            return registry.device(defaultExport);
        }
        List<BlockDevice> devices = registry.devices();
        return devices.size() == 1 ? Optional.of(devices.get(0)) : Optional.empty();
    }

    boolean needsTls(BlockDevice device) {
        return tlsOnly.contains(device.name());
    }
}
