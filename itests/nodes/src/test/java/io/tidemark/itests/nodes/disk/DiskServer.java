package io.tidemark.itests.nodes.disk;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Serves a {@link LossyDisk} to NBD clients: the smallest server that libnbd accepts, and none of the product's code, so
 * that a fault of the product's server cannot hide a fault of its journal.
 */
public final class DiskServer implements AutoCloseable {
    private static final int EIO = 5;
    private static final int EINVAL = 22;
    private static final int OPTION_ABORT = 2;
    private static final int OPTION_GO = 7;
    private static final int UNSUPPORTED = 0x80000001;
    private static final int HAS_FLAGS_FLUSH_FUA_TRIM_ZEROES = 1 | 4 | 8 | 32 | 64;
    private static final long OPTION_MAGIC = 0x49484156454F5054L;

    private final LossyDisk disk;
    private final Path socket;
    private final ServerSocketChannel server;
    private final Set<SocketChannel> clients = ConcurrentHashMap.newKeySet();

    private DiskServer(LossyDisk disk, Path socket, ServerSocketChannel server) {
        this.disk = disk;
        this.socket = socket;
        this.server = server;
    }

    /**
     * Starts serving.
     *
     * @param disk what to serve
     * @param socket where; nothing may be there
     * @return the server
     * @throws IOException when the socket cannot be made
     */
    public static DiskServer start(LossyDisk disk, Path socket) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        channel.bind(UnixDomainSocketAddress.of(socket));
        DiskServer server = new DiskServer(disk, socket, channel);
        thread("disk-accept", server::acceptAll);
        return server;
    }

    /**
     * How clients name it.
     *
     * @return an NBD URI
     */
    public String uri() {
        return "nbd+unix:///?socket=" + socket;
    }

    private static void thread(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void acceptAll() {
        try {
            while (true) {
                SocketChannel client = server.accept();
                clients.add(client);
                thread("disk-client", () -> serve(client));
            }
        } catch (IOException e) {
            // Closed: that is how it ends.
        }
    }

    private void serve(SocketChannel client) {
        try (client) {
            if (negotiate(client)) {
                transmit(client);
            }
        } catch (IOException e) {
            // The client has gone.
        } finally {
            clients.remove(client);
        }
    }

    private boolean negotiate(SocketChannel client) throws IOException {
        ByteBuffer greeting = ByteBuffer.allocate(18);
        greeting.putLong(0x4e42444d41474943L).putLong(OPTION_MAGIC).putShort((short) 3);
        send(client, greeting.flip());
        receive(client, 4);
        while (true) {
            ByteBuffer head = receive(client, 16);
            head.getLong();
            int option = head.getInt();
            receive(client, head.getInt());
            if (option == OPTION_GO) {
                ByteBuffer info = ByteBuffer.allocate(12).putShort((short) 0).putLong(disk.sizeBytes());
                info.putShort((short) HAS_FLAGS_FLUSH_FUA_TRIM_ZEROES).flip();
                optionReply(client, option, 3, info);
                optionReply(client, option, 1, ByteBuffer.allocate(0));
                return true;
            }
            optionReply(client, option, option == OPTION_ABORT ? 1 : UNSUPPORTED, ByteBuffer.allocate(0));
            if (option == OPTION_ABORT) {
                return false;
            }
        }
    }

    private static void optionReply(SocketChannel client, int option, int type, ByteBuffer data) throws IOException {
        ByteBuffer reply = ByteBuffer.allocate(20 + data.remaining());
        reply.putLong(0x3e889045565a9L)
                .putInt(option)
                .putInt(type)
                .putInt(data.remaining())
                .put(data);
        send(client, reply.flip());
    }

    private void transmit(SocketChannel client) throws IOException {
        while (true) {
            ByteBuffer head = receive(client, 28);
            head.getInt();
            boolean forced = (head.getShort() & 1) != 0;
            int command = head.getShort();
            long cookie = head.getLong();
            long offset = head.getLong();
            long length = head.getInt() & 0xffffffffL;
            if (command == 2) {
                return;
            }
            ByteBuffer payload = command == 1 ? receive(client, (int) length) : null;
            ByteBuffer data = command == 0 ? ByteBuffer.allocate((int) length) : ByteBuffer.allocate(0);
            int error = execute(command, forced, offset, length, payload, data);
            ByteBuffer reply =
                    ByteBuffer.allocate(16).putInt(0x67446698).putInt(error).putLong(cookie);
            send(client, reply.flip());
            if (error == 0) {
                send(client, data.flip());
            }
        }
    }

    private int execute(int command, boolean forced, long offset, long length, ByteBuffer payload, ByteBuffer data) {
        try {
            switch (command) {
                case 0 -> disk.read(offset, data);
                case 1 -> {
                    if (forced) {
                        disk.writeThrough(offset, payload);
                    } else {
                        disk.write(offset, payload);
                    }
                }
                case 3 -> disk.flush();
                case 4, 6 -> {
                    disk.zero(offset, length);
                    if (forced) {
                        disk.flush();
                    }
                }
                default -> {
                    return EINVAL;
                }
            }
            return 0;
        } catch (IOException e) {
            return EIO;
        }
    }

    private static ByteBuffer receive(SocketChannel client, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (client.read(bytes) < 0) {
                throw new EOFException();
            }
        }
        return bytes.flip();
    }

    private static void send(SocketChannel client, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            client.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (SocketChannel client : clients) {
            client.close();
        }
        Files.deleteIfExists(socket);
    }
}
