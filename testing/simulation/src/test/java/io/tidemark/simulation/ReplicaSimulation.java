package io.tidemark.simulation;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitRule.MissingPeers;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.PeerProgress;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaOrigin;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.base.event.Event;
import io.tidemark.base.event.EventCodec;
import io.tidemark.engine.image.ImageSettings;
import io.tidemark.engine.image.Steps;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One seed: a primary that is written, and a replica that is copied and then fed by a pump which reads the primary's journal.
 * Power fails, stores are replaced, clocks step, and the replica is held, released and delayed. What the replica's clients read
 * is always the primary's image at a position, its head never passes a hold, and what it called received is there after a
 * crash. In half of the seeds writes wait until the replica has them durably: then it has whatever was acknowledged, although
 * both sites end at the same moment.
 */
final class ReplicaSimulation {
    private static final long SECOND = 1_000_000_000L;
    private static final int BLOCK = 4096;
    private static final int SECTOR = 512;
    private static final int BLOCKS = 10;
    private static final int SIZE = BLOCK * BLOCKS;

    private final SimulatedMachine machine;
    private final SeededRandom random;
    private final Steps steps;
    private final boolean faulty;
    private final int lives;

    /** The commit rule of the source, and how long it waits for the replica. */
    private final CommitRule rule;

    private final long peerTimeoutNanos;

    /** The primary's image after each event that the replica may have. */
    private final List<byte[]> states = new ArrayList<>();

    /** What the replica called received, and where it was told to stay; both survive it. */
    private long received;

    private long heldAt = Long.MAX_VALUE;

    /** What was written by which event, and the last event that was acknowledged because the replica has it. */
    private final Map<Long, Long> written = new HashMap<>();

    private long acknowledged;
    /** To the replica's image, up to now. */
    private long imageWrites;

    private boolean faultsOn;
    private boolean ended;
    private long verified;

    ReplicaSimulation(long seed, Steps steps) {
        this.machine = new SimulatedMachine(seed, new MachineSettings(128L << 20, 32L << 20, 4_000_000));
        this.random = machine.random("driver");
        this.steps = steps;
        this.faulty = random.below(3) == 0;
        this.lives = 3 + random.below(4);
        SeededRandom waiting = machine.random("rule");
        this.rule = waiting.coin()
                ? new CommitRule(
                        "replica-durable",
                        Watermark.RECEIVED,
                        Watermark.RECEIVED,
                        1,
                        waiting.coin() ? MissingPeers.HOLD : MissingPeers.FAIL,
                        false)
                : CommitRule.JOURNAL;
        this.peerTimeoutNanos = 100_000_000 + waiting.magnitude(5 * SECOND);
    }

    /** Runs it; answers how often the replica was compared. */
    long run() {
        machine.run(this::lives);
        return verified;
    }

    private void lives() {
        for (String site : List.of("source", "replica")) {
            machine.disk().makeDirectories(Path.of("/" + site + "/journals"));
            machine.disk().makeDirectories(Path.of("/" + site + "/images"));
        }
        machine.disk().plan((operation, path) -> {
            imageWrites += operation == Operation.WRITE && path.startsWith("/replica/images") ? 1 : 0;
            return faultsOn && operation != Operation.READ && random.chance(400) ? Verdict.FAIL_IO : Verdict.PROCEED;
        });
        for (int life = 1; life <= lives; life++) {
            boolean last = life == lives;
            ended = false;
            faultsOn = false;
            Life now = new Life(machine.boot("life-" + life), last);
            now.start();
            long left = last ? Long.MAX_VALUE : random.between(500, 10_000);
            while (!ended && left > 0) {
                long more = Math.min(left, random.magnitude(1500));
                machine.awaitSteps(more, SECOND);
                left -= more;
                if (random.below(4) == 0) {
                    machine.stepWallClock(random.between(-5, 5) * SECOND / 2);
                }
            }
            if (random.coin()) {
                machine.losePower();
            } else {
                machine.killAll();
            }
        }
    }

    private ImageSettings settings(SeededRandom dice) {
        return new ImageSettings(
                4L << 20,
                4L << 20,
                1024,
                dice.magnitude(1 << 20),
                1_000_000L * dice.magnitude(1000),
                1_000_000L * dice.between(1, 50),
                ImageSettings.JournalFull.HOLD,
                0.8,
                peerTimeoutNanos);
    }

    private void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    /** From one start of both sites to their end. */
    private final class Life implements SessionListener {
        private final SimulatedContext process;
        private final SeededRandom dice;
        private final boolean last;
        private final ReplicaSite source;
        private final ReplicaSite target;
        private volatile boolean allWritten;
        private boolean failing;

        Life(SimulatedContext process, boolean last) {
            this.process = process;
            this.last = last;
            this.dice = new SeededRandom(random.bits());
            this.source = new ReplicaSite("source", process, settings(random), rule, steps, () -> received);
            this.target = new ReplicaSite(
                    "replica", process, settings(random), CommitRule.JOURNAL, steps, () -> Long.MAX_VALUE);
        }

        void start() {
            spawn("main", this::main);
        }

        private interface Body {
            void run() throws StorageException;
        }

        private void spawn(String name, Body body) {
            process.workers().start(name, () -> {
                try {
                    body.run();
                } catch (StorageException e) {
                    machine.fail(new AssertionError(name + ": " + e.getMessage(), e));
                }
            });
        }

        private void main() throws StorageException {
            if (!source.exists()) {
                source.create(SIZE, null);
            }
            source.open();
            if (!target.exists()) {
                received = 0;
                acknowledged = 0;
                makeTarget();
            }
            target.open();
            ReplicaProgress found = target.image.facts().replica();
            require(
                    found.received() >= received,
                    "received was " + received + ", and after a crash it is " + found.received());
            require(
                    found.received() >= acknowledged,
                    "acknowledged was " + acknowledged + ", and the replica has up to " + found.received());
            faultsOn = faulty && !last;
            spawn("writer", this::write);
            spawn("pump", this::pump);
            spawn("orders", this::orders);
            spawn("reader", this::read);
        }

        /** Registered at the end of what is written: the first state is read from the source itself. */
        private void makeTarget() throws StorageException {
            ImageFacts facts = source.image.facts();
            long registered = facts.watermarks().durable();
            List<Epoch> epochs = facts.epochs();
            Epoch of = epochs.stream()
                    .filter(epoch -> epoch.firstSequence() <= registered)
                    .reduce((a, b) -> b)
                    .orElse(epochs.get(0));
            Position at = registered == 0 ? Position.NONE : new Position(of.number(), registered);
            states.clear();
            for (long s = 0; s <= registered; s++) {
                states.add(null);
            }
            states.set((int) registered, bytesOf(source));
            target.create(SIZE, new ReplicaOrigin(facts.imageIdentity(), SIZE, BLOCK, of, at));
        }

        private byte[] bytesOf(ReplicaSite site) throws StorageException {
            ByteBuffer all = ByteBuffer.allocate(SIZE);
            try (DeviceSession session = site.image.connect("look", this)) {
                session.read(0, all);
            }
            return all.array();
        }

        // ---- the source's client

        private void write() throws StorageException {
            int count = last ? 60 : 200;
            try (DeviceSession session = source.image.connect("writer", this)) {
                Gate gate = process.workers().newGate();
                int[] pending = new int[1];
                for (int i = 0; i < count; i++) {
                    pending[0]++;
                    request(session, gate, pending);
                    while (pending[0] > 4) {
                        session.drive(false);
                        gate.await(SECOND);
                    }
                    if (failing) {
                        // Replicas are missing, and will not be back at once.
                        failing = false;
                        gate.await(100_000_000);
                    }
                    if (dice.below(20) == 0) {
                        gate.await(dice.magnitude(200_000_000));
                    }
                }
                session.drive(false);
                while (pending[0] > 0) {
                    gate.await(SECOND);
                }
            }
            allWritten = true;
        }

        private void request(DeviceSession session, Gate gate, int[] pending) throws StorageException {
            int block = dice.below(BLOCKS);
            int blocks = 1 + dice.below(Math.min(4, BLOCKS - block));
            if (dice.below(5) == 0) {
                session.discard((long) block * BLOCK, (long) blocks * BLOCK, false, failure -> {
                    pending[0]--;
                    gate.open();
                });
                return;
            }
            Payload payload = session.take(blocks * BLOCK);
            ByteBuffer bytes = payload.buffer();
            int at = bytes.position();
            long value = dice.bits();
            while (bytes.hasRemaining()) {
                bytes.putLong(value);
            }
            long seen = valueAt(bytes, at);
            session.write((long) block * BLOCK, new Payload[] {payload}, false, failure -> {
                failing |= failure != null;
                if (failure == null && rule.peers() > 0) {
                    acknowledged(seen);
                }
                pending[0]--;
                gate.open();
            });
        }

        /** What a payload was filled with, whatever the order of its bytes. */
        private static long valueAt(ByteBuffer bytes, int at) {
            return bytes.duplicate().order(ByteOrder.BIG_ENDIAN).getLong(at);
        }

        private void acknowledged(long value) {
            Long sequence = written.get(value);
            if (sequence == null) {
                machine.fail(new AssertionError("acknowledged, and nobody has offered it to the replica"));
                return;
            }
            acknowledged = Math.max(acknowledged, sequence);
        }

        // ---- the mirror, in short

        private void pump() throws StorageException {
            Gate gate = process.workers().newGate();
            while (true) {
                try (Replica replica = target.image.receive()) {
                    follow(replica, gate);
                } catch (StorageException e) {
                    boolean passing = e.reason() == Reason.UNAVAILABLE
                            || e.reason() == Reason.CLOSED
                            || e.reason() == Reason.STALE_SERVICE
                            || e.reason() == Reason.IO
                            || e.reason() == Reason.BUSY;
                    if (!passing) {
                        throw e;
                    }
                }
                source.image.peer(new PeerProgress("replica", false, received, received, 0));
                gate.await(30_000_000);
            }
        }

        private void follow(Replica replica, Gate gate) throws StorageException {
            if (replica.progress().consistency() == Consistency.COPYING) {
                copy(replica);
            }
            var journal = source.journal;
            if (journal == null) {
                return;
            }
            replica.writtenBySource(1);
            replica.clockOffset(process.clock().wallNanos() - process.clock().monotonicNanos(), dice.coin());
            long from = replica.progress().arrived() + 1;
            require(from > journal.trimmed(), "the source trimmed " + from);
            try (JournalReader reader = journal.reader(from)) {
                while (source.journal == journal) {
                    EventHeader header = reader.next();
                    if (header == null) {
                        replica.commit();
                        reader.whenReadable(gate::open);
                        gate.await(100_000_000);
                    } else {
                        deliver(replica, header, reader.body(), gate);
                    }
                    report(replica.progress());
                }
            }
        }

        private void report(ReplicaProgress now) throws StorageException {
            received = Math.max(received, now.received());
            boolean reachable = now.consistency() == Consistency.CONSISTENT;
            source.image.peer(new PeerProgress("replica", reachable, now.arrived(), now.received(), now.head()));
        }

        private void deliver(Replica replica, EventHeader header, ByteBuffer body, Gate gate) throws StorageException {
            for (Epoch epoch : source.image.facts().epochs()) {
                if (epoch.number() == header.position().epoch()) {
                    bringTo(replica, epoch);
                }
            }
            model(header, body);
            while (!replica.offer(header, body)) {
                replica.whenRoom(gate::open);
                gate.await(Long.MAX_VALUE);
            }
            if (dice.below(8) == 0) {
                replica.commit();
            }
        }

        /** Epochs in which nothing was written come too. */
        private void bringTo(Replica replica, Epoch wanted) throws StorageException {
            List<Epoch> have = target.image.facts().epochs();
            long at = have.get(have.size() - 1).number();
            for (Epoch epoch : source.image.facts().epochs()) {
                if (epoch.number() > at && epoch.number() <= wanted.number()) {
                    replica.startEpoch(epoch);
                }
            }
        }

        private void model(EventHeader header, ByteBuffer body) throws StorageException {
            int sequence = (int) header.position().sequence();
            byte[] next = states.get(sequence - 1).clone();
            Event event = EventCodec.decode(header, body);
            int from = (int) header.offset();
            if (header.kind() == EventKind.WRITE) {
                written.put(
                        valueAt(event.payload(), event.payload().position()),
                        header.position().sequence());
                event.payload().duplicate().get(next, from, (int) header.length());
            } else if (header.kind() == EventKind.DISCARD) {
                Arrays.fill(next, from, from + (int) header.length(), (byte) 0);
            }
            if (states.size() > sequence) {
                require(Arrays.equals(states.get(sequence), next), "event " + sequence + " is another one");
            } else {
                states.add(next);
            }
        }

        private void copy(Replica replica) throws StorageException {
            long at = replica.progress().nextOffset();
            try (DeviceSession session = source.image.connect("copy", this)) {
                while (at < SIZE) {
                    int length = (int) Math.min(SIZE - at, 3 * BLOCK);
                    ByteBuffer part = ByteBuffer.allocate(length);
                    session.read(at, part);
                    replica.copy(at, part.flip());
                    at += length;
                    if (dice.below(3) == 0) {
                        settle(session);
                        replica.copied(at);
                    }
                    process.workers().newGate().await(dice.magnitude(50_000_000));
                }
                long shown = settle(session);
                List<Epoch> epochs = source.image.facts().epochs();
                replica.endBootstrap(new Position(epochs.get(epochs.size() - 1).number(), shown));
            }
        }

        /** What was read may not be durable yet: a source that loses it must not have shown it. */
        private long settle(DeviceSession session) throws StorageException {
            long shown = source.image.watermarks().appended();
            Gate gate = process.workers().newGate();
            while (source.image.watermarks().durable() < shown) {
                session.flush(failure -> gate.open());
                session.drive(false);
                gate.await(SECOND);
            }
            return shown;
        }

        // ---- orders

        private void orders() {
            Gate gate = process.workers().newGate();
            while (!(last && allWritten)) {
                gate.await(dice.magnitude(SECOND));
                if (target.image.facts().replica().consistency() == Consistency.CONSISTENT) {
                    order();
                }
                if (dice.below(6) == 0) {
                    target.swap();
                }
                if (dice.below(12) == 0) {
                    source.swap();
                }
            }
            spawn("end", this::end);
        }

        private void order() {
            HeadOrder order =
                    switch (dice.below(3)) {
                        case 0 -> new HeadOrder.Hold(Position.NONE);
                        case 1 -> new HeadOrder.Follow(dice.magnitude(SECOND));
                        default -> HeadOrder.LIVE;
                    };
            if (!(order instanceof HeadOrder.Hold)) {
                // From here on it may be in force, whatever becomes of this call.
                heldAt = Long.MAX_VALUE;
            }
            try {
                target.image.order(order);
                ReplicaProgress now = target.image.facts().replica();
                if (now.order() instanceof HeadOrder.Hold hold) {
                    heldAt = hold.at().sequence();
                }
            } catch (StorageException e) {
                machine.note("no-order", e.getMessage(), 0, 0);
            }
        }

        /** In the last life the replica gets to where the source is. */
        private void end() throws StorageException {
            Gate gate = process.workers().newGate();
            heldAt = Long.MAX_VALUE;
            boolean ordered = false;
            while (!ordered) {
                try {
                    target.image.order(HeadOrder.LIVE);
                    ordered = true;
                } catch (StorageException e) {
                    gate.await(100_000_000);
                }
            }
            long wanted = source.image.watermarks().appended();
            for (int i = 0; target.image.facts().replica().head() < wanted; i++) {
                require(i < 3000, "the replica stays at " + target.image.facts().replica() + ", source " + wanted);
                gate.await(100_000_000);
            }
            require(Arrays.equals(bytesOf(source), bytesOf(target)), "source and replica differ at their end");
            ended = true;
        }

        // ---- what must hold

        private void read() throws StorageException {
            Gate gate = process.workers().newGate();
            while (true) {
                gate.await(dice.magnitude(100_000_000));
                ReplicaProgress before = target.image.facts().replica();
                require(
                        before.received() >= received
                                || target.image.watermarks().durable() < received,
                        "received fell");
                target.image.checkInvariants();
                if (before.consistency() != Consistency.CONSISTENT) {
                    continue;
                }
                require(before.head() <= heldAt, "the head is at " + before.head() + ", held at " + heldAt);
                compare(before);
            }
        }

        private void compare(ReplicaProgress before) throws StorageException {
            long writes = imageWrites;
            byte[] seen = bytesOf(target);
            long after = target.image.facts().replica().head();
            if (before.head() == after) {
                require(Arrays.equals(states.get((int) after), seen), "what is read is not position " + after);
                verified++;
            }
            // As with any disk that is written meanwhile, a read may see each block before or after that; and within a
            // block each sector, where the image itself was written during the read: half of a write may be there.
            int unit = imageWrites == writes ? BLOCK : SECTOR;
            for (int at = 0; at < SIZE; at += unit) {
                require(
                        shown(at, unit, seen, before.head(), after),
                        "the " + unit + " bytes at " + at + " are no position up to " + after);
            }
        }

        private boolean shown(int at, int length, byte[] seen, long from, long to) {
            for (long s = from; s <= to; s++) {
                if (Arrays.equals(states.get((int) s), at, at + length, seen, at, at + length)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void swept() {
            // Each completion opens its gate itself.
        }

        @Override
        public void closed(String why) {
            // Seen by the next call.
        }
    }
}
