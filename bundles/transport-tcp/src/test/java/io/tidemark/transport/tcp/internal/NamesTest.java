package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TcpTransport;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Name servers do not answer for one peer. */
class NamesTest {
    private static final TcpSettings SETTINGS = TcpSettings.DEFAULTS
            .withTcp("127.0.0.1", 0)
            .withTimes(new TcpSettings.Times(Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(3)));

    private final Shared shared = new Shared("names", SETTINGS);
    private final CountDownLatch answers = new CountDownLatch(1);
    private final AtomicInteger asked = new AtomicInteger();

    @BeforeEach
    void start() {
        shared.reactor.start();
    }

    @AfterEach
    void end() {
        answers.countDown();
        shared.reactor.end();
    }

    /** What becomes of an attempt: why it failed, or null. */
    private CompletableFuture<StorageException> dial(String address, Names.Lookup lookup) throws StorageException {
        CompletableFuture<StorageException> result = new CompletableFuture<>();
        LinkInitiator initiator = new LinkInitiator() {
            @Override
            public LinkListener opened(Link link) {
                result.complete(null);
                return new Keeper().opened(link);
            }

            @Override
            public void failed(StorageException why) {
                result.complete(why);
            }
        };
        TcpLink.dial(shared, null, Dial.parse(address, lookup), "", initiator);
        return result;
    }

    private InetAddress[] late(String host) {
        asked.incrementAndGet();
        try {
            assertTrue(answers.await(60, TimeUnit.SECONDS), host);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return new InetAddress[] {InetAddress.getLoopbackAddress()};
    }

    private static InetAddress[] loopback(String host) {
        assertEquals("there.test", host);
        return new InetAddress[] {InetAddress.getLoopbackAddress()};
    }

    private static InetAddress[] nobody(String host) {
        throw new AssertionError("it asks for " + host);
    }

    @Test
    void theOthersAreDialledMeanwhile() throws Exception {
        try (TcpTransport there = new TcpTransport("there", SETTINGS)) {
            String address = there.listen(new Keeper()).addresses().get(0);
            String port = address.substring(address.lastIndexOf(':'));
            CompletableFuture<StorageException> first = dial("nowhere.test" + port, this::late);
            CompletableFuture<StorageException> second = dial("nowhere.test" + port, this::late);
            assertEquals(null, dial(address, NamesTest::nobody).get(20, TimeUnit.SECONDS));
            assertEquals(null, dial("there.test" + port, NamesTest::loopback).get(20, TimeUnit.SECONDS));
            StorageException why = first.get(20, TimeUnit.SECONDS);
            assertEquals(Reason.UNAVAILABLE, why.reason());
            assertTrue(
                    why.getMessage().contains("no name server said within 2.0s where the host 'nowhere.test' is"),
                    why::getMessage);
            assertEquals(Reason.UNAVAILABLE, second.get(20, TimeUnit.SECONDS).reason());
            assertEquals(1, asked.get(), "one thread for one host");
            // The answer comes after all.
            CompletableFuture<StorageException> third = dial("nowhere.test" + port, this::late);
            answers.countDown();
            assertEquals(null, third.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void addressesAreNeverLookedUp() throws Exception {
        for (String address : new String[] {"127.0.0.1:1", "[::1]:1", "[::x]:1", "[fe80::1%none]:1", "unix:/nowhere"}) {
            StorageException why = dial(address, NamesTest::nobody).get(20, TimeUnit.SECONDS);
            assertEquals(Reason.UNAVAILABLE, why.reason(), why.getMessage());
        }
    }
}
