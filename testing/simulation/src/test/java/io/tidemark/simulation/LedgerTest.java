package io.tidemark.simulation;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The oracle allows what clients were promised, and nothing else. */
class LedgerTest {
    private static final int SECTOR = Ledger.SECTOR_BYTES;

    private final Ledger ledger = new Ledger(4096);

    private static byte[] filled(int value, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private String reads(int value) {
        return ledger.readDone(ledger.readStarted(), 0, filled(value, SECTOR));
    }

    @Test
    void aReadSeesWhatWasAcknowledged() {
        Ledger.Write write = ledger.submitted(0, filled(1, SECTOR), false);
        assertNull(reads(0));
        ledger.acknowledged(write);
        assertNotNull(reads(0));
        assertNull(reads(1));
    }

    @Test
    void aReadThatBeganBeforeMaySeeTheOld() {
        Ledger.Write write = ledger.submitted(0, filled(1, SECTOR), false);
        long started = ledger.readStarted();
        ledger.acknowledged(write);
        assertNull(ledger.readDone(started, 0, filled(0, SECTOR)));
    }

    @Test
    void readsDoNotGoBack() {
        ledger.submitted(0, filled(1, SECTOR), false);
        assertNull(reads(1));
        assertNotNull(reads(0), "it was seen, so it has taken effect");
        assertNull(reads(1));
    }

    @Test
    void writesUnderWayTakeEffectInAnyOrder() {
        Ledger.Write first = ledger.submitted(0, filled(1, SECTOR), false);
        Ledger.Write second = ledger.submitted(0, filled(2, SECTOR), false);
        ledger.acknowledged(first);
        ledger.acknowledged(second);
        ledger.closed();
        assertNull(ledger.possible(0, filled(1, SECTOR)));
        assertNull(ledger.possible(0, filled(2, SECTOR)));
        assertNotNull(ledger.possible(0, filled(0, SECTOR)));
    }

    @Test
    void aCrashKeepsWhatWasAcknowledgedAndNeverMixesASector() {
        ledger.acknowledged(ledger.submitted(0, filled(1, SECTOR), false));
        ledger.submitted(100, filled(2, 100), false);
        ledger.crashed();
        byte[] both = filled(1, SECTOR);
        Arrays.fill(both, 100, 200, (byte) 2);
        assertNull(ledger.possible(0, both));
        assertNull(ledger.possible(0, filled(1, SECTOR)));
        Arrays.fill(both, 150, 200, (byte) 1);
        assertNotNull(ledger.possible(0, both));
        assertNotNull(ledger.possible(0, filled(0, SECTOR)));
    }

    @Test
    void withAWriteCacheOnlyAFlushOrFuaLasts() {
        ledger.rule(true);
        ledger.acknowledged(ledger.submitted(0, filled(1, SECTOR), false));
        ledger.flushed(ledger.flushSubmitted());
        long early = ledger.flushSubmitted();
        ledger.acknowledged(ledger.submitted(0, filled(2, SECTOR), false));
        ledger.flushed(early);
        ledger.acknowledged(ledger.submitted(SECTOR, filled(3, SECTOR), true));
        assertNotNull(reads(1));
        ledger.crashed();
        assertNotNull(ledger.possible(0, filled(0, SECTOR)));
        assertNull(ledger.possible(0, filled(1, SECTOR)), "the second was acknowledged behind the flush");
        assertNull(ledger.possible(0, filled(2, SECTOR)));
        assertNotNull(ledger.possible(SECTOR, filled(0, SECTOR)), "FUA is never lost");
    }

    @Test
    void whatARecoveryBroughtBackIsThereForEver() {
        ledger.submitted(0, filled(1, SECTOR), false);
        ledger.crashed();
        assertNull(ledger.recovered(0, filled(1, SECTOR)));
        ledger.crashed();
        assertNotNull(ledger.recovered(0, filled(0, SECTOR)));
    }

    @Test
    void aShrinkLeavesZerosBehind() {
        ledger.acknowledged(ledger.submitted(1024, filled(1, SECTOR), false));
        assertTrue(ledger.idleFrom(0));
        ledger.resized(1024);
        ledger.resized(4096);
        ledger.crashed();
        assertNull(ledger.possible(1024, filled(0, SECTOR)));
        assertNotNull(ledger.possible(1024, filled(1, SECTOR)));
        ledger.submitted(1024, filled(2, SECTOR), false);
        assertFalse(ledger.idleFrom(1024));
        assertTrue(ledger.idleFrom(2048));
    }
}
