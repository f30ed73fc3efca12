package io.tidemark.itests.nodes;

import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A journal that is striped over two directories. A class of its own, because classes run side by side. */
@ExtendWith(ScratchExtension.class)
class StripedKillLoopTest extends KillLoop {
    @Test
    void nothingAcknowledgedIsLost(Scratch scratch) throws Exception {
        run(2, scratch);
    }
}
