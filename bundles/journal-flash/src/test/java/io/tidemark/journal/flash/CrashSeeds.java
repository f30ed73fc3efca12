package io.tidemark.journal.flash;

import io.tidemark.api.journal.JournalSettings;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SimulatedMachine;
import java.nio.file.Path;
import java.util.List;

/** What tests share that run small journals on machines that crash: one for each seed, in four flavours. */
final class CrashSeeds {
    static final long SECOND = 1_000_000_000L;
    static final List<Path> TWO = List.of(Path.of("/flash0"), Path.of("/flash1"));
    static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 3L << 20);
    static final FlashOptions SMALL = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18)
            .withSpareSegments(2);

    private CrashSeeds() {}

    interface Scene {
        void play(SimulatedMachine machine) throws Exception;
    }

    /** Plays a scene on a new machine for each seed; seeds of different flavours are different ones. */
    static void play(long first, int seeds, int flavour, Scene scene) {
        for (long seed = 0; seed < seeds; seed++) {
            SimulatedMachine machine = new SimulatedMachine(
                    first + seed * 4 + flavour, new MachineSettings(1L << 30, 4L << 20, 3_000_000));
            TWO.forEach(machine.disk()::makeDirectories);
            machine.run(() -> scene.play(machine));
        }
    }

    /** One or two, by the flavour. */
    static List<Path> directories(int flavour) {
        return (flavour & 2) == 0 ? TWO.subList(0, 1) : TWO;
    }

    /** With direct writes or without, by the flavour. */
    static FlashOptions options(int flavour) {
        return SMALL.withDirectBytes((flavour & 1) == 0 ? 0 : 64 << 10);
    }
}
