package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.mirror.internal.wire.Decoder;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.EndCode;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A peer asks for many images at once, with as many epochs as there may be, while the source's worker is busy. */
class OpenFloodSimulationTest {
    private static final int OPENS = 100;
    private static final int MOST_BYTES = 4 << 20;

    private static Message.Open open(int number) {
        List<Epoch> epochs = new ArrayList<>();
        UUID before = new UUID(0, 0);
        for (int i = 1; i <= Wire.MAX_EPOCHS; i++) {
            UUID own = new UUID(number, i);
            epochs.add(new Epoch(i, own, 1, before, 0, "x".repeat(Wire.MAX_NAME_BYTES)));
            before = own;
        }
        return new Message.Open(
                "disk", "replica" + number, new UUID(1, 1), Message.Copy.NONE, 0, 1 << 20, 0, 0, 0, epochs);
    }

    @Test
    void whatWaitsIsBoundedAndTheRestIsToComeLater() {
        TwoSites.play(7500, 1, sites -> {
            sites.a.boot();
            boolean[] goesOn = new boolean[1];
            Set<Integer> answered = new TreeSet<>();
            Permits busy = new Permits() {
                @Override
                public Set<String> replicas(String peer, String image) {
                    while (!goesOn[0]) {
                        sites.a.process.workers().newGate().await(TwoSites.SECOND / 100);
                    }
                    return Set.of();
                }

                @Override
                public boolean mayFetch(String peer, String image) {
                    return false;
                }

                @Override
                public void moved() {
                    // Nobody asks.
                }
            };
            Services services = sites.a.engine.services();
            Sources sources =
                    new Sources(sites.a.process, Origin.of(services), services.news(), TwoSites.SETTINGS, busy);
            InsideLink[] ends = InsideLink.pair("flood");
            PeerLink link = new PeerLink(
                    sites.a.process,
                    ends[1],
                    false,
                    TwoSites.SECOND,
                    sites.a.process.workers().newGate());
            ends[1].tells(link);
            ends[0].tells(new Nothing());
            SourceSide side = new SourceSide(sites.a.process, sources);
            link.startInside("b", sites.a.self(), new Quiet(), side, TwoSites.nobody());
            int bytes = 0;
            for (int i = 1; i <= OPENS; i++) {
                ByteBuffer frame = Encoder.encode(i, open(i));
                bytes = frame.remaining();
                while (!ends[0].trySend(frame)) {
                    sites.machine.sleep(TwoSites.SECOND / 100);
                }
            }
            sites.machine.sleep(TwoSites.SECOND);
            hear(ends[0], answered);
            // One is with the worker already.
            int most = MOST_BYTES / bytes + 1;
            assertTrue(OPENS - answered.size() <= most, (OPENS - answered.size()) + " wait, and not " + most);
            goesOn[0] = true;
            sites.machine.sleep(TwoSites.SECOND);
            hear(ends[0], answered);
            assertEquals(OPENS, answered.size());
        });
    }

    private static void hear(Link from, Set<Integer> answered) throws StorageException {
        for (Link.Frame frame = from.poll(); frame != null; frame = from.poll()) {
            Decoder.Decoded decoded = Decoder.decode(frame.content());
            frame.release();
            if (decoded.message() instanceof Message.Ended ended) {
                assertTrue(ended.code() == EndCode.UNAVAILABLE || ended.code() == EndCode.FORBIDDEN);
                answered.add(decoded.channel());
            }
        }
    }

    private static final class Nothing implements LinkListener {
        @Override
        public void readable() {
            // It is looked at later.
        }

        @Override
        public void writable() {
            // It tries again and again.
        }

        @Override
        public void closed(StorageException why) {
            throw new AssertionError(why);
        }
    }

    private static final class Quiet implements PeerLink.Owner {
        @Override
        public boolean proven(PeerLink link) {
            return true;
        }

        @Override
        public void ended(PeerLink link, boolean wasProven, StorageException why) {
            // With the process.
        }
    }
}
