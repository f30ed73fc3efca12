package io.tidemark.simulation;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.Journal.RecoveryReport;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.engine.image.ImageLabels;
import io.tidemark.engine.image.ImageListener;
import io.tidemark.engine.image.JournaledImage;
import io.tidemark.engine.image.Steps;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedDisk;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.image.file.FileImageStore;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Turns over one bit of the journal on a copy of the disk, between two lives, and lets a process open what is there. It may
 * refuse; it may come up with everything; it may cut a tail that nothing on the disk attests as durable, and say so. It must
 * never read, serve or apply the damaged bytes, and never keep less than it knows to be durable.
 */
final class Damage {
    private static final long SECOND = 1_000_000_000L;

    private final SimulatedMachine machine;
    private final Scenario scenario;
    private final Oracle oracle;
    private final Breakage breakage;
    private final SeededRandom random;

    Damage(SimulatedMachine machine, Scenario scenario, Oracle oracle, Breakage breakage, SeededRandom random) {
        this.machine = machine;
        this.scenario = scenario;
        this.oracle = oracle;
        this.breakage = breakage;
        this.random = random;
    }

    void tryOut() {
        SimulatedDisk disk = machine.disk();
        SimulatedDisk.Snapshot before = disk.snapshot();
        if (!harm(disk)) {
            return;
        }
        SimulatedContext process = machine.boot("damaged");
        process.workers().start("prober", () -> probe(process)).join(20 * SECOND);
        machine.killAll();
        disk.restore(before);
    }

    private boolean harm(SimulatedDisk disk) {
        int bit = random.below(8);
        Payloads.Place place = random.coin() ? Payloads.find(disk, oracle.tape(), random) : null;
        if (place == null) {
            place = anywhere(disk);
        }
        if (place == null) {
            return false;
        }
        machine.note("DAMAGE", place.file(), place.offset(), bit);
        disk.flipBit(place.file(), place.offset(), bit);
        return true;
    }

    /** A byte near others that are no zeros, in any file of the journal. */
    private Payloads.Place anywhere(SimulatedDisk disk) {
        List<Path> files = disk.files().stream()
                .filter(path -> path.startsWith("/journals"))
                .toList();
        for (int attempt = 0; attempt < 20 && !files.isEmpty(); attempt++) {
            Path file = random.oneOf(files);
            byte[] bytes = disk.bytes(file);
            int last = bytes.length;
            while (last > 0 && bytes[last - 1] == 0) {
                last--;
            }
            int at = last == 0 ? 0 : random.below(last);
            if (last > 0 && (bytes[at] != 0 || random.below(4) == 0)) {
                return new Payloads.Place(file, at);
            }
        }
        return null;
    }

    private void probe(SimulatedContext process) {
        try (Journal journal = Stores.journals(process, scenario.journalDirectories(), scenario, breakage.flashSteps())
                .open(process, Site.NAME, scenario.journal())) {
            RecoveryReport report = journal.recovery();
            machine.note("opened", report.detail(), report.lastKnownDurable(), report.kept());
            boolean whole = report.kept() >= oracle.tape().durable();
            oracle.check(
                    report.kept() >= report.lastKnownDurable()
                            ? null
                            : "a damaged journal kept " + report.kept() + ", less than the " + report.lastKnownDurable()
                                    + " that it knows to be durable");
            oracle.check(
                    whole || report.cutBytes() > 0
                            ? null
                            : "a damaged journal came back ending at " + report.kept() + " in place of "
                                    + oracle.tape().durable() + " and says nothing of it");
            readJournal(journal);
            serve(process, journal, whole);
        } catch (StorageException e) {
            refused(e);
        }
    }

    private void refused(StorageException e) {
        machine.note("refused", e.getMessage(), 0, 0);
        boolean named =
                switch (e.reason()) {
                    case CORRUPT, MISMATCH, NOT_FOUND, UNSUPPORTED -> true;
                    default -> false;
                };
        oracle.check(named ? null : "a damaged journal was refused with " + e.reason() + ": " + e.getMessage());
    }

    /** Whatever is read has to be as it was written. */
    private void readJournal(Journal journal) throws StorageException {
        try (JournalReader reader = journal.reader(journal.trimmed() + 1)) {
            for (EventHeader header = reader.next(); header != null; header = reader.next()) {
                byte[] body = new byte[header.bodyLength()];
                reader.body().get(body);
                oracle.check(oracle.tape().read(header, body));
            }
        } catch (StorageException e) {
            refused(e);
        }
    }

    private void serve(SimulatedContext process, Journal journal, boolean whole) throws StorageException {
        FileImageStore images = new FileImageStore("images", Path.of("/images"), 0, process.files());
        if (!images.list().contains(Site.NAME)) {
            return;
        }
        try (BlockImage bytes = images.open(process, Site.NAME)) {
            JournaledImage image = JournaledImage.open(
                    process,
                    new ImageLabels(Site.NAME, "", "damaged"),
                    scenario.settings(),
                    scenario.rule(),
                    journal,
                    bytes,
                    new Silent(),
                    Steps.NORMAL);
            if (whole) {
                compare(image);
            }
        }
    }

    /** Sector by sector: as promised, or not at all. A read waits for ever once damage has suspended the image. */
    private void compare(JournaledImage image) throws StorageException {
        try (var session = image.connect("prober", new Life.Deaf())) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
            for (long at = 0; at + 4096 <= image.sizeBytes(); at += 4096) {
                buffer.clear();
                byte[] page = new byte[4096];
                try {
                    session.read(at, buffer);
                } catch (StorageException e) {
                    oracle.check(e.reason() == Reason.CORRUPT ? null : "damage reads as " + e.getMessage());
                    continue;
                }
                buffer.flip().get(page);
                oracle.check(oracle.ledger().possible(at, page));
            }
        }
    }

    /** Nobody opens the stores again here. */
    private static final class Silent implements ImageListener {
        @Override
        public void stateChanged(ImageStatus.State state, String detail) {}

        @Override
        public void failed(Part part, StorageException failure) {}

        @Override
        public void trimWanted(boolean journalFull) {}

        @Override
        public void warning(String line) {}
    }
}
