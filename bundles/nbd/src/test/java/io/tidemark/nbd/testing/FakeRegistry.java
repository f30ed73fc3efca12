package io.tidemark.nbd.testing;

import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceRegistry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Devices by name. */
public final class FakeRegistry implements DeviceRegistry {
    private final Map<String, BlockDevice> devices = new ConcurrentHashMap<>();

    /** A registry with some devices. */
    public FakeRegistry(BlockDevice... initial) {
        for (BlockDevice device : initial) {
            add(device);
        }
    }

    /** Adds one. */
    public void add(BlockDevice device) {
        devices.put(device.name(), device);
    }

    /** Removes one. */
    public void remove(String name) {
        devices.remove(name);
    }

    @Override
    public List<BlockDevice> devices() {
        List<BlockDevice> all = new ArrayList<>(devices.values());
        all.sort(Comparator.comparing(BlockDevice::name));
        return all;
    }

    @Override
    public Optional<BlockDevice> device(String exportName) {
        return Optional.ofNullable(devices.get(exportName));
    }
}
