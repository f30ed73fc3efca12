package io.tidemark.simulation;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.faults.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
    void aResizeUnderWayMayHaveAddedZeros() {
        assertNull(ledger.possible(4096, filled(0, SECTOR)));
        assertNotNull(ledger.possible(4096, filled(1, SECTOR)));
    }

    @Test
    void aSlowReadOfTheOldRulesNothingOut() {
        ledger.submitted(0, filled(1, SECTOR), false);
        long slow = ledger.readStarted();
        assertNull(reads(1));
        assertNull(ledger.readDone(slow, 0, filled(0, SECTOR)), "it began before the write was seen");
        assertNull(reads(1));
        assertNotNull(reads(0));
    }

    /** A disk that takes requests one after the other, at any moment between question and answer. */
    @Test
    void whatASoundDiskDoesIsAllowed() {
        for (long seed = 1; seed <= 2000; seed++) {
            new SoundDisk(new SeededRandom(seed, "disk")).run();
        }
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
    void whatIsAnsweredFromTheImageIsInItsFile() {
        Ledger.Write before = ledger.submitted(0, filled(1, SECTOR), false);
        ledger.answersFromImage(true);
        Ledger.Write first = ledger.submitted(0, filled(2, SECTOR), false);
        Ledger.Write underWay = ledger.submitted(0, filled(3, SECTOR), false);
        ledger.acknowledged(before);
        assertFalse(ledger.isInImage(before), "it began under another rule");
        ledger.acknowledged(first);
        assertTrue(ledger.isInImage(first));
        assertNotNull(ledger.inImage(0, filled(0, SECTOR)));
        assertNull(ledger.inImage(0, filled(2, SECTOR)));
        assertNull(ledger.inImage(0, filled(3, SECTOR)), "it may be there already");
        long started = ledger.readStarted();
        assertNull(ledger.readDone(started, 0, filled(3, SECTOR)));
        assertNull(ledger.inImage(0, filled(2, SECTOR)), "what is read need not be in the image");
        ledger.answersFromImage(false);
        ledger.acknowledged(underWay);
        assertFalse(ledger.isInImage(underWay), "the rule has changed");
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

    /** Random requests on one sector, most of a part of it and many of zeros. */
    private static final class SoundDisk {
        private final SeededRandom random;
        private final Ledger ledger = new Ledger(SECTOR);
        private final List<Change> changes = new ArrayList<>();
        private final List<Look> looks = new ArrayList<>();
        private byte[] content = new byte[SECTOR];

        SoundDisk(SeededRandom random) {
            this.random = random;
        }

        private static final class Change {
            private final Ledger.Write write;
            private final byte[] data;
            private boolean done;

            Change(Ledger.Write write, byte[] data) {
                this.write = write;
                this.data = data;
            }
        }

        private static final class Look {
            private final long started;
            private byte[] seen;

            Look(long started) {
                this.started = started;
            }
        }

        void run() {
            for (int step = 0; step < 200; step++) {
                switch (random.below(8)) {
                    case 0 -> submit();
                    case 1, 2 -> look();
                    case 3, 4 -> goOn();
                    case 5, 6 -> answer();
                    default -> crashSeldom();
                }
            }
        }

        private void submit() {
            int length = random.coin() ? SECTOR : 1 + random.below(SECTOR);
            int offset = random.below(SECTOR - length + 1);
            if (ledger.admits(offset, length)) {
                byte[] data = filled(random.coin() ? 0 : 1 + random.below(100), length);
                changes.add(new Change(ledger.submitted(offset, data, false), data));
            }
        }

        private void look() {
            if (looks.size() < 3) {
                looks.add(new Look(ledger.readStarted()));
            }
        }

        /** The moment at which a request takes effect. */
        private void goOn() {
            if (random.below(3) == 0 && !changes.isEmpty()) {
                Change change = random.oneOf(changes);
                if (!change.done) {
                    change.done = true;
                    content = content.clone();
                    System.arraycopy(change.data, 0, content, (int) change.write.offset(), change.data.length);
                }
            } else if (!looks.isEmpty()) {
                Look look = random.oneOf(looks);
                look.seen = look.seen == null ? content : look.seen;
            }
        }

        private void answer() {
            if (random.below(3) == 0 && !changes.isEmpty()) {
                Change change = random.oneOf(changes);
                boolean fails = random.below(8) == 0;
                if (fails) {
                    ledger.failed(change.write);
                } else if (change.done) {
                    ledger.acknowledged(change.write);
                }
                if (fails || change.done) {
                    changes.remove(change);
                }
            } else if (!looks.isEmpty()) {
                Look look = random.oneOf(looks);
                if (look.seen != null) {
                    looks.remove(look);
                    assertNull(ledger.readDone(look.started, 0, look.seen));
                }
            }
        }

        private void crashSeldom() {
            if (random.below(16) == 0) {
                ledger.crashed();
                changes.clear();
                looks.clear();
                assertNull(ledger.recovered(0, content));
            }
        }
    }
}
