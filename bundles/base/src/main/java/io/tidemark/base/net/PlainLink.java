package io.tidemark.base.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The channel itself. */
public final class PlainLink implements ByteLink {
    private final SocketChannel channel;
    private final ByteBuffer[] pair = new ByteBuffer[2];

    /**
     * Plain text.
     *
     * @param channel not blocking
     */
    public PlainLink(SocketChannel channel) {
        this.channel = channel;
    }

    @Override
    public int read(ByteBuffer destination) throws IOException {
        return channel.read(destination);
    }

    @Override
    public boolean write(ByteBuffer first, ByteBuffer second) throws IOException {
        if (second == null) {
            channel.write(first);
            return !first.hasRemaining();
        }
        if (first.hasRemaining()) {
            pair[0] = first;
            pair[1] = second;
            channel.write(pair);
        } else {
            channel.write(second);
        }
        return !second.hasRemaining();
    }

    @Override
    public boolean hasBufferedInput() {
        return false;
    }

    @Override
    public String tls() {
        return "";
    }

    @Override
    public void sayGoodbye() {
        // Plain sockets say it by closing.
    }
}
