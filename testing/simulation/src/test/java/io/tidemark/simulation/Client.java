package io.tidemark.simulation;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.Completion;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedContext;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** One client of the device: random requests, several under way, and the ledger is told of each. */
final class Client implements Runnable, SessionListener {
    private final SimulatedContext process;
    private final BlockDevice device;
    private final Scenario scenario;
    private final Oracle oracle;
    private final SeededRandom random;
    private final Gate answered;
    private final int number;
    private final Fence fence;
    private DeviceSession session;
    private int underWay;
    private int swept;
    private int unswept;
    private boolean done;

    /** Where clients may write at the moment: a resize keeps them away from what it cuts. */
    static final class Fence {
        private long limitBytes;

        Fence(long limitBytes) {
            this.limitBytes = limitBytes;
        }

        void limit(long bytes) {
            limitBytes = bytes;
        }
    }

    Client(
            int number,
            SimulatedContext process,
            BlockDevice device,
            Scenario scenario,
            Oracle oracle,
            SeededRandom random,
            Fence fence) {
        this.number = number;
        this.process = process;
        this.device = device;
        this.scenario = scenario;
        this.oracle = oracle;
        this.random = random;
        this.fence = fence;
        this.answered = process.workers().newGate();
    }

    boolean done() {
        return done;
    }

    int underWay() {
        return underWay;
    }

    @Override
    public void run() {
        try {
            session = device.connect("client " + number, this);
            int left = scenario.operations();
            while (left > 0) {
                int burst = (int) Math.min(left, random.magnitude(scenario.depth()));
                for (int i = 0; i < burst && underWay < scenario.depth(); i++) {
                    request();
                }
                left -= burst;
                session.drive(random.below(4) == 0 && left > 0 && underWay < scenario.depth());
                awaitAnswers(left == 0 ? 0 : random.below(scenario.depth()));
            }
            oracle.check(unswept == 0 ? null : unswept + " answers were not followed by swept()");
            session.close();
        } catch (StorageException e) {
            oracle.check(ends(e) ? null : "client " + number + " got " + e.getMessage());
        }
        done = true;
    }

    private static boolean ends(StorageException e) {
        return e.reason() == Reason.CLOSED || e.reason() == Reason.UNAVAILABLE;
    }

    private void awaitAnswers(int mostUnderWay) {
        if (underWay > mostUnderWay) {
            session.drive(false);
        }
        while (underWay > mostUnderWay) {
            answered.await(Long.MAX_VALUE);
        }
    }

    private void request() throws StorageException {
        int dice = random.below(100);
        if (dice < scenario.readPercent()) {
            read();
        } else if (dice < scenario.readPercent() + scenario.flushPercent() * (100 - scenario.readPercent()) / 100) {
            flush();
        } else {
            change();
        }
    }

    private long offset(int length) {
        long most = fence.limitBytes - length;
        long offset = random.below(most + 1);
        // Half of the load in a corner, so that writes overlap.
        offset = random.coin() ? offset % Math.max(1, most / 16 + 1) : offset;
        return switch (random.below(4)) {
            case 0 -> offset;
            case 1 -> offset / 512 * 512;
            default -> offset / 4096 * 4096;
        };
    }

    private int length(int most) {
        int length = (int) random.magnitude(Math.min(most, fence.limitBytes));
        return random.below(4) == 0 ? length : (int) Math.min((length + 511L) / 512 * 512, fence.limitBytes);
    }

    private void read() throws StorageException {
        int length = length(64 << 10);
        long offset = offset(length);
        ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        long started = oracle.ledger().readStarted();
        oracle.note("read", "client", offset, length);
        try {
            session.read(offset, buffer);
        } catch (StorageException e) {
            oracle.ledger().readFailed(started);
            oracle.readFailed(e);
            return;
        }
        byte[] bytes = new byte[length];
        buffer.flip().get(bytes);
        oracle.check(oracle.ledger().readDone(started, offset, bytes));
    }

    private void flush() {
        long submitted = oracle.ledger().flushSubmitted();
        oracle.note("flush", "client", submitted, 0);
        underWay++;
        session.flush(answer(failure -> {
            oracle.note("flushed", failure == null ? "ok" : failure.getMessage(), submitted, 0);
            if (failure == null) {
                oracle.ledger().flushed(submitted);
            } else {
                oracle.requestFailed(failure);
            }
        }));
    }

    private Completion answer(Completion then) {
        boolean[] told = new boolean[1];
        return failure -> {
            if (!process.dead()) {
                oracle.check(told[0] ? "a completion was called twice" : null);
                told[0] = true;
                underWay--;
                unswept++;
                then.completed(failure);
                answered.open();
            }
        };
    }

    private void change() throws StorageException {
        int length = Math.max(length(scenario.longestWriteBytes()), scenario.shortestWriteBytes());
        length = (int) Math.min(length, fence.limitBytes);
        long offset = offset(length);
        if (!oracle.ledger().admits(offset, length)) {
            return;
        }
        boolean forceUnitAccess = random.below(8) == 0;
        int dice = random.below(10);
        if (dice < 8) {
            write(offset, length, forceUnitAccess);
            return;
        }
        Ledger.Write write = submit(dice == 8 ? "discard" : "zero", offset, new byte[length], forceUnitAccess);
        Completion completion = answer(failure -> ended(write, failure));
        underWay++;
        if (dice == 8) {
            session.discard(offset, length, forceUnitAccess, completion);
        } else {
            session.zero(offset, length, random.coin(), forceUnitAccess, completion);
        }
    }

    private void write(long offset, int length, boolean forceUnitAccess) throws StorageException {
        // The device may wait for memory here, so the ledger is asked again.
        List<Payload> payloads = new ArrayList<>();
        int pieceBytes = random.below(8) == 0
                ? (int) Math.max(Math.max(512, scenario.shortestWriteBytes()), random.magnitude(length) / 512 * 512)
                : PayloadPool.MAX_PAYLOAD_BYTES;
        int done = 0;
        while (done < length) {
            // Pieces end where sectors do, as the contract of long writes demands.
            int toBoundary = (int) (pieceBytes - (offset + done) % 512);
            int piece = Math.min(length - done, done == 0 ? Math.max(1, toBoundary) : pieceBytes);
            payloads.add(session.take(piece));
            done += piece;
        }
        if (!oracle.ledger().admits(offset, length) || offset + length > fence.limitBytes) {
            payloads.forEach(Payload::release);
            return;
        }
        byte[] data = data(length);
        int at = 0;
        for (Payload payload : payloads) {
            payload.buffer().put(data, at, payload.length());
            at += payload.length();
        }
        Ledger.Write write = submit("write", offset, data, forceUnitAccess);
        underWay++;
        session.write(
                offset, payloads.toArray(Payload[]::new), forceUnitAccess, answer(failure -> ended(write, failure)));
    }

    private Ledger.Write submit(String what, long offset, byte[] data, boolean forceUnitAccess) {
        oracle.note(what, forceUnitAccess ? "client, FUA" : "client", offset, data.length);
        return oracle.ledger().submitted(offset, data, forceUnitAccess);
    }

    private void ended(Ledger.Write write, StorageException failure) {
        oracle.note("answer", failure == null ? "ok" : failure.getMessage(), write.offset(), write.length());
        if (failure == null) {
            oracle.ledger().acknowledged(write);
            oracle.acknowledged(write);
        } else {
            oracle.requestFailed(failure);
            oracle.ledger().failed(write);
        }
    }

    private byte[] data(int length) {
        byte[] data = new byte[length];
        ByteBuffer buffer = ByteBuffer.wrap(data);
        while (buffer.remaining() >= 8) {
            buffer.putLong(random.bits());
        }
        while (buffer.hasRemaining()) {
            buffer.put((byte) (random.bits() | 1));
        }
        return data;
    }

    @Override
    public void swept() {
        unswept = 0;
        swept++;
    }

    int sweeps() {
        return swept;
    }

    @Override
    public void closed(String why) {
        oracle.note("closed", why, number, 0);
        answered.open();
    }
}
