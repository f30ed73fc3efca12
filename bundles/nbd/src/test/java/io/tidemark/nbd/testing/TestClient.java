package io.tidemark.nbd.testing;

import io.tidemark.nbd.NbdServer;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * An NBD client that does exactly what a test says, right or wrong. Written from the protocol's document and not from the
 * server's constants, so that a wrong number there is found.
 */
public final class TestClient implements Closeable {
    /** Longest wait for anything. */
    private static final int TIMEOUT_MILLIS = 20_000;

    /** For tests that need the bare stream. */
    public DataInputStream in;
    /** For tests that need the bare stream. */
    public DataOutputStream out;

    /** What goes over the wire: below TLS where that is on. */
    public OutputStream wire;

    private Socket socket;

    /** An option's reply. */
    public record OptionReply(int option, int type, byte[] data) {
        /** Its data as text. */
        public String text() {
            return new String(data, StandardCharsets.UTF_8);
        }

        /** Its data as numbers. */
        public ByteBuffer buffer() {
            return ByteBuffer.wrap(data);
        }
    }

    /** A chunk of a structured reply. */
    public record Chunk(int flags, int type, long cookie, byte[] data) {
        /** Its data as numbers. */
        public ByteBuffer buffer() {
            return ByteBuffer.wrap(data);
        }

        /** Whether it is the last one. */
        public boolean done() {
            return (flags & 1) != 0;
        }
    }

    /** The start of a simple reply. */
    public record Simple(int error, long cookie) {}

    /** Connects over TCP. */
    public TestClient(NbdServer server) throws IOException {
        this(server.address().orElseThrow());
    }

    /** Connects over TCP. */
    public TestClient(InetSocketAddress address) throws IOException {
        socket = new Socket(address.getAddress(), address.getPort());
        socket.setTcpNoDelay(true);
        streams();
    }

    private void streams() throws IOException {
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
    }

    /** Reads the greeting and sends flags. */
    public TestClient hello(int clientFlags) throws IOException {
        expect(0x4e42444d41474943L, in.readLong());
        expect(0x49484156454F5054L, in.readLong());
        expect(3, in.readUnsignedShort());
        out.writeInt(clientFlags);
        return this;
    }

    /** The usual greeting. */
    public TestClient hello() throws IOException {
        return hello(3);
    }

    private static void expect(long wanted, long got) {
        if (wanted != got) {
            throw new AssertionError("expected " + Long.toHexString(wanted) + ", got " + Long.toHexString(got));
        }
    }

    /** Sends an option in one piece. */
    public TestClient option(int option, byte[] data) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(16 + data.length);
        bytes.putLong(0x49484156454F5054L).putInt(option).putInt(data.length).put(data);
        out.write(bytes.array());
        return this;
    }

    /** Reads one option reply. */
    public OptionReply optionReply() throws IOException {
        expect(0x3e889045565a9L, in.readLong());
        int option = in.readInt();
        int type = in.readInt();
        byte[] data = new byte[in.readInt()];
        in.readFully(data);
        return new OptionReply(option, type, data);
    }

    /** Sends an option and reads replies up to the acknowledgement or error, which is the last of the list. */
    public List<OptionReply> ask(int option, byte[] data) throws IOException {
        option(option, data);
        List<OptionReply> replies = new ArrayList<>();
        do {
            replies.add(optionReply());
            expect(option, replies.get(replies.size() - 1).option());
        } while (replies.get(replies.size() - 1).type() > 1);
        return replies;
    }

    /** Type of the last reply to an option. */
    public int outcome(int option, byte[] data) throws IOException {
        List<OptionReply> replies = ask(option, data);
        return replies.get(replies.size() - 1).type();
    }

    /** Negotiates structured replies. */
    public TestClient structured() throws IOException {
        expect(1, outcome(8, new byte[0]));
        return this;
    }

    /** Selects base:allocation. */
    public TestClient baseAllocation(String export) throws IOException {
        expect(2, ask(10, contexts(export, "base:allocation")).size());
        return this;
    }

    /** Enters transmission with GO; the information replies. */
    public List<OptionReply> go(String export) throws IOException {
        List<OptionReply> replies = ask(7, info(export));
        expect(1, replies.get(replies.size() - 1).type());
        return replies;
    }

    /** Data of INFO and GO. */
    public static byte[] info(String export, int... requests) {
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(6 + name.length + 2 * requests.length);
        bytes.putInt(name.length).put(name).putShort((short) requests.length);
        for (int request : requests) {
            bytes.putShort((short) request);
        }
        return bytes.array();
    }

    /** Data of LIST_META_CONTEXT and SET_META_CONTEXT. */
    public static byte[] contexts(String export, String... queries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream data = new DataOutputStream(bytes);
        string(data, export);
        data.writeInt(queries.length);
        for (String query : queries) {
            string(data, query);
        }
        return bytes.toByteArray();
    }

    private static void string(DataOutputStream data, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        data.writeInt(bytes.length);
        data.write(bytes);
    }

    /** Starts TLS after the server agreed. */
    public SSLSocket startTls(SSLContext context, String... protocols) throws IOException {
        SSLSocket tls =
                (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true);
        tls.setUseClientMode(true);
        if (protocols.length > 0) {
            tls.setEnabledProtocols(protocols);
        }
        wire = socket.getOutputStream();
        tls.setSoTimeout(TIMEOUT_MILLIS);
        tls.startHandshake();
        socket = tls;
        streams();
        return tls;
    }

    /** Sends a request. */
    public TestClient request(int command, int flags, long cookie, long offset, long length, byte... payload)
            throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(28 + payload.length);
        bytes.putInt(0x25609513)
                .putShort((short) flags)
                .putShort((short) command)
                .putLong(cookie);
        bytes.putLong(offset).putInt((int) length).put(payload);
        out.write(bytes.array());
        return this;
    }

    /** Sends bytes as they are. */
    public void send(byte... bytes) throws IOException {
        out.write(bytes);
    }

    /** Reads a simple reply without data. */
    public Simple simple() throws IOException {
        expect(0x67446698, in.readInt());
        return new Simple(in.readInt(), in.readLong());
    }

    /** Reads a chunk. */
    public Chunk chunk() throws IOException {
        expect(0x668e33ef, in.readInt());
        int flags = in.readUnsignedShort();
        int type = in.readUnsignedShort();
        long cookie = in.readLong();
        byte[] data = new byte[in.readInt()];
        in.readFully(data);
        return new Chunk(flags, type, cookie, data);
    }

    /** Error number of the next reply, simple or structured. */
    public int error(long cookie) throws IOException {
        int magic = in.readInt();
        if (magic == 0x67446698) {
            int error = in.readInt();
            expect(cookie, in.readLong());
            return error;
        }
        expect(0x668e33ef, magic);
        in.readUnsignedShort();
        int type = in.readUnsignedShort();
        expect(cookie, in.readLong());
        byte[] data = new byte[in.readInt()];
        in.readFully(data);
        return type == 0 ? 0 : ByteBuffer.wrap(data).getInt();
    }

    /** Sends a request and reads its error number. */
    public int does(int command, int flags, long offset, long length, byte... payload) throws IOException {
        long cookie = offset ^ 0x5a5a_0000_1111L ^ command;
        return request(command, flags, cookie, offset, length, payload).error(cookie);
    }

    /** Reads with simple replies. */
    public byte[] readSimply(long offset, int length) throws IOException {
        request(0, 0, offset + 7, offset, length);
        Simple reply = simple();
        expect(0, reply.error());
        expect(offset + 7, reply.cookie());
        byte[] data = new byte[length];
        in.readFully(data);
        return data;
    }

    /** Reads with structured replies: puts the chunks together and checks that each byte comes exactly once. */
    public byte[] readStructured(int flags, long offset, int length) throws IOException {
        request(0, flags, offset + 9, offset, length);
        return collect(offset + 9, offset, length);
    }

    /** The chunks of one read. */
    public byte[] collect(long cookie, long offset, int length) throws IOException {
        byte[] data = new byte[length];
        int covered = 0;
        while (true) {
            Chunk chunk = chunk();
            expect(cookie, chunk.cookie());
            ByteBuffer bytes = chunk.buffer();
            switch (chunk.type()) {
                case 0 -> {}
                case 1 -> {
                    int at = (int) (bytes.getLong() - offset);
                    covered += bytes.remaining();
                    bytes.get(data, at, bytes.remaining());
                }
                case 2 -> {
                    bytes.getLong();
                    covered += bytes.getInt();
                }
                default -> throw new IOException("chunk " + chunk.type() + ": " + bytes.getInt());
            }
            if (chunk.done()) {
                expect(length, covered);
                return data;
            }
        }
    }

    /** Whether the server closed the connection, after whatever it still sent. */
    public boolean closedByServer() throws IOException {
        try {
            for (int i = 0; i < 1 << 20; i++) {
                if (in.read() < 0) {
                    return true;
                }
            }
            return false;
        } catch (EOFException | SocketException e) {
            return true;
        }
    }

    /** Ends the sending half. */
    public void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** Ends without a word. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
