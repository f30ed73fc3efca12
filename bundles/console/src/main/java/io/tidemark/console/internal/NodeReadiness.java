package io.tidemark.console.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.console.internal.command.Node;
import io.tidemark.console.internal.endpoint.Readiness;
import io.tidemark.console.internal.render.Words;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Says whether a node serves, and what is missing. Safe for all threads. */
final class NodeReadiness implements Supplier<Readiness> {
    private static final String NBD = "nbd";
    private static final String SERVING = "serving";

    private final Node node;
    private final BooleanSupplier bootFinished;

    /**
     * Looks at a node.
     *
     * @param node to look at
     * @param bootFinished whether everything that is to be installed at the start is there
     */
    NodeReadiness(Node node, BooleanSupplier bootFinished) {
        this.node = node;
        this.bootFinished = bootFinished;
    }

    @Override
    public Readiness get() {
        boolean booted = bootFinished.getAsBoolean();
        List<ImageStatus> images;
        try {
            images = node.images().images();
        } catch (StorageException e) {
            return booted ? broken(e.getMessage()) : starting("the engine does not run yet");
        }
        List<String> recovering = images.stream()
                .filter(image -> image.state() == State.STARTING)
                .map(image -> image.detail().isEmpty() ? image.name() : image.name() + " (" + image.detail() + ")")
                .toList();
        if (!recovering.isEmpty()) {
            return starting("recovering " + String.join(", ", recovering));
        }
        FrontEnd nbd = node.frontEnds().stream()
                .filter(one -> one.name().equals(NBD))
                .findFirst()
                .orElse(null);
        if (nbd == null) {
            return booted
                    ? broken("no NBD server runs; see bundle:list and log:display")
                    : starting("the NBD server does not run yet");
        }
        // Without an address and content: it is wished that there is none.
        if (nbd.endpoints().isEmpty() && !nbd.status().equals(SERVING)) {
            // Refusals and failures are final until somebody changes something; anything else is on its way.
            return nbd.status().contains(":") ? broken("NBD " + nbd.status()) : starting("NBD " + nbd.status());
        }
        return booted ? serving(images, nbd) : starting("features are being installed");
    }

    private static Readiness serving(List<ImageStatus> images, FrontEnd nbd) {
        StringBuilder line = new StringBuilder("serving: ")
                .append(Words.count(images.size(), "image"))
                .append(", NBD on ")
                .append(nbd.endpoints().isEmpty() ? "no address" : Words.list(nbd.endpoints()));
        if (!nbd.status().equals(SERVING)) {
            line.append("; NBD ").append(nbd.status());
        }
        images.stream()
                .filter(image -> image.state() != State.SERVING)
                .forEach(image ->
                        line.append("; ").append(image.name()).append(" is ").append(Words.lower(image.state())));
        return new Readiness(Readiness.State.SERVING, line.toString());
    }

    private static Readiness starting(String what) {
        return new Readiness(Readiness.State.STARTING, "starting: " + what);
    }

    private static Readiness broken(String what) {
        return new Readiness(Readiness.State.BROKEN, "not serving: " + what);
    }
}
