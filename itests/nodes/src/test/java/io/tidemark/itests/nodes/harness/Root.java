package io.tidemark.itests.nodes.harness;

/** What only root may do. */
public final class Root {
    private Root() {}

    /**
     * Fails where this process is not root.
     *
     * @param what needs it, for people
     */
    public static void needed(String what) {
        if (!"root".equals(System.getProperty("user.name"))) {
            throw new AssertionError(
                    what + " needs root: run the tests as root, in a machine or container that may mount");
        }
    }
}
