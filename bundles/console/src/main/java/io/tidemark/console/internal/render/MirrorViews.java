package io.tidemark.console.internal.render;

import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.Verification;
import io.tidemark.base.text.Durations;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Peers and mirrored images, for people and for machines. Stateless. */
public final class MirrorViews {
    private MirrorViews() {}

    // ---- peers

    /**
     * Peers.
     *
     * @param peers to show
     * @return a table, and below it what needs somebody's attention
     */
    public static String peers(List<PeerStatus> peers) {
        if (peers.isEmpty()) {
            return "No peers. mirror:peer-add adds one; mirror:key shows what it has to know of this node.\n";
        }
        Table table = new Table()
                .text("NAME")
                .text("ADDRESS")
                .text("LINK")
                .number("ROUND TRIP")
                .number("CLOCK")
                .text("KEY");
        StringBuilder trouble = new StringBuilder();
        for (PeerStatus peer : peers) {
            table.row(
                    peer.name(),
                    peer.settings().address().isEmpty()
                            ? "opens the link"
                            : peer.settings().address(),
                    peer.state(),
                    peer.clockKnown() ? Words.figure("roundTripNanos", peer.roundTripNanos()) : Words.NONE,
                    peer.clockKnown() ? offset(peer.clockOffsetNanos()) : Words.NONE,
                    peer.settings().key().isEmpty()
                            ? Words.NONE
                            : peer.settings().key());
            if (!peer.trouble().isEmpty()) {
                trouble.append(peer.name()).append(": ").append(peer.trouble()).append('\n');
            }
        }
        return table.render() + trouble;
    }

    private static String offset(long nanos) {
        return (nanos < 0 ? "-" : "+") + Durations.format(Math.abs(nanos));
    }

    /**
     * A peer for machines.
     *
     * @param peer to show
     * @return for JSON
     */
    public static Map<String, Object> json(PeerStatus peer) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", peer.name());
        out.put("transport", peer.settings().transport());
        out.put("address", peer.settings().address());
        out.put("key", peer.settings().key());
        out.put("fingerprint", peer.settings().fingerprint());
        out.put("mayPlace", peer.settings().mayPlace());
        out.put("linked", peer.linked());
        out.put("state", peer.state());
        out.put("trouble", peer.trouble());
        out.put("nodeName", peer.nodeName());
        out.put("linkName", peer.linkName());
        out.put("clockOffsetNanos", peer.clockKnown() ? Long.valueOf(peer.clockOffsetNanos()) : null);
        out.put("roundTripNanos", peer.clockKnown() ? Long.valueOf(peer.roundTripNanos()) : null);
        out.put("mayHave", peer.mayHave());
        return out;
    }

    // ---- images

    /**
     * Mirrored images.
     *
     * @param all to show
     * @return a table, and below it what needs somebody's attention
     */
    public static String list(List<MirrorStatus> all) {
        if (all.isEmpty()) {
            return "No mirrored images. mirror:enable IMAGE --to PEER has a peer follow one.\n";
        }
        Table table = new Table()
                .text("IMAGE")
                .text("ROLE")
                .text("PEER")
                .text("STATE")
                .number("BEHIND")
                .number("BYTES")
                .number("TIME")
                .number("RATE")
                .number("CAUGHT UP IN");
        StringBuilder trouble = new StringBuilder();
        for (MirrorStatus one : all) {
            table.row(
                    one.image(),
                    Words.lower(one.role()),
                    peer(one),
                    one.words(),
                    number(one.lag().events()),
                    Words.size(one.lag().bytes()),
                    duration(one.lag().nanos()),
                    rate(one),
                    duration(one.catchUpNanos()));
            if (!one.trouble().isEmpty()) {
                trouble.append(one.image()).append(": ").append(one.trouble()).append('\n');
            }
        }
        return table.render() + trouble;
    }

    private static String peer(MirrorStatus one) {
        String there = one.peerImage();
        boolean same = there.isEmpty() || there.equals(one.image());
        return (one.role() == Role.PRIMARY ? "to " : "from ") + one.peer() + (same ? "" : ":" + there);
    }

    private static String number(long number) {
        return number < 0 ? Words.NONE : Words.number(number);
    }

    private static String duration(long nanos) {
        return nanos < 0 ? Words.NONE : nanos == 0 ? "0s" : Durations.format(nanos);
    }

    private static String rate(MirrorStatus one) {
        long bytes = one.rate().bytesPerSecond();
        return bytes == 0 ? Words.NONE : Words.size(bytes) + "/s";
    }

    /**
     * All about one image and one peer.
     *
     * @param one to show
     * @return lines
     */
    public static String info(MirrorStatus one) {
        MirrorStatus.Marks marks = one.marks();
        Facts facts = new Facts()
                .group(one.image() + " " + peer(one) + ": " + one.words())
                .fact("trouble", one.trouble())
                .fact("role here", Words.lower(one.role()))
                .fact("bytes", one.consistency().map(Words::lower).orElse(""))
                .fact(
                        "behind",
                        one.lag().events() < 0
                                ? ""
                                : Words.count(one.lag().events(), "event") + ", about "
                                        + Words.size(one.lag().bytes()) + ", "
                                        + duration(one.lag().nanos()))
                .fact(
                        "a loss of the source now",
                        one.lag().unreceivedEvents() < 0
                                ? ""
                                : one.lag().unreceivedEvents() == 0
                                        ? "loses nothing"
                                        : "loses " + Words.count(one.lag().unreceivedEvents(), "event"))
                .fact("delay", delay(one))
                .fact("held at", one.heldAt().map(Object::toString).orElse(""))
                .fact(
                        "rate",
                        one.rate().bytesPerSecond() == 0
                                ? ""
                                : rate(one) + ", "
                                        + Words.count(Math.round(one.rate().eventsPerSecond()), "event") + "/s")
                .fact("caught up in", one.catchUpNanos() < 0 ? "" : duration(one.catchUpNanos()));
        if (marks.durable() >= 0) {
            facts.fact("source is durable to", Words.number(marks.durable()));
            facts.fact("replica received", number(marks.received()));
            facts.fact("replica applied", number(marks.replayed()));
        }
        one.copy().ifPresent(copy -> facts.fact("copy", copy(copy)));
        return facts.render();
    }

    private static String copy(MirrorStatus.Copy copy) {
        return Words.size(copy.copiedBytes()) + " copied, "
                + (copy.leftBytes() < 0 ? "more to come" : Words.size(copy.leftBytes()) + " left") + ", "
                + Words.size(copy.bytesPerSecond()) + "/s"
                + (copy.leftNanos() < 0 ? "" : ", " + duration(copy.leftNanos()) + " to go");
    }

    private static String delay(MirrorStatus one) {
        if (one.delayWantedNanos() <= 0) {
            return one.delayWantedNanos() < 0 ? "" : "none";
        }
        String wanted = duration(one.delayWantedNanos());
        return one.delayActualNanos() < 0 ? wanted : wanted + ", now " + duration(one.delayActualNanos());
    }

    /**
     * A mirrored image for machines.
     *
     * @param one to show
     * @return for JSON
     */
    public static Map<String, Object> json(MirrorStatus one) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("image", one.image());
        out.put("peer", one.peer());
        out.put("peerImage", one.peerImage());
        out.put("role", Words.lower(one.role()));
        out.put("state", Words.lower(one.state()));
        out.put("words", one.words());
        out.put("stuck", one.state() == State.STUCK);
        out.put("consistency", one.consistency().map(Words::lower).orElse(null));
        out.put("durable", known(one.marks().durable()));
        out.put("arrived", known(one.marks().arrived()));
        out.put("received", known(one.marks().received()));
        out.put("head", known(one.marks().head()));
        out.put("replayed", known(one.marks().replayed()));
        out.put("behindEvents", known(one.lag().events()));
        out.put("behindBytes", known(one.lag().bytes()));
        out.put("behindNanos", known(one.lag().nanos()));
        out.put("unreceivedEvents", known(one.lag().unreceivedEvents()));
        out.put("eventsPerSecond", one.rate().eventsPerSecond());
        out.put("bytesPerSecond", one.rate().bytesPerSecond());
        out.put("catchUpNanos", known(one.catchUpNanos()));
        out.put("delayWantedNanos", known(one.delayWantedNanos()));
        out.put("delayActualNanos", known(one.delayActualNanos()));
        out.put("heldAt", one.heldAt().map(Object::toString).orElse(null));
        out.put("copy", one.copy().map(MirrorViews::json).orElse(null));
        out.put("trouble", one.trouble());
        return out;
    }

    private static Map<String, Object> json(MirrorStatus.Copy copy) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("copiedBytes", copy.copiedBytes());
        out.put("leftBytes", known(copy.leftBytes()));
        out.put("bytesPerSecond", copy.bytesPerSecond());
        out.put("leftNanos", known(copy.leftNanos()));
        return out;
    }

    private static Long known(long number) {
        return number < 0 ? null : Long.valueOf(number);
    }

    // ---- what came of orders

    /**
     * What became of a promotion.
     *
     * @param promotion to tell
     * @return a line without its break
     */
    public static String promoted(Promotion promotion) {
        String missing = promotion.missingEvents() == 0
                ? "nothing is missing"
                : promotion.missingEvents() < 0
                        ? "nobody knows whether something of the primary before is missing, because it could not be asked"
                        : Words.count(promotion.missingEvents(), "event") + " of the primary before "
                                + (promotion.missingEvents() == 1 ? "is" : "are") + " missing";
        return promotion.image() + ": primary on " + promotion.node() + " from " + promotion.at() + " on, epoch "
                + promotion.epoch().number() + "; " + missing;
    }

    /**
     * A promotion for machines.
     *
     * @param promotion to tell
     * @return for JSON
     */
    public static Map<String, Object> json(Promotion promotion) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("image", promotion.image());
        out.put("node", promotion.node());
        out.put("at", promotion.at().toString());
        out.put("epoch", promotion.epoch().number());
        out.put("epochIdentity", promotion.epoch().identity().toString());
        out.put("missingEvents", known(promotion.missingEvents()));
        return out;
    }

    /**
     * What a comparison found.
     *
     * @param found to tell
     * @return lines
     */
    public static String verified(Verification found) {
        StringBuilder out = new StringBuilder(found.image())
                .append(" and ")
                .append(found.peer())
                .append(": ")
                .append(Words.size(found.equalBytes()))
                .append(" equal");
        if (found.differingBytes() > 0) {
            out.append(", ").append(Words.size(found.differingBytes())).append(" in parts that differ");
        }
        if (found.skippedBytes() > 0) {
            out.append(", ")
                    .append(Words.size(found.skippedBytes()))
                    .append(" not compared, because they were written all the time or the replica is behind");
        }
        out.append(" (from position ")
                .append(found.from())
                .append(" to ")
                .append(found.to())
                .append(")\n");
        if (!found.differences().isEmpty()) {
            Table table = new Table().number("OFFSET").number("BYTES");
            found.differences()
                    .forEach(part -> table.row(Long.toString(part.offset()), Long.toString(part.lengthBytes())));
            out.append(table.render());
        }
        return out.toString();
    }

    /**
     * A comparison for machines.
     *
     * @param found to tell
     * @return for JSON
     */
    public static Map<String, Object> json(Verification found) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("image", found.image());
        out.put("peer", found.peer());
        out.put("from", found.from().toString());
        out.put("to", found.to().toString());
        out.put("equalBytes", found.equalBytes());
        out.put("skippedBytes", found.skippedBytes());
        out.put("differingBytes", found.differingBytes());
        out.put(
                "differences",
                found.differences().stream().map(MirrorViews::json).toList());
        return out;
    }

    private static Map<String, Object> json(Verification.Difference part) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("offset", part.offset());
        out.put("lengthBytes", part.lengthBytes());
        return out;
    }
}
