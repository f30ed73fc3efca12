package io.tidemark.transport.tcp;

import io.tidemark.api.context.StorageContext;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.tck.transport.Arena;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Two transports of this process. */
final class TcpArena implements Arena, AutoCloseable {
    private final MachineContext context = new MachineContext(4L << 20);
    private final TcpTransport near;
    private final TcpTransport far;
    private final String fingerprint;
    private final long windowBytes;
    private final boolean unix;
    private final List<Proxy> proxies = new ArrayList<>();

    TcpArena(TcpSettings nearSettings, TcpSettings farSettings) throws IOException {
        near = new TcpTransport("near", nearSettings);
        far = new TcpTransport("far", farSettings);
        fingerprint = far.ownFingerprint().orElse("");
        windowBytes = farSettings.limits().windowBytes();
        unix = farSettings.unixSocket() != null;
    }

    @Override
    public ReplicationTransport near() {
        return near;
    }

    @Override
    public ReplicationTransport far() {
        return far;
    }

    @Override
    public StorageContext context() {
        return context;
    }

    @Override
    public long boundBytes() {
        return windowBytes;
    }

    @Override
    public PeerAddress address(ReplicationTransport.Listening listening) {
        return new PeerAddress(listening.addresses().get(0), fingerprint);
    }

    @Override
    public PeerAddress fragile(ReplicationTransport.Listening listening) throws IOException {
        return new PeerAddress(proxy(listening).address(), fingerprint);
    }

    Proxy proxy(ReplicationTransport.Listening listening) throws IOException {
        Proxy proxy = new Proxy(socketAddress(listening.addresses().get(0)));
        proxies.add(proxy);
        return proxy;
    }

    static SocketAddress socketAddress(String text) {
        if (text.startsWith("unix:")) {
            return UnixDomainSocketAddress.of(text.substring(5));
        }
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    @Override
    public void cut() {
        proxies.forEach(Proxy::cut);
    }

    @Override
    public PeerAddress nowhere() {
        if (unix) {
            return new PeerAddress("unix:/nonexistent/socket", fingerprint);
        }
        try (ServerSocketChannel free = ServerSocketChannel.open()) {
            free.bind(new InetSocketAddress("127.0.0.1", 0));
            // A port that was free a moment ago; always the same in one test, because the message is compared.
            nowhere = nowhere == null ? "127.0.0.1:" + ((InetSocketAddress) free.getLocalAddress()).getPort() : nowhere;
            return new PeerAddress(nowhere, fingerprint);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private String nowhere;

    @Override
    public void stopFar() {
        far.close();
    }

    @Override
    public void close() throws IOException {
        near.close();
        far.close();
        for (Proxy proxy : proxies) {
            proxy.close();
        }
    }
}
