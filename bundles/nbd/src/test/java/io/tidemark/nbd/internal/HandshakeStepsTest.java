package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.nbd.TlsMode;
import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.FakeRegistry;
import io.tidemark.nbd.testing.TestClient;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The negotiation as bytes to bytes, without a socket. */
class HandshakeStepsTest {
    private final Exports exports = new Exports(new FakeRegistry(new FakeDevice("disk", 4096)), "", Set.of(), true);

    private static ByteBuffer option(int option, byte[] data) {
        ByteBuffer bytes = ByteBuffer.allocate(16 + data.length);
        return bytes.putLong(0x49484156454F5054L)
                .putInt(option)
                .putInt(data.length)
                .put(data)
                .flip();
    }

    private static Handshake begun(Handshake handshake) {
        handshake.output();
        assertEquals(Handshake.Step.ANSWERED, handshake.step(ByteBuffer.allocate(4)));
        return handshake;
    }

    @Test
    void item43OptionsAreAnsweredWithShutdownWhenTheServerStops() {
        for (int option : new int[] {3, 6, 7, 8}) {
            Handshake handshake = begun(new Handshake(exports, TlsMode.OFF, () -> true));
            assertEquals(Handshake.Step.CLOSE, handshake.step(option(option, new byte[0])));
            assertEquals(0x80000007, handshake.output().getInt(12));
        }
        Handshake handshake = begun(new Handshake(exports, TlsMode.OFF, () -> true));
        assertEquals(Handshake.Step.CLOSE, handshake.step(option(2, new byte[0])));
        assertEquals(1, handshake.output().getInt(12), "a client that leaves may do so");
    }

    /** Those that are too long for an answer are options as well. */
    @Test
    void thereAreNoMoreOptionsThanSomeOfAnyLength() {
        for (int length : new int[] {0, (64 << 10) + 1}) {
            Handshake handshake = begun(new Handshake(exports, TlsMode.OFF, () -> false));
            ByteBuffer option = option(99, new byte[length]);
            Handshake.Step step = Handshake.Step.MORE;
            for (int sent = 0; sent < 10_000; sent++) {
                step = handshake.step(option.rewind());
                assertEquals(Handshake.Step.ANSWERED, step);
                handshake.output();
                if (option.hasRemaining()) {
                    assertEquals(Handshake.Step.MORE, handshake.step(option));
                }
            }
            assertEquals(Handshake.Step.CLOSE, handshake.step(option.rewind()));
            assertEquals("more than 10000 options", handshake.closeReason());
        }
    }

    /** However the bytes are cut, the answers are the same. */
    @Test
    void piecesOfAnyLengthGiveTheSameAnswers() {
        ByteBuffer all = ByteBuffer.allocate(1000).putInt(3);
        all.put(option(8, new byte[0])).put(option(99, new byte[70])).put(option(3, new byte[0]));
        all.put(option(7, TestClient.info("disk", 1, 2, 3))).flip();
        ByteBuffer whole = answers(all.duplicate(), 1000);
        assertTrue(whole.remaining() > 100);
        for (int most = 1; most < 40; most++) {
            assertEquals(whole, answers(all.duplicate(), most), "pieces of " + most);
        }
    }

    private ByteBuffer answers(ByteBuffer all, int most) {
        Handshake handshake = new Handshake(exports, TlsMode.OFF, () -> false);
        ByteBuffer answers = ByteBuffer.allocate(4096).put(handshake.output());
        ByteBuffer in = ByteBuffer.allocate(1000).limit(0);
        while (true) {
            Handshake.Step step = handshake.step(in);
            answers.put(handshake.output());
            if (step == Handshake.Step.ENTER) {
                handshake.accepted();
                assertFalse(all.hasRemaining());
                return answers.put(handshake.output()).flip();
            }
            if (step == Handshake.Step.MORE) {
                in.compact();
                for (int i = 0; i < most && all.hasRemaining(); i++) {
                    in.put(all.get());
                }
                in.flip();
            }
        }
    }

    /** Nothing that a client sends makes it throw or keep more than one option. */
    @Test
    void anyBytesEndInAStep() {
        for (long seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            Handshake handshake = begun(new Handshake(exports, TlsMode.OPTIONAL, () -> false));
            byte[] data = new byte[random.nextInt(60)];
            random.nextBytes(data);
            for (int i = 0; i + 4 <= data.length && random.nextBoolean(); i += 4) {
                ByteBuffer.wrap(data).putInt(i, random.nextInt(8) - 2);
            }
            ByteBuffer in = option(random.nextInt(12), data);
            if (random.nextInt(4) == 0) {
                in.putInt(12, random.nextInt());
            }
            Handshake.Step step = handshake.step(in);
            if (step == Handshake.Step.MORE) {
                assertTrue(in.remaining() <= 16 + Handshake.MAX_OPTION_BYTES, "seed " + seed);
            }
        }
    }
}
