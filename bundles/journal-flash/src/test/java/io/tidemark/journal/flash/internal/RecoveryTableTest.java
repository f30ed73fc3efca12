package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.journal.flash.internal.RecoveryTable.Attested;
import io.tidemark.journal.flash.internal.RecoveryTable.Behind;
import io.tidemark.journal.flash.internal.RecoveryTable.Spare;
import io.tidemark.journal.flash.internal.RecoveryTable.Verdict;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecoveryTableTest {
    private static final Map<String, Verdict> CASES = new HashMap<>();

    static {
        // Nothing is touched when something that was durable is not there, whatever else is so.
        CASES.put("MORE_THAN_INTACT NOTHING THERE", Verdict.REFUSE);
        CASES.put("MORE_THAN_INTACT NOTHING NONE", Verdict.REFUSE);
        CASES.put("MORE_THAN_INTACT TORN THERE", Verdict.REFUSE);
        CASES.put("MORE_THAN_INTACT TORN NONE", Verdict.REFUSE);
        CASES.put("EXACTLY NOTHING THERE", Verdict.RESUME);
        CASES.put("EXACTLY NOTHING NONE", Verdict.RESUME);
        CASES.put("EXACTLY TORN THERE", Verdict.CUT);
        CASES.put("EXACTLY TORN NONE", Verdict.CUT_IN_PLACE);
        CASES.put("LESS_THAN_INTACT NOTHING THERE", Verdict.KEEP);
        CASES.put("LESS_THAN_INTACT NOTHING NONE", Verdict.KEEP_IN_PLACE);
        CASES.put("LESS_THAN_INTACT TORN THERE", Verdict.KEEP_AND_CUT);
        CASES.put("LESS_THAN_INTACT TORN NONE", Verdict.KEEP_IN_PLACE_AND_CUT);
    }

    @Test
    void everyCombinationIsDecidedAsTheDocumentSays() {
        int combinations = 0;
        for (Attested attested : Attested.values()) {
            for (Behind behind : Behind.values()) {
                for (Spare spare : Spare.values()) {
                    String name = attested + " " + behind + " " + spare;
                    assertEquals(CASES.get(name), RecoveryTable.decide(attested, behind, spare), name);
                    combinations++;
                }
            }
        }
        assertEquals(CASES.size(), combinations);
    }
}
