package io.tidemark.itests.nodes;

import io.tidemark.itests.nodes.harness.Seeds;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/**
 * Who connects to a node's port for links and is no peer, from the wire: noise, greetings that are damaged or of another version,
 * frames that are cut, huge, or make no sense, and whole sessions of before. Made from the format's description alone.
 */
final class HostileLinks {
    private static final long MAGIC = 0x4B4E494C45444954L;
    private static final int GREETING_BYTES = 64;
    private static final int GREETING_CHECKSUM = 60;
    private static final int HEADER_BYTES = 16;
    private static final int FRAME_BYTES = (1 << 20) + (64 << 10);
    private static final int[] LENGTHS = {0, 1, 8, 600, 1024, 1025, FRAME_BYTES, FRAME_BYTES + 1, Integer.MAX_VALUE, -1
    };
    private static final int HALF_OPEN = 30;

    private final InetSocketAddress node;
    private final RandomGenerator random;
    private final List<Socket> halfOpen = new ArrayList<>();

    HostileLinks(InetSocketAddress node, long seed) {
        this.node = node;
        this.random = Seeds.random(seed, 667);
    }

    /** So many attacks, one after the other, while some connections stay open and say nothing more. */
    void attack(int times) throws IOException {
        for (int time = 0; time < times; time++) {
            Socket socket = new Socket(node.getAddress(), node.getPort());
            boolean leaveOpen = halfOpen.size() < HALF_OPEN && random.nextInt(4) == 0;
            try {
                attack(socket, random.nextInt(4));
            } catch (IOException e) {
                // The node hung up first: that is its right.
            }
            if (leaveOpen) {
                halfOpen.add(socket);
            } else {
                socket.close();
            }
        }
    }

    private void attack(Socket socket, int kind) throws IOException {
        byte[] nonce = new byte[16];
        random.nextBytes(nonce);
        if (kind == 0) {
            byte[] noise = new byte[1 + random.nextInt(100_000)];
            random.nextBytes(noise);
            socket.getOutputStream().write(noise);
        } else if (kind == 1) {
            byte[] greeting = greeting(1, 1, nonce);
            greeting[random.nextInt(greeting.length)] ^= (byte) (1 << random.nextInt(8));
            socket.getOutputStream().write(greeting, 0, 1 + random.nextInt(greeting.length));
        } else {
            socket.getOutputStream().write(greeting(1, 1, nonce));
            byte[] theirs = socket.getInputStream().readNBytes(GREETING_BYTES);
            if (theirs.length == GREETING_BYTES) {
                frames(socket, nonce, Arrays.copyOfRange(theirs, 32, 48));
            }
        }
    }

    /** With the right checksums, so that what they say is looked at. */
    private void frames(Socket socket, byte[] nonce, byte[] theirNonce) throws IOException {
        int count = 1 + random.nextInt(4);
        for (int number = 0; number < count; number++) {
            int claimed = random.nextInt(3) == 0 ? random.nextInt() : LENGTHS[random.nextInt(LENGTHS.length)];
            boolean whole = claimed >= 0 && claimed <= FRAME_BYTES && random.nextBoolean();
            byte[] content = new byte[whole ? claimed : random.nextInt(3000)];
            random.nextBytes(content);
            if (content.length > 5 && random.nextBoolean()) {
                // A message of the mirror on the link's own channel, of any type.
                ByteBuffer.wrap(content)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put((byte) random.nextInt(30))
                        .putInt(0);
            }
            ByteBuffer header = header(claimed);
            header.putInt(4, random.nextInt(4) == 0 ? random.nextInt() : claimed)
                    .put(8, (byte) (random.nextInt(4) == 0 ? random.nextInt(9) : 1))
                    .put(9, (byte) (random.nextInt(4) == 0 ? random.nextInt(4) : 0));
            header.putInt(12, checksum(nonce, theirNonce, number, header.array(), content));
            socket.getOutputStream().write(header.array());
            socket.getOutputStream().write(content);
        }
    }

    /** Of a frame with data, but for its checksum. */
    private static ByteBuffer header(int contentBytes) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return header.putInt(contentBytes)
                .putInt(contentBytes)
                .put((byte) 1)
                .put((byte) 0)
                .clear();
    }

    private static int checksum(byte[] nonce, byte[] theirNonce, long number, byte[] header, byte[] content) {
        CRC32C session = new CRC32C();
        session.update(nonce);
        session.update(theirNonce);
        session.update(0);
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) session.getValue())
                .putLong(number)
                .array());
        crc.update(header, 0, 12);
        crc.update(content);
        return (int) crc.getValue();
    }

    private static byte[] greeting(int least, int most, byte[] nonce) {
        ByteBuffer bytes = ByteBuffer.allocate(GREETING_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(MAGIC).putShort((short) least).putShort((short) most).putInt(1);
        bytes.putLong(8L << 20).putInt(FRAME_BYTES).putInt(0).put(nonce);
        CRC32C crc = new CRC32C();
        crc.update(bytes.array(), 0, GREETING_CHECKSUM);
        return bytes.putInt(GREETING_CHECKSUM, (int) crc.getValue()).array();
    }

    /** Greets in another version, and waits until the node hangs up. */
    void otherVersion(int least, int most) throws IOException {
        sendAndAwaitEnd(greeting(least, most, new byte[16]));
    }

    /** Opens a link and says that a frame comes which is longer than any may be; waits until the node hangs up. */
    void hugeFrame() throws IOException {
        try (Socket socket = open()) {
            socket.getOutputStream().write(header(FRAME_BYTES + 1).array());
            awaitEnd(socket);
        }
    }

    /** Opens a link and ends in the middle of a frame. */
    void cutFrame() throws IOException {
        try (Socket socket = open()) {
            socket.getOutputStream().write(header(FRAME_BYTES).array());
            socket.getOutputStream().write(new byte[FRAME_BYTES / 2]);
            socket.shutdownOutput();
            awaitEnd(socket);
        }
    }

    /**
     * Takes links in place of a peer: the first one that comes gets noise for an answer, and the second one a frame that is longer
     * than any may be.
     */
    static void take(ServerSocket server) throws IOException {
        try (Socket socket = server.accept()) {
            socket.getOutputStream().write(new byte[GREETING_BYTES]);
            awaitEnd(socket);
        }
        try (Socket socket = server.accept()) {
            socket.getOutputStream().write(greeting(1, 1, new byte[16]));
            socket.getInputStream().readNBytes(GREETING_BYTES);
            socket.getOutputStream().write(header(FRAME_BYTES + 1).array());
            awaitEnd(socket);
        }
    }

    private Socket open() throws IOException {
        Socket socket = new Socket(node.getAddress(), node.getPort());
        socket.getOutputStream().write(greeting(1, 1, new byte[16]));
        socket.getInputStream().readNBytes(GREETING_BYTES);
        return socket;
    }

    /** Sends everything that a session sent before, and waits until the node hangs up. */
    void replay(byte[] session) throws IOException {
        sendAndAwaitEnd(session);
    }

    private void sendAndAwaitEnd(byte[] bytes) throws IOException {
        try (Socket socket = new Socket(node.getAddress(), node.getPort())) {
            try {
                socket.getOutputStream().write(bytes);
            } catch (IOException e) {
                // It hung up in the middle.
            }
            awaitEnd(socket);
        }
    }

    private static void awaitEnd(Socket socket) throws IOException {
        socket.setSoTimeout(30_000);
        try {
            socket.getInputStream().readAllBytes();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the node does not hang up", e);
        } catch (IOException e) {
            // It hung up with something unread.
        }
    }

    void end() throws IOException {
        for (Socket socket : halfOpen) {
            socket.close();
        }
    }
}
