package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.journal.Journal.RecoveryReport;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.work.Standby;
import io.tidemark.journal.flash.FlashOptions;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a journal whose directories are claimed: recovers it and puts its parts together. */
public final class JournalOpening {
    private static final Logger LOG = LoggerFactory.getLogger(JournalOpening.class);

    private final StorageContext context;
    private final FlashOptions options;
    private final JournalPlaces places;
    private final FlashSteps steps;

    JournalOpening(StorageContext context, FlashOptions options, JournalPlaces places, FlashSteps steps) {
        this.context = context;
        this.options = options;
        this.places = places;
        this.steps = steps;
    }

    FlashJournal open(
            JournalSettings settings,
            boolean created,
            BatchBuffers buffers,
            Windows windows,
            FlashJournal.CloseAction closeAction)
            throws StorageException {
        long startNanos = context.clock().monotonicNanos();
        SlotFile.settle(context.files(), places.state());
        SlotFile.settle(context.files(), places.clients());
        JournalState state = JournalState.load(context.files(), places);
        Followers followers = new Followers(context.files(), places, state.journal());
        // With what followers say: whoever opens it decides by its clients what to ask, and whom.
        List<JournalClient> clients = followers
                .merge(ClientTable.load(context.files(), places.clients(), state.journal()))
                .clients();
        Standby gate = new Standby(context.workers(), "journal " + places.journal());
        SegmentTable table = new SegmentTable(places.journal(), state.segmentBytes(), gate, windows);
        SegmentFiles segmentFiles = new SegmentFiles(context, places, state.journal(), state.segmentBytes(), windows);
        Recovery recovery = new Recovery(context, places, state, table.strideBytes(), segmentFiles, steps);
        recovery.run();
        Segment spare = null;
        JournalState next = state.withClean(false, recovery.durable);
        boolean saved = false;
        try {
            spare = spare(recovery, segmentFiles, state, created);
            next.save(context.files(), places);
            saved = true;
        } finally {
            if (!saved) {
                recovery.closeAll();
                if (spare != null) {
                    spare.file.close();
                }
            }
        }
        Failures failures = new Failures(places.journal());
        table.configure(settings);
        WriteEnd writeEnd = new WriteEnd(context, options, table, failures, steps, buffers);
        start(table, writeEnd, recovery, spare, state);
        Housekeeper housekeeper;
        try {
            housekeeper = new Housekeeper(context, options, places, table, segmentFiles, gate, LOG);
            recovery.leftovers.forEach(housekeeper::recycle);
            housekeeper.start(writeEnd);
        } catch (StorageException | RuntimeException | VirtualMachineError | LinkageError e) {
            recovery.closeAll();
            if (spare != null) {
                spare.file.close();
            }
            throw e;
        }
        RecoveryReport report = report(recovery, state, created, context.clock().monotonicNanos() - startNanos);
        if (!created) {
            // Whoever opens it tells of it.
            LOG.debug("journal {}: {}", places.journal(), report.detail());
        }
        return new FlashJournal(
                new FlashJournal.Parts(
                        context,
                        places,
                        steps,
                        table,
                        writeEnd,
                        housekeeper,
                        failures,
                        report,
                        next,
                        followers,
                        clients,
                        settings),
                closeAction);
    }

    private Segment spare(Recovery recovery, SegmentFiles segmentFiles, JournalState state, boolean created)
            throws StorageException {
        List<Segment> extra = new ArrayList<>();
        Segment spare = recovery.spareForUse(extra);
        try {
            while (!extra.isEmpty()) {
                // Prepared and never used; its number is given again. The last one first, each for good: in front of
                // one that came back after a power loss another one could be missing, and a gap is taken for damage.
                Segment segment = extra.remove(extra.size() - 1);
                segment.file.close();
                context.files().delete(segment.path);
                context.files().forceDirectory(segment.path.getParent());
            }
        } catch (StorageException e) {
            extra.forEach(JournalOpening::closeQuietly);
            if (spare != null) {
                closeQuietly(spare);
            }
            throw e;
        }
        if (spare == null && created) {
            return segmentFiles.create(state.firstSegment(), true, () -> false);
        }
        return spare;
    }

    private static void closeQuietly(Segment segment) {
        try {
            segment.file.close();
        } catch (StorageException e) {
            // What ended the opening is told.
        }
    }

    private void start(SegmentTable table, WriteEnd writeEnd, Recovery recovery, Segment spare, JournalState state) {
        List<Segment> live = recovery.live;
        Segment last = live.isEmpty() ? null : live.get(live.size() - 1);
        long lastNumber = spare != null ? spare.number() : last != null ? last.number() : state.firstSegment() - 1;
        table.startAt(live, spare, lastNumber + 1, recovery.durable, state.trimmed());
        for (Segment segment : recovery.endless) {
            table.leave(segment, null, segment.lastChecksum);
        }
        long offset = last == null ? 0 : recovery.leaveLast ? last.identity.endBlock() : last.endOffset;
        writeEnd.startAt(
                last,
                offset,
                last == null ? 0 : last.lastChecksum,
                recovery.durable,
                recovery.lastTimeNanos,
                state.epochs().isEmpty()
                        ? null
                        : state.epochs().get(state.epochs().size() - 1));
    }

    private static RecoveryReport report(Recovery recovery, JournalState state, boolean created, long nanos) {
        long known = Math.min(recovery.attested, recovery.durable);
        String detail;
        if (created) {
            detail = "created";
        } else if (state.clean()) {
            detail = "closed in order, durable up to " + recovery.durable;
        } else {
            String torn =
                    recovery.cutBytes == 0 ? "no torn end" : "torn end dropped: " + Sizes.format(recovery.cutBytes);
            detail = "not closed in order; attested durable up to " + known + ", kept up to " + recovery.durable + ", "
                    + torn + " (" + recovery.verdict + "), in " + nanos / 1_000_000 + " ms";
        }
        return new RecoveryReport(
                created, created || state.clean(), known, recovery.durable, recovery.cutBytes, nanos, detail);
    }
}
