package io.tidemark.console.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.console.internal.endpoint.Readiness;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeReadinessTest {
    private final FakeNode node = new FakeNode();
    private boolean booted;

    private void expect(Readiness.State state, String line) {
        assertEquals(new Readiness(state, line), new NodeReadiness(node, () -> booted).get());
    }

    @Test
    void aNodeStartsPieceByPiece() {
        node.engine = false;
        expect(Readiness.State.STARTING, "starting: the engine does not run yet");
        node.engine = true;
        expect(Readiness.State.STARTING, "starting: the NBD server does not run yet");
        node.images.put("vm1", FakeNode.image("vm1", State.STARTING, "replaying 1 GiB"));
        expect(Readiness.State.STARTING, "starting: recovering vm1 (replaying 1 GiB)");
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        node.frontEnds.add(new Server("starting", List.of()));
        expect(Readiness.State.STARTING, "starting: NBD starting");
        node.frontEnds.set(0, new Server("serving", List.of("nbd://127.0.0.1:10809/")));
        expect(Readiness.State.STARTING, "starting: features are being installed");
        booted = true;
        expect(Readiness.State.SERVING, "serving: 1 image, NBD on nbd://127.0.0.1:10809/");
    }

    @Test
    void imagesThatDoNotServeAreNamed() {
        booted = true;
        node.frontEnds.add(new Server("refused: tls.key: no such file", List.of("nbd://127.0.0.1:10809/")));
        node.images.put("vm1", FakeNode.image("vm1", State.REFUSED, "x"));
        node.images.put("vm2", FakeNode.image("vm2", State.HOLDING, "x"));
        expect(
                Readiness.State.SERVING,
                "serving: 2 images, NBD on nbd://127.0.0.1:10809/; NBD refused: tls.key: no such file; vm1 is refused;"
                        + " vm2 is holding");
    }

    /** An appliance that brings a front end of its own wishes for no NBD, with an empty host and no Unix socket. */
    @Test
    void aNodeWithoutNbdServes() {
        node.frontEnds.add(new Server("serving", List.of()));
        expect(Readiness.State.STARTING, "starting: features are being installed");
        booted = true;
        expect(Readiness.State.SERVING, "serving: 0 images, NBD on no address");
        node.images.put("vm1", FakeNode.image("vm1", State.HOLDING, "x"));
        expect(Readiness.State.SERVING, "serving: 1 image, NBD on no address; vm1 is holding");
    }

    @Test
    void whatDoesNotComeByItselfIsBroken() {
        booted = true;
        node.frontEnds.add(new Server("refused: port: 10809 is in use", List.of()));
        expect(Readiness.State.BROKEN, "not serving: NBD refused: port: 10809 is in use");
        node.frontEnds.clear();
        expect(Readiness.State.BROKEN, "not serving: no NBD server runs; see bundle:list and log:display");
        node.engine = false;
        expect(
                Readiness.State.BROKEN,
                "not serving: the engine of this node does not run, so there are no images to act on; look at it with"
                        + " bundle:list and log:display");
    }

    private record Server(String status, List<String> endpoints) implements FrontEnd {
        @Override
        public String name() {
            return "nbd";
        }

        @Override
        public List<String> addresses(String exportName) {
            return List.of();
        }

        @Override
        public List<Client> clients() {
            return List.of();
        }
    }
}
