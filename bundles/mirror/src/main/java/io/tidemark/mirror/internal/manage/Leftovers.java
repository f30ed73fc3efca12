package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.mirror.internal.run.Failures;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an order that was cut by the end of its process has left: a file that is not finished, and a client in the journals of
 * images, which would keep them from being trimmed for good. Each image is looked at once, half a minute at most after its journal
 * can be asked; they come when their pools do, so there is no last one. Once more where an order of this process could not ask the
 * journal in the end.
 */
final class Leftovers {
    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);
    private static final long LEAST_PAUSE_NANOS = Desk.SECOND;
    private static final long MOST_PAUSE_NANOS = 30 * Desk.SECOND;

    private final Desk desk;
    private final KeptBranches branches;
    private final Gate gate;
    /** Of the worker alone. */
    private final Set<String> done = new HashSet<>();

    /** Of the worker alone: the directory of kept branches was looked at. */
    private boolean swept;

    private volatile boolean closed;

    Leftovers(Desk desk, KeptBranches branches) {
        this.desk = desk;
        this.branches = branches;
        this.gate = desk.context().workers().newGate();
    }

    void start() {
        desk.context().workers().start("mirror-leftovers", this::run);
    }

    void close() {
        closed = true;
        gate.open();
    }

    private void run() {
        long pause = LEAST_PAUSE_NANOS;
        while (!closed) {
            Failures.attempt("look what journals still keep for orders that were cut", this::look);
            if (!swept) {
                Failures.attempt("look for unfinished branches of orders that were cut", this::sweep);
            }
            gate.await(pause);
            pause = Math.min(2 * pause, MOST_PAUSE_NANOS);
        }
    }

    private void sweep() {
        try {
            branches.sweep();
            swept = true;
        } catch (StorageException e) {
            LOG.debug("unfinished branches are looked for later: {}", e.getMessage());
        }
    }

    private void look() {
        for (ImageStatus image : desk.services().images().images()) {
            boolean looked = done.contains(image.name()) && !branches.hasLeft(image.name());
            if (!closed && !looked && isSwept(image.name())) {
                done.add(image.name());
            }
        }
    }

    private boolean isSwept(String image) {
        try {
            branches.unpinLeft(image, desk.services().images().journal(image));
            return true;
        } catch (StorageException e) {
            LOG.debug("'{}' is looked at later: {}", image, e.getMessage());
            return false;
        }
    }
}
