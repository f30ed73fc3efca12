package io.tidemark.simulation;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.Watermark;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.engine.image.JournaledImage;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One life of the process, from opening to an end in order: recover, compare all bytes with what was promised, serve
 * clients, be still, compare again, close. Whoever watches from outside may end it at any step.
 */
final class Life {
    private static final long SECOND = 1_000_000_000L;
    private static final long PATIENCE_NANOS = 120 * SECOND;
    private static final int CHUNK_BYTES = 64 << 10;

    private final SimulatedMachine machine;
    private final SimulatedContext process;
    private final Scenario scenario;
    private final Oracle oracle;
    private final SeededRandom random;
    private final Site site;
    private final Runnable heal;
    private final List<Client> clients = new ArrayList<>();
    private CommitRule rule;
    private Client.Fence fence;
    private boolean serving;
    private boolean healing;
    private boolean ended;
    private boolean closedInOrder;

    Life(
            SimulatedMachine machine,
            SimulatedContext process,
            Scenario scenario,
            Oracle oracle,
            SeededRandom random,
            Site site,
            CommitRule rule,
            Runnable heal) {
        this.machine = machine;
        this.process = process;
        this.scenario = scenario;
        this.oracle = oracle;
        this.random = random;
        this.site = site;
        this.rule = rule;
        this.heal = heal;
    }

    boolean ended() {
        return ended;
    }

    boolean serving() {
        return serving;
    }

    boolean closedInOrder() {
        return closedInOrder;
    }

    CommitRule rule() {
        return rule;
    }

    Site site() {
        return site;
    }

    /** At every step while clients are served: the order of the watermarks. What takes longer is looked at now and then. */
    void look() {
        if (serving) {
            oracle.watermarks(site.image().watermarks());
        }
    }

    /** For a worker of the process. */
    void run() {
        try {
            oracle.ledger().rule(rule.writeCache());
            oracle.ledger().answersFromImage(rule.write() == Watermark.CHECKPOINTED);
            site.open(rule);
            recovered();
            serve();
            healing = true;
            heal.run();
            beStill();
            compareWithTape();
            oracle.waited(site.image().counters().get("apply.waits"));
            closedInOrder = site.close();
            long left = process.payloads().usedBytes();
            oracle.check(closedInOrder && left != 0 ? left + " bytes of payload were never released" : null);
            if (closedInOrder) {
                oracle.ledger().closed();
            }
        } catch (StorageException e) {
            oracle.lifeFailed(e);
        }
        ended = true;
    }

    // ---- after opening

    private void recovered() throws StorageException {
        JournaledImage image = site.image();
        image.checkInvariants();
        oracle.watermarks(image.watermarks());
        oracle.sizeIs(image.sizeBytes());
        byte[] all = readAll(image);
        int at = 0;
        while (at < all.length) {
            int length = Math.min(CHUNK_BYTES, all.length - at);
            oracle.check(oracle.ledger().recovered(at, Arrays.copyOfRange(all, at, at + length)));
            at += length;
        }
        oracle.note("verified", "all bytes", all.length, 0);
    }

    private byte[] readAll(JournaledImage image) throws StorageException {
        byte[] all = new byte[(int) image.sizeBytes()];
        try (DeviceSession session = image.connect("verifier", new Deaf())) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES);
            for (int at = 0; at < all.length; at += CHUNK_BYTES) {
                buffer.clear().limit(Math.min(CHUNK_BYTES, all.length - at));
                readPatiently(session, at, buffer);
                buffer.flip();
                buffer.get(all, at, buffer.remaining());
            }
        }
        return all;
    }

    /** A read may fail while the disk does; later it has to work. */
    private void readPatiently(DeviceSession session, long offset, ByteBuffer buffer) throws StorageException {
        for (int attempt = 0; ; attempt++) {
            try {
                session.read(offset, buffer);
                return;
            } catch (StorageException e) {
                oracle.readFailed(e);
                if (attempt > 100) {
                    throw e;
                }
                process.workers().newGate().await(SECOND / 100);
            }
        }
    }

    static final class Deaf implements SessionListener {
        @Override
        public void swept() {}

        @Override
        public void closed(String why) {}
    }

    // ---- serving

    private void serve() {
        JournaledImage image = site.image();
        fence = new Client.Fence(image.sizeBytes());
        for (int i = 0; i < scenario.clients(); i++) {
            SeededRandom own = new SeededRandom(random.bits());
            Client client = new Client(i, process, image, scenario, oracle, own, fence);
            clients.add(client);
            process.workers().start("client-" + i, client);
        }
        process.workers().start("follower", this::follow);
        Worker restless = scenario.restless() ? process.workers().start("restless", this::disturb) : null;
        serving = true;
        Gate gate = process.workers().newGate();
        long patience = machine.nowNanos() + PATIENCE_NANOS;
        while (!clients.stream().allMatch(Client::done)) {
            gate.await(random.between(100_000, 30_000_000));
            image.checkInvariants();
            if (machine.nowNanos() > patience - PATIENCE_NANOS * 9 / 10 && !healing) {
                // Some faults never end by themselves; whatever waits for their end must then go on.
                healing = true;
                heal.run();
            }
            if (machine.nowNanos() > patience) {
                oracle.check("clients wait for ever: " + describe());
                return;
            }
        }
        serving = false;
        if (restless != null) {
            restless.join(PATIENCE_NANOS);
        }
    }

    private String describe() {
        JournaledImage image = site.image();
        StringBuilder text = new StringBuilder();
        text.append(image.state())
                .append(" (")
                .append(image.detail())
                .append("), ")
                .append(image.watermarks());
        text.append(", backlog ")
                .append(image.backlogBytes())
                .append(", rule ")
                .append(image.rule().name());
        text.append(", under way ");
        clients.forEach(client -> text.append(client.underWay()).append(' '));
        text.append(", payload ").append(process.payloads().usedBytes());
        text.append(", free on disk ").append(machine.disk().freeBytes(java.nio.file.Path.of("/")));
        text.append(", last failure ").append(site.lastFailure());
        return text.toString();
    }

    /** Changes rules, sizes and stores under load. */
    private void disturb() {
        Gate gate = process.workers().newGate();
        while (serving) {
            gate.await(random.magnitude(50_000_000));
            if (!serving) {
                return;
            }
            switch (random.below(5)) {
                case 0 -> site.swap();
                case 1 -> changeRule();
                case 2 -> resize(gate);
                case 3 -> site.pull(random.coin());
                default -> checkpoint();
            }
        }
    }

    private void changeRule() {
        CommitRule next = random.oneOf(Scenario.RULES);
        if (next.writeCache()) {
            oracle.ledger().rule(true);
        }
        oracle.ledger().answersFromImage(false);
        site.image().rule(next);
        oracle.ledger().answersFromImage(next.write() == Watermark.CHECKPOINTED);
        oracle.note("rule", next.name(), 0, 0);
        if (!next.writeCache()) {
            oracle.ledger().rule(false);
        }
        rule = next;
    }

    private void resize(Gate gate) {
        JournaledImage image = site.image();
        long before = image.sizeBytes();
        long after = Math.max(16 << 10, 4096 * random.between(4, 2 * scenario.imageBytes() / 4096));
        long least = Math.min(before, after);
        fence.limit(least);
        while (!oracle.ledger().idleFrom(least)) {
            gate.await(SECOND / 1000);
        }
        oracle.note("resize", "to", before, after);
        oracle.sizeChanges(before, after);
        try {
            image.resize(after);
            oracle.sizeIs(image.sizeBytes());
            oracle.check(image.sizeBytes() == after ? null : "resized to " + after + " but has " + image.sizeBytes());
            fence.limit(after);
        } catch (StorageException e) {
            // Undecided until the next opening; clients stay below what both sizes have.
            oracle.note("resize", e.getMessage(), before, after);
            oracle.requestFailed(e);
        }
    }

    private void checkpoint() {
        try {
            site.image().checkpoint();
        } catch (StorageException e) {
            oracle.requestFailed(e);
        }
    }

    /** Reads along with the journal, as a replica would; slower than it grows, at times. */
    private void follow() {
        Gate gate = process.workers().newGate();
        long next = 0;
        while (!ended) {
            Journal journal = site.journal();
            try {
                if (journal != null) {
                    next = follow(journal, Math.max(next, journal.trimmed() + 1), gate);
                }
            } catch (StorageException e) {
                // Closed, swapped, trimmed meanwhile: again from where it stands, after a while.
                oracle.note("follower", e.getMessage(), next, 0);
                oracle.followerFailed(e);
            }
            gate.await(SECOND / 10);
        }
    }

    private long follow(Journal journal, long from, Gate gate) throws StorageException {
        long next = from;
        try (JournalReader reader = journal.reader(from)) {
            while (site.journal() == journal) {
                EventHeader header = reader.next();
                if (header == null) {
                    reader.whenReadable(gate::open);
                    gate.await(Long.MAX_VALUE);
                } else {
                    next = header.position().sequence() + 1;
                    reader.body();
                    if (random.below(16) == 0) {
                        gate.await(random.magnitude(10_000_000));
                    }
                }
            }
        }
        return next;
    }

    // ---- before the end

    private void beStill() throws StorageException {
        Gate gate = process.workers().newGate();
        for (int attempt = 0; ; attempt++) {
            try {
                site.image().checkpoint();
                if (site.idle()) {
                    return;
                }
            } catch (StorageException e) {
                oracle.note("checkpoint", e.getMessage(), attempt, 0);
                if (attempt > 1000) {
                    throw e;
                }
            }
            gate.await(SECOND / 10);
        }
    }

    private void compareWithTape() throws StorageException {
        JournaledImage image = site.image();
        image.checkInvariants();
        var marks = image.watermarks();
        oracle.watermarks(marks);
        oracle.check(marks.checkpointed() == marks.appended() ? null : "not still after a checkpoint: " + marks);
        byte[] expected = oracle.tape().imageAt(marks.applied());
        byte[] bytes = new byte[(int) site.bytes().sizeBytes()];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        site.bytes().read(0, buffer);
        int difference = Arrays.mismatch(expected, bytes);
        oracle.check(
                difference < 0
                        ? null
                        : "the image at " + marks.applied() + " differs at byte " + difference
                                + " from the sum of its events");
        byte[] seen = readAll(image);
        difference = Arrays.mismatch(expected, seen);
        oracle.check(
                difference < 0 ? null : "a still device differs at byte " + difference + " from the sum of its events");
        oracle.note("compared", "image and events", marks.applied(), bytes.length);
    }
}
