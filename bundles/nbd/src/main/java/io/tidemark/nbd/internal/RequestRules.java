package io.tidemark.nbd.internal;

/**
 * What makes a request wrong before anything is done for it.
 *
 * @param structured whether structured replies were negotiated
 * @param blockStatus whether a metadata context was negotiated
 */
record RequestRules(boolean structured, boolean blockStatus) {
    /** Why a request is refused: an error number and a line for people. */
    enum Refusal {
        COMMAND(Nbd.EINVAL, "unknown command"),
        FLAG(Nbd.EINVAL, "a flag that this command does not have"),
        READ_ONLY(Nbd.EPERM, "the export is read-only"),
        WRITE_BEYOND_END(Nbd.ENOSPC, "beyond the end of the export"),
        BEYOND_END(Nbd.EINVAL, "beyond the end of the export"),
        TOO_LONG(Nbd.EINVAL, "more than 32 MiB of payload"),
        FLUSH_RANGE(Nbd.EINVAL, "FLUSH takes no range"),
        EMPTY_STATUS(Nbd.EINVAL, "BLOCK_STATUS needs a length"),
        NO_CONTEXT(Nbd.EINVAL, "no metadata context was negotiated for this export");

        final int error;
        final String text;

        Refusal(int error, String text) {
            this.error = error;
            this.text = text;
        }
    }

    /**
     * Checks a request. Offsets and lengths are unsigned, as on the wire.
     *
     * @return null when it may be done
     */
    Refusal check(int command, int flags, long offset, long length, long sizeBytes, boolean readOnly) {
        int allowed = allowedFlags(command);
        if (allowed < 0) {
            return Refusal.COMMAND;
        }
        if ((flags & ~allowed) != 0) {
            return Refusal.FLAG;
        }
        if (command == Nbd.CMD_FLUSH) {
            return offset != 0 || length != 0 ? Refusal.FLUSH_RANGE : null;
        }
        boolean changes = changes(command);
        if (changes && readOnly) {
            return Refusal.READ_ONLY;
        }
        if (length > Nbd.MAX_PAYLOAD_BYTES && (command == Nbd.CMD_READ || command == Nbd.CMD_WRITE)) {
            return Refusal.TOO_LONG;
        }
        if (offset < 0 || offset > sizeBytes || length > sizeBytes - offset) {
            return changes && command != Nbd.CMD_TRIM ? Refusal.WRITE_BEYOND_END : Refusal.BEYOND_END;
        }
        if (command == Nbd.CMD_BLOCK_STATUS) {
            return !blockStatus ? Refusal.NO_CONTEXT : length == 0 ? Refusal.EMPTY_STATUS : null;
        }
        return null;
    }

    /** FUA is accepted on all commands; where nothing is written it means nothing. Negative for an unknown command. */
    private int allowedFlags(int command) {
        return switch (command) {
            case Nbd.CMD_READ -> Nbd.CMD_FLAG_FUA | (structured ? Nbd.CMD_FLAG_DF : 0);
            case Nbd.CMD_WRITE, Nbd.CMD_FLUSH, Nbd.CMD_TRIM, Nbd.CMD_CACHE -> Nbd.CMD_FLAG_FUA;
            case Nbd.CMD_WRITE_ZEROES -> Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_NO_HOLE | Nbd.CMD_FLAG_FAST_ZERO;
            case Nbd.CMD_BLOCK_STATUS -> Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_REQ_ONE;
            default -> -1;
        };
    }

    private static boolean changes(int command) {
        return command == Nbd.CMD_WRITE || command == Nbd.CMD_TRIM || command == Nbd.CMD_WRITE_ZEROES;
    }
}
