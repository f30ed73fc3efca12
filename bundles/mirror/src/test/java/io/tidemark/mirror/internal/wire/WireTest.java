package io.tidemark.mirror.internal.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.ReplicaOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Messages survive the way; bytes that are none are refused with a reason, whatever they are. */
class WireTest {
    private static Message decoded(byte[] frame) throws StorageException {
        return Decoder.decode(ByteBuffer.wrap(frame)).message();
    }

    private static String refused(byte[] frame) {
        StorageException refused = assertThrows(StorageException.class, () -> decoded(frame));
        assertEquals(Reason.CORRUPT, refused.reason());
        return refused.getMessage();
    }

    @Test
    void everyMessageSurvives() throws StorageException {
        assertEquals(Type.values().length, Samples.all().size());
        for (Message message : Samples.all()) {
            byte[] frame = Samples.encoded(message);
            Decoder.Decoded decoded = Decoder.decode(ByteBuffer.wrap(frame));
            assertEquals(Samples.channel(message), decoded.channel());
            assertArrayEquals(
                    frame, Samples.encoded(decoded.message()), message.type().name());
            assertEquals(message.type(), decoded.message().type());
        }
    }

    @Test
    void aDelayOfWhichNothingIsSaidIsNotNone() throws StorageException {
        for (long delay : new long[] {ReplicaOptions.DELAY_AS_BEFORE, 0}) {
            Order.Enable enable = new Order.Enable(new UUID(7, 8), delay, "disk", "copy", Map.of(), false);
            assertEquals(delay, ((Order.Enable) decoded(Samples.encoded(enable))).delayNanos());
        }
    }

    /** A stranger's name stands in the log and on the screens of those who read it, words of peers too. */
    @Test
    void controlCharactersArriveAsQuestionMarks() throws StorageException {
        Octets key = Octets.of(new byte[Wire.KEY_BYTES]);
        Octets nonce = Octets.of(new byte[Wire.NONCE_BYTES]);
        Message hello = new Message.Hello(1, 2, key, nonce, "x\u001b[2J\r\ny\u007f\u009bä");
        assertEquals("x?[2J??y??ä", ((Message.Hello) decoded(Samples.encoded(hello))).name());
        Message ended = new Message.Ended(EndCode.SPLIT_BRAIN, Samples.POINT, "both\nwrote");
        assertEquals("both?wrote", ((Message.Ended) decoded(Samples.encoded(ended))).words());
        Message answered = new Answer.Answered(Outcome.BUSY, "la\tter");
        assertEquals("la?ter", ((Answer.Answered) decoded(Samples.encoded(answered))).words());
    }

    /** What version 2 looks like, for ever. */
    @Test
    void bytesAreTheGoldenOnes() {
        assertEquals(
                "2407000000" + "8d00000000000000" + "0f00000000000000" + "1000000000000000",
                HexFormat.of().formatHex(Samples.encoded(new Message.Durable(141, 15, 16))));
        assertEquals(
                "2307000000" + "0500000000000000" + "8300000000000000" + "8c00000000000000" + "01000000"
                        + "0101000000" + "db1b000000000000" + "0030080000000000" + "0002000000000000" + "03000000"
                        + "838485",
                HexFormat.of().formatHex(Samples.encoded(new Message.Events(140, List.of(Samples.item(131, 3))))));
        assertEquals(
                "2107000000" + "03" + "0500000000000000" + "0500000000000000" + "0600000000000000" + "8200000000000000"
                        + "0a00" + "626f74682077726f7465",
                HexFormat.of()
                        .formatHex(
                                Samples.encoded(new Message.Ended(EndCode.SPLIT_BRAIN, Samples.POINT, "both wrote"))));
        assertEquals(
                "2207000000" + "0500000000000000" + "05000000000000000600000000000000" + "7800000000000000"
                        + "01000000000000000200000000000000" + "7017000000000000" + "06000000000000000700000000000000"
                        + "0400" + "72c3a476",
                HexFormat.of().formatHex(Samples.encoded(new Message.NextEpoch(Samples.SECOND))));
        Message.Opened opened = new Message.Opened(
                true,
                false,
                new UUID(7, 8),
                new UUID(9, 10),
                1 << 30,
                4096,
                140,
                Samples.POINT,
                List.of(Samples.FIRST));
        assertEquals(
                "2007000000" + "01" + "00" + "07000000000000000800000000000000" + "09000000000000000a00000000000000"
                        + "0000004000000000" + "00100000" + "8c00000000000000"
                        + "0500000000000000" + "05000000000000000600000000000000" + "8200000000000000"
                        + "0100"
                        + "0400000000000000" + "01000000000000000200000000000000" + "6400000000000000"
                        + "03000000000000000400000000000000" + "8813000000000000" + "00000000000000000000000000000000"
                        + "0400" + "6c656674",
                HexFormat.of().formatHex(Samples.encoded(opened)));
        assertEquals(
                "2707000000" + "0030000000000000" + "6300000000000000" + "0500000000000000"
                        + "05000000000000000600000000000000" + "8200000000000000",
                HexFormat.of().formatHex(Samples.encoded(new Message.Copying(12288, 99, Samples.POINT))));
    }

    @Test
    void everyCutFrameIsRefused() {
        for (Message message : Samples.all()) {
            byte[] frame = Samples.encoded(message);
            for (int length = 0; length < frame.length; length++) {
                if (message instanceof Message.Range && length > Wire.HEADER_BYTES + 8) {
                    continue; // its bytes are what is left
                }
                refused(Arrays.copyOf(frame, length));
            }
        }
    }

    @Test
    void bytesBehindTheEndAreRefused() {
        for (Message message : Samples.all()) {
            byte[] frame = Samples.encoded(message);
            if (!(message instanceof Message.Range)) {
                String why = refused(Arrays.copyOf(frame, frame.length + 1));
                assertTrue(why.contains("followed by 1 bytes"), why);
            }
        }
    }

    /** More than there can be, and so many that their count runs over. */
    @Test
    void partsThatNoFrameHoldsAreRefused() {
        Message one = new Message.Parts(0, Wire.SEED_PART_BYTES, List.of(Octets.of(new byte[Wire.DIGEST_BYTES])));
        for (long length : new long[] {(long) Wire.MAX_SEED_PARTS * Wire.SEED_PART_BYTES + 1, Long.MAX_VALUE}) {
            byte[] frame = changed(one, Wire.HEADER_BYTES + 8, length, 8);
            String why = refused(Arrays.copyOf(frame, Wire.HEADER_BYTES + 16));
            assertTrue(why.contains("parts of " + length), why);
        }
    }

    /** Flipped bits and noise lead to a message or a refusal, never to anything else. */
    @Test
    void noiseIsRefusedOrAMessage() {
        Random random = new Random(11);
        int refusals = 0;
        for (int round = 0; round < 20_000; round++) {
            Message message = Samples.all().get(random.nextInt(Samples.all().size()));
            byte[] frame = Samples.encoded(message);
            for (int flips = random.nextInt(4) + 1; flips > 0; flips--) {
                frame[random.nextInt(frame.length)] = (byte) random.nextInt();
            }
            try {
                decoded(frame);
            } catch (StorageException refused) {
                assertEquals(Reason.CORRUPT, refused.reason());
                refusals++;
            }
        }
        assertTrue(refusals > 5_000, "noise is noticed: " + refusals);
    }

    private static byte[] changed(Message message, int at, long value, int bytes) {
        byte[] frame = Samples.encoded(message);
        ByteBuffer out = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
        switch (bytes) {
            case 1 -> out.put(at, (byte) value);
            case 2 -> out.putShort(at, (short) value);
            case 4 -> out.putInt(at, (int) value);
            default -> out.putLong(at, value);
        }
        return frame;
    }

    @Test
    void claimsThatAreNotCoveredAreRefused() {
        Message events = new Message.Events(140, List.of(Samples.item(131, 9)));
        int body = Wire.HEADER_BYTES + EventsFrame.FIXED_BYTES;
        assertTrue(refused(changed(events, Wire.HEADER_BYTES + 24, Integer.MAX_VALUE, 4))
                .contains("events from"));
        assertTrue(refused(changed(events, Wire.HEADER_BYTES + 24, -1, 4)).contains("events from"));
        assertTrue(refused(changed(events, Wire.HEADER_BYTES + 24, 0, 4)).contains("events from"));
        assertTrue(refused(changed(events, body + 29, Integer.MAX_VALUE, 4)).contains("claims a body"));
        assertTrue(refused(changed(events, body + 29, -1, 4)).contains("claims a body"));
        assertTrue(refused(changed(events, body, 200, 1)).contains("unknown kind 200"));
        assertTrue(refused(changed(events, body + 13, -4096, 8)).contains("has the extent"));
        assertTrue(refused(changed(events, Wire.HEADER_BYTES + 16, 130, 8)).contains("is durable"));
        assertTrue(refused(changed(events, Wire.HEADER_BYTES + 8, Long.MAX_VALUE, 8))
                .contains("durable"));
        Message hello = Samples.all().get(0);
        assertTrue(refused(changed(hello, Wire.HEADER_BYTES + 76, 0xffff, 2)).contains("a text of 65535"));
        assertTrue(refused(changed(hello, Wire.HEADER_BYTES, 1, 8)).contains("TIDEMIRR"));
        assertTrue(refused(changed(hello, Wire.HEADER_BYTES + 8, 4, 2)).contains("versions 4 to 3"));
        assertTrue(refused(changed(hello, 1, 5, 4)).contains("HELLO in channel 5"));
        assertTrue(refused(changed(new Message.Credit(1), 1, 0, 4)).contains("CREDIT in channel 0"));
        assertTrue(refused(changed(new Message.Credit(1), 0, 99, 1)).contains("no type 99"));
        assertTrue(refused(changed(new Message.Credit(1), Wire.HEADER_BYTES, -1, 8))
                .contains("released"));
        assertTrue(refused(changed(new Message.Progress(3, 2, 1), Wire.HEADER_BYTES, 1, 8))
                .contains("not in order"));
        Message enable =
                new Order.Enable(new UUID(7, 8), ReplicaOptions.DELAY_AS_BEFORE, "disk", "disk", Map.of(), false);
        assertTrue(refused(changed(enable, Wire.HEADER_BYTES + 16, -2, 8)).contains("delay is"));
    }

    @Test
    void epochsHaveToBeAChain() {
        Message broken = new Message.Opened(
                false,
                true,
                Samples.FIRST.identity(),
                Samples.FIRST.identity(),
                0,
                512,
                0,
                Point.NONE,
                List.of(Samples.SECOND, Samples.FIRST));
        assertTrue(refused(Samples.encoded(broken)).contains("does not follow"));
    }

    @Test
    void textsAreCutBetweenCharacters() throws StorageException {
        Message.Leave leave = (Message.Leave) decoded(Samples.encoded(new Message.Leave("x" + "ä".repeat(800), false)));
        assertEquals("x" + "ä".repeat(511), leave.words());
        byte[] frame = Samples.encoded(new Message.Leave("ä", false));
        frame[frame.length - 1] = 'x';
        refused(frame);
    }

    @Test
    void aFrameIsFilledUpToItsBound() throws StorageException {
        EventsFrame frame = new EventsFrame(Wire.MAX_FRAME_BYTES);
        for (int round = 0; round < 2; round++) {
            frame.start(7, new Position(5, 131));
            assertTrue(frame.add(
                    Samples.item(131, 1000).header(), Samples.item(131, 1000).body(), 10));
            assertFalse(frame.add(
                    Samples.item(132, 1000).header(), Samples.item(132, 1000).body(), 1500));
            assertTrue(frame.add(
                    Samples.item(132, 100).header(), Samples.item(132, 100).body(), 1500));
            assertEquals(2, frame.count());
            ByteBuffer bytes = whole(frame.finish(150));
            assertEquals(frame.length(), bytes.remaining());
            Message.Events events = (Message.Events) Decoder.decode(bytes).message();
            assertEquals(150, events.durable());
            assertEquals(new Position(5, 132), events.events().get(1).header().position());
            assertEquals(Samples.item(132, 100).body(), events.events().get(1).body());
        }
        frame.start(7, new Position(5, 131));
        byte[] longest = new byte[Wire.MAX_BODY_BYTES];
        assertTrue(frame.add(Samples.item(131, longest.length).header(), ByteBuffer.wrap(longest), 0));
        assertTrue(frame.length() <= Wire.MAX_FRAME_BYTES);
    }

    @Test
    void aLongBodyEndsAFrameAndIsNotCopied() throws StorageException {
        EventsFrame frame = new EventsFrame(Wire.MAX_FRAME_BYTES);
        frame.start(7, new Position(5, 131));
        Message.Item small = Samples.item(131, 100);
        assertTrue(frame.add(small.header(), small.body(), 1 << 20));
        assertFalse(frame.isFull());
        byte[] body = new byte[64 << 10];
        EventHeader header = Samples.item(132, body.length).header();
        assertFalse(frame.add(header, ByteBuffer.wrap(body), 1 << 10), "it does not fit");
        assertTrue(frame.add(header, ByteBuffer.wrap(body), 1 << 20));
        assertTrue(frame.isFull());
        assertFalse(
                frame.add(Samples.item(133, 1).header(), Samples.item(133, 1).body(), 1 << 20));
        // Until the frame is sent it shows what the body has.
        body[4711] = 17;
        ByteBuffer bytes = whole(frame.finish(150));
        assertEquals(frame.length(), bytes.remaining());
        Message.Events events = (Message.Events) Decoder.decode(bytes).message();
        assertEquals(2, events.events().size());
        assertEquals(small.body(), events.events().get(0).body());
        assertEquals(ByteBuffer.wrap(body), events.events().get(1).body());
        frame.start(7, new Position(5, 133));
        assertFalse(frame.isFull());
    }

    private static ByteBuffer whole(ByteBuffer... parts) {
        ByteBuffer whole = ByteBuffer.allocate(2 * Wire.MAX_FRAME_BYTES);
        for (ByteBuffer part : parts) {
            whole.put(part);
        }
        return whole.flip();
    }
}
