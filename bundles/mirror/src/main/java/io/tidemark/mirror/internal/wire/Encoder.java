package io.tidemark.mirror.internal.wire;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/** Messages to bytes. Stateless. */
public final class Encoder {
    /** What no message is longer than, without its lists. */
    private static final int FIXED_BYTES = 2 * Wire.MAX_WORDS_BYTES;

    private Encoder() {}

    /**
     * A message as a frame of its own.
     *
     * @param channel which it is for
     * @param message what
     * @return a new buffer, from position to limit
     */
    public static ByteBuffer encode(int channel, Message message) {
        ByteBuffer out =
                ByteBuffer.allocate(Wire.HEADER_BYTES + sizeOf(message)).order(ByteOrder.LITTLE_ENDIAN);
        header(out, message.type(), channel);
        put(out, message);
        return out.flip();
    }

    /**
     * Begins a frame.
     *
     * @param out little-endian
     * @param type of the message
     * @param channel which it is for
     */
    public static void header(ByteBuffer out, Type type, int channel) {
        out.put((byte) type.code()).putInt(channel);
    }

    private static int sizeOf(Message message) {
        if (message instanceof Message.Range range) {
            return 8 + range.bytes().remaining();
        }
        if (message instanceof Message.Events events) {
            int size = EventsFrame.FIXED_BYTES;
            for (Message.Item item : events.events()) {
                size += Wire.EVENT_BYTES + item.body().remaining();
            }
            return size;
        }
        return FIXED_BYTES + epochsOf(message).size() * (Wire.EPOCH_BYTES + Wire.MAX_NAME_BYTES) + listBytes(message);
    }

    private static List<Epoch> epochsOf(Message message) {
        if (message instanceof Message.Open open) {
            return open.epochs();
        }
        if (message instanceof Message.Opened opened) {
            return opened.epochs();
        }
        return message instanceof Answer.Facts facts ? facts.epochs() : List.of();
    }

    private static int listBytes(Message message) {
        if (message instanceof Order.Enable enable) {
            return enable.properties().size() * (2 + Wire.MAX_NAME_BYTES + 2 + Wire.MAX_WORDS_BYTES);
        }
        if (message instanceof Message.Parts parts) {
            return parts.digests().size() * Wire.DIGEST_BYTES;
        }
        if (message instanceof Answer.Summed summed) {
            return summed.sums().size() * Wire.SUM_BYTES;
        }
        return message instanceof Answer.Verified verified
                ? verified.differences().size() * 16
                : 0;
    }

    private static void put(ByteBuffer out, Message message) {
        if (message instanceof Order order) {
            OrderCode.put(out, order);
        } else if (message instanceof Answer answer) {
            OrderCode.put(out, answer);
        } else {
            putOfChannel(out, message);
        }
    }

    private static void putOfChannel(ByteBuffer out, Message message) {
        if (message instanceof Message.Hello hello) {
            out.putLong(Wire.MAGIC).putShort((short) hello.leastVersion()).putShort((short) hello.version());
            bytes(out, hello.key().toArray(), Wire.KEY_BYTES);
            bytes(out, hello.nonce().toArray(), Wire.NONCE_BYTES);
            string(out, hello.name(), Wire.MAX_NAME_BYTES);
        } else if (message instanceof Message.Prove prove) {
            bytes(out, prove.signature().toArray(), Wire.SIGNATURE_BYTES);
        } else if (message instanceof Message.Clock clock) {
            out.putLong(clock.wallNanos()).putLong(clock.ownNanos());
            out.putLong(clock.echoNanos()).putLong(clock.heldNanos());
        } else if (message instanceof Message.Open open) {
            open(out, open);
        } else if (message instanceof Message.Credit credit) {
            out.putLong(credit.released());
        } else if (message instanceof Message.Progress progress) {
            out.putLong(progress.arrived()).putLong(progress.received()).putLong(progress.replayed());
        } else if (message instanceof Message.Leave leave) {
            out.put((byte) (leave.forget() ? 1 : 0));
            string(out, leave.words(), Wire.MAX_WORDS_BYTES);
        } else if (message instanceof Message.Wanted wanted) {
            out.putLong(wanted.offset()).put(Arrays.copyOf(wanted.parts().toByteArray(), Wire.MAX_SEED_PARTS / 8));
        } else {
            putOfSource(out, message);
        }
    }

    private static void putOfSource(ByteBuffer out, Message message) {
        if (message instanceof Message.Opened opened) {
            opened(out, opened);
        } else if (message instanceof Message.Ended ended) {
            out.put((byte) ended.code().code());
            point(out, ended.fork());
            string(out, ended.words(), Wire.MAX_WORDS_BYTES);
        } else if (message instanceof Message.NextEpoch next) {
            epoch(out, next.epoch());
        } else if (message instanceof Message.Events events) {
            EventHeader first = events.events().get(0).header();
            EventsFrame.begin(
                    out, first.position(), events.durable(), events.events().size());
            events.events().forEach(item -> EventsFrame.event(out, item.header(), item.body()));
        } else if (message instanceof Message.Durable durable) {
            out.putLong(durable.durable()).putLong(durable.timeNanos()).putLong(durable.unsentBytes());
        } else if (message instanceof Message.Range range) {
            out.putLong(range.offset()).put(range.bytes().duplicate());
        } else if (message instanceof Message.Zeros zeros) {
            out.putLong(zeros.offset()).putLong(zeros.length());
        } else if (message instanceof Message.Copying copying) {
            out.putLong(copying.nextOffset()).putLong(copying.leftBytes());
            point(out, copying.shows());
        } else if (message instanceof Message.Copied copied) {
            point(out, copied.consistentAt());
        } else if (message instanceof Message.Parts parts) {
            out.putLong(parts.offset()).putLong(parts.length());
            parts.digests().forEach(digest -> bytes(out, digest.toArray(), Wire.DIGEST_BYTES));
        } else {
            throw new IllegalArgumentException("no encoding for " + message.type());
        }
    }

    private static void open(ByteBuffer out, Message.Open open) {
        out.put((byte) open.copy().code());
        uuid(out, open.identity());
        out.putLong(open.nextOffset()).putLong(open.window());
        out.putLong(open.arrived()).putLong(open.received()).putLong(open.replayed());
        string(out, open.image(), Wire.MAX_NAME_BYTES);
        string(out, open.replica(), Wire.MAX_NAME_BYTES);
        epochs(out, open.epochs());
    }

    private static void opened(ByteBuffer out, Message.Opened opened) {
        out.put((byte) (opened.copying() ? 1 : 0));
        out.put((byte) (opened.writes() ? 1 : 0));
        uuid(out, opened.identity());
        uuid(out, opened.journal());
        out.putLong(opened.sizeBytes()).putInt(opened.blockSizeBytes()).putLong(opened.durable());
        point(out, opened.start());
        epochs(out, opened.epochs());
    }

    static void epochs(ByteBuffer out, List<Epoch> epochs) {
        if (epochs.size() > Wire.MAX_EPOCHS) {
            throw new IllegalArgumentException(epochs.size() + " epochs are more than " + Wire.MAX_EPOCHS);
        }
        out.putShort((short) epochs.size());
        epochs.forEach(epoch -> epoch(out, epoch));
    }

    static void epoch(ByteBuffer out, Epoch epoch) {
        out.putLong(epoch.number());
        uuid(out, epoch.identity());
        out.putLong(epoch.firstSequence());
        uuid(out, epoch.predecessorIdentity());
        out.putLong(epoch.startedNanos());
        uuid(out, epoch.promotedOver());
        string(out, epoch.owner(), Wire.MAX_NAME_BYTES);
    }

    static void point(ByteBuffer out, Point point) {
        out.putLong(point.epoch());
        uuid(out, point.identity());
        out.putLong(point.sequence());
    }

    static void uuid(ByteBuffer out, UUID uuid) {
        out.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
    }

    static void bytes(ByteBuffer out, byte[] bytes, int length) {
        if (bytes.length != length) {
            throw new IllegalArgumentException(bytes.length + " bytes where " + length + " belong");
        }
        out.put(bytes);
    }

    /** Text that is too long is cut between characters: it is for people. */
    static void string(ByteBuffer out, String text, int maxBytes) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, maxBytes);
        while (length < bytes.length && (bytes[length] & 0xC0) == 0x80) {
            length--;
        }
        out.putShort((short) length).put(Arrays.copyOf(bytes, length));
    }

    /**
     * The newest epochs that a message has room for.
     *
     * @param epochs oldest first
     * @return at most {@link Wire#MAX_EPOCHS}
     */
    public static List<Epoch> newest(List<Epoch> epochs) {
        return epochs.subList(Math.max(0, epochs.size() - Wire.MAX_EPOCHS), epochs.size());
    }
}
