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

/** Passes bytes on, both ways; can stop to do so, or cut. */
final class Proxy implements Closeable {
    private final ServerSocketChannel server;
    private final SocketAddress target;
    private final List<SocketChannel> channels = new CopyOnWriteArrayList<>();
    private final Object lock = new Object();
    private boolean stalled;

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
                daemon(() -> pass(in, out));
                daemon(() -> pass(out, in));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void pass(SocketChannel from, SocketChannel to) {
        ByteBuffer buffer = ByteBuffer.allocate(16 << 10);
        try {
            while (from.read(buffer.clear()) >= 0) {
                buffer.flip();
                synchronized (lock) {
                    while (stalled) {
                        lock.wait();
                    }
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

    void stall(boolean now) {
        synchronized (lock) {
            stalled = now;
            lock.notifyAll();
        }
    }

    void cut() {
        channels.forEach(Proxy::close);
        channels.clear();
    }

    @Override
    public void close() throws IOException {
        server.close();
        stall(false);
        cut();
    }
}
