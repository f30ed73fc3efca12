package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.transport.tcp.Conditions;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TcpTransport;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A node that is out of direct memory, or out of threads, loses a link by it, and no more than that. */
class FaultTest {
    private static final TcpSettings SETTINGS = TcpSettings.DEFAULTS.withTcp("127.0.0.1", 0);

    private final AtomicReference<String> thread = new AtomicReference<>();
    private final CompletableFuture<StorageException> ended = new CompletableFuture<>();
    private final AtomicBoolean failed = new AtomicBoolean();

    private static TcpSettings compressing(TcpSettings.Compression compression) {
        return SETTINGS.withLimits(new TcpSettings.Limits(64, 8 << 20, 4 << 20, 0, compression, 2));
    }

    /** The first one fails with the first thing that it hears. */
    private LinkListener opened(Link link, Keeper others) {
        if (!failed.compareAndSet(false, true)) {
            return others.opened(link);
        }
        return new LinkListener() {
            @Override
            public void readable() {
                thread.set(Thread.currentThread().getName());
                throw new OutOfMemoryError("Cannot reserve 262144 bytes of direct buffer memory");
            }

            @Override
            public void writable() {}

            @Override
            public void closed(StorageException why) {
                ended.complete(why);
            }
        };
    }

    private void losesOneLinkOnly(TcpSettings settings, String where) throws Exception {
        Keeper keeper = new Keeper();
        try (TcpTransport transport = new TcpTransport("tcp", settings)) {
            String address =
                    transport.listen(link -> opened(link, keeper)).addresses().get(0);
            try (RawPeer first = new RawPeer(address).greeted()) {
                // Its ping: from here on the link is where it stays.
                assertNotNull(first.hear());
                first.send(first.data(new byte[3]));
                assertEquals(Reason.CLOSED, ended.get(20, TimeUnit.SECONDS).reason());
                assertTrue(thread.get().contains(where), thread.get());
            }
            try (RawPeer second = new RawPeer(address).greeted()) {
                second.send(second.data(new byte[3]));
                Keeper.frame(keeper.link()).release();
            }
            Conditions.await(() -> transport.status().links() == 0, "both are gone");
        }
    }

    @Test
    void whatFailsOnTheSelectorsThread() throws Exception {
        losesOneLinkOnly(compressing(TcpSettings.Compression.OFF), "selector");
    }

    @Test
    void whatFailsOnAThreadOfTheCrew() throws Exception {
        losesOneLinkOnly(compressing(TcpSettings.Compression.ALWAYS), "worker");
    }
}
