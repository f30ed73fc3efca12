package io.tidemark.engine.manage;

import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitRule.MissingPeers;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.engine.image.JournaledImage;
import java.util.Set;

/**
 * Whether an image has as many replicas as its commit rule waits for. Those that are away come back; those that there are not
 * never come, and the first write would wait for ever. Each image has one, which tells it once.
 */
final class ReplicaDemand {
    /** What a demand depends on. */
    static final Set<String> KEYS = Set.of(ImageKeys.COMMIT, ImageKeys.PEER_COUNT, ImageKeys.PEER_MISSING);

    /** As told last. */
    private String told = "";

    /**
     * What is to be told of an image now; empty when nothing is, or it is told already. That there are enough again is told by
     * nothing, since the rule or the replica that made it so is. For the image's worker.
     */
    String news(View view, String image) {
        String before = told;
        told = lack(view, image);
        return told.equals(before) ? "" : told;
    }

    /** Replicas that an image has, linked or not. Those that have expired do not come back by themselves. */
    static int replicas(JournaledImage engine, Journal journal) {
        long known = journal.clients().stream()
                .filter(client -> client.id().startsWith(ReplicaManager.CLIENT_PREFIX))
                .filter(client -> client.state() == JournalClient.State.CONNECTED)
                .count();
        return (int) Math.max(known, engine.reachablePeers());
    }

    /** What is to be said of an image as it is; empty while it has enough, or waits for none. */
    static String lack(View view, String image) {
        if (view.engine() == null
                || view.stores() == null
                || view.engine().facts().role() != ImageHead.Role.PRIMARY) {
            return "";
        }
        int replicas = replicas(view.engine(), view.stores().journal());
        return lack(image, view.engine().rule(), replicas);
    }

    /** What is to be said of a rule for an image that has so many replicas; empty when they suffice. */
    static String lack(String image, CommitRule rule, int replicas) {
        if (rule.peers() <= replicas || rule.missingPeers() == MissingPeers.JOURNAL) {
            return "";
        }
        return ImageKeys.COMMIT + ": " + rule.name() + " waits for " + rule.peers()
                + (rule.peers() == 1 ? " replica" : " replicas") + ", and image " + image + " has "
                + (replicas == 0 ? "none" : "" + replicas) + ", so writes "
                + (rule.missingPeers() == MissingPeers.FAIL ? "fail" : "wait for ever") + "; mirror:enable " + image
                + " --to PEER makes one, " + ImageKeys.PEER_MISSING + "=journal does without until then";
    }
}
