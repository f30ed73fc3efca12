package io.tidemark.transport.tcp.internal;

import io.tidemark.transport.tcp.internal.Wire.Header;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A peer that can say anything, right or wrong. */
final class RawPeer implements Closeable {
    /** What was received of one frame. */
    record Said(int type, byte[] content) {}

    final Socket socket = new Socket();
    final byte[] nonce = new byte[16];
    byte[] theirNonce = new byte[16];
    long window;
    Checksum sums;

    RawPeer(String address) throws IOException {
        this(address, 0);
    }

    /** One whose system takes only so many bytes before they are read; 0 for as many as it likes. */
    RawPeer(String address, int receiveBytes) throws IOException {
        if (receiveBytes > 0) {
            socket.setReceiveBufferSize(receiveBytes);
        }
        int colon = address.lastIndexOf(':');
        socket.connect(
                new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))));
        socket.setSoTimeout(10_000);
        socket.setTcpNoDelay(true);
    }

    RawPeer greeted() throws IOException {
        send(greeting(Wire.LEAST_VERSION, Wire.VERSION, 8L << 20, nonce));
        byte[] answer = socket.getInputStream().readNBytes(Wire.GreetingFields.SIZE);
        if (answer.length < Wire.GreetingFields.SIZE) {
            throw new EOFException("it does not greet");
        }
        Greeting theirs = Greeting.decode(answer);
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
        return frame(sums, type, flags, contentBytes, plainBytes, content);
    }

    static byte[] frame(Checksum sums, int type, int flags, int contentBytes, int plainBytes, byte[] content) {
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

    /** The next frame, which is not compressed; null at the end. */
    Said hear() throws IOException {
        byte[] header = socket.getInputStream().readNBytes(Header.SIZE);
        if (header.length == 0) {
            return null;
        }
        ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
        return new Said(header[Header.TYPE], socket.getInputStream().readNBytes(fields.getInt(Header.CONTENT_BYTES)));
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
