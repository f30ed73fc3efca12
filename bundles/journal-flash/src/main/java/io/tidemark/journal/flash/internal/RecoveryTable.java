package io.tidemark.journal.flash.internal;

/**
 * What recovery does with the end of a journal: one table of cases. What was found there is put into three words before the
 * table is asked, so that a test can enumerate all there is.
 */
final class RecoveryTable {
    /** The events that are intact, beside those that the journal attests as durable. */
    enum Attested {
        /** Some that were durable are not there. */
        MORE_THAN_INTACT,
        /** Exactly those. */
        EXACTLY,
        /** There are intact ones above: maybe forced, maybe not. */
        LESS_THAN_INTACT
    }

    /** What lies behind the last intact item. */
    enum Behind {
        /** Nothing that this use of the segment wrote. */
        NOTHING,
        /** The beginning or a part of an item. */
        TORN
    }

    /** Whether a fresh segment is to be had. */
    enum Spare {
        /** One is ready or can be made. */
        THERE,
        /** No room. */
        NONE
    }

    /** What is done. */
    enum Verdict {
        /** Go on behind the last item. */
        RESUME,
        /** Go on in a new segment; what is torn stays where it is and is never valid again. */
        CUT,
        /** Go on over what is torn: its checksums cannot fit any more. */
        CUT_IN_PLACE,
        /** Write what is intact and not attested into a new segment, force it, go on there. */
        KEEP,
        /** As KEEP; something torn was behind it. */
        KEEP_AND_CUT,
        /** Force what is intact where it is, go on behind. */
        KEEP_IN_PLACE,
        /** As KEEP_IN_PLACE; go on over what is torn. */
        KEEP_IN_PLACE_AND_CUT,
        /** Damaged: touch nothing. */
        REFUSE
    }

    private RecoveryTable() {}

    static Verdict decide(Attested attested, Behind behind, Spare spare) {
        boolean torn = behind == Behind.TORN;
        boolean room = spare == Spare.THERE;
        return switch (attested) {
            case MORE_THAN_INTACT -> Verdict.REFUSE;
            case EXACTLY -> torn ? room ? Verdict.CUT : Verdict.CUT_IN_PLACE : Verdict.RESUME;
            case LESS_THAN_INTACT ->
                room
                        ? torn ? Verdict.KEEP_AND_CUT : Verdict.KEEP
                        : torn ? Verdict.KEEP_IN_PLACE_AND_CUT : Verdict.KEEP_IN_PLACE;
        };
    }
}
