package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.disk.PowerRig;
import io.tidemark.itests.nodes.harness.MountedFs;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A power loss keeps what was forced through the kernel's file system, and may lose the rest. */
@ExtendWith(ScratchExtension.class)
class PowerRigTest {
    private static final long DISK_BYTES = 384L << 20;
    private static final int FILE_BYTES = 1 << 20;

    @ParameterizedTest
    @EnumSource(MountedFs.Kind.class)
    void forcedFilesSurviveAndOthersMayNot(MountedFs.Kind kind, Scratch scratch) throws Exception {
        long seed = Seeds.choose("PowerRigTest");
        PowerRig rig = PowerRig.create(scratch, kind, DISK_BYTES, "");
        byte[] content = new byte[FILE_BYTES];
        Arrays.fill(content, (byte) 7);
        boolean lost = false;
        for (int round = 0; round < 4; round++) {
            Path forced = rig.directory().resolve("forced" + round);
            Path loose = rig.directory().resolve("loose" + round);
            Files.write(loose, content);
            try (FileChannel channel =
                    FileChannel.open(forced, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                channel.write(ByteBuffer.wrap(content));
                channel.force(false);
            }
            rig.cut(Seeds.random(seed, round));
            rig.restart();
            for (int earlier = 0; earlier <= round; earlier++) {
                assertArrayEquals(content, Files.readAllBytes(rig.directory().resolve("forced" + earlier)));
            }
            lost |= !Files.exists(loose) || !Arrays.equals(content, Files.readAllBytes(loose));
        }
        rig.check();
        assertTrue(lost, "what was not forced survived each time: the disk loses nothing");
    }
}
