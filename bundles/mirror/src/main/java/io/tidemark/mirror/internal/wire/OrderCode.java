package io.tidemark.mirror.internal.wire;

import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.Consistency;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** Orders and answers to bytes and back. One use for reading. */
final class OrderCode {
    private static final int PRIMARY = 1;
    private static final int REPLICA = 2;

    /** Beside {@link #REPLICA}. */
    private static final int FOLLOWS_OTHER = 1;

    /** The same. */
    private static final int TAKEN_OVER = 4;

    private static final List<Consistency> CONSISTENCIES =
            List.of(Consistency.CONSISTENT, Consistency.COPYING, Consistency.REPLAYING);

    private final Decoder decoder;
    private final ByteBuffer in;

    OrderCode(Decoder decoder, ByteBuffer in) {
        this.decoder = decoder;
        this.in = in;
    }

    // ---- writing

    static void put(ByteBuffer out, Order order) {
        if (order instanceof Order.Enable enable) {
            Encoder.uuid(out, enable.identity());
            out.putLong(delay(enable.delayNanos()));
            out.put((byte) (enable.seed() ? 1 : 0));
            name(out, enable.image());
            name(out, enable.replica());
            properties(out, enable.properties());
        } else if (order instanceof Order.Disable disable) {
            name(out, disable.target());
            name(out, disable.atSender());
        } else if (order instanceof Order.Look look) {
            name(out, look.image());
        } else if (order instanceof Order.Find find) {
            Encoder.uuid(out, find.identity());
        } else if (order instanceof Order.Promote promote) {
            Encoder.point(out, promote.end());
            out.putLong(promote.waitNanos());
            name(out, promote.image());
        } else if (order instanceof Order.Verify verify) {
            name(out, verify.image());
        } else if (order instanceof Order.Sums sums) {
            out.putLong(sums.offset()).putInt(sums.partBytes()).putShort((short) sums.parts());
            name(out, sums.image());
        } else if (order instanceof Order.Branch branch) {
            Encoder.point(out, branch.fork());
            name(out, branch.image());
        } else if (order instanceof Order.Quit quit) {
            words(out, quit.words());
        }
    }

    private static int role(Answer.Facts facts) {
        return facts.role() == ImageHead.Role.PRIMARY
                ? PRIMARY
                : REPLICA | (facts.followsOther() ? FOLLOWS_OTHER : 0) | (facts.takenOver() ? TAKEN_OVER : 0);
    }

    /** To what is sent and back: there zero is what says nothing, as it was before anybody could say that there is to be none. */
    private static long delay(long nanos) {
        return nanos == 0 ? ReplicaOptions.DELAY_AS_BEFORE : nanos == ReplicaOptions.DELAY_AS_BEFORE ? 0 : nanos;
    }

    private static void name(ByteBuffer out, String name) {
        Encoder.string(out, name, Wire.MAX_NAME_BYTES);
    }

    private static void words(ByteBuffer out, String words) {
        Encoder.string(out, words, Wire.MAX_WORDS_BYTES);
    }

    private static void properties(ByteBuffer out, Map<String, String> properties) {
        out.putShort((short) properties.size());
        properties.forEach((key, value) -> {
            name(out, key);
            words(out, value);
        });
    }

    static void put(ByteBuffer out, Answer answer) {
        if (answer instanceof Answer.Answered answered) {
            out.put((byte) answered.outcome().code());
            words(out, answered.words());
        } else if (answer instanceof Answer.Facts facts) {
            out.put((byte) role(facts));
            out.put((byte) CONSISTENCIES.indexOf(facts.consistency()));
            Encoder.uuid(out, facts.identity());
            out.putLong(facts.trimmed()).putLong(facts.durable()).putLong(facts.head());
            Encoder.epochs(out, facts.epochs());
            name(out, facts.image());
        } else if (answer instanceof Answer.Promoted promoted) {
            Encoder.point(out, promoted.at());
            Encoder.epoch(out, promoted.epoch());
        } else if (answer instanceof Answer.Working working) {
            out.putLong(working.done()).putLong(working.total());
            words(out, working.words());
        } else if (answer instanceof Answer.Verified verified) {
            out.putLong(verified.from()).putLong(verified.to());
            out.putLong(verified.equalBytes()).putLong(verified.skippedBytes()).putLong(verified.differingBytes());
            out.putShort((short) verified.differences().size());
            verified.differences().forEach(each -> out.putLong(each.offset()).putLong(each.length()));
        } else if (answer instanceof Answer.Branched branched) {
            out.putLong(branched.last()).putLong(branched.missing());
            out.putLong(branched.extents()).putLong(branched.bytes()).putLong(branched.exportBytes());
            out.put((byte) (branched.exact() ? 1 : 0));
        } else if (answer instanceof Answer.Summed summed) {
            out.putLong(summed.sizeBytes());
            Encoder.uuid(out, summed.newest());
            out.putShort((short) summed.sums().size());
            for (Answer.Sum sum : summed.sums()) {
                out.putLong(sum.sequence());
                Encoder.bytes(out, sum.digest().toArray(), Wire.DIGEST_BYTES);
            }
        }
    }

    // ---- reading

    Message read(Type type) throws CharacterCodingException {
        return switch (type) {
            case ENABLE -> enable();
            case DISABLE -> new Order.Disable(name(), name());
            case LOOK -> new Order.Look(name());
            case FIND -> new Order.Find(decoder.uuid());
            case PROMOTE -> new Order.Promote(decoder.point(), decoder.count("wait"), name());
            case VERIFY -> new Order.Verify(name());
            case SUMS -> sums();
            case BRANCH -> new Order.Branch(decoder.point(), name());
            case QUIT -> new Order.Quit(words());
            case ANSWERED -> answered();
            case FACTS -> facts();
            case PROMOTED -> new Answer.Promoted(decoder.point(), decoder.epoch());
            case WORKING -> new Answer.Working(decoder.count("done"), in.getLong(), words());
            case VERIFIED -> verified();
            case SUMMED -> summed();
            case BRANCHED -> branched();
            default -> throw new IllegalArgumentException("no decoding for " + type);
        };
    }

    private String name() throws CharacterCodingException {
        return decoder.string(Wire.MAX_NAME_BYTES);
    }

    private String words() throws CharacterCodingException {
        return decoder.string(Wire.MAX_WORDS_BYTES);
    }

    private int number(String what, int most) {
        int count = in.getShort() & 0xffff;
        if (count > most) {
            throw new IllegalArgumentException(count + " " + what + " are more than " + most);
        }
        return count;
    }

    private Order.Enable enable() throws CharacterCodingException {
        UUID identity = decoder.uuid();
        long delay = delay(in.getLong());
        if (delay < ReplicaOptions.DELAY_AS_BEFORE) {
            throw new IllegalArgumentException("delay is " + Long.toUnsignedString(delay));
        }
        boolean seed = decoder.flag();
        String image = name();
        String replica = name();
        int count = number("keys", Wire.MAX_PROPERTIES);
        Map<String, String> properties = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            properties.put(name(), words());
        }
        if (properties.size() < count) {
            throw new IllegalArgumentException("a key comes twice");
        }
        return new Order.Enable(identity, delay, image, replica, properties, seed);
    }

    private Order.Sums sums() throws CharacterCodingException {
        long offset = decoder.count("offset");
        int partBytes = in.getInt();
        int parts = number("parts", Wire.MAX_PARTS);
        if (partBytes < 1 || partBytes > Wire.MAX_PART_BYTES || parts < 1) {
            throw new IllegalArgumentException(parts + " parts of " + partBytes + " bytes");
        }
        return new Order.Sums(offset, partBytes, parts, name());
    }

    private Answer.Answered answered() throws CharacterCodingException {
        int code = in.get() & 0xff;
        Outcome outcome = Outcome.ofCode(code);
        if (outcome == null) {
            throw new IllegalArgumentException("there is no outcome " + code);
        }
        return new Answer.Answered(outcome, words());
    }

    private Answer.Facts facts() throws CharacterCodingException {
        int role = in.get() & 0xff;
        int consistency = in.get() & 0xff;
        boolean replica = (role & REPLICA) != 0 && role <= (REPLICA | FOLLOWS_OTHER | TAKEN_OVER);
        if (!(role == PRIMARY || replica) || consistency >= CONSISTENCIES.size()) {
            throw new IllegalArgumentException("role " + role + ", consistency " + consistency);
        }
        return new Answer.Facts(
                role == PRIMARY ? ImageHead.Role.PRIMARY : ImageHead.Role.REPLICA,
                replica && (role & FOLLOWS_OTHER) != 0,
                replica && (role & TAKEN_OVER) != 0,
                CONSISTENCIES.get(consistency),
                decoder.uuid(),
                decoder.count("trimmed"),
                decoder.count("durable"),
                decoder.count("head"),
                decoder.epochs(),
                name());
    }

    private Answer.Verified verified() {
        long from = decoder.count("from");
        long to = decoder.count("to");
        long equal = decoder.count("equal");
        long skipped = decoder.count("skipped");
        long differing = decoder.count("differing");
        int count = number("differences", Wire.MAX_EXTENTS);
        List<Answer.Extent> differences = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            differences.add(new Answer.Extent(decoder.count("offset"), decoder.count("length")));
        }
        return new Answer.Verified(from, to, equal, skipped, differing, differences);
    }

    private Answer.Branched branched() {
        long last = decoder.count("last");
        long missing = decoder.count("missing");
        long extents = decoder.count("extents");
        long bytes = decoder.count("bytes");
        long exportBytes = decoder.count("export");
        return new Answer.Branched(last, missing, extents, bytes, exportBytes, decoder.flag());
    }

    private Answer.Summed summed() {
        long size = decoder.count("size");
        UUID newest = decoder.uuid();
        int count = number("sums", Wire.MAX_PARTS);
        List<Answer.Sum> sums = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sums.add(new Answer.Sum(in.getLong(), decoder.bytes(Wire.DIGEST_BYTES)));
        }
        return new Answer.Summed(size, newest, sums);
    }
}
