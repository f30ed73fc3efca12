package io.tidemark.console.internal.render;

import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.base.text.Durations;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Peers as a table and JSON. Stateless. */
public final class PeerViews {
    private PeerViews() {}

    /**
     * All peers.
     *
     * @param peers sorted
     * @return lines: a table, and below it what needs somebody's attention
     */
    public static String list(List<PeerStatus> peers) {
        if (peers.isEmpty()) {
            return "No peers. mirror:peer-add adds one; mirror:key shows what it has to know of this node.\n";
        }
        Table table = new Table()
                .text("NAME")
                .text("NODE")
                .text("ADDRESS")
                .text("LINK")
                .number("IMAGES")
                .number("ROUND TRIP")
                .number("CLOCK")
                .text("KEY");
        StringBuilder below = new StringBuilder();
        for (PeerStatus peer : peers) {
            table.row(
                    peer.name(),
                    orNone(peer.nodeName()),
                    orNone(peer.settings().address()),
                    peer.state(),
                    Integer.toString(peer.mayHave().size()),
                    peer.clockKnown() ? Words.duration(peer.roundTripNanos()) : Words.NONE,
                    peer.clockKnown() ? offset(peer.clockOffsetNanos()) : Words.NONE,
                    orNone(peer.settings().key()));
            if (!peer.trouble().isEmpty()) {
                below.append(peer.name())
                        .append(": last error: ")
                        .append(peer.trouble())
                        .append('\n');
            }
        }
        return table.render() + below;
    }

    private static String orNone(String text) {
        return text.isEmpty() ? Words.NONE : text;
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
        out.put("nodeName", peer.nodeName());
        out.put("transport", peer.settings().transport());
        out.put("address", peer.settings().address());
        out.put("key", peer.settings().key());
        out.put("fingerprint", peer.settings().fingerprint());
        out.put("mayPlace", peer.settings().mayPlace());
        out.put("linked", peer.linked());
        out.put("state", peer.state());
        out.put("trouble", peer.trouble());
        out.put("linkName", peer.linkName());
        out.put("clockOffsetNanos", peer.clockKnown() ? Long.valueOf(peer.clockOffsetNanos()) : null);
        out.put("roundTripNanos", peer.clockKnown() ? Long.valueOf(peer.roundTripNanos()) : null);
        out.put("mayHave", peer.mayHave());
        return out;
    }
}
