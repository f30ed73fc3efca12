package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import java.util.ArrayList;
import java.util.List;

/**
 * What has to be done after the image's lock was let go: completions, releases of payload, news for the manager. One per
 * thread that works on the image, reused.
 */
final class Aftermath {
    final Sweep sweep = new Sweep();
    final HotPayloads.Releases releases = new HotPayloads.Releases();
    private final List<Request> dropped = new ArrayList<>();
    private final List<Runnable> calls = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private ImageListener.Part failedPart;
    private StorageException failure;
    private boolean trimWanted;
    private boolean stateChanged;
    private boolean spaceWanted;
    private boolean epochWanted;
    private boolean peersChanged;

    /** Notes that a store failed; the first failure counts. */
    void failed(ImageListener.Part part, StorageException why) {
        if (failure == null) {
            failedPart = part;
            failure = why;
        }
    }

    void dropped(Request request) {
        dropped.add(request);
    }

    /** Somebody who asked to be told. */
    void call(Runnable listener) {
        calls.add(listener);
    }

    void warning(String line) {
        warnings.add(line);
    }

    void trimWanted() {
        trimWanted = true;
    }

    /** The image's pool is to be asked for more space, or to take some back. */
    void spaceWanted() {
        spaceWanted = true;
    }

    /** Events wait for an epoch. */
    void epochWanted() {
        epochWanted = true;
    }

    /** Another number of replicas is in sync. */
    void peersChanged() {
        peersChanged = true;
    }

    void stateChanged() {
        stateChanged = true;
    }

    /** Does it all. Not to be called under a lock. */
    void settle(Core core) {
        while (spaceWanted || epochWanted) {
            if (epochWanted) {
                epochWanted = false;
                core.epochStart.begin(this);
            } else {
                spaceWanted = false;
                core.space.renew(this);
            }
        }
        releases.release();
        for (Request request : dropped) {
            request.releaseRest();
        }
        dropped.clear();
        if (sweep.count() > 0) {
            sweep.run();
        }
        if (!calls.isEmpty()) {
            List<Runnable> now = List.copyOf(calls);
            calls.clear();
            now.forEach(Runnable::run);
        }
        if (failure != null || stateChanged || trimWanted || peersChanged || !warnings.isEmpty()) {
            tell(core);
        }
    }

    private void tell(Core core) {
        List<String> lines = List.copyOf(warnings);
        warnings.clear();
        StorageException why = failure;
        ImageListener.Part part = failedPart;
        failure = null;
        boolean state = stateChanged;
        stateChanged = false;
        boolean trim = trimWanted;
        trimWanted = false;
        if (state) {
            core.tellState();
        }
        for (String line : lines) {
            core.listener.warning(line);
        }
        if (why != null) {
            core.listener.failed(part, why);
        }
        if (trim) {
            core.listener.trimWanted(core.journalFull);
        }
        if (peersChanged) {
            peersChanged = false;
            core.listener.peersChanged();
        }
    }
}
