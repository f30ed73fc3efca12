package io.tidemark.base.machine;

import com.sun.jna.LastErrorException;

/** Makes rings, where there are any: a kernel without them, or a container that forbids them, is asked once. Safe for all
 * threads. */
final class Rings {
    private final LibC libc;
    private volatile boolean impossible;

    /**
     * A maker of rings.
     *
     * @param libc null where there is none, and no rings then
     */
    Rings(LibC libc) {
        this.libc = libc;
        this.impossible = libc == null;
    }

    /** A ring for the caller to close; null when there is none, or none now. */
    Ring open() {
        if (impossible) {
            return null;
        }
        try {
            return Ring.open(libc);
        } catch (LastErrorException e) {
            // Anything else is a limit that was reached, of descriptors or of memory, and passes.
            impossible = e.getErrorCode() == LibC.ENOSYS
                    || e.getErrorCode() == LibC.EPERM
                    || e.getErrorCode() == LibC.EINVAL;
            return null;
        }
    }
}
