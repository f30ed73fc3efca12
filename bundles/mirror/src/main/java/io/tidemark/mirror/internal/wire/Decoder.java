package io.tidemark.mirror.internal.wire;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Bytes to messages. The bytes may be anybody's: every length is compared with what is there before memory is taken for it, so
 * that a frame leads to objects of at most some times its own length. One use.
 */
public final class Decoder {
    /** Those that only 8-bit terminals understand, too. */
    private static final Pattern CONTROL = Pattern.compile("\\p{Cc}");

    private final ByteBuffer in;

    private Decoder(ByteBuffer in) {
        this.in = in;
    }

    /**
     * A decoded frame.
     *
     * @param channel which it is for; negative numbers are large ones
     * @param message what
     */
    public record Decoded(int channel, Message message) {}

    /**
     * Reads a frame.
     *
     * @param frame all of it, from position to limit; not consumed. What the message refers to is lent from it
     * @return what it says
     * @throws StorageException CORRUPT when it is no message
     */
    public static Decoded decode(ByteBuffer frame) throws StorageException {
        Decoder decoder = new Decoder(frame.slice().order(ByteOrder.LITTLE_ENDIAN));
        try {
            return decoder.frame();
        } catch (BufferUnderflowException | IllegalArgumentException | CharacterCodingException e) {
            String why = e.getMessage() == null ? "it ends too early" : e.getMessage();
            throw new StorageException(
                    Reason.CORRUPT,
                    "a frame of " + frame.remaining() + " bytes is no message of the mirror: " + why,
                    "check that the peer is a Tidemark node of a version that fits",
                    e);
        }
    }

    private Decoded frame() throws CharacterCodingException {
        if (in.remaining() > Wire.MAX_FRAME_BYTES) {
            throw new IllegalArgumentException("it is longer than " + Wire.MAX_FRAME_BYTES + " bytes");
        }
        int code = in.get() & 0xff;
        Type type = Type.ofCode(code);
        if (type == null) {
            throw new IllegalArgumentException("there is no type " + code);
        }
        int channel = in.getInt();
        if ((channel == Wire.LINK_CHANNEL) != (type.code() < Type.OPEN.code())) {
            throw new IllegalArgumentException(type + " in channel " + channel);
        }
        Message message = message(type);
        if (in.hasRemaining()) {
            throw new IllegalArgumentException(type + " is followed by " + in.remaining() + " bytes");
        }
        return new Decoded(channel, message);
    }

    private Message message(Type type) throws CharacterCodingException {
        if (type.code() >= Type.ENABLE.code()) {
            return new OrderCode(this, in).read(type);
        }
        return type.code() < Type.OPENED.code() ? ofLinkOrReceiver(type) : ofSource(type);
    }

    private Message ofLinkOrReceiver(Type type) throws CharacterCodingException {
        return switch (type) {
            case HELLO -> hello();
            case PROVE -> new Message.Prove(bytes(Wire.SIGNATURE_BYTES));
            case CLOCK -> new Message.Clock(in.getLong(), in.getLong(), in.getLong(), in.getLong());
            case OPEN -> open();
            case CREDIT -> new Message.Credit(count("released"));
            case PROGRESS -> progress();
            case LEAVE -> {
                boolean forget = flag();
                yield new Message.Leave(string(Wire.MAX_WORDS_BYTES), forget);
            }
            case WANTED -> wanted();
            default -> throw new IllegalArgumentException("no decoding for " + type);
        };
    }

    private Message ofSource(Type type) throws CharacterCodingException {
        return switch (type) {
            case OPENED -> opened();
            case ENDED -> ended();
            case EPOCH -> new Message.NextEpoch(epoch());
            case EVENTS -> events();
            case DURABLE -> new Message.Durable(count("durable"), in.getLong(), count("unsent bytes"));
            case RANGE -> range();
            case ZEROS -> zeros();
            case COPYING -> new Message.Copying(count("offset"), count("bytes left"), point());
            case COPIED -> new Message.Copied(point());
            case PARTS -> parts();
            default -> throw new IllegalArgumentException("no decoding for " + type);
        };
    }

    private Message.Hello hello() throws CharacterCodingException {
        if (in.getLong() != Wire.MAGIC) {
            throw new IllegalArgumentException("it does not begin with TIDEMIRR");
        }
        int least = in.getShort() & 0xffff;
        int version = in.getShort() & 0xffff;
        if (least > version) {
            throw new IllegalArgumentException("versions " + least + " to " + version);
        }
        return new Message.Hello(
                least, version, bytes(Wire.KEY_BYTES), bytes(Wire.NONCE_BYTES), string(Wire.MAX_NAME_BYTES));
    }

    private Message.Open open() throws CharacterCodingException {
        Message.Copy copy = Message.Copy.ofCode(in.get() & 0xff);
        UUID identity = uuid();
        long nextOffset = count("next offset");
        long window = count("window");
        long arrived = count("arrived");
        long received = count("received");
        long replayed = count("replayed");
        String image = string(Wire.MAX_NAME_BYTES);
        String replica = string(Wire.MAX_NAME_BYTES);
        ordered(arrived, received, replayed);
        return new Message.Open(
                image, replica, identity, copy, nextOffset, window, arrived, received, replayed, epochs());
    }

    private Message.Progress progress() {
        Message.Progress progress = new Message.Progress(count("arrived"), count("received"), count("replayed"));
        ordered(progress.arrived(), progress.received(), progress.replayed());
        return progress;
    }

    private static void ordered(long arrived, long received, long replayed) {
        if (replayed > received || received > arrived) {
            throw new IllegalArgumentException(
                    "arrived " + arrived + ", received " + received + ", replayed " + replayed + " are not in order");
        }
    }

    private Message.Opened opened() throws CharacterCodingException {
        boolean copying = flag();
        boolean writes = flag();
        UUID identity = uuid();
        UUID journal = uuid();
        long size = count("size");
        int block = in.getInt();
        if (block < 512 || block > 65536 || Integer.bitCount(block) != 1) {
            throw new IllegalArgumentException("block size " + block);
        }
        return new Message.Opened(copying, writes, identity, journal, size, block, count("durable"), point(), epochs());
    }

    private Message.Ended ended() throws CharacterCodingException {
        int code = in.get() & 0xff;
        EndCode reason = EndCode.ofCode(code);
        if (reason == null) {
            throw new IllegalArgumentException("there is no reason " + code);
        }
        return new Message.Ended(reason, point(), string(Wire.MAX_WORDS_BYTES));
    }

    private Message.Events events() {
        long epoch = count("epoch");
        long sequence = count("sequence");
        long durable = count("durable");
        int count = in.getInt();
        if (epoch < 1 || sequence < 1 || count < 1 || count > in.remaining() / Wire.EVENT_BYTES) {
            throw new IllegalArgumentException(
                    count + " events from " + epoch + ":" + sequence + " in " + in.remaining() + " bytes");
        }
        if (sequence > Long.MAX_VALUE - count || durable < sequence + count - 1) {
            throw new IllegalArgumentException(
                    "events up to " + (sequence + count - 1) + " where " + durable + " is durable");
        }
        List<Message.Item> items = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            items.add(item(new Position(epoch, sequence + i)));
        }
        return new Message.Events(durable, items);
    }

    private Message.Item item(Position position) {
        int code = in.get() & 0xff;
        EventKind kind = EventKind.ofCode(code);
        if (kind == null) {
            throw new IllegalArgumentException("event " + position + " is of the unknown kind " + code);
        }
        int flags = in.getInt();
        long time = in.getLong();
        long offset = in.getLong();
        long length = in.getLong();
        if (kind.changesData() && (offset < 0 || length < 0 || offset + length < 0)) {
            throw new IllegalArgumentException("event " + position + " has the extent " + offset + "+" + length);
        }
        int bytes = in.getInt();
        if (bytes < 0 || bytes > Wire.MAX_BODY_BYTES || bytes > in.remaining()) {
            throw new IllegalArgumentException("event " + position + " claims a body of " + bytes + " bytes");
        }
        return new Message.Item(new EventHeader(position, kind, flags, time, offset, length, bytes), slice(bytes));
    }

    private ByteBuffer slice(int bytes) {
        ByteBuffer slice = in.slice(in.position(), bytes);
        in.position(in.position() + bytes);
        return slice;
    }

    private Message.Range range() {
        long offset = count("offset");
        int bytes = in.remaining();
        if (bytes < 1 || bytes > Wire.MAX_RANGE_BYTES || offset + bytes < 0) {
            throw new IllegalArgumentException("a range of " + bytes + " bytes at " + offset);
        }
        return new Message.Range(offset, slice(bytes));
    }

    private Message.Parts parts() {
        long offset = count("offset");
        long length = count("length");
        if (length < 1 || length > (long) Wire.MAX_SEED_PARTS * Wire.SEED_PART_BYTES || offset + length < 0) {
            throw new IllegalArgumentException("parts of " + length + " bytes at " + offset);
        }
        List<Octets> digests = new ArrayList<>();
        for (long i = Message.Parts.count(length); i > 0; i--) {
            digests.add(bytes(Wire.DIGEST_BYTES));
        }
        return new Message.Parts(offset, length, digests);
    }

    private Message.Wanted wanted() {
        long offset = count("offset");
        byte[] bits = new byte[Wire.MAX_SEED_PARTS / 8];
        in.get(bits);
        return new Message.Wanted(offset, BitSet.valueOf(bits));
    }

    private Message.Zeros zeros() {
        long offset = count("offset");
        long length = count("length");
        if (length < 1 || offset + length < 0) {
            throw new IllegalArgumentException("zeros of " + length + " bytes at " + offset);
        }
        return new Message.Zeros(offset, length);
    }

    // ---- parts

    List<Epoch> epochs() throws CharacterCodingException {
        int count = in.getShort() & 0xffff;
        if (count > Wire.MAX_EPOCHS || count > in.remaining() / Wire.EPOCH_BYTES) {
            throw new IllegalArgumentException(count + " epochs in " + in.remaining() + " bytes");
        }
        List<Epoch> epochs = new ArrayList<>(count);
        Epoch last = null;
        for (int i = 0; i < count; i++) {
            Epoch epoch = epoch();
            if (last != null && !follows(last, epoch)) {
                throw new IllegalArgumentException("epoch " + epoch.number() + " does not follow " + last.number());
            }
            epochs.add(epoch);
            last = epoch;
        }
        return epochs;
    }

    private static boolean follows(Epoch last, Epoch epoch) {
        return epoch.number() == last.number() + 1
                && epoch.predecessorIdentity().equals(last.identity())
                && epoch.firstSequence() >= last.firstSequence();
    }

    Epoch epoch() throws CharacterCodingException {
        Epoch epoch = new Epoch(in.getLong(), uuid(), in.getLong(), uuid(), in.getLong(), "");
        UUID promotedOver = uuid();
        return new Epoch(
                epoch.number(),
                epoch.identity(),
                epoch.firstSequence(),
                epoch.predecessorIdentity(),
                epoch.startedNanos(),
                string(Wire.MAX_NAME_BYTES),
                promotedOver);
    }

    Point point() {
        return new Point(in.getLong(), uuid(), in.getLong());
    }

    UUID uuid() {
        return new UUID(in.getLong(), in.getLong());
    }

    long count(String what) {
        long value = in.getLong();
        if (value < 0) {
            throw new IllegalArgumentException(what + " is " + Long.toUnsignedString(value));
        }
        return value;
    }

    boolean flag() {
        int value = in.get() & 0xff;
        if (value > 1) {
            throw new IllegalArgumentException("a flag of " + value);
        }
        return value == 1;
    }

    Octets bytes(int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return Octets.of(bytes);
    }

    /** A text without control characters: it is shown, and may be a stranger's. No name of anything has one. */
    String string(int maxBytes) throws CharacterCodingException {
        int length = in.getShort() & 0xffff;
        if (length > maxBytes || length > in.remaining()) {
            throw new IllegalArgumentException("a text of " + length + " bytes");
        }
        CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(slice(length));
        return CONTROL.matcher(text).replaceAll("?");
    }
}
