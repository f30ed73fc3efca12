package io.tidemark.journal.flash.tool;

import io.tidemark.api.EventHeader;

/** Is handed events, in order. */
@FunctionalInterface
public interface EventSink {
    /**
     * The next event.
     *
     * @param header of the event
     * @param place of the event, as {@link io.tidemark.api.journal.JournalReader#place()}
     */
    void event(EventHeader header, long place);
}
