package io.tidemark.mirror.internal.wire;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** One message of each type, with values that differ from each other. */
final class Samples {
    static final Epoch FIRST = new Epoch(4, new UUID(1, 2), 100, new UUID(3, 4), 5_000, "left");
    static final Epoch SECOND = new Epoch(5, new UUID(5, 6), 120, new UUID(1, 2), 6_000, "räv", new UUID(6, 7));
    static final Point POINT = new Point(5, new UUID(5, 6), 130);

    private Samples() {}

    static byte[] filled(int length, int first) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (first + i);
        }
        return bytes;
    }

    static Message.Item item(long sequence, int bodyBytes) {
        EventHeader header = new EventHeader(
                new Position(5, sequence), EventKind.WRITE, 1, 7_000 + sequence, 4096 * sequence, 512, bodyBytes);
        return new Message.Item(header, ByteBuffer.wrap(filled(bodyBytes, (int) sequence)));
    }

    static List<Message> all() {
        return List.of(
                new Message.Hello(1, 3, Octets.of(filled(32, 1)), Octets.of(filled(32, 64)), "node-ä"),
                new Message.Prove(Octets.of(filled(64, 9))),
                new Message.Clock(11, 12, 13, 14),
                new Message.Open(
                        "disk",
                        "copy",
                        new UUID(7, 8),
                        Message.Copy.GO_ON,
                        65536,
                        1 << 20,
                        133,
                        132,
                        131,
                        List.of(FIRST, SECOND)),
                new Message.Credit(777),
                new Message.Progress(30, 20, 10),
                new Message.Leave("enough", true),
                new Message.Opened(
                        true, true, new UUID(7, 8), new UUID(9, 10), 1 << 30, 4096, 140, POINT, List.of(FIRST, SECOND)),
                new Message.Ended(EndCode.SPLIT_BRAIN, POINT, "both wrote"),
                new Message.NextEpoch(SECOND),
                new Message.Events(140, List.of(item(131, 9), item(132, 0), item(133, 40))),
                new Message.Durable(141, 15, 16),
                new Message.Range(8192, ByteBuffer.wrap(filled(33, 3))),
                new Message.Zeros(4096, 512),
                new Message.Copying(12288, 99, POINT),
                new Message.Copied(POINT),
                new Message.Parts(1 << 20, 70_000, List.of(Octets.of(filled(32, 5)), Octets.of(filled(32, 6)))),
                new Message.Wanted(1 << 20, BitSet.valueOf(new long[] {2, 0, 0, 1})),
                new Order.Enable(new UUID(7, 8), 3_600, "disk", "copy", Map.of("pool", "fast", "trim", "age"), true),
                new Order.Disable("disk", "copy"),
                new Order.Look("disk"),
                new Order.Promote(POINT, 17, "disk"),
                new Order.Verify("disk"),
                new Order.Sums(1 << 20, 65536, 3, "disk"),
                new Order.Quit("enough"),
                new Order.Branch(POINT, "disk"),
                new Order.Find(new UUID(7, 8)),
                new Answer.Answered(Outcome.BUSY, "later"),
                new Answer.Facts(
                        ImageHead.Role.REPLICA,
                        true,
                        true,
                        Consistency.REPLAYING,
                        new UUID(7, 8),
                        21,
                        23,
                        22,
                        List.of(FIRST, SECOND),
                        "disk"),
                new Answer.Promoted(POINT, SECOND),
                new Answer.Working(24, -1, "waits"),
                new Answer.Verified(25, 26, 27, 28, 29, List.of(new Answer.Extent(30, 31), new Answer.Extent(32, 33))),
                new Answer.Summed(
                        1 << 30,
                        new UUID(5, 6),
                        List.of(
                                new Answer.Sum(34, Octets.of(filled(32, 5))),
                                new Answer.Sum(-1, Octets.of(filled(32, 6))))),
                new Answer.Branched(35, 36, 37, 38, 39, true));
    }

    static int channel(Message message) {
        return message.type().code() < Type.OPEN.code() ? 0 : 7;
    }

    static byte[] encoded(Message message) {
        ByteBuffer frame = Encoder.encode(channel(message), message);
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        return bytes;
    }
}
