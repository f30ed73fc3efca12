package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.context.Clock;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.api.mirror.MirrorManager;
import java.util.List;

/** What commands act on. Safe for all threads. */
public interface Node {
    /**
     * The images.
     *
     * @return the manager
     * @throws StorageException UNAVAILABLE while the engine is not there
     */
    ImageManager images() throws StorageException;

    /**
     * What clients come in by.
     *
     * @return front ends; empty when none runs
     */
    List<FrontEnd> frontEnds();

    /**
     * What clients may attach to.
     *
     * @return devices, sorted by name
     * @throws StorageException UNAVAILABLE while the engine is not there
     */
    List<BlockDevice> devices() throws StorageException;

    /**
     * Replicas and peers.
     *
     * @return the manager
     * @throws StorageException UNAVAILABLE while the mirror is not there
     */
    MirrorManager mirrors() throws StorageException;

    /**
     * Time.
     *
     * @return the clock
     */
    Clock clock();

    /**
     * The failure of a node without an engine.
     *
     * @return to be thrown
     */
    static StorageException noEngine() {
        return new StorageException(
                Reason.UNAVAILABLE,
                "the engine of this node does not run, so there are no images to act on",
                "look at it with bundle:list and log:display");
    }

    /**
     * The failure of a node without a mirror.
     *
     * @return to be thrown
     */
    static StorageException noMirror() {
        return new StorageException(
                Reason.UNAVAILABLE,
                "the mirror of this node does not run, so there are no peers and replicas to act on",
                "image:list says so when its configuration is refused; else look at bundle:list and log:display");
    }
}
