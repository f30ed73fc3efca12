package io.tidemark.journal.flash;

import io.tidemark.api.EventKind;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.tck.journal.Events;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/** Measures append and force: {@code DIRECTORY PAYLOAD EVENTS_PER_FORCE SECONDS [written|allocated|adaptive] [DIRECT_FROM]}. */
public final class AppendForceSpeed {
    private AppendForceSpeed() {}

    /**
     * Runs.
     *
     * @param args see the class
     * @throws Exception fails the run
     */
    public static void main(String[] args) throws Exception {
        int payload = Integer.parseInt(args[1]);
        int perForce = Integer.parseInt(args[2]);
        long endNanos = Long.parseLong(args[3]) * 1_000_000_000L;
        FlashOptions options = FlashOptions.DEFAULT;
        if (args.length > 4) {
            options = options.withPreparation(
                    FlashOptions.Preparation.valueOf(args[4].toUpperCase(java.util.Locale.ROOT)));
        }
        if (args.length > 5) {
            options = options.withDirectBytes(Integer.parseInt(args[5]));
        }
        try (FlashJournalStore store = new FlashJournalStore("speed", List.of(Path.of(args[0])), options)) {
            MachineContext context = new MachineContext(8 << 20);
            String name = "speed" + System.nanoTime();
            JournalSettings settings = new JournalSettings(1L << 30, 8L << 20);
            try (Journal journal = store.create(context, name, UUID.randomUUID(), settings)) {
                Events.begin(journal, 1);
                measure(journal, payload, perForce, endNanos);
            }
            store.delete(context, name);
        }
    }

    private static void measure(Journal journal, int payload, int perForce, long runNanos) throws Exception {
        JournalAppender appender = journal.appender();
        ByteBuffer head = ByteBuffer.allocateDirect(30);
        ByteBuffer tail = ByteBuffer.allocateDirect(14);
        ByteBuffer body = Events.bytes(1, 1, payload);
        long[] latency = new long[4_000_000];
        int forces = 0;
        long events = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < runNanos && forces < latency.length) {
            long begin = System.nanoTime();
            for (int i = 0; i < perForce; ) {
                long place = appender.append(
                        EventKind.WRITE, 0, Events.timeOf(events), events * payload, payload, head, body, tail);
                if (place == JournalAppender.FULL) {
                    throw new IllegalStateException("full");
                }
                if (place >= 0) {
                    i++;
                    events++;
                } else {
                    appender.force();
                }
            }
            appender.force();
            latency[forces++] = System.nanoTime() - begin;
            if (forces % 64 == 0) {
                journal.trim(journal.durable());
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        Arrays.sort(latency, 0, forces);
        System.out.printf(
                "%d B x %d: %.0f events/s, %.1f MB/s, %.0f forces/s, p50 %d us, p99 %d us, max %d us%n",
                payload,
                perForce,
                events / seconds,
                events * (double) payload / seconds / 1e6,
                forces / seconds,
                latency[forces / 2] / 1000,
                latency[(int) (forces * 0.99)] / 1000,
                latency[forces - 1] / 1000);
    }
}
