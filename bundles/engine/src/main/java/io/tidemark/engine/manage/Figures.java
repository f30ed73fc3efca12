package io.tidemark.engine.manage;

import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.PoolStatus;
import io.tidemark.api.context.PayloadPool;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What is told of images, pools and the node in numbers. Every name is in docs/reference/metrics.md; a test compares. */
final class Figures {
    private Figures() {}

    static Map<String, Object> of(ImageStatus status) {
        Map<String, Object> figures = new TreeMap<>(status.counters());
        figures.put("state", status.state().toString());
        figures.put("detail", status.detail());
        figures.put("size.bytes", status.sizeBytes());
        figures.put("epoch", status.head().epoch());
        figures.put("appended", status.watermarks().appended());
        figures.put("durable", status.watermarks().durable());
        figures.put("applied", status.watermarks().applied());
        figures.put("checkpointed", status.watermarks().checkpointed());
        figures.put("trimmed", status.watermarks().trimmed());
        figures.put("backlog.bytes", status.backlogBytes());
        figures.put("backlog.events", status.backlogEvents());
        figures.put("journal.used.bytes", status.journalUsedBytes());
        figures.put("journal.limit.bytes", status.journalLimitBytes());
        figures.put("clients", (long) status.clients().size());
        figures.put("warnings", (long) status.warnings().size());
        return figures;
    }

    static Map<String, Object> of(PoolStatus status) {
        Map<String, Object> figures = new TreeMap<>();
        figures.put("kind", status.kind());
        figures.put("problem", status.problem());
        figures.put("total.bytes", status.totalBytes());
        figures.put("usable.bytes", status.usableBytes());
        figures.put("members", (long) status.members().size());
        return figures;
    }

    static Map<String, Object> of(PayloadPool payloads, List<ImageStatus> images) {
        Map<String, Object> figures = new TreeMap<>();
        figures.put("payload.capacity.bytes", payloads.capacityBytes());
        figures.put("payload.used.bytes", payloads.usedBytes());
        figures.put("images", (long) images.size());
        for (ImageStatus.State state : ImageStatus.State.values()) {
            long count = images.stream().filter(image -> image.state() == state).count();
            figures.put("images." + state.toString().toLowerCase(java.util.Locale.ROOT), count);
        }
        return figures;
    }
}
