package io.tidemark.simulation;

import io.tidemark.faults.SimulationFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Many seeds, several side by side: each is a world of its own, so they do not disturb each other. */
final class Seeds {
    private final AtomicLong next;
    private final long end;
    private final long deadlineNanos;
    private final Consumer<SimulationFailure> report;
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicLong steps = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong overlaps = new AtomicLong();
    private final AtomicLong besides = new AtomicLong();
    private final AtomicLong waits = new AtomicLong();
    private final AtomicLong inImage = new AtomicLong();
    private final AtomicLong faults = new AtomicLong();
    private final AtomicLong full = new AtomicLong();

    private Seeds(long from, long count, long seconds, Consumer<SimulationFailure> report) {
        this.next = new AtomicLong(from);
        this.end = count > Long.MAX_VALUE - from ? Long.MAX_VALUE : from + count;
        this.deadlineNanos = System.nanoTime() + seconds * 1_000_000_000L;
        this.report = report;
    }

    /**
     * What came of it.
     *
     * @param seeds that were run
     * @param failed of them
     * @param steps of all
     * @param acknowledged requests of all
     * @param overlaps commits that began beside another one, of all
     * @param besides sets of image writes that were under way while the next was filled, of all
     * @param waits of clients for the image to take what is in memory, of all
     * @param inImage writes that the image file was found to have when they were answered, of all
     * @param faults calls to disks that were made to fail, of all
     * @param full calls to disks that found no room, of all
     * @param seconds that it took
     */
    record Summary(
            int seeds,
            int failed,
            long steps,
            long acknowledged,
            long overlaps,
            long besides,
            long waits,
            long inImage,
            long faults,
            long full,
            double seconds) {
        @Override
        public String toString() {
            return String.format(
                    "%d seeds in %.1f s: %.1f seeds/s, %d steps, %d requests acknowledged, %d commits beside others,"
                            + " %d sets of image writes under way while the next was filled, %d waits for an image,"
                            + " %d writes found in the image file,"
                            + " %d calls made to fail, %d calls to a full disk, %d failed",
                    seeds,
                    seconds,
                    seeds / seconds,
                    steps,
                    acknowledged,
                    overlaps,
                    besides,
                    waits,
                    inImage,
                    faults,
                    full,
                    failed);
        }
    }

    static Summary run(long from, long count, long seconds, int threads, Consumer<SimulationFailure> report)
            throws InterruptedException {
        Seeds seeds = new Seeds(from, count, seconds, report);
        long begun = System.nanoTime();
        List<Thread> runners = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread runner = new Thread(seeds::work, "runner-" + i);
            runner.start();
            runners.add(runner);
        }
        for (Thread runner : runners) {
            runner.join();
        }
        double elapsed = (System.nanoTime() - begun) / 1e9;
        return new Summary(
                seeds.done.get(),
                seeds.failed.get(),
                seeds.steps.get(),
                seeds.acknowledged.get(),
                seeds.overlaps.get(),
                seeds.besides.get(),
                seeds.waits.get(),
                seeds.inImage.get(),
                seeds.faults.get(),
                seeds.full.get(),
                elapsed);
    }

    private void work() {
        while (System.nanoTime() < deadlineNanos) {
            long seed = next.getAndIncrement();
            if (seed >= end) {
                return;
            }
            try {
                Simulation.Result result = new Simulation(seed, Breakage.NONE).run();
                steps.addAndGet(result.steps());
                acknowledged.addAndGet(result.acknowledged());
                overlaps.addAndGet(result.overlaps());
                besides.addAndGet(result.besides());
                waits.addAndGet(result.waits());
                inImage.addAndGet(result.inImage());
                faults.addAndGet(result.faults());
                full.addAndGet(result.full());
            } catch (SimulationFailure failure) {
                failed.incrementAndGet();
                synchronized (report) {
                    report.accept(failure);
                }
            }
            done.incrementAndGet();
        }
    }
}
