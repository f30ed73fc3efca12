package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A simulated machine with one journal, whose files can be remembered, changed and put back. */
final class Scene {
    static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 1L << 20);
    static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18)
            .withPreparation(FlashOptions.Preparation.ALLOCATED)
            .withSealNanos(0)
            .withDirectBytes(0);
    static final String NAME = "disk";

    final SimulatedMachine machine;
    final List<Path> directories;
    SimulatedContext process;
    FlashJournalStore store;
    private final Map<Path, byte[]> remembered = new LinkedHashMap<>();

    Scene(long seed, int directoryCount) {
        machine = new SimulatedMachine(seed, new MachineSettings(256L << 20, 4L << 20, Long.MAX_VALUE));
        directories = List.of(Path.of("/flash0"), Path.of("/flash1")).subList(0, directoryCount);
        directories.forEach(machine.disk()::makeDirectories);
    }

    void boot() {
        process = machine.boot("node");
        store = new FlashJournalStore("pool", directories, OPTIONS, process.files());
    }

    Journal create() throws StorageException {
        return store.create(process, NAME, new UUID(7, 7), SETTINGS);
    }

    Journal open() throws StorageException {
        return store.open(process, NAME, SETTINGS);
    }

    Path file(String name) {
        return directories.get(0).resolve(NAME).resolve(name);
    }

    static String segment(long number) {
        return String.format("segment-%012d", number);
    }

    /** Remembers every file as it is. */
    void remember() {
        remembered.clear();
        machine.disk()
                .files()
                .forEach(path -> remembered.put(path, machine.disk().bytes(path)));
    }

    byte[] remembered(Path path) {
        return remembered.get(path).clone();
    }

    /** Kills the process, boots another one, and puts all files back, one of them changed. */
    void restore(Path changed, byte[] bytes) throws StorageException {
        machine.killAll();
        boot();
        Files files = process.files();
        for (Path path : machine.disk().files()) {
            if (!remembered.containsKey(path)) {
                files.delete(path);
            }
        }
        for (Map.Entry<Path, byte[]> entry : remembered.entrySet()) {
            byte[] wanted = entry.getKey().equals(changed) ? bytes : entry.getValue();
            boolean there = files.exists(entry.getKey());
            if (!there || !Arrays.equals(wanted, machine.disk().bytes(entry.getKey()))) {
                files.delete(entry.getKey());
                try (StorageFile file = files.open(entry.getKey(), Files.Mode.CREATE)) {
                    file.write(ByteBuffer.wrap(wanted), 0);
                    file.force();
                }
            }
        }
    }

    void run(SimulatedMachine.Body body) {
        machine.run(() -> {
            boot();
            body.run();
        });
    }
}
