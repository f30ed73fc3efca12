package io.tidemark.api.commit;

import java.util.Map;

/**
 * What a commit policy may decide by.
 *
 * @param image name of the image
 * @param reachablePeers how many replicas are connected and in sync
 * @param properties the image's configuration
 */
public record CommitSituation(String image, int reachablePeers, Map<String, String> properties) {
    /** Copies the map. */
    public CommitSituation {
        properties = Map.copyOf(properties);
    }
}
