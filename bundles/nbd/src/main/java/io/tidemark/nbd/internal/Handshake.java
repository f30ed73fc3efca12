package io.tidemark.nbd.internal;

import io.tidemark.api.device.BlockDevice;
import io.tidemark.nbd.TlsMode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The negotiation with one client: takes its bytes, gives bytes for it. Owns no socket. For one thread.
 *
 * <pre>
 * CLIENT_FLAGS -> OPTION -> OPTION ... -> ENTER -> (accepted) transmission
 *                    |  ^         |            \-> (refused) OPTION, or close after EXPORT_NAME
 *                    |  \- data of an option that is too long is skipped
 *                    \- STARTTLS -> all that was negotiated is forgotten, OPTION
 * </pre>
 */
final class Handshake {
    /** What the owner of the socket does next. */
    enum Step {
        /** More bytes are needed. */
        MORE,
        /** An option was answered; there may be another one in the input. */
        ANSWERED,
        /** Send what was answered, then start TLS and call {@link #tlsStarted}. */
        START_TLS,
        /** Attach to {@link #device} and call {@link #accepted} or {@link #refused}. */
        ENTER,
        /** Send what was answered, then close. */
        CLOSE
    }

    /** Longest data of one option that is looked at; a SET_META_CONTEXT with all its queries fits easily. */
    static final int MAX_OPTION_BYTES = 64 << 10;
    /** Longest data that is skipped; who sends more is no client. */
    static final int MAX_SKIPPED_BYTES = 4 << 20;
    /** Most options of one client. */
    static final int MAX_OPTIONS = 10_000;

    private static final int UNUSED_ZEROS = 124;

    private final Exports exports;
    private final TlsMode tlsMode;
    private final BooleanSupplier stopping;
    private final ReplySink out = new ReplySink();

    private boolean flagsRead;
    private boolean noZeroes;
    private boolean tls;
    private boolean structured;
    private MetaContexts.Selection contexts = MetaContexts.Selection.NONE;
    private int options;
    private int toSkip;
    private int entering;
    private BlockDevice device;
    private boolean contextsValid;
    private byte[] enterReplies = {};
    private String closeReason = "";

    Handshake(Exports exports, TlsMode tlsMode, BooleanSupplier stopping) {
        this.exports = exports;
        this.tlsMode = tlsMode;
        this.stopping = stopping;
        out.putLong(Nbd.MAGIC).putLong(Nbd.OPTION_MAGIC).putShort(Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES);
    }

    /** Bytes for the client since the last call. */
    ByteBuffer output() {
        return out.take();
    }

    /** Looks at most at one option. Consumes nothing of an option that is not complete. */
    Step step(ByteBuffer in) {
        if (!flagsRead) {
            return in.remaining() < Integer.BYTES ? Step.MORE : clientFlags(in.getInt());
        }
        if (toSkip > 0) {
            int skipped = Math.min(toSkip, in.remaining());
            in.position(in.position() + skipped);
            toSkip -= skipped;
            if (toSkip > 0) {
                return Step.MORE;
            }
        }
        if (in.remaining() < Nbd.OPTION_HEADER_BYTES) {
            return Step.MORE;
        }
        int start = in.position();
        long magic = in.getLong();
        int option = in.getInt();
        int length = in.getInt();
        if (magic != Nbd.OPTION_MAGIC) {
            return close("no NBD option where one belongs");
        }
        boolean large = length < 0 || length > MAX_OPTION_BYTES;
        if (!large && in.remaining() < length) {
            in.position(start);
            return Step.MORE;
        }
        if (++options > MAX_OPTIONS) {
            return close("more than " + MAX_OPTIONS + " options");
        }
        if (large) {
            return tooBig(option, length);
        }
        ByteBuffer data = in.slice(in.position(), length);
        in.position(in.position() + length);
        return option(option, data);
    }

    private Step clientFlags(int flags) {
        if ((flags & ~(Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES)) != 0) {
            return close("unknown client flags 0x" + Integer.toHexString(flags));
        }
        flagsRead = true;
        noZeroes = (flags & Nbd.FLAG_NO_ZEROES) != 0;
        return Step.ANSWERED;
    }

    private Step tooBig(int option, int length) {
        if (length < 0 || length > MAX_SKIPPED_BYTES || option == Nbd.OPT_EXPORT_NAME) {
            return close("option " + option + " with " + Integer.toUnsignedString(length) + " bytes of data");
        }
        toSkip = length;
        return error(option, Nbd.REP_ERR_TOO_BIG, "more than " + MAX_OPTION_BYTES + " bytes of option data");
    }

    private Step option(int option, ByteBuffer data) {
        if (option == Nbd.OPT_ABORT) {
            reply(option, Nbd.REP_ACK);
            return close("");
        }
        if (stopping.getAsBoolean()) {
            if (option != Nbd.OPT_EXPORT_NAME) {
                error(option, Nbd.REP_ERR_SHUTDOWN, "the server stops");
            }
            return close("the server stops");
        }
        if (tlsMode == TlsMode.REQUIRED && !tls && option != Nbd.OPT_STARTTLS) {
            return option == Nbd.OPT_EXPORT_NAME
                    ? close("an export was asked for without TLS")
                    : error(option, Nbd.REP_ERR_TLS_REQD, "start TLS first");
        }
        return switch (option) {
            case Nbd.OPT_EXPORT_NAME -> exportName(data);
            case Nbd.OPT_LIST -> list(data);
            case Nbd.OPT_STARTTLS -> startTls(data);
            case Nbd.OPT_INFO, Nbd.OPT_GO -> infoOrGo(option, data);
            case Nbd.OPT_STRUCTURED_REPLY -> structuredReply(data);
            case Nbd.OPT_LIST_META_CONTEXT, Nbd.OPT_SET_META_CONTEXT -> metaContext(option, data);
            default ->
                error(option, Nbd.REP_ERR_UNSUP, "option " + Integer.toUnsignedString(option) + " is not supported");
        };
    }

    private Step exportName(ByteBuffer data) {
        Optional<String> name = string(data, data.remaining());
        if (name.isEmpty()) {
            return close("an export name that is too long or no UTF-8");
        }
        Optional<BlockDevice> found = exports.find(name.get());
        if (found.isEmpty() || hidden(found.get())) {
            return close("unknown export '" + printable(name.get()) + "'");
        }
        return enter(Nbd.OPT_EXPORT_NAME, name.get(), found.get(), new byte[0]);
    }

    private boolean hidden(BlockDevice found) {
        return !tls && exports.needsTls(found);
    }

    private Step enter(int option, String name, BlockDevice found, byte[] replies) {
        entering = option;
        device = found;
        enterReplies = replies;
        contextsValid = structured && contexts.validFor(name);
        return Step.ENTER;
    }

    private Step list(ByteBuffer data) {
        if (data.hasRemaining()) {
            return error(Nbd.OPT_LIST, Nbd.REP_ERR_INVALID, "LIST takes no data");
        }
        if (!exports.listable()) {
            return error(Nbd.OPT_LIST, Nbd.REP_ERR_POLICY, "listing is switched off");
        }
        for (BlockDevice each : exports.visible(tls)) {
            byte[] name = each.name().getBytes(StandardCharsets.UTF_8);
            byte[] description = truncated(each.description());
            replyHeader(Nbd.OPT_LIST, Nbd.REP_SERVER, Integer.BYTES + name.length + description.length)
                    .putInt(name.length)
                    .put(name)
                    .put(description);
        }
        return reply(Nbd.OPT_LIST, Nbd.REP_ACK);
    }

    private Step startTls(ByteBuffer data) {
        if (data.hasRemaining()) {
            return error(Nbd.OPT_STARTTLS, Nbd.REP_ERR_INVALID, "STARTTLS takes no data");
        }
        if (tls) {
            return error(Nbd.OPT_STARTTLS, Nbd.REP_ERR_INVALID, "TLS runs already");
        }
        if (tlsMode == TlsMode.OFF) {
            return error(Nbd.OPT_STARTTLS, Nbd.REP_ERR_POLICY, "TLS is not configured");
        }
        reply(Nbd.OPT_STARTTLS, Nbd.REP_ACK);
        return Step.START_TLS;
    }

    /** Forgets everything that was agreed in plain text. */
    void tlsStarted() {
        tls = true;
        structured = false;
        contexts = MetaContexts.Selection.NONE;
    }

    private Step infoOrGo(int option, ByteBuffer data) {
        int total = data.remaining();
        if (total < Integer.BYTES + Short.BYTES) {
            return error(option, Nbd.REP_ERR_INVALID, "no room for a name and a count");
        }
        int nameLength = data.getInt();
        if (nameLength < 0 || nameLength > total - Integer.BYTES - Short.BYTES) {
            return error(option, Nbd.REP_ERR_INVALID, "the name is longer than the option");
        }
        Optional<String> name = string(data, nameLength);
        if (name.isEmpty()) {
            return error(option, Nbd.REP_ERR_INVALID, "a name that is too long or no UTF-8");
        }
        int requests = Short.toUnsignedInt(data.getShort());
        if (data.remaining() != requests * Short.BYTES) {
            return error(option, Nbd.REP_ERR_INVALID, "the count of information requests does not fit the option");
        }
        Optional<BlockDevice> found = exports.find(name.get());
        if (found.isEmpty()) {
            return error(option, Nbd.REP_ERR_UNKNOWN, "no export '" + printable(name.get()) + "'");
        }
        if (hidden(found.get())) {
            return error(option, Nbd.REP_ERR_TLS_REQD, "this export needs TLS");
        }
        byte[] replies = infoReplies(option, found.get(), requested(data, requests), name.get());
        if (option == Nbd.OPT_GO) {
            return enter(option, name.get(), found.get(), replies);
        }
        out.put(replies);
        return reply(option, Nbd.REP_ACK);
    }

    private static boolean[] requested(ByteBuffer data, int count) {
        boolean[] wanted = new boolean[Nbd.INFO_BLOCK_SIZE + 1];
        for (int i = 0; i < count; i++) {
            int info = Short.toUnsignedInt(data.getShort());
            if (info < wanted.length) {
                wanted[info] = true;
            }
        }
        return wanted;
    }

    private byte[] infoReplies(int option, BlockDevice found, boolean[] wanted, String name) {
        ReplySink replies = new ReplySink();
        info(replies, option, Nbd.INFO_EXPORT, Long.BYTES + Short.BYTES)
                .putLong(found.sizeBytes())
                .putShort(ExportFlags.of(found, structured));
        if (wanted[Nbd.INFO_NAME] || name.isEmpty()) {
            byte[] canonical = found.name().getBytes(StandardCharsets.UTF_8);
            info(replies, option, Nbd.INFO_NAME, canonical.length).put(canonical);
        }
        if (wanted[Nbd.INFO_DESCRIPTION]) {
            byte[] description = truncated(found.description());
            info(replies, option, Nbd.INFO_DESCRIPTION, description.length).put(description);
        }
        if (wanted[Nbd.INFO_BLOCK_SIZE]) {
            info(replies, option, Nbd.INFO_BLOCK_SIZE, 3 * Integer.BYTES)
                    .putInt(1)
                    .putInt(found.preferredBlockBytes())
                    .putInt(Nbd.MAX_PAYLOAD_BYTES);
        }
        return replies.takeBytes();
    }

    private static ReplySink info(ReplySink replies, int option, int type, int length) {
        return header(replies, option, Nbd.REP_INFO, Short.BYTES + length).putShort(type);
    }

    private Step structuredReply(ByteBuffer data) {
        if (data.hasRemaining()) {
            return error(Nbd.OPT_STRUCTURED_REPLY, Nbd.REP_ERR_INVALID, "STRUCTURED_REPLY takes no data");
        }
        structured = true;
        return reply(Nbd.OPT_STRUCTURED_REPLY, Nbd.REP_ACK);
    }

    private Step metaContext(int option, ByteBuffer data) {
        boolean set = option == Nbd.OPT_SET_META_CONTEXT;
        if (set) {
            contexts = MetaContexts.Selection.NONE;
        }
        if (!structured) {
            return error(option, Nbd.REP_ERR_INVALID, "negotiate structured replies first");
        }
        Optional<MetaContexts.Query> query = MetaContexts.parse(data);
        if (query.isEmpty()) {
            return error(option, Nbd.REP_ERR_INVALID, "malformed queries");
        }
        Optional<BlockDevice> found = exports.find(query.get().export());
        if (found.isEmpty()) {
            return error(
                    option,
                    Nbd.REP_ERR_UNKNOWN,
                    "no export '" + printable(query.get().export()) + "'");
        }
        if (hidden(found.get())) {
            return error(option, Nbd.REP_ERR_TLS_REQD, "this export needs TLS");
        }
        List<String> matching = query.get().matching(set);
        for (String context : matching) {
            byte[] name = context.getBytes(StandardCharsets.UTF_8);
            replyHeader(option, Nbd.REP_META_CONTEXT, Integer.BYTES + name.length)
                    .putInt(set ? Nbd.BASE_ALLOCATION_ID : 0)
                    .put(name);
        }
        if (set) {
            contexts = new MetaContexts.Selection(query.get().export(), !matching.isEmpty());
        }
        return reply(option, Nbd.REP_ACK);
    }

    /** What the client chose. Valid from {@link Step#ENTER} on. */
    BlockDevice device() {
        return device;
    }

    boolean structured() {
        return structured;
    }

    /** Whether BLOCK_STATUS was negotiated for the export that was chosen. */
    boolean blockStatus() {
        return contextsValid;
    }

    /** The device takes the client: answers the option that chose it. What follows is transmission. */
    void accepted() {
        if (entering == Nbd.OPT_GO) {
            out.put(enterReplies);
            reply(Nbd.OPT_GO, Nbd.REP_ACK);
        } else {
            out.putLong(device.sizeBytes()).putShort(ExportFlags.of(device, structured));
            if (!noZeroes) {
                out.zeros(UNUSED_ZEROS);
            }
        }
    }

    /** The device does not take the client. */
    Step refused(String why) {
        return entering == Nbd.OPT_GO ? error(Nbd.OPT_GO, Nbd.REP_ERR_UNKNOWN, why) : close(why);
    }

    /** Why {@link Step#CLOSE} was answered; empty when the client wished it. */
    String closeReason() {
        return closeReason;
    }

    private Step close(String why) {
        closeReason = why;
        return Step.CLOSE;
    }

    private Step error(int option, int code, String message) {
        byte[] text = truncated(message);
        replyHeader(option, code, text.length).put(text);
        return Step.ANSWERED;
    }

    private Step reply(int option, int code) {
        replyHeader(option, code, 0);
        return Step.ANSWERED;
    }

    private ReplySink replyHeader(int option, int code, int length) {
        return header(out, option, code, length);
    }

    private static ReplySink header(ReplySink sink, int option, int code, int length) {
        return sink.putLong(Nbd.OPTION_REPLY_MAGIC).putInt(option).putInt(code).putInt(length);
    }

    private static byte[] truncated(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= Nbd.MAX_STRING_BYTES) {
            return bytes;
        }
        int end = Nbd.MAX_STRING_BYTES;
        while (end > 0 && (bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        return Arrays.copyOf(bytes, end);
    }

    /** A string as the protocol allows it: at most 4096 bytes of UTF-8 without NUL. Empty optional when it is none. */
    static Optional<String> string(ByteBuffer data, int length) {
        if (length < 0 || length > Nbd.MAX_STRING_BYTES || length > data.remaining()) {
            return Optional.empty();
        }
        ByteBuffer bytes = data.slice(data.position(), length);
        data.position(data.position() + length);
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(bytes)
                    .toString();
            return text.indexOf('\0') >= 0 ? Optional.empty() : Optional.of(text);
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** A client's string in a message or log line: short, and without control characters. */
    static String printable(String text) {
        String shortened = text.length() > 200 ? text.substring(0, 200) + "..." : text;
        return shortened.replaceAll("\\p{Cntrl}", "?");
    }
}
