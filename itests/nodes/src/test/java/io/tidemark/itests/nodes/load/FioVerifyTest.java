package io.tidemark.itests.nodes.load;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.disk.DiskServer;
import io.tidemark.itests.nodes.disk.LossyDisk;
import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Command;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.harness.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** fio's verification is a proof only when it came to everything that was to be verified. */
@ExtendWith(ScratchExtension.class)
class FioVerifyTest {
    private static final int DISK_BYTES = 512 << 20;
    private static final int DEPTH = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Two jobs that wrote until they were told to stop, with the disk that they wrote to. */
    private record Written(FioVerify fio, Path socket, DiskServer server) {
        long verify() {
            return fio.verify(server.uri());
        }

        String failure() {
            return assertThrows(AssertionError.class, this::verify).getMessage();
        }

        List<String> answers() throws IOException {
            return new ArrayList<>(Files.readAllLines(fio.answered(1)));
        }

        void damage(String answer) throws Exception {
            try (NbdConnection connection = NbdConnection.connect(socket, "")) {
                ByteBuffer sector = ByteBuffer.allocate(512);
                connection.call(NbdConnection.WRITE, 0, Long.parseLong(answer.split(", *")[4]), 512, sector);
            }
        }
    }

    private static Written written(Scratch scratch) throws Exception {
        LossyDisk disk = LossyDisk.create(scratch.newFile("disk.img"), DISK_BYTES);
        scratch.defer("disk", disk::close);
        Path socket = scratch.newSocket("disk.sock");
        DiskServer server = DiskServer.start(disk, socket);
        scratch.defer("disk server", server::close);
        FioVerify fio = new FioVerify(scratch, Seeds.choose("FioVerifyTest"), DISK_BYTES, 2);
        Command.Running victim =
                Command.of(scratch, Tool.BASH, "-c", "exec sleep 60").start();
        fio.start(server.uri(), victim.pid());
        Await.until("fio to flush some times", PATIENCE, () -> disk.flushes() > 100);
        fio.pull();
        victim.await(PATIENCE);
        assertTrue(fio.await(), "fio had written everything");
        return new Written(fio, socket, server);
    }

    @Test
    void aVerificationTellsHowMuchItVerified(Scratch scratch) throws Exception {
        Written written = written(scratch);
        long verified = written.verify();
        assertTrue(verified > DEPTH, verified + " writes");
    }

    /** One that was never answered, but demanded, is none; it must not hide those behind it. */
    @Test
    void aWriteThatIsMissingIsFoundBehindOneThatWasNotAnswered(Scratch scratch) throws Exception {
        Written written = written(scratch);
        List<String> answers = written.answers();
        String unanswered = answers.remove(0);
        Files.write(written.fio().answered(1), answers);
        written.damage(unanswered);
        written.verify();
        // One of the first: fio went on after it was told to stop, and does not demand what it wrote then.
        String lost = answers.get(0);
        written.damage(lost);
        String offset = lost.split(", *")[4];
        String failure = written.failure();
        assertTrue(failure.contains("writes at [" + offset + "] were answered and are not there"), failure);
    }

    @Test
    void aVerificationThatEndsEarlyIsNone(Scratch scratch) throws Exception {
        Written written = written(scratch);
        List<String> answers = written.answers();
        // Many, because fio went on after it was told to stop, and verifies some that are not counted on.
        answers.addAll(Collections.nCopies(10 * answers.size(), answers.get(0)));
        Files.write(written.fio().answered(1), answers);
        String failure = written.failure();
        assertTrue(failure.contains("job 1 verified "), failure);
    }
}
