package io.tidemark.simulation;

import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.engine.image.Steps;
import io.tidemark.faults.SimulatedMachine;

/**
 * A defect that is put in on purpose, to prove that the simulation would notice it. One instance lives through all lives of
 * one run.
 */
public interface Breakage {
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
     * What production code gets as its context.
     *
     * @param context of the simulated process
     * @return the same, or one that lies
     */
    default StorageContext context(StorageContext context) {
        return context;
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

    /**
     * Told between two lives, when no process runs.
     *
     * @param machine whose disk may be changed
     */
    default void betweenLives(SimulatedMachine machine) {}
}
