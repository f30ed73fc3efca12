package io.tidemark.itests.nodes;

import io.tidemark.itests.nodes.harness.Seeds;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Clients that lie, from the wire: wrong magic numbers, huge lengths, requests cut in the middle, connections that say
 * nothing. The server may answer or hang up.
 */
final class HostileInput {
    private static final long OPTION_MAGIC = 0x49484156454F5054L;
    private static final int[] LENGTHS = {0, 1, 3, 4, 6, 4095, 4096, 4097, 65536, 1 << 20, Integer.MAX_VALUE, -1, -2};
    private static final int HALF_OPEN = 50;

    private final SocketAddress server;
    private final String export;
    private final RandomGenerator random;
    private final List<SocketChannel> halfOpen = new ArrayList<>();

    HostileInput(SocketAddress server, String export, long seed) {
        this.server = server;
        this.export = export;
        this.random = Seeds.random(seed, 666);
    }

    /** So many attacks, one after the other, while some connections stay open and say nothing more. */
    void attack(int times) throws IOException {
        for (int time = 0; time < times; time++) {
            SocketChannel channel = SocketChannel.open(server);
            boolean leaveOpen = halfOpen.size() < HALF_OPEN && random.nextInt(4) == 0;
            try {
                send(channel, attackBytes(random.nextInt(6)));
            } catch (IOException e) {
                // The server hung up first: that is its right.
            }
            if (leaveOpen) {
                halfOpen.add(channel);
            } else {
                channel.close();
            }
        }
    }

    /** So many connections that say nothing at all, and stay. */
    void crowd(int connections) throws IOException {
        for (int i = 0; i < connections; i++) {
            halfOpen.add(SocketChannel.open(server));
        }
    }

    void end() throws IOException {
        for (SocketChannel channel : halfOpen) {
            channel.close();
        }
    }

    private ByteBuffer attackBytes(int kind) {
        ByteBuffer bytes = ByteBuffer.allocate(128 << 10);
        if (kind == 0) {
            byte[] noise = new byte[random.nextInt(4096)];
            random.nextBytes(noise);
            return bytes.put(noise).flip();
        }
        bytes.putInt(random.nextInt(20) == 0 ? random.nextInt() : 3);
        if (kind == 1 || kind == 2) {
            for (int option = 0; option < 1 + random.nextInt(5); option++) {
                option(bytes, random.nextInt(14), length(), random.nextInt(2000));
            }
            return bytes.flip();
        }
        byte[] name = export.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        bytes.putLong(OPTION_MAGIC)
                .putInt(7)
                .putInt(4 + name.length + 2)
                .putInt(name.length)
                .put(name)
                .putShort((short) 0);
        for (int request = 0; request < 1 + random.nextInt(5); request++) {
            request(bytes);
        }
        return bytes.flip();
    }

    private int length() {
        return random.nextInt(3) == 0 ? random.nextInt() : LENGTHS[random.nextInt(LENGTHS.length)];
    }

    private void option(ByteBuffer bytes, int option, int claimed, int sent) {
        bytes.putLong(random.nextInt(20) == 0 ? random.nextLong() : OPTION_MAGIC)
                .putInt(option)
                .putInt(claimed);
        byte[] data = new byte[claimed >= 0 && claimed < 4096 && random.nextBoolean() ? claimed : sent];
        random.nextBytes(data);
        bytes.put(data);
    }

    /** Never a complete WRITE, WRITE_ZEROES or TRIM: what the other client has written must stay. */
    private void request(ByteBuffer bytes) {
        int command = random.nextInt(16);
        int length = length();
        boolean changes = command == 1 || command == 4 || command == 6;
        long offset = changes ? -1L - random.nextInt(1 << 20) : random.nextLong();
        bytes.putInt(random.nextInt(20) == 0 ? random.nextInt() : 0x25609513);
        bytes.putShort((short) random.nextInt(1 << 16)).putShort((short) command);
        bytes.putLong(random.nextLong()).putLong(offset).putInt(length);
        byte[] payload = new byte[random.nextInt(4096)];
        random.nextBytes(payload);
        bytes.put(payload);
    }

    private static void send(SocketChannel channel, ByteBuffer bytes) throws IOException {
        channel.configureBlocking(false);
        int tries = 0;
        while (bytes.hasRemaining() && tries < 10_000) {
            tries += channel.write(bytes) == 0 ? 1 : 0;
        }
    }
}
