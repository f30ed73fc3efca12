package io.tidemark.faults;

/**
 * How large a simulated machine is.
 *
 * @param diskBytes room on its disk
 * @param payloadBytes payload memory of each process
 * @param stepLimit a run that takes more steps has failed: something runs in circles
 */
public record MachineSettings(long diskBytes, long payloadBytes, long stepLimit) {
    /** 1 GiB of disk, 16 MiB of payload memory, a million steps. */
    public static final MachineSettings DEFAULT = new MachineSettings(1L << 30, 16L << 20, 1_000_000);
}
