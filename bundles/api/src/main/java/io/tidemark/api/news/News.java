package io.tidemark.api.news;

import java.util.Map;
import java.util.Objects;

/**
 * Something that happened on a node. Nothing in it is secret: private keys, passwords and what clients write do not
 * occur.
 *
 * @param topic what sort of thing
 * @param timeNanos when, by the node's wall clock, nanoseconds since 1970
 * @param image name of the image that it is about; empty for none
 * @param peer name of the peer that it is about; empty for none
 * @param words one line for people
 * @param facts the same for programs, by name; docs/reference/events.md says which
 */
public record News(Topic topic, long timeNanos, String image, String peer, String words, Map<String, String> facts) {
    /** The name of the fact that says how many news before this one were dropped. */
    public static final String LOST = "lost";

    /** Copies, and checks for nulls. */
    public News {
        Objects.requireNonNull(topic, "topic");
        Objects.requireNonNull(image, "image");
        Objects.requireNonNull(peer, "peer");
        Objects.requireNonNull(words, "words");
        facts = Map.copyOf(facts);
    }

    /** What sort of thing happened. More may come in later versions. */
    public enum Topic {
        /** An image is in another state, or for another reason. */
        IMAGE_STATE("image/STATE"),
        /** An image has another role. */
        IMAGE_ROLE("image/ROLE"),
        /** Something about an image that an operator should know and that is no state. */
        IMAGE_WARNING("image/WARNING"),
        /** There is a link with a peer. */
        PEER_LINKED("peer/LINKED"),
        /** The link with a peer has ended. */
        PEER_UNLINKED("peer/UNLINKED"),
        /** A node was refused: it is no peer, or not the one that it should be. */
        PEER_REFUSED("peer/REFUSED"),
        /** A replica of this node receives what its source has. */
        REPLICA_FOLLOWS("replica/FOLLOWS"),
        /** A replica is copied and consistent. At the source: all of the copy is sent. */
        REPLICA_COPIED("replica/COPIED"),
        /** A replica lacks events, and none come, or are taken, for long. */
        REPLICA_STUCK("replica/STUCK"),
        /** A replica that was stuck has got something, or lacks nothing any more. */
        REPLICA_GOES_ON("replica/GOES_ON"),
        /** Receiving, or sending, ended by an error; it is tried again. */
        REPLICA_FAILED("replica/FAILED"),
        /** The source does not serve a replica. */
        REPLICA_REFUSED("replica/REFUSED"),
        /** Replica and source were both written: somebody has to decide. */
        REPLICA_SPLIT_BRAIN("replica/SPLIT_BRAIN"),
        /** The source's journal no longer waits for a replica, which has to be copied anew. */
        REPLICA_EXPIRED("replica/EXPIRED");

        private final String path;

        Topic(String path) {
            this.path = path;
        }

        /**
         * The topic as text, of two levels.
         *
         * @return as {@code image/STATE}
         */
        public String path() {
            return path;
        }
    }
}
