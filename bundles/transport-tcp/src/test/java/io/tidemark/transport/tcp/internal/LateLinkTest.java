package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.transport.tcp.Conditions;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TcpTransport;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A link that a thread of the crew is busy with while its transport ends. */
class LateLinkTest {
    private static final TcpSettings SETTINGS = TcpSettings.DEFAULTS.withTcp("127.0.0.1", 0);
    private static final TcpSettings COMPRESSING =
            SETTINGS.withLimits(new TcpSettings.Limits(64, 8 << 20, 4 << 20, 0, TcpSettings.Compression.ALWAYS, 2));

    private final CountDownLatch busy = new CountDownLatch(1);
    private final CountDownLatch goesOn = new CountDownLatch(1);
    private final CompletableFuture<StorageException> ended = new CompletableFuture<>();

    /** Its user takes all its time, on a thread of the crew. */
    private LinkListener opened(Link link) {
        return new LinkListener() {
            @Override
            public void readable() {
                if (Thread.currentThread().getName().contains("worker")) {
                    busy.countDown();
                    try {
                        assertTrue(goesOn.await(30, TimeUnit.SECONDS));
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
                Link.Frame frame = link.poll();
                while (frame != null) {
                    frame.release();
                    frame = link.poll();
                }
            }

            @Override
            public void writable() {}

            @Override
            public void closed(StorageException why) {
                ended.complete(why);
            }
        };
    }

    private static Thread selectorOf(String transport) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("tidemark-" + transport + "-selector"))
                .findFirst()
                .orElse(null);
    }

    @Test
    void itEndsToo() throws Exception {
        TcpTransport peer = new TcpTransport("peer", SETTINGS);
        try {
            Keeper keeper = new Keeper();
            TcpTransport transport = new TcpTransport("late", COMPRESSING);
            try {
                String address = transport.listen(this::opened).addresses().get(0);
                peer.connect(PeerAddress.of(address), new LinkInitiator() {
                    @Override
                    public LinkListener opened(Link link) {
                        return keeper.opened(link);
                    }

                    @Override
                    public void failed(StorageException why) {
                        throw new AssertionError(why);
                    }
                });
                Link link = keeper.link();
                Conditions.await(
                        () -> {
                            link.trySend(ByteBuffer.allocate(1));
                            return busy.getCount() == 0;
                        },
                        "the link is with the crew");
            } finally {
                transport.close();
            }
            Conditions.await(() -> selectorOf("late") == null, "the transport has ended, but for this link");
            assertNull(ended.getNow(null));
            goesOn.countDown();
            assertEquals(Reason.STALE_SERVICE, ended.get(20, TimeUnit.SECONDS).reason());
            keeper.end();
        } finally {
            goesOn.countDown();
            peer.close();
        }
    }
}
