package io.tidemark.mirror.internal.run;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.base.event.Event;
import io.tidemark.base.event.EventCodec;
import io.tidemark.mirror.internal.wire.Message;

/** Looks at events before they are handed on: what is kept of them is applied one day. */
final class EventChecks {
    private EventChecks() {}

    static void check(Message.Item item) throws StorageException {
        EventHeader header = item.header();
        Event event = EventCodec.decode(header, item.body());
        // A kind that this version does not know has no fields to compare.
        if (event.kind() == null) {
            return;
        }
        boolean extent = !header.kind().changesData()
                || (event.offset() == header.offset() && event.length() == header.length());
        if (event.kind() != header.kind() || !extent) {
            throw new StorageException(
                    Reason.CORRUPT,
                    "event " + header.position() + " is " + header.kind() + " by its header and " + event.kind()
                            + " by its body, or about another extent",
                    "run journal:verify at the source");
        }
    }
}
