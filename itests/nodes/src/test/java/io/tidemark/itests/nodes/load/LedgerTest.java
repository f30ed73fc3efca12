package io.tidemark.itests.nodes.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the ledger of an image with a write cache takes for durable, when its connections answer in any order. */
class LedgerTest {
    private Ledger ledger;
    private Ledger.Entry first;
    private Ledger.Entry second;

    @BeforeEach
    void twoWritesOfTwoConnections() {
        ledger = new Ledger(4 * Sectors.BYTES, 7, true);
        first = ledger.issue(false, false, 0, 1);
        second = ledger.issue(false, false, 1, 1);
    }

    private ByteBuffer content(Ledger.Entry entry, long sector) {
        ByteBuffer content = ByteBuffer.allocate(Sectors.BYTES);
        if (entry != null) {
            ledger.sectors().fill(content, sector, entry.generation);
        }
        return content.clear();
    }

    @Test
    void aFlushIsForWhatWasAnsweredOnAnyConnectionBeforeItWasIssued() {
        ledger.acknowledge(first);
        ledger.acknowledge(second);
        ledger.acknowledgeFlush(ledger.issueFlush());
        assertNotNull(ledger.settle(0, content(null, 0)), "the first write is lost");
        assertNotNull(ledger.settle(1, content(null, 1)), "the second write is lost");
        assertNull(ledger.settle(0, content(first, 0)));
        assertNull(ledger.settle(1, content(second, 1)));
    }

    @Test
    void aFlushIsNotForWhatWasAnsweredWhileItWasUnderWay() {
        ledger.acknowledge(first);
        long flush = ledger.issueFlush();
        ledger.acknowledge(second);
        ledger.acknowledgeFlush(flush);
        assertNotNull(ledger.settle(0, content(null, 0)), "the first write is lost");
        assertNull(ledger.settle(1, content(null, 1)), "the second one may be");
        assertEquals(2, ledger.acknowledgedWrites());
    }

    @Test
    void anAnnouncedLossIsOfWhatCameAfterWhatIsAttested() {
        Ledger.Entry older = first;
        ledger.acknowledge(older);
        Ledger.Entry newer = ledger.issue(false, true, 0, 1);
        ledger.acknowledge(newer);
        ledger.attest();
        Ledger.Entry last = ledger.issue(false, true, 0, 1);
        ledger.acknowledge(last);
        assertNotNull(ledger.settle(0, content(null, 0), true), "zeros were overwritten before");
        assertNotNull(ledger.settle(0, content(older, 0), true), "what is attested is lost");
        assertNotNull(ledger.settle(0, content(newer, 0)), "no loss is announced");
        assertNull(ledger.settle(0, content(newer, 0), true));
    }

    @Test
    void anotherFlushUnderWayMakesNothingDurableByItself() {
        long early = ledger.issueFlush();
        ledger.acknowledge(first);
        long late = ledger.issueFlush();
        ledger.acknowledgeFlush(early);
        assertNull(ledger.settle(2, content(null, 2)));
        ledger.acknowledgeFlush(late);
        assertNotNull(ledger.settle(0, content(null, 0)), "the write is lost");
    }
}
