package io.tidemark.simulation;

import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.engine.image.Steps;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.journal.flash.internal.FlashSteps;
import java.nio.file.Path;

/**
 * A defect that is put in on purpose, to prove that the simulation would notice it. One instance lives through all lives of
 * one run.
 */
interface Breakage {
    /** No defect. */
    Breakage NONE = new Breakage() {};

    /**
     * Steps of the engine.
     *
     * @return the steps, maybe broken ones
     */
    default Steps steps() {
        return Steps.NORMAL;
    }

    /**
     * Steps of the flash journal.
     *
     * @return the steps, maybe broken ones
     */
    default FlashSteps flashSteps() {
        return FlashSteps.NORMAL;
    }

    /**
     * Whether bits are turned over in the journal between lives. Not beside a defect that has nothing to do with it, which
     * would be blamed for the damage.
     *
     * @return true for a sound engine, and where checking is what is broken
     */
    default boolean caresForDamage() {
        return this == NONE || flashSteps() != FlashSteps.NORMAL;
    }

    /**
     * What the disk makes of a call, before its own faults are drawn.
     *
     * @param operation which call
     * @param path on what
     * @return {@link Verdict#SKIP} as if the call had been forgotten
     */
    default Verdict verdict(Operation operation, Path path) {
        return Verdict.PROCEED;
    }

    /**
     * The journal store that the site uses.
     *
     * @param store the real one
     * @return the same, or one that lies
     */
    default JournalStore journals(JournalStore store) {
        return store;
    }

    /**
     * The image that the engine uses.
     *
     * @param image the real one
     * @return the same, or one that lies
     */
    default BlockImage image(BlockImage image) {
        return image;
    }
}
