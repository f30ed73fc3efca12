package io.tidemark.api.mirror;

import java.util.List;
import java.util.Objects;

/**
 * How it stands with a peer, at one instant.
 *
 * @param name what it is called here
 * @param settings as wished; its key is the one that was pinned meanwhile
 * @param linked whether there is a link now
 * @param state in plain words: {@code linked}, {@code opens a link}, {@code waits for the peer to open a link}, or what is wrong;
 *     begins with {@code refused: KEY} where the configuration was refused
 * @param trouble last error, with the next step; empty while linked, and when there was none
 * @param nodeName what the peer calls itself, for people; empty while there was no link yet
 * @param linkName what the transport calls the link, an address as a rule; empty while there is none
 * @param clockKnown whether the next two are known: a moment after a link came to be
 * @param clockOffsetNanos what has to be added to this node's wall clock to get the peer's; half of the round trip of it may be
 *     wrong
 * @param roundTripNanos of the shortest of the last messages; -1 when unknown
 * @param mayHave images of this node that the peer may have, sorted
 */
public record PeerStatus(
        String name,
        PeerSettings settings,
        boolean linked,
        String state,
        String trouble,
        String nodeName,
        String linkName,
        boolean clockKnown,
        long clockOffsetNanos,
        long roundTripNanos,
        List<String> mayHave) {
    /** Checks for nulls and copies. */
    public PeerStatus {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(settings, "settings");
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(trouble, "trouble");
        Objects.requireNonNull(nodeName, "nodeName");
        Objects.requireNonNull(linkName, "linkName");
        mayHave = List.copyOf(mayHave);
    }
}
