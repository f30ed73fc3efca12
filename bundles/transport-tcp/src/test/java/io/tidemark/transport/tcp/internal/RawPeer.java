package io.tidemark.transport.tcp.internal;

import io.tidemark.transport.tcp.internal.Wire.Header;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A peer that can say anything, right or wrong. */
final class RawPeer implements Closeable {
    final Socket socket = new Socket();
    final byte[] nonce = new byte[16];
    byte[] theirNonce = new byte[16];
    long window;
    Checksum sums;

    RawPeer(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        socket.connect(
                new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))));
        socket.setSoTimeout(10_000);
        socket.setTcpNoDelay(true);
    }

    RawPeer greeted() throws IOException {
        send(greeting(Wire.LEAST_VERSION, Wire.VERSION, 8L << 20, nonce));
        Greeting theirs = Greeting.decode(socket.getInputStream().readNBytes(64));
        theirNonce = theirs.nonce();
        window = theirs.windowBytes();
        sums = new Checksum(nonce, theirNonce, true);
        return this;
    }

    static byte[] greeting(int least, int most, long window, byte[] nonce) {
        return new Greeting(least, most, true, window, Wire.MAX_FRAME_BYTES, nonce).encode();
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** A frame whose header says what it is told to say, with the right checksum for it. */
    byte[] frame(int type, int flags, int contentBytes, int plainBytes, byte[] content) {
        ByteBuffer frame = ByteBuffer.allocate(Header.SIZE + content.length).order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(Header.CONTENT_BYTES, contentBytes);
        frame.putInt(Header.PLAIN_BYTES, plainBytes);
        frame.put(Header.TYPE, (byte) type);
        frame.put(Header.FLAGS, (byte) flags);
        byte[] header = Arrays.copyOf(frame.array(), Header.SIZE);
        frame.putInt(Header.CHECKSUM, sums.next(header, content, content.length));
        frame.put(Header.SIZE, content);
        return frame.array();
    }

    byte[] data(byte[] content) {
        return frame(Header.TYPE_DATA, 0, content.length, content.length, content);
    }

    /** Reads until the other side ends the connection; all that came. */
    byte[] untilEnd() throws IOException {
        java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        byte[] some = new byte[65_536];
        try {
            for (int n = socket.getInputStream().read(some);
                    n >= 0;
                    n = socket.getInputStream().read(some)) {
                all.write(some, 0, n);
            }
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the connection is still open", e);
        } catch (IOException e) {
            // Reset: ended as well.
        }
        return all.toByteArray();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
