package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.Served;
import org.junit.jupiter.api.Test;

class LongWritesTest {
    private final FakeDevice one = new FakeDevice("one", 512);
    private final FakeDevice other = new FakeDevice("other", 512);

    /** Of a device's own pause nobody is told: its writers have nothing to gain from going on without memory. */
    @Test
    void onlyWhatIsKeptForAnotherDeviceForLongIsKept() {
        LongWrites writes = new LongWrites();
        LongWrites.Holder holder = writes.begin();
        holder.received(one);
        assertFalse(writes.keptForOthers(other), "it has only begun");
        Served.await("a pause", () -> writes.keptForOthers(other));
        assertFalse(writes.keptForOthers(one));
        holder.goesOn();
        assertFalse(writes.keptForOthers(other));
        Served.await("another pause", () -> writes.keptForOthers(other));
        writes.end(holder);
        assertFalse(writes.keptForOthers(other));
    }

    /** It can be of any device's: this one's writers do not wait for it either. */
    @Test
    void whatIsKeptForAClientThatSendsNothingForLongIsKept() {
        LongWrites writes = new LongWrites();
        LongWrites.Holder holder = writes.begin();
        assertFalse(writes.keptForOthers(one), "it has only begun");
        Served.await("it stopped", () -> writes.keptForOthers(one));
        holder.goesOn();
        assertFalse(writes.keptForOthers(one));
        Served.await("it stopped again", () -> writes.keptForOthers(one));
        holder.received(one);
        assertFalse(writes.keptForOthers(other), "its device has only begun");
        writes.end(holder);
    }

    @Test
    void whatFallsShortIsGivenBack() {
        BufferPool buffers = new BufferPool(512, 3);
        LongWrites writes = new LongWrites(buffers);
        assertNull(writes.tryTake(4));
        assertEquals(0, buffers.lent());
        BufferPool.Lease[] all = writes.tryTake(3);
        assertNotNull(all);
        LongWrites.giveBack(all);
        assertEquals(0, buffers.lent());
    }
}
