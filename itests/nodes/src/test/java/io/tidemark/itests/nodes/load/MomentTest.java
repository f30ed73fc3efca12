package io.tidemark.itests.nodes.load;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What a client knows of an image at a moment that lies among its writes. */
class MomentTest {
    private static final int SECTORS = 8;

    private final Ledger ledger = new Ledger(SECTORS * Sectors.BYTES, 7, false);

    private Ledger.Entry write(boolean zeros) {
        return ledger.issue(zeros, false, 2, 1);
    }

    private Ledger.Entry acknowledged(boolean zeros) {
        Ledger.Entry entry = write(zeros);
        ledger.acknowledge(entry);
        return entry;
    }

    private String at(Ledger.Moment moment, Ledger.Entry entry) {
        ByteBuffer sector = ByteBuffer.allocate(Sectors.BYTES);
        if (!entry.zeros) {
            ledger.sectors().fill(sector, 2, entry.generation);
            sector.flip();
        }
        return moment.check(2, sector);
    }

    private static void refused(String wrong) {
        assertTrue(wrong.startsWith("sector 2 held "), wrong);
    }

    @Test
    void aMomentHasWhatWasAcknowledgedBeforeAndAnyOfWhatWasUnderWay() {
        Ledger.Entry overwritten = acknowledged(false);
        Ledger.Entry before = acknowledged(false);
        Ledger.Entry underWay = write(false);
        Ledger.Entry[] meanwhile = new Ledger.Entry[2];
        Ledger.Moment moment = ledger.moment(() -> {
            meanwhile[0] = acknowledged(true);
            meanwhile[1] = acknowledged(false);
        });
        ledger.acknowledge(underWay);
        Ledger.Entry after = acknowledged(false);

        for (Ledger.Entry there : new Ledger.Entry[] {before, underWay, meanwhile[0], meanwhile[1]}) {
            assertNull(at(moment, there));
        }
        refused(at(moment, overwritten));
        refused(at(moment, after));
    }

    @Test
    void zerosOfLaterDoNotExcuseALoss() {
        acknowledged(false);
        Ledger.Moment moment = ledger.moment(() -> {});
        refused(at(moment, acknowledged(true)));
    }

    @Test
    void damageIsSeen() {
        Ledger.Moment moment = ledger.moment(() -> {});
        ByteBuffer data = ByteBuffer.allocate(SECTORS * Sectors.BYTES);
        assertNull(moment.check(0, data));
        data.put(5 * Sectors.BYTES, (byte) 1);
        assertTrue(moment.check(0, data).startsWith("sector 5 held damage"));
    }
}
