package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkAcceptor;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.transport.tcp.Conditions;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Takes links and keeps what happens to them. */
final class Keeper implements LinkAcceptor {
    final BlockingQueue<Link> links = new ArrayBlockingQueue<>(10_000);
    final BlockingQueue<StorageException> ends = new ArrayBlockingQueue<>(10_000);
    final AtomicInteger readables = new AtomicInteger();

    @Override
    public LinkListener opened(Link link) {
        links.add(link);
        return new LinkListener() {
            @Override
            public void readable() {
                readables.incrementAndGet();
            }

            @Override
            public void writable() {}

            @Override
            public void closed(StorageException why) {
                ends.add(why);
            }
        };
    }

    /** The next link. */
    Link link() throws InterruptedException {
        Link link = links.poll(20, TimeUnit.SECONDS);
        assertNotNull(link, "no link came to be");
        return link;
    }

    /** Why the next one ended. */
    StorageException end() throws InterruptedException {
        StorageException end = ends.poll(20, TimeUnit.SECONDS);
        assertNotNull(end, "the link was not closed");
        return end;
    }

    /** The next frame of a link. */
    static Link.Frame frame(Link link) {
        AtomicReference<Link.Frame> found = new AtomicReference<>();
        Conditions.await(
                () -> {
                    found.set(link.poll());
                    return found.get() != null;
                },
                "a frame arrives");
        return found.get();
    }

    void forget() {
        links.clear();
        ends.clear();
        readables.set(0);
    }
}
