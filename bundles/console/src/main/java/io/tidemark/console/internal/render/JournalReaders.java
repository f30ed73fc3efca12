package io.tidemark.console.internal.render;

import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.PeerStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Clients of a journal, in words. Those of the mirror are called {@code mirror:KEY:NAME}: the first digits of a peer's key, and the
 * replica's name there.
 *
 * @param peers of this node
 * @param mirrored all mirrored images
 */
public record JournalReaders(List<PeerStatus> peers, List<MirrorStatus> mirrored) {
    /** What the ids of clients of the mirror begin with, before a colon. */
    public static final String MIRROR = "mirror";

    private static final String KEY_KIND = "ed25519:";

    /**
     * Who a client is.
     *
     * @param image whose journal it reads
     * @param client of the journal
     * @return as {@code b} or {@code b:other}; the client's id when it is nobody of the mirror
     */
    String name(String image, JournalClient client) {
        String[] parts = client.id().split(":", 3);
        if (parts.length < 3 || !parts[0].equals(MIRROR)) {
            return client.id();
        }
        String peer = peer(parts[1]).map(PeerStatus::name).orElse("a peer that is unknown here");
        return parts[2].equals(image) ? peer : peer + ":" + parts[2];
    }

    private Optional<PeerStatus> peer(String digits) {
        return peers.stream()
                .filter(peer -> peer.settings().key().startsWith(KEY_KIND + digits))
                .findFirst();
    }

    private Optional<MirrorStatus> replica(String image, JournalClient client) {
        String[] parts = client.id().split(":", 3);
        if (parts.length < 3 || !parts[0].equals(MIRROR)) {
            return Optional.empty();
        }
        String peer = peer(parts[1]).map(PeerStatus::name).orElse("");
        return mirrored.stream()
                .filter(one -> one.image().equals(image)
                        && one.role() == Role.PRIMARY
                        && one.peer().equals(peer)
                        && one.peerImage().equals(parts[2]))
                .findFirst();
    }

    /**
     * What a client has and needs.
     *
     * @param image whose journal it reads
     * @param client of the journal
     * @param durable last durable event of the journal
     * @return one line
     */
    String words(String image, JournalClient client, long durable) {
        boolean mirror = client.id().startsWith(MIRROR + ":");
        Optional<MirrorStatus> replica = replica(image, client);
        long received = received(client, replica);
        long lacks = Math.max(0, durable - received);
        StringBuilder out = new StringBuilder();
        if (client.state() == JournalClient.State.EXPIRED) {
            out.append("expired at ").append(client.commit()).append(": nothing is kept for it any more");
            out.append(mirror ? ", it has to be copied anew (mirror:resync there)" : "");
            out.append(mirror && !client.description().isEmpty() ? "; " + client.description() : "");
        } else if (mirror) {
            out.append("has received ").append(Words.number(received));
            replica.filter(one -> one.marks().replayed() >= 0).ifPresent(one -> out.append(", applied ")
                    .append(Words.number(one.marks().replayed())));
            out.append(lacks == 0 ? ", lacks nothing" : ", lacks " + Words.count(lacks, "event"));
            replica.ifPresent(one -> out.append(", ").append(MirrorWords.state(one)));
        } else {
            out.append("needs what is behind ").append(client.commit());
            out.append(", ").append(Words.lower(client.state()));
        }
        out.append(", last seen ").append(Words.time(client.seenNanos()));
        out.append(mirror || client.description().isEmpty() ? "" : ", " + client.description());
        return out.append(isUnknown(client) ? letGo(image, client) : "").toString();
    }

    /** Whether it is at a node whose key no peer has. */
    private boolean isUnknown(JournalClient client) {
        String[] parts = client.id().split(":", 3);
        return parts.length == 3 && parts[0].equals(MIRROR) && peer(parts[1]).isEmpty();
    }

    private static String letGo(String image, JournalClient client) {
        return "; where its node is gone, or has another key now, run mirror:disable " + image + " --with "
                + client.id();
    }

    /** What was kept last may be a second older than what is known. */
    private static long received(JournalClient client, Optional<MirrorStatus> replica) {
        long known = replica.map(one -> one.marks().received()).orElse(-1L);
        return Math.max(known, client.commit().sequence());
    }

    /**
     * A client for machines.
     *
     * @param image whose journal it reads
     * @param client of the journal
     * @return for JSON
     */
    Map<String, Object> json(String image, JournalClient client) {
        Optional<MirrorStatus> replica = replica(image, client);
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("id", client.id());
        out.put("description", client.description());
        out.put("commit", client.commit().toString());
        out.put("state", Words.lower(client.state()));
        out.put("seen", Words.isoTime(client.seenNanos()));
        out.put("peer", replica.map(MirrorStatus::peer).orElse(null));
        out.put("peerImage", replica.map(MirrorStatus::peerImage).orElse(null));
        out.put("received", replica.map(one -> received(client, replica)).orElse(null));
        out.put(
                "replayed",
                replica.map(one -> one.marks().replayed())
                        .filter(sequence -> sequence >= 0)
                        .orElse(null));
        return out;
    }
}
