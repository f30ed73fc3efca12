package io.tidemark.itests.nodes.load;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A plain NBD client, made for these tests and from the protocol alone: fixed newstyle, NBD_OPT_GO, simple replies. One
 * thread may send while another receives.
 */
public final class NbdConnection implements AutoCloseable {
    /** NBD_CMD_READ. */
    public static final int READ = 0;

    /** NBD_CMD_WRITE. */
    public static final int WRITE = 1;

    /** NBD_CMD_FLUSH. */
    public static final int FLUSH = 3;

    /** NBD_CMD_TRIM. */
    public static final int TRIM = 4;

    /** NBD_CMD_WRITE_ZEROES. */
    public static final int WRITE_ZEROES = 6;

    /** NBD_CMD_FLAG_FUA. */
    public static final int FUA = 1;

    private static final int DISCONNECT = 2;
    private static final long MAGIC = 0x4e42444d41474943L;
    private static final long OPTION_MAGIC = 0x49484156454F5054L;
    private static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
    private static final int REQUEST_MAGIC = 0x25609513;
    private static final int REPLY_MAGIC = 0x67446698;
    private static final int OPTION_GO = 7;
    private static final int REPLY_ACK = 1;
    private static final int REPLY_INFO = 3;

    private final SocketChannel channel;
    private final ByteBuffer request = ByteBuffer.allocateDirect(28);
    private final ByteBuffer reply = ByteBuffer.allocateDirect(16);
    private long sizeBytes;
    private int flags;

    /**
     * The head of a reply.
     *
     * @param cookie of the request
     * @param error 0 for none
     */
    public record Reply(long cookie, int error) {}

    /** Makes connections to one export. */
    @FunctionalInterface
    public interface Dialer {
        /**
         * Connects.
         *
         * @return ready for requests
         * @throws IOException when the server cannot be reached or refuses
         */
        NbdConnection dial() throws IOException;
    }

    private NbdConnection(SocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Connects through a Unix socket.
     *
     * @param socket its path
     * @param export the export's name
     * @return ready for requests
     * @throws IOException when the server cannot be reached or refuses
     */
    public static NbdConnection connect(Path socket, String export) throws IOException {
        return connect(java.net.UnixDomainSocketAddress.of(socket), export);
    }

    /**
     * Connects.
     *
     * @param address of the server
     * @param export the export's name
     * @return ready for requests
     * @throws IOException when the server cannot be reached or refuses
     */
    public static NbdConnection connect(SocketAddress address, String export) throws IOException {
        SocketChannel channel = SocketChannel.open(address);
        NbdConnection connection = new NbdConnection(channel);
        try {
            connection.negotiate(export.getBytes(StandardCharsets.UTF_8));
            return connection;
        } catch (IOException | RuntimeException e) {
            connection.abort();
            throw e;
        }
    }

    private void negotiate(byte[] export) throws IOException {
        ByteBuffer greeting = receiveBytes(18);
        if (greeting.getLong() != MAGIC || greeting.getLong() != OPTION_MAGIC) {
            throw new IOException("that is no newstyle NBD server");
        }
        int serverFlags = greeting.getShort();
        ByteBuffer out = ByteBuffer.allocate(4 + 16 + 4 + export.length + 2);
        out.putInt(serverFlags & 3).putLong(OPTION_MAGIC).putInt(OPTION_GO).putInt(4 + export.length + 2);
        out.putInt(export.length).put(export).putShort((short) 0).flip();
        sendAll(out);
        while (true) {
            ByteBuffer head = receiveBytes(20);
            if (head.getLong() != OPTION_REPLY_MAGIC || head.getInt() != OPTION_GO) {
                throw new IOException("the answer belongs to another option");
            }
            int type = head.getInt();
            ByteBuffer data = receiveBytes(head.getInt());
            if (type == REPLY_ACK) {
                return;
            }
            if (type < 0) {
                throw new NbdException("refused: " + StandardCharsets.UTF_8.decode(data), type);
            }
            if (type == REPLY_INFO && data.getShort() == 0) {
                sizeBytes = data.getLong();
                flags = data.getShort() & 0xffff;
            }
        }
    }

    /**
     * The export's size.
     *
     * @return bytes
     */
    public long sizeBytes() {
        return sizeBytes;
    }

    /**
     * The transmission flags.
     *
     * @return 16 bits
     */
    public int flags() {
        return flags;
    }

    /**
     * Sends a request.
     *
     * @param command its number
     * @param commandFlags its flags
     * @param cookie comes back in the reply
     * @param offset first byte
     * @param length bytes
     * @param payload null for none
     * @throws IOException when the connection is gone
     */
    public void send(int command, int commandFlags, long cookie, long offset, long length, ByteBuffer payload)
            throws IOException {
        request.clear();
        request.putInt(REQUEST_MAGIC).putShort((short) commandFlags).putShort((short) command);
        request.putLong(cookie).putLong(offset).putInt((int) length).flip();
        if (payload == null) {
            sendAll(request);
            return;
        }
        ByteBuffer[] parts = {request, payload};
        while (payload.hasRemaining()) {
            channel.write(parts);
        }
    }

    /**
     * Receives the head of the next reply. The data of a READ that succeeded follows.
     *
     * @return the head
     * @throws IOException when the connection is gone
     */
    public Reply receive() throws IOException {
        reply.clear();
        receiveInto(reply);
        reply.flip();
        if (reply.getInt() != REPLY_MAGIC) {
            throw new IOException("that is no simple reply");
        }
        int error = reply.getInt();
        return new Reply(reply.getLong(), error);
    }

    /**
     * Receives data until the buffer is full.
     *
     * @param destination from position to limit
     * @throws IOException when the connection is gone
     */
    public void receiveInto(ByteBuffer destination) throws IOException {
        while (destination.hasRemaining()) {
            if (channel.read(destination) < 0) {
                throw new EOFException("the server closed the connection");
            }
        }
    }

    /**
     * One request and its reply, with nothing else under way.
     *
     * @param command its number
     * @param commandFlags its flags
     * @param offset first byte
     * @param length bytes
     * @param data payload of a write or destination of a read; else null
     * @throws IOException when the connection is gone; {@link NbdException} when the server refuses
     */
    public void call(int command, int commandFlags, long offset, long length, ByteBuffer data) throws IOException {
        send(command, commandFlags, 1, offset, length, command == WRITE ? data : null);
        Reply answer = receive();
        if (answer.error() != 0) {
            throw new NbdException("command " + command + " failed with error " + answer.error(), answer.error());
        }
        if (command == READ) {
            receiveInto(data);
        }
    }

    private ByteBuffer receiveBytes(int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        receiveInto(bytes);
        return bytes.flip();
    }

    private void sendAll(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Ends the connection without a word. */
    public void abort() {
        try {
            channel.close();
        } catch (IOException e) {
            // It is gone; that was wanted.
        }
    }

    @Override
    public void close() {
        try {
            send(DISCONNECT, 0, 0, 0, 0, null);
        } catch (IOException e) {
            // The server is gone already.
        }
        abort();
    }
}
