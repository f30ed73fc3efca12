package io.tidemark.mirror.internal.run;

import java.util.Set;

/** Who may have what of this node, and who wants to know of it. Called by workers of the mirror, under no lock; does not wait. */
public interface Permits {
    /**
     * As what a peer may have an image of this node.
     *
     * @param peer as it is called here
     * @param image its name here
     * @return names of replicas there, as a rule one; none to refuse it
     */
    Set<String> replicas(String peer, String image);

    /**
     * Whether a peer, which has a replica of the same image, may have its events for a moment: it has just asked how far this
     * one is.
     *
     * @param peer as it is called here
     * @param image its name here
     * @return false to refuse it
     */
    boolean mayFetch(String peer, String image);

    /** An image goes to a peer from now on, or no longer: who is primary may be another one. */
    void moved();
}
