package io.tidemark.itests.nodes;

import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A journal in one directory. */
@ExtendWith(ScratchExtension.class)
class KillLoopTest extends KillLoop {
    @Test
    void nothingAcknowledgedIsLost(Scratch scratch) throws Exception {
        run(1, scratch);
    }
}
