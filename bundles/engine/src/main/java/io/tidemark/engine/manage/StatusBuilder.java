package io.tidemark.engine.manage;

import io.tidemark.api.Position;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.base.wish.Wish;
import io.tidemark.engine.image.JournaledImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Puts together what is known of an image. */
final class StatusBuilder {
    private static final Watermarks NO_WATERMARKS = new Watermarks(0, 0, 0, 0, 0);

    private StatusBuilder() {}

    static ImageStatus status(
            View view,
            State state,
            String detail,
            Wish wish,
            RuleKeeper rules,
            TrimKeeper trims,
            List<String> nodeProblems) {
        ImageConfig config = view.config();
        Map<String, String> raw = config != null ? config.properties() : wish.properties();
        JournaledImage engine = view.engine();
        Journal.JournalStatus journal =
                view.stores() == null ? null : view.stores().journal().status();
        return new ImageStatus(
                wish.name(),
                state,
                detail,
                engine != null
                        ? engine.sizeBytes()
                        : view.head() != null ? view.head().sizeBytes() : 0,
                engine != null ? engine.preferredBlockBytes() : blockBytes(view),
                raw.getOrDefault(ImageKeys.POOL, ImageConfig.DEFAULT_POOL),
                raw.getOrDefault(ImageKeys.JOURNAL_POOL, ImageConfig.DEFAULT_POOL),
                raw.getOrDefault(ImageKeys.COMMIT, ImageConfig.DEFAULT_COMMIT),
                engine != null ? engine.rule().name() : "",
                config != null ? config.trim() : List.of(),
                engine != null ? engine.head() : Position.NONE,
                engine != null ? engine.watermarks() : NO_WATERMARKS,
                engine != null ? engine.backlogBytes() : 0,
                engine != null
                        ? engine.watermarks().appended() - engine.watermarks().applied()
                        : 0,
                journal != null ? journal.usedBytes() : 0,
                journal != null
                        ? journal.limitBytes()
                        : config != null ? config.journalAs(role(view)).limitBytes() : 0,
                engine != null ? engine.clients() : List.of(),
                warnings(wish.name(), view, rules, trims, nodeProblems),
                engine != null ? engine.counters() : Map.of(),
                raw,
                engine != null ? engine.facts().role() : role(view),
                engine != null ? engine.received() : Position.NONE);
    }

    private static ImageHead.Role role(View view) {
        return view.head() != null ? view.head().role() : ImageHead.Role.PRIMARY;
    }

    private static int blockBytes(View view) {
        return view.head() != null ? view.head().blockSizeBytes() : ImageConfig.DEFAULT_BLOCK_BYTES;
    }

    private static List<String> warnings(
            String image, View view, RuleKeeper rules, TrimKeeper trims, List<String> nodeProblems) {
        List<String> warnings = new ArrayList<>(nodeProblems);
        if (!view.refusal().isEmpty() && view.engine() != null) {
            warnings.add("configuration refused, the last good one stays in force: " + view.refusal());
        }
        if (view.engine() != null) {
            warnings.addAll(view.engine().warnings());
            if (!rules.problem().isEmpty()) {
                warnings.add(rules.problem());
            }
            String lack = ReplicaDemand.lack(view, image);
            if (!lack.isEmpty()) {
                warnings.add(lack);
            }
            warnings.addAll(trims.problems());
            if (view.stores() != null) {
                warnFilling(view, trims.holder(), warnings);
            }
        }
        return warnings;
    }

    /** That the journal is nearly full is said by the image; this is why, when a peer is the reason. */
    private static void warnFilling(View view, String holder, List<String> warnings) {
        Journal.JournalStatus journal = view.stores().journal().status();
        double level = view.config().settings().softWarnFraction();
        // It takes whole segments, so a small one is full before that.
        boolean full = view.engine().isJournalFull() || journal.usedBytes() >= level * journal.limitBytes();
        if (!holder.isEmpty() && full) {
            warnings.add("the journal fills with what " + holder
                    + " lacks: bring it back, let it go on (mirror:release),"
                    + " give it up (mirror:disable), or raise " + ImageKeys.JOURNAL_LIMIT + "; " + ImageKeys.PEER_SLOW
                    + " says what happens by itself");
        }
    }
}
