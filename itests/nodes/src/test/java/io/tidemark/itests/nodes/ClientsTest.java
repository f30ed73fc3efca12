package io.tidemark.itests.nodes;

import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Real clients and a node, each with the same story as on the distribution. */
@ExtendWith(ScratchExtension.class)
class ClientsTest {
    private static final long IMAGE_BYTES = 256L << 20;

    private static Clients clients(Scratch scratch) {
        NodeProcess node = NodeProcess.start(
                scratch,
                new NodeSettings(scratch.newDirectory("images"), scratch.newDirectory("journals"))
                        .set("journal.limit", "256MiB")
                        .image("disk", IMAGE_BYTES, "commit=journal"));
        return new Clients(scratch, node.uri(""), "disk", node.uri("disk"));
    }

    @Test
    void nbdinfoSeesWhatTheServerCan(Scratch scratch) {
        clients(scratch).nbdinfoSeesWhatTheServerCan(IMAGE_BYTES);
    }

    @Test
    void nbdinfoMapsWhatWasWritten(Scratch scratch) {
        clients(scratch).nbdinfoMapsWhatWasWritten();
    }

    @Test
    void nbdcopyGoesBothWaysWithEightConnections(Scratch scratch) throws IOException {
        clients(scratch).nbdcopyGoesBothWaysWithEightConnections(IMAGE_BYTES);
    }

    @Test
    void nbdshIsRefusedWhatItMust(Scratch scratch) throws IOException {
        clients(scratch).nbdshIsRefusedWhatItMust();
    }

    @Test
    void nbdshZeroesAndTrimsBeyondTwoGibibytes(Scratch scratch) throws IOException {
        NodeProcess node = NodeProcess.start(
                scratch,
                new NodeSettings(scratch.newDirectory("images"), scratch.newDirectory("journals"))
                        .image("thin", 6L << 30));
        new Clients(scratch, node.uri(""), "thin", node.uri("thin")).nbdshZeroesAndTrimsBeyondTwoGibibytes();
    }

    @Test
    void nbdshTriesEveryOption(Scratch scratch) throws IOException {
        clients(scratch).nbdshTriesEveryOption();
    }

    @Test
    void qemuImgConvertsComparesAndMaps(Scratch scratch) throws IOException {
        clients(scratch).qemuImgConvertsComparesAndMaps(IMAGE_BYTES);
    }

    @Test
    void qemuIoWritesForcesZeroesAndDiscards(Scratch scratch) {
        clients(scratch).qemuIoWritesForcesZeroesAndDiscards();
    }

    @Test
    void fioVerifiesAtDepth64OverFourConnections(Scratch scratch) {
        clients(scratch).fioVerifiesAtDepth64OverFourConnections();
    }
}
