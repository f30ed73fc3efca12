package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;

class RequestRulesTest {
    private static final long[] EDGES = {
        0,
        1,
        511,
        512,
        4095,
        4096,
        4097,
        65_536,
        1 << 20,
        (32 << 20) - 1,
        32 << 20,
        (32 << 20) + 1,
        Integer.MAX_VALUE,
        1L << 31,
        (1L << 32) - 1,
        1L << 32,
        Long.MAX_VALUE - 1,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -4096,
        -1
    };

    private static BigInteger unsigned(long number) {
        return new BigInteger(Long.toUnsignedString(number));
    }

    /** Compared with arithmetic that cannot overflow. */
    @Test
    void rangesAreCheckedAsUnsignedNumbers() {
        RequestRules rules = new RequestRules(true, true);
        for (long size : new long[] {0, 1, 4096, 1L << 31, 1L << 40, Long.MAX_VALUE}) {
            for (long offset : EDGES) {
                for (long length : EDGES) {
                    if (length <= 0 || length > (1L << 32) - 1) {
                        continue;
                    }
                    boolean inside = unsigned(offset).add(unsigned(length)).compareTo(unsigned(size)) <= 0;
                    for (int command : new int[] {Nbd.CMD_TRIM, Nbd.CMD_CACHE, Nbd.CMD_BLOCK_STATUS}) {
                        assertEquals(
                                inside ? null : RequestRules.Refusal.BEYOND_END,
                                rules.check(command, 0, offset, length, size, false));
                    }
                    assertEquals(
                            inside ? null : RequestRules.Refusal.WRITE_BEYOND_END,
                            rules.check(Nbd.CMD_WRITE_ZEROES, 0, offset, length, size, false));
                    boolean tooLong = length > Nbd.MAX_PAYLOAD_BYTES;
                    assertEquals(
                            tooLong ? RequestRules.Refusal.TOO_LONG : inside ? null : RequestRules.Refusal.BEYOND_END,
                            rules.check(Nbd.CMD_READ, 0, offset, length, size, false));
                }
            }
        }
    }

    @Test
    void eachCommandHasItsFlagsAndNoOther() {
        RequestRules rules = new RequestRules(true, true);
        int[] allowed = {0b101, 0b1, -1, 0b1, 0b1, 0b1, 0b10011, 0b1001, -1, -1};
        for (int command = 0; command < allowed.length; command++) {
            for (int bit = 0; bit < 16; bit++) {
                int length = command == Nbd.CMD_FLUSH ? 0 : 512;
                RequestRules.Refusal refusal = rules.check(command, 1 << bit, 0, length, 4096, false);
                if (allowed[command] < 0) {
                    assertEquals(RequestRules.Refusal.COMMAND, refusal);
                } else if ((allowed[command] & 1 << bit) != 0) {
                    assertNull(refusal, command + " flag " + bit);
                } else {
                    assertEquals(RequestRules.Refusal.FLAG, refusal, command + " flag " + bit);
                }
            }
        }
        assertNotNull(new RequestRules(false, false).check(Nbd.CMD_READ, Nbd.CMD_FLAG_DF, 0, 512, 4096, false));
    }
}
