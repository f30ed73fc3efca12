package io.tidemark.nbd.internal;

import io.tidemark.api.device.BlockDevice;

/** Which transmission flags a device gets. */
final class ExportFlags {
    private ExportFlags() {}

    /**
     * Flushing is offered for every device, written through or not: a client that may flush is never wrong to. Several
     * connections are always coherent, because all sessions of a device share one journal.
     */
    static int of(BlockDevice device, boolean structuredReplies) {
        int flags = Nbd.HAS_FLAGS | Nbd.SEND_FLUSH | Nbd.SEND_FUA | Nbd.CAN_MULTI_CONN | Nbd.SEND_CACHE;
        if (structuredReplies) {
            flags |= Nbd.SEND_DF;
        }
        if (device.readOnly()) {
            return flags | Nbd.READ_ONLY;
        }
        return flags | Nbd.SEND_TRIM | Nbd.SEND_WRITE_ZEROES | Nbd.SEND_FAST_ZERO;
    }
}
