package io.tidemark.transport.tcp;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Passes bytes on, both ways, and notes them; can stop to do so, slow down, or cut. */
final class Proxy implements Closeable {
    private final ServerSocketChannel server;
    private final SocketAddress target;
    private final List<SocketChannel> channels = new CopyOnWriteArrayList<>();
    private final List<byte[]> fromInitiator = new CopyOnWriteArrayList<>();
    private volatile long bytesPerSecond;
    private volatile boolean stalled;

    Proxy(SocketAddress target) throws IOException {
        this.target = target;
        server = ServerSocketChannel.open();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        daemon(this::accept);
    }

    static void daemon(Runnable body) {
        Thread thread = new Thread(body, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    String address() throws IOException {
        InetSocketAddress address = (InetSocketAddress) server.getLocalAddress();
        return "127.0.0.1:" + address.getPort();
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel in = server.accept();
                SocketChannel out = SocketChannel.open(target);
                channels.add(in);
                channels.add(out);
                daemon(() -> pass(in, out, true));
                daemon(() -> pass(out, in, false));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void pass(SocketChannel from, SocketChannel to, boolean note) {
        ByteBuffer buffer = ByteBuffer.allocate(16 << 10);
        try {
            while (from.read(buffer.clear()) >= 0) {
                buffer.flip();
                if (note && fromInitiator.size() < 1000) {
                    byte[] bytes = new byte[buffer.remaining()];
                    buffer.get(0, bytes);
                    fromInitiator.add(bytes);
                }
                while (stalled) {
                    Thread.sleep(5);
                }
                long rate = bytesPerSecond;
                if (rate > 0) {
                    Thread.sleep(Math.max(1, buffer.remaining() * 1000L / rate));
                }
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
            }
            to.shutdownOutput();
        } catch (IOException | InterruptedException e) {
            close(from);
            close(to);
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What initiators sent so far. */
    List<byte[]> recorded() {
        return fromInitiator;
    }

    void rate(long newBytesPerSecond) {
        bytesPerSecond = newBytesPerSecond;
    }

    void stall(boolean now) {
        stalled = now;
    }

    void cut() {
        channels.forEach(Proxy::close);
        channels.clear();
    }

    @Override
    public void close() throws IOException {
        server.close();
        stalled = false;
        cut();
    }
}
