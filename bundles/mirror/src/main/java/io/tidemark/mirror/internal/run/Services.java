package io.tidemark.mirror.internal.run;

import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.replica.ReplicaManager;

/**
 * What a mirror needs of the engine.
 *
 * @param replicas roles and receiving ends
 * @param images journals
 * @param devices bytes of images, for copies
 */
public record Services(ReplicaManager replicas, ImageManager images, DeviceRegistry devices) {}
