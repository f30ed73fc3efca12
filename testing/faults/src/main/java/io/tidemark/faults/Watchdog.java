package io.tidemark.faults;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;

/**
 * Notices that the worker whose turn it is does not come back. The usual cause: it wants a lock that a parked worker
 * holds, because that one made a file call or waited on a gate under the lock.
 */
final class Watchdog {
    private static final int LOOKS_UNTIL_SURE = 3;
    private static final int LOOKS_UNTIL_STUCK = 50;
    /** Counted by the processor and not by the wall, because a busy machine may keep a sound worker waiting. */
    private static final long CPU_NANOS_UNTIL_ENDLESS = 20_000_000_000L;

    private long lastSteps = -1;
    private int waitingLooks;
    private long cpuNanosAtStep;

    /** Looks once; a complaint when it is sure, else null. */
    String look(Task current, long steps) {
        if (steps != lastSteps) {
            lastSteps = steps;
            cpuNanosAtStep = cpuNanos(current);
            waitingLooks = 0;
            return null;
        }
        Thread.State state = current.thread.getState();
        boolean waits =
                state == Thread.State.BLOCKED || state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
        waitingLooks = waits ? waitingLooks + 1 : 0;
        if (waitingLooks >= LOOKS_UNTIL_SURE) {
            String complaint = waiting(current, waitingLooks >= LOOKS_UNTIL_STUCK);
            if (complaint != null) {
                return complaint;
            }
        }
        if (cpuNanos(current) - cpuNanosAtStep > CPU_NANOS_UNTIL_ENDLESS) {
            return "worker " + current.name + " makes no call into its context: an endless loop, or an Error swallowed";
        }
        return null;
    }

    private static long cpuNanos(Task current) {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(current.thread.getId());
    }

    private static String waiting(Task current, boolean sure) {
        ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(current.thread.getId(), Integer.MAX_VALUE);
        String owner = info == null ? null : info.getLockOwnerName();
        if (owner != null && owner.startsWith("sim-")) {
            return "I/O or Gate wait under a lock: worker " + current.name + " wants " + info.getLockName()
                    + ", held by " + owner + ", which is parked in a call into its context";
        }
        return sure
                ? "worker " + current.name
                        + " waits outside the simulation (sleep, latch, lock): workers wait on gates only"
                : null;
    }
}
